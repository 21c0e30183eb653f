//! The least loss within a budget: one choice for each site, by Lagrangian choice over per-site fronts.
//!
//! Both loss and cost are sums over sites, so each site's front says what a bit, a joule or a square millimeter buys
//! there. One price for all sites then picks from every front at once (Everett, "Generalized Lagrange multiplier method",
//! 1963; used for per-tensor formats in a llama.cpp proposal, issue 15550). What the price leaves unspent is spent by a
//! bounded search, and the fractional solution tells how far from the optimum the answer can be at most.

mod knapsack;
mod layer_budget;

pub use knapsack::{Allocation, Choice, Ledger};
pub use layer_budget::{LINEAR_WEIGHTS, LayerBudget, LayerPlan, Site};
