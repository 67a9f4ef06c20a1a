//! The limits and preferences a plan is made under.

/// Bounds of planning. Every queue, batch and retry of the planners has its
/// limit here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most items in one batch (a batch may become several txs).
    pub batch_items_max: usize,
    /// Most items in transactions that are in no block yet, for each chain. Beyond
    /// it the chain is slower than Tern, and more would only wait in its mempool
    /// until their timeout height.
    pub items_in_flight_max: usize,
    /// A client is refreshed once this share of its trusting period has passed
    /// since its last update, in percent.
    pub refresh_after_percent: u64,
    /// How many blocks back a counterparty's state may be for a proof that
    /// reuses a consensus state already on chain. Beyond it a node may have
    /// pruned the state, and updating the client is the safer way.
    pub reuse_blocks_max: u64,
    /// A failed item waits `2^failures` blocks, at most this many.
    pub backoff_blocks_max: u64,
    /// From this many failures on, an item travels alone and is reported as
    /// set aside.
    pub failures_to_set_aside: u32,
    /// Most packets that are not done in memory; those beyond wait in the store.
    pub packets_in_memory_max: usize,
    /// Finished packets are remembered for this many blocks of their source, so
    /// that late findings cannot bring them back to life.
    pub history_blocks: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            batch_items_max: 500,
            items_in_flight_max: 4_000,
            refresh_after_percent: 33,
            reuse_blocks_max: 50,
            backoff_blocks_max: 256,
            failures_to_set_aside: 3,
            packets_in_memory_max: 10_000,
            history_blocks: 500,
        }
    }
}
