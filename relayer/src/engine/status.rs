//! What an engine knows and does, as plain data: for commands, and for programs
//! that show it.

mod search;
mod snapshot;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tern_chains::{BlockTime, ChainId, ClientId, Coin, ConnectionId, Ordering, Unit};
use tern_core::admission::NotAdmitted;
use tern_core::budget::{Budget, OverBudget, Paid, Purpose};
use tern_core::ledger::{
    ClientKey, EndKey, FeesDayKey, FeesKey, FeesRecord, Head, Held, PacketKey, PacketState,
};
use tern_core::plan::{Assignment, Why};
use tern_core::statistics::{ChainCounts, Latency, PathStatistics, RecentTx, TxCount};

pub use search::{FoundPacket, FoundPackets, PacketSearch, TransferSearch, TransferStatus};
pub(super) use snapshot::Snapshot;

/// A snapshot of one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub assignment: Assignment,
    /// Whether the engine takes no new work and is about to end.
    pub is_draining: bool,
    pub chains: Vec<ChainStatus>,
    pub paths: Vec<PathStatus>,
    /// Open packets, at most [`PACKETS_MAX`].
    pub packets: Vec<PacketStatus>,
    pub clients: Vec<ClientStatus>,
    pub lanes: Vec<LaneStatus>,
    pub fees: Vec<FeesStatus>,
    /// Fees of the last month by day, the oldest of a chain first.
    pub fees_by_day: Vec<FeesDayStatus>,
    /// The tasks that run, by name, in order.
    pub tasks: Vec<String>,
    /// What waits for the engine, of at most `inputs_max`.
    pub inputs: usize,
    pub inputs_max: usize,
    pub memory: MemoryStatus,
    /// The newest transactions since the start, the last one first.
    pub txs: Vec<RecentTx>,
    /// Transactions since the start, by how they ended.
    pub tx_counts: Vec<TxCount>,
    /// What steps took since the start: those of one path where that was asked for, else by
    /// pair of chains.
    pub latencies: Vec<Latency>,
}

/// The most packets in a snapshot. Default 10,000: some megabytes.
pub const PACKETS_MAX: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainStatus {
    pub chain: ChainId,
    /// The newest followed block.
    pub head: Option<Head>,
    pub following: Following,
    /// Since when the operator has paused it, by the machine's clock.
    pub paused: Option<BlockTime>,
    /// Since the start.
    pub counts: ChainCounts,
    /// What may be spent on it, if that is limited.
    pub budget: Option<BudgetStatus>,
}

/// What was paid on a chain and what may be, in the smallest unit of the denom of fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetStatus {
    pub limits: Budget,
    pub paid: Paid,
    /// What is paused, and why.
    pub paused: Vec<(Purpose, OverBudget)>,
}

/// Fees that were paid for one path and kind since the store was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesStatus {
    pub of: FeesKey,
    pub paid: FeesRecord,
}

/// What was paid on a chain in a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesDayStatus {
    pub of: FeesDayKey,
    pub paid: FeesRecord,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Following {
    /// Up to the chain's newest block.
    Ready,
    /// Blocks that exist already are being read.
    CatchingUp,
    /// The nodes do not answer.
    Down {
        reason: String,
        /// By the machine's clock.
        since: BlockTime,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStatus {
    pub src: EndKey,
    pub dst: EndKey,
    pub client_on_src: ClientId,
    pub client_on_dst: Option<ClientId>,
    pub connection_on_src: Option<ConnectionId>,
    pub connection_on_dst: Option<ConnectionId>,
    pub ordering: Ordering,
    /// Whether senders can pay relayers on it (ICS-29).
    pub has_fees: bool,
    /// Whether both ends are open.
    pub is_open: bool,
    pub is_assigned: bool,
    /// The rule by which it is not served, if there is one.
    pub not_admitted: Option<NotAdmitted>,
    /// Since when the operator has paused it by itself, by the machine's clock.
    pub paused: Option<BlockTime>,
    /// Whether its packets were compared with both chains since blocks were left
    /// out.
    pub is_compared: bool,
    /// Packets sent and not finished.
    pub open_packets: usize,
    /// The first of them, as far as memory has its record.
    pub oldest: Option<OldestPacket>,
    /// Since the start.
    pub statistics: PathStatistics,
}

/// The open packet of a path with the smallest sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldestPacket {
    pub sequence: u64,
    /// Time of the block with its send, where that was read.
    pub sent_at: Option<BlockTime>,
    pub waits_for: PacketWait,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketStatus {
    pub packet: PacketKey,
    pub dst: EndKey,
    pub state: PacketState,
    /// Height of its send on the source, where it is known.
    pub sent: Option<u64>,
    /// Time of that block, where it was read.
    pub sent_at: Option<BlockTime>,
    pub waits_for: PacketWait,
}

/// What an open packet waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PacketWait {
    #[error("it can be relayed now")]
    Nothing,
    #[error("{0}")]
    Planner(Why),
    #[error("its path is not assigned to this relayer")]
    Assignment,
    #[error("more packets are open than memory holds: it is relayed after the ones before it")]
    Memory,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStatus {
    pub client: ClientKey,
    /// The chain it is a client of.
    pub of: ChainId,
    /// Revision height of its newest consensus state.
    pub latest_height: u64,
    /// It expires when its host's clock reaches this.
    pub expires: BlockTime,
    pub trusting_period: Duration,
    pub is_frozen: bool,
    /// Its chain has forked, and the client was shown the other side.
    pub is_forked: bool,
    /// The rule by which it is not looked after, if there is one.
    pub not_admitted: Option<NotAdmitted>,
}

/// One signing account at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneStatus {
    pub chain: ChainId,
    pub address: String,
    /// Batches between plan and broadcast.
    pub batches: usize,
    /// Signed transactions that are in no block yet, and the items in them.
    pub txs_in_flight: usize,
    pub items_in_flight: usize,
}

/// How much an engine holds in memory of what grows with the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryStatus {
    pub packets: Held,
    /// Items that failed and were not done since.
    pub failures: usize,
    /// Items between plan and signature.
    pub in_progress: usize,
    /// Packets whose block was not found.
    pub not_located: usize,
}

/// An account that pays fees, and what it has for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    pub chain: ChainId,
    pub address: String,
    /// In the denom that fees are paid in; or why it is not known.
    pub balance: Result<Coin, String>,
    /// The unit in which people say such an amount, if the chain tells one.
    pub unit: Option<Unit>,
}
