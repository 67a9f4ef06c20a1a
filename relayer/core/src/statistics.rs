//! What happened since an engine was started, counted from what the ledger learns: for
//! whoever looks at it. Nothing is decided by it, and nothing of it is stored.
//!
//! [`Statistics::observe`] sees every entry with the changes it makes, before they are
//! made.

mod latency;
mod path;
mod recent;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, TxOutcome};

pub use latency::{Latency, Step};
pub use path::{Hours, PathStatistics};
pub use recent::{RecentTx, TxEnd};

use self::latency::Latencies;
use crate::ledger::{
    Change, Done, EndKey, Entry, Fact, Head, Intent, Item, PacketKey, PacketRecord, Refusal, TxKey,
    TxRecord, View,
};

/// Transactions that are shown. The newest.
const RECENT_TXS_MAX: usize = 100;
/// Packets between two steps whose times are remembered. Steps of further ones are counted
/// without their times.
const TIMED_MAX: usize = 20_000;
/// Different reasons for failed transactions on a chain. Further ones are counted together.
const REASONS_MAX: usize = 30;

/// How transactions of a chain ended, with the reason where they failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TxCount {
    pub chain: ChainId,
    pub end: TxEnd,
    /// `codespace/code` of one that failed in a block, the class of a refusal.
    pub reason: String,
    pub count: u64,
}

/// Counts by chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainCounts {
    /// Messages of ours in blocks, and the client updates before them.
    pub messages: u64,
    pub client_updates: u64,
    /// Messages of ours for what another relayer had done.
    pub came_second: u64,
}

/// Where and when the last step of a packet was.
#[derive(Clone, Copy, Debug)]
struct Timed {
    head: Head,
    /// The newest block of the other chain at that moment.
    there: u64,
    is_received: bool,
}

/// Everything counted.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    paths: BTreeMap<EndKey, PathStatistics>,
    latencies: Latencies,
    tx_counts: BTreeMap<(ChainId, TxEnd, String), u64>,
    chains: BTreeMap<ChainId, ChainCounts>,
    recent: VecDeque<RecentTx>,
    timed: BTreeMap<PacketKey, Timed>,
    /// Steps of the block that is being read: whether they were ours is said later in it.
    block: BTreeMap<ChainId, BTreeMap<Item, bool>>,
}

impl Statistics {
    pub fn path(&self, src: &EndKey) -> PathStatistics {
        self.paths.get(src).cloned().unwrap_or_default()
    }

    /// By pair of chains.
    pub fn latencies(&self) -> impl Iterator<Item = &Latency> {
        self.latencies.between_chains()
    }

    pub fn latencies_of(&self, src: &EndKey) -> impl Iterator<Item = &Latency> {
        self.latencies.of_path(src)
    }

