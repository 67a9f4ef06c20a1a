//! The `[policy]` section: how Tern works, whatever the chain.

use std::time::Duration;

use serde::Deserialize;

use crate::field;

/// How Tern works, whatever the chain.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// How often what is known of packets is compared with the chains' state,
    /// as a second opinion on what the blocks said. Default: 5m.
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
