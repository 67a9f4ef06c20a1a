//! Faults that last for a while: of the relayer's node, or of the chain.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tern_devnet::{Faults, Lie, Refusal, ValidatorUpdate};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::side::Side;
use super::tally::Fault;

/// What a node says that refuses on purpose.
pub const REFUSED: &str = "refused on purpose";

const SPELLS: [Fault; 14] = [
    Fault::Silent,
    Fault::Stalled,
    Fault::WentBack,
    Fault::Lagging,
    Fault::LiedValue,
    Fault::LiedProof,
    Fault::LiedHeader,
    Fault::LiedCommit,
    Fault::LiedEquivocation,
    Fault::WakeLost,
    Fault::ChainHalted,
    Fault::ValidatorsChanged,
    Fault::RefusedInCheck,
    Fault::FailedInBlock,
];

/// The weather over one chain, as far as its nodes do not know it themselves.
#[derive(Clone, Default)]
pub struct Sky(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lie: Mutex<Option<Fault>>,
    lags: AtomicBool,
    wake_is_lost: AtomicBool,
    is_halted: AtomicBool,
}

impl Sky {
    pub fn lags(&self) -> bool {
        self.0.lags.load(Ordering::Relaxed)
    }

    pub fn wake_is_lost(&self) -> bool {
        self.0.wake_is_lost.load(Ordering::Relaxed)
    }

    pub fn is_halted(&self) -> bool {
        self.0.is_halted.load(Ordering::Relaxed)
    }

    /// Counts a lie that was just heard.
    pub fn tell_lies(&self, lies: &[Fault], chaos: &Chaos) {
        let told = self.0.lie.lock().unwrap().filter(|lie| lies.contains(lie));
        if let Some(lie) = told {
            chaos.tally.fault(lie);
        }
    }
}

/// One spell after the other, with fair weather between, until it is dropped.
pub async fn weather(side: Side, chaos: Chaos) {
    loop {
        sleep(Duration::from_millis(chaos.dice.roll(6_000))).await;
        let spell = chaos.dice.pick(&SPELLS);
        if !chaos.allows(spell) {
            continue;
        }
        begin(&side, spell, &chaos);
        let long = match spell {
            Fault::ChainHalted => 20_000,
            _ => 8_000,
        };
        sleep(Duration::from_millis(500 + chaos.dice.roll(long))).await;
        clear(&side);
    }
}

/// Fair weather at once.
pub fn clear(side: &Side) {
    *side.sky.0.lie.lock().unwrap() = None;
    side.sky.0.lags.store(false, Ordering::Relaxed);
    side.sky.0.wake_is_lost.store(false, Ordering::Relaxed);
    side.sky.0.is_halted.store(false, Ordering::Relaxed);
    side.own.set_faults(Faults::default());
    side.lagging.set_faults(Faults::default());
    side.node.fail_txs(None);
}

fn begin(side: &Side, spell: Fault, chaos: &Chaos) {
    let mut faults = Faults::default();
    let latest = side.node.read(|chain| chain.latest().0);
    let blocks_ago = |most: u64| Some(latest.saturating_sub(1 + chaos.dice.roll(most)).max(1));
    match spell {
        Fault::Silent => faults.silent = true,
        Fault::Stalled => faults.behind = Some(latest.max(1)),
        Fault::WentBack => faults.behind = blocks_ago(8),
        Fault::Lagging => {
            side.lagging.set_faults(Faults {
                behind: blocks_ago(3),
                ..Faults::default()
            });
            return side.sky.0.lags.store(true, Ordering::Relaxed);
        }
        Fault::WakeLost => return side.sky.0.wake_is_lost.store(true, Ordering::Relaxed),
        Fault::ChainHalted => side.sky.0.is_halted.store(true, Ordering::Relaxed),
        Fault::ValidatorsChanged => change_validators(side, chaos),
        Fault::RefusedInCheck => faults.refuses = Some(Refusal::new("sdk", 18, REFUSED)),
        // Counted where a transaction meets it.
        Fault::FailedInBlock => return side.node.fail_txs(Some(Refusal::new("sdk", 18, REFUSED))),
        lie => {
            faults.lies = lie_of(lie);
            *side.sky.0.lie.lock().unwrap() = Some(lie);
            return side.own.set_faults(faults);
        }
    }
    if spell != Fault::RefusedInCheck {
        chaos.tally.fault(spell);
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

/// New powers, up to five validators; the first always stays.
fn change_validators(side: &Side, chaos: &Chaos) {
    let validator = chaos.dice.roll(5) as usize;
    let least = u32::from(validator == 0);
    let power = least + chaos.dice.roll(40) as u32;
    side.node
        .update_validator(ValidatorUpdate { validator, power });
}
