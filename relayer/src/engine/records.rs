//! The ledger and its store: entries are applied in memory, and what they changed
//! is written in one batch.

use std::collections::BTreeSet;

use tern_chains::ChainId;
use tern_core::ledger::{
    apply, headers_left_out, packet_of, Change, ClientKey, Entry, Fact, Head, Item, PacketKey,
    TxKey, View,
};
use tern_core::plan::gas::{self, Ended};
use tern_core::plan::{self, Paused};
use tern_core::policy::Policy;
use tern_core::statistics::Statistics;

use super::error::StoreError;
use super::parts::{Kept, NextRevision};
use super::store::Store;

pub struct Records {
    store: Store,
    view: View,
    policy: Policy,
    statistics: Statistics,
}

/// What lanes must know of a commit.
#[derive(Default)]
pub struct Committed {
    pub heads: Vec<(ChainId, Head)>,
    /// Transactions of ours that are in a block.
    pub outcomes: Vec<(TxKey, Ended)>,
    /// Chains on which transactions of ours have died in no block.
    pub expired: BTreeSet<ChainId>,
    /// Headers for these clients that were not kept, and how many: too many wait.
    pub left_out: Vec<(ClientKey, usize)>,
}

impl Records {
    pub fn new(store: Store, view: View, statistics: Statistics, policy: Policy) -> Self {
        Self {
            store,
            view,
            policy,
            statistics,
        }
    }

    /// What another engine can go on with.
    pub fn keep(self, paused: Paused, next_revision: Option<NextRevision>) -> Kept {
        Kept {
            next_revision,
            store: self.store,
            view: self.view,
            statistics: self.statistics,
            paused,
        }
    }

    pub fn view(&self) -> &View {
        &self.view
    }

    /// What happened since the start.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Applies entries and writes what they changed in one batch. `observe` is
    /// called with every entry that changed something. Packets that `is_held`
    /// names stay in memory.
    #[tracing::instrument(name = "ledger", level = "debug", skip_all, fields(entries = entries.len()))]
    pub fn commit(
        &mut self,
        entries: &[Entry],
        mut observe: impl FnMut(&Entry),
        is_held: impl Fn(&Item) -> bool,
    ) -> Result<Committed, StoreError> {
        let mut committed = Committed::default();
        let mut all = Vec::new();
        for entry in entries {
            if let Entry::Fact(fact) = entry {
                if let Some(key) = packet_of(&self.view, fact) {
                    self.load(&key)?;
                }
                committed.outcomes.extend(self.outcome(fact));
                if let Fact::Outcome { chain, outcome, .. } = fact {
                    let left_out = headers_left_out(&self.view, &self.policy, chain, outcome);
                    committed.left_out.extend(left_out);
                }
            }
            let changes = apply(&self.view, &self.policy, entry);
            self.statistics.observe(&self.view, entry, &changes);
            for change in &changes {
                self.view.commit(change);
                if let (Entry::Fact(Fact::BlockEnd { .. }), Change::Tx(key, None)) = (entry, change)
                {
                    committed.expired.insert(key.chain.clone());
                }
            }
            if !changes.is_empty() {
                observe(entry);
            }
            all.extend(changes);
        }
        self.store.commit(&all)?;
        let heads = all.iter().filter_map(|change| match change {
            Change::Head(chain, head) => Some((chain.clone(), *head)),
            _ => None,
        });
        committed.heads = heads.collect();
        self.trim(&all, is_held)?;
        Ok(committed)
    }

    /// Whether what is known by now shows that an item is not needed any more. A
    /// packet that has finished meanwhile is in the store alone.
    pub fn is_overtaken(&mut self, item: &Item) -> Result<bool, StoreError> {
        let evicted = item.packet().filter(|key| self.view.packet(key).is_none());
        if let Some(key) = evicted {
            self.load(key)?;
        }
        let is_overtaken = plan::packet::is_overtaken(&self.view, item);
        if let Some(key) = evicted {
            self.view.evict(key);
        }
        Ok(is_overtaken)
    }

