//! Exact Pareto fronts over two to five objectives, and what is read off them.
//!
//! Every objective is minimized; [`crate::space::objective`] turns larger-is-better metrics around. A point with a value
//! that is not finite never joins a front and never dominates: a broken design must not look good. Equal points are
//! members together. Nothing here depends on the order in which points arrive.

mod crowding;
mod front;
mod hypervolume;
mod knee;
mod layers;
mod points;
mod score;
mod thinning;

pub use crowding::crowding_distances;
pub use front::{ParetoFront, front};
pub use hypervolume::hypervolume;
pub use knee::knee;
pub use layers::{NO_LAYER, layers};
pub use points::{Bounds, MAX_OBJECTIVES, Points, dominates};
pub use score::Score;
pub use thinning::thin;
