//! What goes wrong in a world, and how often.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::dice::Dice;
use super::tally::{Fault, Tally};

/// Shared by everything that can fail; off before and after the faults.
#[derive(Clone)]
pub struct Chaos {
    on: Arc<AtomicBool>,
    pub dice: Dice,
    pub tally: Tally,
    /// The faults of this world. Each has some only: where everything fails,
    /// nothing comes far enough to fail in its own way.
    climate: Arc<BTreeSet<Fault>>,
    /// How often a connection breaks, in percent.
    pub level: u64,
}

impl Chaos {
    pub fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let climate = Fault::ALL.into_iter().filter(|_| dice.chance(40));
        Self {
            on: Arc::default(),
            climate: Arc::new(climate.collect()),
            level: 1 + dice.roll(10),
            tally: Tally::default(),
            dice,
        }
    }

    pub fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Whether this fault may happen here and now.
    pub fn allows(&self, fault: Fault) -> bool {
        self.is_on() && self.climate.contains(&fault)
    }

    /// Decides, and counts it if it strikes.
    pub fn strikes(&self, fault: Fault, percent: u64) -> bool {
        let strikes = self.allows(fault) && self.dice.chance(percent);
        if strikes {
            self.tally.fault(fault);
        }
        strikes
    }
}
