//! How many random cases a property test tries, and from which seed.

use proptest::test_runner::{Config, RngSeed};

/// Seed of every ordinary run, so that the same commit always gives the same verdict.
const SEED: u64 = 2026;

/// `cases` random cases of a fixed seed; with `BLOCKSCAPE_PROPERTY_RUNS=N` set, N times as many from a new seed.
///
/// The long runs look for counterexamples, the ordinary ones guard what is known; a counterexample found becomes a named test.
#[must_use]
pub fn properties(cases: u32) -> Config {
    let runs: Option<u32> = std::env::var("BLOCKSCAPE_PROPERTY_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok());
    Config {
        cases: cases.saturating_mul(runs.unwrap_or(1)),
        rng_seed: runs.map_or(RngSeed::Fixed(SEED), |_| RngSeed::Random),
        failure_persistence: None,
        ..Config::default()
    }
}
