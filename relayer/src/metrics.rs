//! Metrics in the OpenMetrics text format: what an observation says, as numbers.
//!
//! Nothing is counted here. Each scrape reads one observation, so the figures of a scrape
//! belong together. Labels come from the configuration, from served paths and their clients
//! (the first [`PATHS_MAX`]), and from short lists: strangers cannot make up more.

mod engine;
mod family;
mod hermes;
mod money;
mod nodes;
mod paths;

pub use family::Family;

use crate::daemon::Observation;

/// Paths with series of their own, those with trouble first. 1,000 paths: some megabytes a
/// scrape.
pub const PATHS_MAX: usize = 1_000;

/// Media type of the format.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything of one observation.
pub fn families(observation: &Observation) -> Vec<Family> {
    let overview = observation.overview();
    let parts = [
        engine::families(observation, &overview),
        paths::families(observation),
        money::families(observation, &overview),
        nodes::families(observation),
        hermes::families(observation),
    ];
    parts.into_iter().flatten().collect()
}

/// The text of a scrape.
///
/// # Errors
/// None that is expected: writing to a string does not fail.
pub fn text(observation: &Observation) -> Result<String, std::fmt::Error> {
    family::encode(families(observation))
}

#[cfg(test)]
mod tests;
