//! The `[policy]` section: settings for all chains.

use std::time::Duration;

use serde::Deserialize;

use crate::field;

/// Settings for all chains.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// Interval between comparisons of the known packets with the state of the
    /// chains. They find packets that were missed in the blocks. Default: 5m.
    #[serde(deserialize_with = "field::duration")]
    pub clear_interval: Duration,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            clear_interval: Duration::from_secs(5 * 60),
        }
    }
}
