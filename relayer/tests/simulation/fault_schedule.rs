//! Faults that last for a time window, on the relayer's nodes or on the chain.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tern_devnet::{Faults, Lie, Refusal};
use tokio::time::{sleep, Instant};

use super::chaos::Chaos;
use super::fault_counts::Fault;
use super::side::Side;

/// The log of a transaction refused on purpose.
pub const REFUSED: &str = "refused on purpose";

const WINDOW_FAULTS: [Fault; 16] = [
    Fault::Silent,
    Fault::Stalled,
    Fault::WentBack,
    Fault::Lagging,
    Fault::LiedValue,
    Fault::LiedProof,
    Fault::LiedHeader,
    Fault::LiedCommit,
    Fault::LiedEquivocation,
    Fault::NotificationLost,
    Fault::TooManyRequests,
    Fault::ChainHalted,
    Fault::ValidatorsChanged,
    Fault::BlocksReplaced,
    Fault::RefusedInCheck,
    Fault::FailedInBlock,
];

/// Active faults of one chain that the simulation applies itself; the others
/// are set on its nodes. Clones share the state.
#[derive(Clone, Default)]
pub struct NodeFaults(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lie: Mutex<Option<Fault>>,
    lags: AtomicBool,
    notifications_are_lost: AtomicBool,
    is_halted: AtomicBool,
    limited: Mutex<Limited>,
    /// Heights of blocks that no node can give any more.
    unfindable: Mutex<BTreeSet<u64>>,
}

/// While a node answers that it is asked too much.
#[derive(Clone, Copy, Default)]
pub struct Limited {
    since: Option<Instant>,
    /// How long that was in all, and how often it was asked.
    pub lasted: Duration,
    pub windows: u32,
    pub requests: u64,
}

impl NodeFaults {
    pub fn lags(&self) -> bool {
        self.0.lags.load(Ordering::Relaxed)
    }

    pub fn notifications_are_lost(&self) -> bool {
        self.0.notifications_are_lost.load(Ordering::Relaxed)
    }

    pub fn is_halted(&self) -> bool {
        self.0.is_halted.load(Ordering::Relaxed)
    }

    /// A request reaches the node. True if it answers that it is asked too much.
    pub fn is_limited(&self) -> bool {
        let mut limited = self.0.limited.lock().unwrap();
        let is_limited = limited.since.is_some();
        limited.requests += u64::from(is_limited);
        is_limited
    }

    pub fn limited(&self) -> Limited {
        *self.0.limited.lock().unwrap()
    }

    /// No node has the block of this height any more.
    pub fn lose_block(&self, height: u64) {
        self.0.unfindable.lock().unwrap().insert(height);
    }

    pub fn is_unfindable(&self, height: u64) -> bool {
        self.0.unfindable.lock().unwrap().contains(&height)
    }

    /// Counts the active lie if it is one of these: a response with it was read.
    pub fn count_lies(&self, lies: &[Fault], chaos: &Chaos) {
        let active = self.0.lie.lock().unwrap().filter(|lie| lies.contains(lie));
        if let Some(lie) = active {
            chaos.fault_counts.fault(lie);
        }
    }
}

/// One fault window after another, with pauses, until it is dropped.
pub async fn run_fault_schedule(side: Side, chaos: Chaos) {
    loop {
        sleep(Duration::from_millis(chaos.rng.below(6_000))).await;
        let fault = chaos.rng.choose(&WINDOW_FAULTS);
        if !chaos.allows(fault) {
            continue;
        }
        begin(&side, fault, &chaos);
        let length_ms = match fault {
            Fault::ChainHalted => 20_000,
            _ => 8_000,
        };
        sleep(Duration::from_millis(500 + chaos.rng.below(length_ms))).await;
        clear_faults(&side);
    }
}

/// Ends every fault at once.
pub fn clear_faults(side: &Side) {
    let state = &side.node_faults.0;
    *state.lie.lock().unwrap() = None;
    state.lags.store(false, Ordering::Relaxed);
    state.notifications_are_lost.store(false, Ordering::Relaxed);
    state.is_halted.store(false, Ordering::Relaxed);
    let mut limited = state.limited.lock().unwrap();
    if let Some(since) = limited.since.take() {
        limited.lasted += since.elapsed();
    }
    drop(limited);
    side.own.set_faults(Faults::default());
    side.lagging.set_faults(Faults::default());
    side.node.fail_txs(None);
}

fn begin(side: &Side, fault: Fault, chaos: &Chaos) {
    let state = &side.node_faults.0;
    let mut faults = Faults::default();
    let latest = side.node.latest();
    let blocks_ago = |max: u64| Some(latest.saturating_sub(1 + chaos.rng.below(max)).max(1));
    match fault {
        Fault::Silent => faults.silent = true,
        Fault::Stalled => faults.behind = Some(latest.max(1)),
        Fault::WentBack => faults.behind = blocks_ago(8),
        Fault::Lagging => {
            side.lagging.set_faults(Faults {
                behind: blocks_ago(3),
                ..Faults::default()
            });
            return state.lags.store(true, Ordering::Relaxed);
        }
        Fault::NotificationLost => {
            return state.notifications_are_lost.store(true, Ordering::Relaxed)
        }
        // Counted with each request that is refused.
        Fault::TooManyRequests => {
            let mut limited = state.limited.lock().unwrap();
            limited.since = Some(Instant::now());
            limited.windows += 1;
            return;
        }
        Fault::ChainHalted => state.is_halted.store(true, Ordering::Relaxed),
        Fault::ValidatorsChanged | Fault::BlocksReplaced => {
            if side.node.begin(fault, chaos) {
                chaos.fault_counts.fault(fault);
            }
            return;
        }
        Fault::RefusedInCheck => faults.refuses = Some(Refusal::new("sdk", 18, REFUSED)),
        // Counted when a transaction fails because of it.
        Fault::FailedInBlock => return side.node.fail_txs(Some(Refusal::new("sdk", 18, REFUSED))),
        lie => {
            faults.lies = lie_of(lie);
            *state.lie.lock().unwrap() = Some(lie);
            return side.own.set_faults(faults);
        }
    }
    if fault != Fault::RefusedInCheck {
        chaos.fault_counts.fault(fault);
    }
    side.own.set_faults(faults);
}

fn lie_of(fault: Fault) -> Option<Lie> {
    match fault {
        Fault::LiedValue => Some(Lie::Value),
        Fault::LiedProof => Some(Lie::Proof),
        Fault::LiedHeader => Some(Lie::Header),
        Fault::LiedCommit => Some(Lie::Commit),
        Fault::LiedEquivocation => Some(Lie::Equivocation),
        _ => None,
    }
}
