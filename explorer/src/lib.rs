//! Background exploration: design spaces, search strategies and Pareto fronts over `blockscape-model`.

pub mod lattice;
pub mod pareto;
pub mod random;
pub mod strategy;
