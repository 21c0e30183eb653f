//! Background exploration: design spaces, search strategies and Pareto fronts over `blockscape-model`.
//!
//! An [`Explorer`] works on the newest [`Job`] on threads of its own: a [`DesignSpace`] of [`Axis`] values around a
//! base design, a [`Search`] that says which designs to try, a [`Goal`] that says what is good, a judge ([`Evaluate`])
//! that turns a design into figures of merit. Results come back as [`Update`]s. What is tried and found depends on the
//! job alone, never on threads, batches or time.
//!
//! Nothing here draws, and nothing knows what a window is.

pub mod axis;
pub mod budget;
pub mod calibration;
pub mod engine;
pub mod evaluate;
pub mod job;
pub mod judge;
pub mod lattice;
mod mailbox;
pub mod measurement;
pub mod objective;
pub mod pareto;
pub mod preset;
pub mod priority;
pub mod random;
pub mod search;
pub mod sensitivity;
pub mod space;
pub mod store;
pub mod strategy;
pub mod sweep;
pub mod tensor_error;
pub mod uncertainty;

pub use axis::{Axis, Spread};
pub use engine::{Explorer, Wake};
pub use evaluate::{Evaluate, Session};
pub use job::{Candidate, Generation, Job, Progress, Ticket, Update};
pub use judge::Judge;
pub use objective::{Constraint, Goal, Objective};
pub use preset::SpacePreset;
pub use search::Search;
pub use space::DesignSpace;
pub use sweep::{Summary, Sweep, SweepError};
