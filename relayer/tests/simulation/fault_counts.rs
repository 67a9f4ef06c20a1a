//! How often each fault and each outcome happened.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

use super::pairing::Pairing;

/// The faults that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks before or after the node handles the request.
    Broken,
    /// The request is lost; the client times out.
    Dropped,
    Delayed,
    /// A response arrives after that of a later request.
    Reordered,
    /// A transaction or a block arrives twice.
    Duplicated,
    /// The node accepts requests and never responds.
    Silent,
    /// The node stops at its height.
    Stalled,
    /// The node goes back by some blocks.
    WentBack,
    /// One of two nodes behind one address is some blocks behind.
    Lagging,
    LiedValue,
    LiedProof,
    LiedHeader,
    LiedCommit,
    LiedEquivocation,
    /// A block has events of packets that were not received, or have not ended.
    LiedEvent,
    /// A list of packets leaves some out.
    LiedList,
    /// The node claims a height that it does not have.
    LiedHeight,
    /// A block's time is years ahead.
    LiedTime,
    /// New blocks are not notified; the client has to poll.
    NotificationLost,
    ChainHalted,
    ValidatorsChanged,
    /// Blocks that are not final are replaced by others.
    BlocksReplaced,
    MempoolFull,
    RefusedInCheck,
    FailedInBlock,
    GasTooLow,
    /// Another program signs with the relayer's key.
    KeyUsed,
    /// Its transaction takes the place of one of the relayer's in the mempool.
    TxReplaced,
    /// Another relayer serves the same channel.
    OtherRelayer,
    /// A second one of the relayers under test, with the same faults around it.
    SecondRelayer,
    /// One of two nodes refuses what the chain would take.
    RefusedByMistake,
    /// The node answers that it was asked too much (429).
    TooManyRequests,
    /// More packets at once on an ordered channel than a transaction holds.
    OrderedBacklog,
    /// A timeout has closed an ordered channel.
    ChannelClosed,
    /// The store is lost while packets of a closed channel are open.
    ClosedWithLostStore,
    /// A packet whose message the chain refuses without naming it.
    PoisonPanics,
    /// The same in a block only: simulation says that all is well.
    PoisonPanicsInBlocks,
    /// A packet that no transaction is large enough for.
    PoisonTooLarge,
    /// A packet that uses far more gas than others.
    PoisonHeavy,
    /// Packets whose block no node can give any more.
    Unfindable,
    /// A stranger creates clients with short trusting periods, half-open connections
    /// and channels.
    JunkClients,
    /// A stranger opens a channel over such clients, and sends on it.
    JunkChannel,
    NearTimeout,
    /// The relayer's machine stops.
    Crashed,
    /// The store loses what was not flushed.
    LostTail,
    /// The whole store is lost.
    LostStore,
}

impl Fault {
    pub const ALL: [Self; 46] = [
        Self::Broken,
        Self::Dropped,
        Self::Delayed,
        Self::Reordered,
        Self::Duplicated,
        Self::Silent,
        Self::Stalled,
        Self::WentBack,
        Self::Lagging,
        Self::LiedValue,
        Self::LiedProof,
        Self::LiedHeader,
        Self::LiedCommit,
        Self::LiedEquivocation,
        Self::LiedEvent,
        Self::LiedList,
        Self::LiedHeight,
        Self::LiedTime,
        Self::NotificationLost,
        Self::ChainHalted,
        Self::ValidatorsChanged,
        Self::BlocksReplaced,
        Self::MempoolFull,
        Self::RefusedInCheck,
        Self::FailedInBlock,
        Self::GasTooLow,
        Self::KeyUsed,
        Self::TxReplaced,
        Self::OtherRelayer,
        Self::SecondRelayer,
        Self::RefusedByMistake,
        Self::TooManyRequests,
        Self::OrderedBacklog,
        Self::ChannelClosed,
        Self::ClosedWithLostStore,
        Self::PoisonPanics,
        Self::PoisonPanicsInBlocks,
        Self::PoisonTooLarge,
        Self::PoisonHeavy,
        Self::Unfindable,
        Self::JunkClients,
        Self::JunkChannel,
        Self::NearTimeout,
        Self::Crashed,
        Self::LostTail,
        Self::LostStore,
    ];

    /// Whether it can happen in worlds of a pairing.
    pub fn is_of(self, pairing: Pairing) -> bool {
        match self {
            Self::BlocksReplaced | Self::TxReplaced => pairing == Pairing::Attested,
            _ => true,
        }
    }
}

/// Outcomes of packets and transactions, read from the chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Sent,
    Acknowledged,
    /// Acknowledged with an error, and refunded.
    Refused,
    TimedOut,
    ReceivedByRelayer,
    ReceivedByOther,
    RelayerTx,
    RelayerTxFailed,
    /// A message of a paid transaction that changed nothing: another relayer was
    /// faster.
    Raced,
}

impl Outcome {
    pub const ALL: [Self; 9] = [
        Self::Sent,
        Self::Acknowledged,
        Self::Refused,
        Self::TimedOut,
        Self::ReceivedByRelayer,
        Self::ReceivedByOther,
        Self::RelayerTx,
        Self::RelayerTxFailed,
        Self::Raced,
    ];
}

/// The counts of one world, or the sum over several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    faults: BTreeMap<Fault, u64>,
    outcomes: BTreeMap<Outcome, u64>,
}

impl Counts {
    fn fault(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    pub fn add(&mut self, other: &Self) {
        for (fault, times) in &other.faults {
            *self.faults.entry(*fault).or_default() += times;
        }
        for (outcome, times) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += times;
        }
    }

    /// The faults of a pairing that never happened.
    pub fn missing(&self, pairing: Pairing) -> Vec<Fault> {
        let all = Fault::ALL.into_iter();
        let all = all.filter(|fault| fault.is_of(pairing));
        all.filter(|fault| self.fault(*fault) == 0).collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &dyn Debug, times: u64| {
            writeln!(f, "  {:<20} {times:>8}", format!("{name:?}"))
        };
        writeln!(f, "faults")?;
        for fault in Fault::ALL {
            line(f, &fault, self.fault(fault))?;
        }
        writeln!(f, "outcomes")?;
        for outcome in Outcome::ALL {
            line(f, &outcome, self.outcome(outcome))?;
        }
        Ok(())
    }
}

/// The counts of one world. Clones share them.
#[derive(Clone, Default)]
pub struct FaultCounts(Arc<Mutex<Counts>>);

impl FaultCounts {
    pub fn fault(&self, fault: Fault) {
        *self.0.lock().unwrap().faults.entry(fault).or_default() += 1;
    }

    pub fn outcomes(&self, outcome: Outcome, times: u64) {
        *self.0.lock().unwrap().outcomes.entry(outcome).or_default() += times;
    }

    pub fn snapshot(&self) -> Counts {
        self.0.lock().unwrap().clone()
    }
}
