//! What commands asked the engine for, until it is done: channels to be opened,
//! paths to be cleared or compared, clients to be refreshed or upgraded.

mod clear;
mod compare;
mod handshake;
mod refresh;
mod standing;
mod upgrade;

use std::collections::BTreeSet;

use tern_chains::ChainId;
use tern_core::ledger::{ClientKey, EndKey, Entry, HandshakeRequest, Item, View};
use tern_core::plan::Plan;
use tern_core::policy::Policy;

use super::readiness::Readiness;
use super::reconcile::schedule::Reconciling;
pub use clear::{Clear, Cleared};
pub use compare::Compare;
pub use handshake::{
    is_step, ClosedChannel, HandshakeNote, Made, Make, OpenedChannel, OpenedConnection, StepDone,
};
pub use refresh::Refresh;
pub use upgrade::Upgrade;

/// What a request is answered from.
pub struct Situation<'a> {
    pub view: &'a View,
    pub policy: &'a Policy,
    pub readiness: &'a Readiness,
    pub reconciling: &'a Reconciling,
    pub in_progress: &'a BTreeSet<Item>,
}

/// Open requests.
#[derive(Default)]
pub struct Requests {
    handshakes: Vec<Make>,
    clears: Vec<Clear>,
    comparisons: Vec<Compare>,
    refreshes: Vec<Refresh>,
    upgrades: Vec<Upgrade>,
}

impl Requests {
    /// Takes what is to be made, or answers at once why not.
    pub fn make(&mut self, make: Make) {
        let [a, b] = [&make.request.a, &make.request.b];
        let is_same_pair = |other: &Make| {
            let pair = [&other.request.a, &other.request.b];
            pair == [a, b] || pair == [b, a]
        };
        if self.handshakes.iter().any(is_same_pair) {
            let reason = format!(
                "another command makes a client, connection or channel between {a} and {b}: wait \
                 until it is done"
            );
            return make.answer(Err(reason));
        }
        self.handshakes.push(make);
    }

    pub fn clear(&mut self, clear: Clear) {
        self.clears.push(clear);
    }

    pub fn compare(&mut self, compare: Compare) {
        self.comparisons.push(compare);
    }

    pub fn refresh(&mut self, refresh: Refresh) {
        self.refreshes.push(refresh);
    }

    pub fn upgrade(&mut self, upgrade: Upgrade) {
        self.upgrades.push(upgrade);
    }

    /// What planning must know: the channels to be opened.
    pub fn handshakes(&self) -> Vec<HandshakeRequest> {
        let requests = self.handshakes.iter();
        requests.map(|open| open.request.clone()).collect()
    }

    /// What planning must know: the source ends to be cleared.
    pub fn cleared(&self) -> BTreeSet<EndKey> {
        self.clears.iter().map(|clear| clear.src.clone()).collect()
    }

    /// What planning must know: the clients to be refreshed, or to be upgraded. One whose
    /// chain is not at its end is not refreshed in place of it.
    pub fn refreshed(&self, view: &View) -> BTreeSet<ClientKey> {
        let is_at_end = |client: &&ClientKey| {
            let of = view.client(client).map(|record| &record.summary.chain_id);
            of.is_some_and(|of| view.revision_end(of).is_some())
        };
        let refreshes = self.refreshes.iter().map(|refresh| &refresh.client);
        let upgrades = self.upgrades.iter().map(|upgrade| &upgrade.client);
        refreshes
            .chain(upgrades.filter(is_at_end))
            .cloned()
            .collect()
    }

    /// Reports an entry of the ledger to the commands that count or print it.
    pub fn observe(&mut self, entry: &Entry) {
        for open in &self.handshakes {
            open.observe(entry);
        }
        for clear in &mut self.clears {
            clear.observe(entry);
        }
    }

    /// Drops requests that nobody waits for any more, and lets the others take what
    /// is on chain already.
    pub fn resume(&mut self, view: &View, readiness: &Readiness) {
        self.handshakes.retain(|open| !open.is_abandoned());
        self.clears.retain(|clear| !clear.is_abandoned());
        self.comparisons.retain(|compare| !compare.is_abandoned());
        self.refreshes.retain(|refresh| !refresh.is_abandoned());
        self.upgrades.retain(|upgrade| !upgrade.is_abandoned());
        let both_ready = |a: &ChainId, b: &ChainId| readiness.is_ready(a) && readiness.is_ready(b);
        for open in &mut self.handshakes {
            if both_ready(&open.request.a, &open.request.b) {
                open.resume(view);
            }
        }
        for clear in &mut self.clears {
            if let Some(path) = view.path(&clear.src) {
                if both_ready(&path.src.chain, &path.dst.chain) {
                    clear.begin(path.dst);
                }
            }
        }
    }

    /// Answers what is done, or cannot be done, as the newest plan shows.
    pub fn answer(&mut self, plan: &Plan, now: &Situation<'_>) {
        let handshakes = std::mem::take(&mut self.handshakes);
        for mut open in handshakes {
            match open.outcome(plan, now) {
                Some(outcome) => open.answer(outcome),
                None => self.handshakes.push(open),
            }
        }
        let clears = std::mem::take(&mut self.clears);
        for clear in clears {
            match clear.outcome(plan, now) {
                Some(outcome) => clear.answer(outcome),
                None => self.clears.push(clear),
            }
        }
        let comparisons = std::mem::take(&mut self.comparisons);
        for compare in comparisons {
            match compare.outcome(now) {
                Some(outcome) => compare.answer(outcome),
                None => self.comparisons.push(compare),
            }
        }
        let refreshes = std::mem::take(&mut self.refreshes);
        for mut refresh in refreshes {
            match refresh.outcome(plan, now) {
                Some(outcome) => refresh.answer(outcome),
                None => self.refreshes.push(refresh),
            }
        }
        let upgrades = std::mem::take(&mut self.upgrades);
        for mut upgrade in upgrades {
            match upgrade.outcome(plan, now) {
                Some(outcome) => upgrade.answer(outcome),
                None => self.upgrades.push(upgrade),
            }
        }
    }
}
