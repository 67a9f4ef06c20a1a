//! Which faults a world has, and how often they happen.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::fault_counts::{Fault, FaultCounts};
use super::pairing::Pairing;
use super::rng::Rng;

/// Shared by everything that can fail. Switched off before and after the run
/// under faults.
#[derive(Clone)]
pub struct Chaos {
    on: Arc<AtomicBool>,
    pub rng: Rng,
    pub fault_counts: FaultCounts,
    /// The faults of this world. Each world has only some of them: with all at
    /// once, most would hide behind others.
    enabled_faults: Arc<BTreeSet<Fault>>,
    /// Percentage of requests whose connection breaks.
    pub level: u64,
}

impl Chaos {
    pub fn new(pairing: Pairing, seed: u64) -> Self {
        let rng = Rng::new(seed);
        let faults = Fault::ALL.into_iter();
        let faults = faults.filter(|fault| fault.is_of(pairing));
        let enabled_faults = faults.filter(|_| rng.chance(40));
        Self {
            on: Arc::default(),
            enabled_faults: Arc::new(enabled_faults.collect()),
            level: 1 + rng.below(10),
            fault_counts: FaultCounts::default(),
            rng,
        }
    }

    pub fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Whether worlds of this seed have the fault.
    pub fn has(&self, fault: Fault) -> bool {
        self.enabled_faults.contains(&fault)
    }

    /// Whether this fault may happen now.
    pub fn allows(&self, fault: Fault) -> bool {
        self.is_on() && self.has(fault)
    }

    /// Draws whether the fault happens now, and counts it if it does.
    pub fn occurs(&self, fault: Fault, percent: u64) -> bool {
        let occurs = self.allows(fault) && self.rng.chance(percent);
        if occurs {
            self.fault_counts.fault(fault);
        }
        occurs
    }
}