    /// Brings everything committed so far to disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.store.flush().await
    }

    /// Forgets the failures of items, so that they are tried at once.
    pub fn forget_failures(&mut self, is_meant: impl Fn(&View, &Item) -> bool) {
        let items = self.view.failures().map(|(item, _)| item);
        let items: Vec<Item> = items
            .filter(|item| is_meant(&self.view, item))
            .cloned()
            .collect();
        for item in items {
            self.view.commit(&Change::Failure(item, None));
        }
    }

    /// What a block says of a transaction of ours.
    fn outcome(&self, fact: &Fact) -> Option<(TxKey, Ended)> {
        let Fact::Outcome { chain, outcome, .. } = fact else {
            return None;
        };
        let key = TxKey {
            chain: chain.clone(),
            hash: outcome.hash,
        };
        let tx = self.view.tx(&key)?;
        if outcome.code != 0 {
            let ended = match outcome.gas_used > outcome.gas_wanted {
                true => Ended::OutOfGas,
                false => Ended::Failed,
            };
            return Some((key, ended));
        }
        // The block's events came before.
        let is_taken = |item: &Item| match item {
            Item::Recv(packet) => {
                let ack = self.view.packet(packet)?.ack.as_ref()?;
                Some(gas::is_taken(&ack.bytes))
            }
            _ => Some(true),
        };
        let all_taken = tx.items.iter().all(|item| is_taken(item) == Some(true));
        Some((key, Ended::Succeeded { all_taken }))
    }

    /// Brings a packet only the store has into memory.
    fn load(&mut self, key: &PacketKey) -> Result<(), StoreError> {
        if self.view.packet(key).is_none() {
            if let Some(change) = self.store.packet(key)? {
                self.view.commit(&change);
            }
        }
        Ok(())
    }

    /// Keeps memory bounded: finished packets and a flood's surplus stay in the
    /// store alone, and are loaded again as memory allows.
    fn trim(
        &mut self,
        changes: &[Change],
        is_held: impl Fn(&Item) -> bool,
    ) -> Result<(), StoreError> {
        if !self.store.keeps() {
            return Ok(());
        }
        for change in changes {
            if let Change::Packet(key, Some(record)) = change {
                if record.done.is_some() {
                    self.view.evict(key);
                }
            }
        }
        let max = self.policy.packets_in_memory_max;
        // What can be moved changes with the blocks.
        let is_new_block = changes
            .iter()
            .any(|change| matches!(change, Change::Head(..)));
        if is_new_block {
            let admission = &self.policy.admission;
            for (key, until) in self.view.to_park(max, admission, &is_held) {
                self.view.park(&key, until);
            }
            self.view.unpark();
        }
        for key in self.view.to_evict(max, &is_held) {
            self.view.evict(&key);
        }
        for key in self.view.to_load(max) {
            self.load(&key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, End, PacketId, PortId};
    use tern_core::ledger::{Done, PacketRecord};

    use super::*;
    use crate::engine::Memory;

    /// A packet as it is written, and its key.
    fn packet(sequence: u64, done: Option<(u64, Done)>) -> (PacketKey, Change) {
        let end = End::channel(&PortId::transfer(), &ChannelId::new(0));
        let id = PacketId {
            src: end.clone(),
            dst: end,
            sequence: sequence.into(),
        };
        let key = View::key_on_src(&ChainId::from_string("akash-a"), &id);
        let mut record = PacketRecord::new(id, ChainId::from_string("kava-a"));
        record.sent = Some(7);
        record.done = done;
        (key.clone(), Change::Packet(key, Some(Box::new(record))))
    }

    #[test]
    fn what_a_finished_packet_needs_is_nothing_though_it_is_not_in_memory() {
        let (store, view) = Store::simulated(&Memory::default(), 100);
        let (finished, write) = packet(1, Some((9, Done::TimedOut)));
        store.commit(&[write]).unwrap();
        let mut records = Records::new(store, view, Statistics::default(), Policy::default());
        assert!(records
            .is_overtaken(&Item::Timeout(finished.clone()))
            .unwrap());
        assert!(records.view().packet(&finished).is_none());
        let (unknown, _) = packet(2, None);
        assert!(!records.is_overtaken(&Item::Timeout(unknown)).unwrap());
    }
}
