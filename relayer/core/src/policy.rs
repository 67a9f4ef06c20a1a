//! The limits and preferences of relaying, each with its default and the reason
//! for it. Queues, caches and parallel reads of the engine have small bounds of their
//! own, each beside what it bounds: nobody would set them.

use std::time::Duration;

use crate::admission::Admission;
use crate::budget::Budgets;

/// Bounds of following, planning and submitting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is served. Default: everything between the chains that is made as
    /// relayers make it.
    pub admission: Admission,
    /// What may be spent on each chain. Default: no limit. The program gives every chain
    /// of its configuration one.
    pub budgets: Budgets,
    /// Longest absence in blocks after which every block is read. Beyond it the
    /// chain's state is read instead. Default 5,000: some hours of blocks, which a
    /// node serves in some minutes.
    pub catch_up_blocks_max: u64,
    /// Most blocks of a chain requested at a time while catching up. Default 8:
    /// more does not make a node faster.
    pub blocks_requested_max: usize,
    /// So often in a row the blocks after one that was read cannot be read before they
    /// are left out, and the state is read instead. Default 8: about half a minute.
    pub block_tries_max: u32,
    /// Every so many blocks the state of clients that were updated since is read, and
    /// all state if a client of a known type could not be read. Default 20: the node has
    /// recovered, or another is asked.
    pub rescan_blocks: u64,
    /// Most such readings. Default 5: anybody may create a client that nobody can read.
    pub rescans_max: u32,
    /// Every so many blocks a header is verified from what was trusted before, and the nodes'
    /// headers are compared. Default 100: some minutes.
    pub trust_blocks: u64,
    /// Whether clients of a chain that has forked are frozen. Default true: the fork can make up
    /// packets. It is told in any case.
    pub freezes_forked_clients: bool,
    /// Most headers that wait to be compared with those of their chain, for each client that
    /// they were shown to. Default 100: some MiB, while the chain's nodes are down.
    pub seen_headers_max: usize,
    /// Most channels compared with both chains at a time. Default 16: a start with
    /// thousands of channels must not flood a node.
    pub comparisons_max: usize,
    /// Most items in one batch, which may become several transactions. Default 500:
    /// as many as a block of most chains takes.
    pub batch_items_max: usize,
    /// A batch with fewer items counts as this many against the limits. Default 25:
    /// a small batch needs a client update, too.
    pub batch_items_min: usize,
    /// Most items between plan and broadcast, for each chain. Default 2,000: enough
    /// to keep an account busy while the next are proven, and few enough that the
    /// first are not kept waiting by the last.
    pub items_unsent_max: usize,
    /// Most items in transactions that are in no block yet, for each chain. Default
    /// 4,000: beyond it the chain is slower than Tern, and more would only wait in
    /// its mempool until their deadline.
    pub items_in_flight_max: usize,
    /// Most batches made of what failed together before, in one plan, for each
    /// destination and route. Default 4: a chain that refuses much must not be
    /// flooded with small transactions.
    pub split_batches_max: usize,
    /// A client is refreshed once this share of its trusting period has passed
    /// since its last update, in percent. Default 33: two more tries are left.
    pub refresh_after_percent: u64,
    /// How many blocks back a counterparty's state may be for a proof that reuses a
    /// consensus state already on chain. Default 50: beyond it a node may have
    /// pruned the state, and updating the client is the safer way.
    pub reuse_blocks_max: u64,
    /// Longest wait of an acknowledgement for others to share a client update with,
    /// since the client's last update, by block time. Default 20 s.
    pub ack_wait_max_ns: u64,
    /// Least number of blocks by which an update for acknowledgements alone moves
    /// its client. Default 2.
    pub ack_update_blocks_min: u64,
    /// The longest that a block takes, as chains count the blocks of delay periods. Default 30 s:
    /// ibc-go's `max_expected_time_per_block`. Where a chain has another one, packets may be
    /// refused for free and tried again.
    pub block_time_max_ns: u64,
    /// A packet that times out within this time after the destination's newest block is
    /// not received any more: its block may be past the timeout. Default 10 s: one or two
    /// blocks of most chains, and little of the minutes that packets are given.
    pub recv_margin_ns: u64,
    /// Most steps of connections and channels that are opened or closed unasked, on their way at a
    /// time.
    /// Default 8: whoever begins or closes many does not keep packets waiting.
    pub channel_steps_max: usize,
    /// A failed item waits `2^failures` blocks, at most this many. Default 256: a
    /// packet is tried again some times an hour for ever.
    pub backoff_blocks_max: u64,
    /// Pause before a failing node is asked for blocks again: the first, and the
    /// longest. Default 250 ms and 15 s: a restart is not noticed late, and a node
    /// that is down for hours is not flooded.
    pub node_pause_first: Duration,
    pub node_pause_max: Duration,
    /// A chain without a new block for this long is told as one that stands still.
    /// Default one minute: more than any chain takes for a block.
    pub standstill_after: Duration,
    /// A command gives up a step that was refused this often. Default 3: the chain will
    /// not change its mind.
    pub command_refusals_max: u32,
    /// A command gives up a step that failed this often, whoever's fault. Default 12: a
    /// node that is restarted is back by then.
    pub command_tries_max: u32,
    /// Most packets that are not done in memory; those beyond stay in the store.
    /// Default 10,000: some tens of MiB.
    pub packets_in_memory_max: usize,
    /// Finished packets are remembered for this many blocks of their source, so
    /// that late findings cannot open them again. Default 500.
    pub history_blocks: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            admission: Admission::default(),
            budgets: Budgets::default(),
            catch_up_blocks_max: 5_000,
            blocks_requested_max: 8,
            block_tries_max: 8,
            rescan_blocks: 20,
            trust_blocks: 100,
            rescans_max: 5,
            freezes_forked_clients: true,
            seen_headers_max: 100,
            comparisons_max: 16,
            batch_items_max: 500,
            batch_items_min: 25,
            items_unsent_max: 2_000,
            items_in_flight_max: 4_000,
            split_batches_max: 4,
            refresh_after_percent: 33,
            reuse_blocks_max: 50,
            ack_wait_max_ns: 20_000_000_000,
            ack_update_blocks_min: 2,
            block_time_max_ns: 30_000_000_000,
            recv_margin_ns: 10_000_000_000,
            channel_steps_max: 8,
            backoff_blocks_max: 256,
            node_pause_first: Duration::from_millis(250),
            node_pause_max: Duration::from_secs(15),
            standstill_after: Duration::from_secs(60),
            command_refusals_max: 3,
            command_tries_max: 12,
            packets_in_memory_max: 10_000,
            history_blocks: 500,
        }
    }
}