    pub fn tx_counts(&self) -> impl Iterator<Item = TxCount> + '_ {
        let counts = self.tx_counts.iter();
        counts.map(|((chain, end, reason), count)| TxCount {
            chain: chain.clone(),
            end: *end,
            reason: reason.clone(),
            count: *count,
        })
    }

    pub fn chain(&self, chain: &ChainId) -> ChainCounts {
        self.chains.get(chain).copied().unwrap_or_default()
    }

    /// The newest transactions, the last one first.
    pub fn recent_txs(&self) -> impl Iterator<Item = &RecentTx> {
        self.recent.iter().rev()
    }

    /// Counts what an entry changes. `view` is without the changes.
    pub fn observe(&mut self, view: &View, entry: &Entry, changes: &[Change]) {
        match entry {
            Entry::Fact(Fact::Event { chain, head, .. }) => {
                for change in changes {
                    if let Change::Packet(key, Some(new)) = change {
                        self.packet_changed(view, chain, *head, key, new);
                    }
                }
            }
            Entry::Fact(Fact::Outcome {
                chain,
                height,
                outcome,
            }) => self.outcome(view, chain, *height, outcome),
            Entry::Fact(Fact::BlockEnd { chain, head }) => {
                self.block_ended(view, chain, *head, changes);
            }
            Entry::Fact(Fact::Found { .. }) => {}
            Entry::Intent(Intent::Signed { key, tx }) => self.signed(view, key, tx),
            Entry::Intent(Intent::Refused { key, refusal }) if !changes.is_empty() => {
                self.refused(key, refusal);
            }
            Entry::Intent(Intent::Refused { .. } | Intent::Failed { .. }) => {}
        }
    }

    fn packet_changed(
        &mut self,
        view: &View,
        chain: &ChainId,
        head: Head,
        key: &PacketKey,
        new: &PacketRecord,
    ) {
        let old = view.packet(key);
        let had = |is: fn(&PacketRecord) -> bool| old.is_some_and(is);
        let path = self.paths.entry(key.src.clone()).or_default();
        if new.sent.is_some() && !had(|old| old.sent.is_some()) {
            path.sent += 1;
            self.begin(view, &new.dst, key, head, false);
        } else if new.done.is_some() && !had(|old| old.done.is_some()) {
            let (step, item) = match new.done {
                Some((_, Done::TimedOut)) => {
                    path.timed_out += 1;
                    (Step::TimeOut, Item::Timeout(key.clone()))
                }
                _ => {
                    path.acknowledged += 1;
                    (Step::Acknowledge, Item::Ack(key.clone()))
                }
            };
            path.moved(head.time);
            path.hours.add(head.time);
            self.end(key, new, step, head);
            self.timed.remove(key);
            self.seen_in_block(chain, item);
        } else if new.received.is_some() && !had(|old| old.received.is_some()) {
            path.received += 1;
            path.moved(head.time);
            self.end(key, new, Step::Receive, head);
            self.begin(view, &key.src.chain, key, head, true);
            self.seen_in_block(chain, Item::Recv(key.clone()));
        }
    }

    /// A packet's step is over, and the next one ends on the chain `there`.
    fn begin(
        &mut self,
        view: &View,
        there: &ChainId,
        key: &PacketKey,
        head: Head,
        is_received: bool,
    ) {
        if self.timed.len() < TIMED_MAX || self.timed.contains_key(key) {
            let there = view.head(there).map_or(0, |head| head.height);
            let timed = Timed {
                head,
                there,
                is_received,
            };
            self.timed.insert(key.clone(), timed);
        }
    }

    /// Takes the time of a step, if its begin is known.
    fn end(&mut self, key: &PacketKey, record: &PacketRecord, step: Step, head: Head) {
        let Some(began) = self.timed.get(key) else {
            return;
        };
        // One whose receive was not seen has no time of its acknowledgement.
        if began.is_received != (step == Step::Acknowledge) {
            return;
        }
        // The clocks of two chains differ.
        let nanos = head.time.0.saturating_sub(began.head.time.0);
        let seconds = nanos as f64 / 1e9;
        // A timeout is on the chain of the send.
        let from = match step {
            Step::TimeOut => began.head.height,
            Step::Receive | Step::Acknowledge => began.there,
        };
        let blocks = head.height.saturating_sub(from) as f64;
        self.latencies
            .observe(&key.src, &record.dst, step, seconds, blocks);
    }

    fn seen_in_block(&mut self, chain: &ChainId, item: Item) {
        let block = self.block.entry(chain.clone()).or_default();
        block.insert(item, false);
    }

    fn signed(&mut self, view: &View, key: &TxKey, tx: &TxRecord) {
        let time = view.head(&key.chain).map(|head| head.time);
        self.recent
            .push_back(RecentTx::signed(key, tx, time.unwrap_or_default()));
        if self.recent.len() > RECENT_TXS_MAX {
            self.recent.pop_front();
        }
    }

    fn refused(&mut self, key: &TxKey, refusal: &Refusal) {
        let class = format!("{:?}", refusal.class).to_lowercase();
        self.ended(key, TxEnd::Refused, class, |recent| {
            recent.reason = Some(refusal.reason.clone());
        });
    }

    fn outcome(&mut self, view: &View, chain: &ChainId, height: u64, outcome: &TxOutcome) {
        let key = TxKey {
            chain: chain.clone(),
            hash: outcome.hash,
        };
        let Some(tx) = view.tx(&key) else {
            return;
        };
        if outcome.code != 0 {
            let reason = format!("{}/{}", outcome.codespace, outcome.code);
            self.ended(&key, TxEnd::Failed, reason, |recent| {
                recent.height = Some(height);
                recent.reason = Some(outcome.log.clone());
            });
            return;
        }
        let block = self.block.entry(chain.clone()).or_default();
        let counts = self.chains.entry(chain.clone()).or_default();
        let refreshes = tx
            .items
            .iter()
            .filter(|item| matches!(item, Item::Refresh(_)));
        counts.messages += (tx.items.len() + tx.updates) as u64;
        counts.client_updates += (refreshes.count() + tx.updates) as u64;
        for item in tx.items.iter().filter(|item| item.packet().is_some()) {
            match block.get_mut(item) {
                Some(is_ours) => *is_ours = true,
                None => counts.came_second += 1,
            }
        }
        self.ended(&key, TxEnd::Succeeded, String::new(), |recent| {
            recent.height = Some(height);
        });
    }

    fn block_ended(&mut self, view: &View, chain: &ChainId, head: Head, changes: &[Change]) {
        for change in changes {
            if let Change::Tx(key, None) = change {
                self.ended(key, TxEnd::Expired, String::new(), |_| ());
            }
        }
        let steps = self.block.remove(chain).unwrap_or_default();
        for (item, is_ours) in steps {
            let path = item.packet().map(|packet| packet.src.clone());
            let path = path.map(|src| self.paths.entry(src).or_default());
            if let Some(path) = path.filter(|_| !is_ours) {
                path.by_others += 1;
            }
        }
        // Paths of channels that are gone are not kept.
        if head.height.is_multiple_of(1_000) {
            self.paths.retain(|src, _| view.path(src).is_some());
            self.latencies.retain_paths(|src| view.path(src).is_some());
        }
    }

    /// Counts how a transaction ended, and notes it where it is shown.
    fn ended(&mut self, key: &TxKey, end: TxEnd, reason: String, note: impl FnOnce(&mut RecentTx)) {
        let of_chain = |(chain, ..): &&(ChainId, TxEnd, String)| *chain == key.chain;
        let reasons = self.tx_counts.keys().filter(of_chain).count();
        let mut of = (key.chain.clone(), end, reason);
        if reasons >= REASONS_MAX && !self.tx_counts.contains_key(&of) {
            of.2 = "other".to_owned();
        }
        *self.tx_counts.entry(of).or_default() += 1;
        let mut newest = self.recent.iter_mut().rev();
        if let Some(recent) = newest.find(|recent| recent.key == *key) {
            recent.end = Some(end);
            note(recent);
        }
    }
}
