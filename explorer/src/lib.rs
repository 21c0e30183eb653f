//! Background exploration: design spaces, search strategies and Pareto fronts over `blockscape-model`.
//!
//! An [`Explorer`] works on the newest [`Job`] on threads of its own: a [`DesignSpace`] of [`Axis`] values around a
//! base design, a [`Search`] that says which designs to try, a [`Goal`] that says what is good, a judge ([`Evaluate`])
//! that turns a design into figures of merit. Results come back as [`Update`]s. What is tried and found depends on the
//! job alone, never on threads, batches or time.
//!
//! Nothing here draws, and nothing knows what a window is.

pub mod engine;
pub mod judge;
pub mod measurement;
pub mod pareto;
pub mod preset;
pub mod random;
pub mod search;
pub mod space;
pub mod sweep;
pub mod ticket;
pub mod worker;

pub use engine::Explorer;
pub use engine::job::{Candidate, Job, Progress, Update};
pub use judge::Judge;
pub use judge::evaluate::{Evaluate, Session};
pub use preset::SpacePreset;
pub use search::Search;
pub use space::DesignSpace;
pub use space::axis::{Axis, Spread};
pub use space::objective::{Constraint, Goal, Objective};
pub use sweep::{Summary, Sweep, SweepError};
pub use ticket::{Generation, Ticket};
pub use worker::Wake;
