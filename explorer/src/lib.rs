//! Background exploration: design spaces, search strategies and Pareto fronts over `blockscape-model`.

pub mod pareto;
pub mod random;
