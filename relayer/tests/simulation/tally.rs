//! How often each thing happened: a fault that never strikes proves nothing.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks, on the way there or on the way back.
    Broken,
    /// No answer ever comes; the client gives up.
    Dropped,
    Delayed,
    /// An answer comes after that to a later question.
    Reordered,
    /// A transaction or a block arrives twice.
    Duplicated,
    /// The node takes questions and says nothing.
    Silent,
    /// The node stays at its height.
    Stalled,
    /// The node is as it was some blocks ago.
    WentBack,
    /// One of two nodes behind one address lags.
    Lagging,
    LiedValue,
    LiedProof,
    LiedHeader,
    LiedCommit,
    LiedEquivocation,
    /// New blocks are not told of: they have to be looked for.
    WakeLost,
    ChainHalted,
    ValidatorsChanged,
    MempoolFull,
    RefusedInCheck,
    FailedInBlock,
    GasTooLow,
    /// Another program signs with the relayer's key.
    KeyUsed,
    /// Another relayer runs.
    Rival,
    NearTimeout,
    /// The relayer's machine stops.
    Crashed,
    /// The store loses what was not flushed.
    LostTail,
    /// The store is gone as a whole.
    LostStore,
}

impl Fault {
    pub const ALL: [Self; 27] = [
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
        Self::WakeLost,
        Self::ChainHalted,
        Self::ValidatorsChanged,
        Self::MempoolFull,
        Self::RefusedInCheck,
        Self::FailedInBlock,
        Self::GasTooLow,
        Self::KeyUsed,
        Self::Rival,
        Self::NearTimeout,
        Self::Crashed,
        Self::LostTail,
        Self::LostStore,
    ];
}

/// What came of it, read from the chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Sent,
    Acknowledged,
    /// Acknowledged with an error, and refunded.
    Refused,
    TimedOut,
    ReceivedByRelayer,
    ReceivedByRival,
    RelayerTx,
    RelayerTxFailed,
    /// A message of a paid transaction that changed nothing: another was faster.
    Raced,
}

impl Outcome {
    pub const ALL: [Self; 9] = [
        Self::Sent,
        Self::Acknowledged,
        Self::Refused,
        Self::TimedOut,
        Self::ReceivedByRelayer,
        Self::ReceivedByRival,
        Self::RelayerTx,
        Self::RelayerTxFailed,
        Self::Raced,
    ];
}

/// Counts of one world, or of many.
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

    /// The faults that never struck.
    pub fn missing(&self) -> Vec<Fault> {
        let all = Fault::ALL.into_iter();
        all.filter(|fault| self.fault(*fault) == 0).collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &dyn Debug, times: u64| {
            writeln!(f, "  {:<20} {times:>8}", format!("{name:?}"))
        };
        writeln!(f, "faults (never: {:?})", self.missing())?;
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

/// The counts of one world, shared by everything in it.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Counts>>);

impl Tally {
    pub fn fault(&self, fault: Fault) {
        *self.0.lock().unwrap().faults.entry(fault).or_default() += 1;
    }

    pub fn outcomes(&self, outcome: Outcome, times: u64) {
        *self.0.lock().unwrap().outcomes.entry(outcome).or_default() += times;
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap().clone()
    }
}
