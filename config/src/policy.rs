//! The `[policy]` section: settings for all chains.

use std::time::Duration;

use serde::Deserialize;

use crate::admission::AdmissionConfig;
use crate::field;

/// Settings for all chains.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// Interval between comparisons of the known packets with the state of the
    /// chains. They find packets that were missed in the blocks. Default: 5m.
    #[serde(deserialize_with = "field::duration")]
    pub clear_interval: Duration,
    /// Share of its trusting period after which a client is refreshed, in percent.
    /// Default: 33.
    #[serde(deserialize_with = "field::percent")]
    pub refresh_after_percent: u64,
    /// Maximum number of blocks that are read one by one after a stop. After a
    /// longer stop the state of the chain is read instead. Default: 5000.
    pub catch_up_blocks: u64,
    /// Maximum number of packets, acknowledgements and timeouts for one chain in
    /// transactions that are in no block yet. Default: 4000.
    #[serde(deserialize_with = "field::positive")]
    pub items_in_flight: usize,
    /// Maximum number of unfinished packets in memory. The others stay in the
    /// store. Default: 10000.
    #[serde(deserialize_with = "field::positive")]
    pub packets_in_memory: usize,
    /// Whether clients of a chain that has forked are frozen by showing them both headers
    /// (ICS-02 misbehaviour). Default: true.
    pub freeze_forked_clients: bool,
    /// Which paths, clients and packets are served. In the file this table comes
    /// last in the section.
    pub admission: AdmissionConfig,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            clear_interval: Duration::from_secs(5 * 60),
            refresh_after_percent: 33,
            catch_up_blocks: 5_000,
            items_in_flight: 4_000,
            packets_in_memory: 10_000,
            freeze_forked_clients: true,
            admission: AdmissionConfig::default(),
        }
    }
}
