//! When a channel's packets are compared with both chains: at start, after
//! blocks were left out, and on a slow clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use tern_chains::{ChainId, Ordering};
use tern_core::ledger::{EndKey, Fact, PacketState, View};
use tern_core::plan::Scope;
use tracing::warn;

use super::{reconcile, Comparison, Known, Reporter, Snapshot};
use crate::engine::input::Input;
use crate::engine::tasks::Task;
use crate::engine::{describe, Engine, EngineError};

impl Engine {
    /// Every open channel of a chain that was read as a whole must be compared
    /// with its counterparty before its packets are planned.
    pub(in crate::engine) fn expect_reconciling(&mut self, chain: &ChainId) {
        let concerned: Vec<EndKey> = self
            .view
            .channels()
            .filter(|(key, record)| {
                record.state.is_open()
                    && (key.chain == *chain || record.counterparty_chain == *chain)
                    && self.chains.contains_key(&key.chain)
                    && self.chains.contains_key(&record.counterparty_chain)
            })
            .map(|(key, _)| EndKey::from(key.clone()))
            .filter(|key| match &self.scope {
                Scope::Everything => true,
                Scope::Packets(src) => src == key,
                Scope::Handshake(_) => false,
            })
            .collect();
        self.unreconciled.extend(concerned);
    }

    /// Starts comparing what waits for it and can be.
    pub(in crate::engine) fn reconcile_new(&mut self) {
        let is_due = |src: &&EndKey| {
            let head = self.view.head(&src.chain).map(|head| head.height);
            let in_vain = self.uncompared.get(src).copied();
            !self.reconciling.contains(*src) && (in_vain.is_none() || head > in_vain)
        };
        let waiting = self.unreconciled.iter().chain(self.uncompared.keys());
        let todo: BTreeSet<EndKey> = waiting.filter(is_due).cloned().collect();
        for src in todo {
            self.reconcile(src);
        }
    }

    /// The slow clock: compares every open channel.
    pub(in crate::engine) fn reconcile_all(&mut self) {
        let open: Vec<EndKey> = self
            .view
            .channels()
            .filter(|(_, record)| record.state.is_open())
            .map(|(key, _)| EndKey::from(key.clone()))
            .collect();
        for src in open {
            if !self.reconciling.contains(&src) {
                self.reconcile(src);
            }
        }
    }

    fn reconcile(&mut self, src_end: EndKey) {
        let Some(path) = self.view.path(&src_end) else {
            return;
        };
        let (dst_end, ordering) = (path.dst, path.ordering);
        let both_ready = self.ready.contains(&src_end.chain) && self.ready.contains(&dst_end.chain);
        let (Some(src), Some(dst)) = (self.chain(&src_end.chain), self.chain(&dst_end.chain))
        else {
            return;
        };
        if !both_ready {
            return;
        }
        let known = snapshot(&self.view, &src_end);
        let is_ordered = ordering == Ordering::Ordered;
        self.reconciling.insert(src_end.clone());
        let inputs = self.sender.clone();
        let room = Arc::clone(&self.reconciling_room);
        let blocks = Arc::clone(&self.reconciling_blocks);
        let task = Task::Reconcile {
            src: src_end.clone(),
        };
        self.tasks.spawn(task, async move {
            let _room = room.acquire().await;
            let comparison = Comparison {
                src: &*src,
                dst: &*dst,
                src_end: &src_end,
                dst_end: &dst_end,
                known: &known,
                blocks: &blocks,
            };
            let reporter = match is_ordered {
                true => Reporter::at_the_end(),
                false => Reporter::in_parts(&inputs),
            };
            let facts = reconcile(&comparison, reporter).await;
            let facts = facts.map_err(|error| describe(&error));
            let _ = inputs
                .send(Input::Reconciled {
                    src: src_end,
                    facts,
                })
                .await;
        });
    }

    pub(in crate::engine) fn reconciled(
        &mut self,
        src: EndKey,
        facts: Result<Vec<Fact>, String>,
    ) -> Result<(), EngineError> {
        self.reconciling.remove(&src);
        match facts {
            Ok(facts) => {
                self.unreconciled.remove(&src);
                self.uncompared.remove(&src);
                self.commit_facts(facts)
            }
            // The next block tries again.
            Err(reason) => {
                let head = self.view.head(&src.chain).map_or(0, |head| head.height);
                self.uncompared.insert(src.clone(), head);
                warn!(channel = %src, reason, "cannot compare the channel's packets with both chains");
                Ok(())
            }
        }
    }
}

fn snapshot(view: &View, src_end: &EndKey) -> Snapshot {
    let in_memory = view.open_packets_of(src_end).map(|(sequence, record)| {
        let known = Known {
            is_sent: record.sent.is_some(),
            has_data: record.packet.is_some(),
            has_ack: record.ack.is_some(),
        };
        (sequence, known)
    });
    let in_store = view.evicted_packets_of(src_end).map(|(sequence, state)| {
        let known = Known {
            is_sent: true,
            has_data: true,
            has_ack: state == PacketState::AckWritten,
        };
        (sequence, known)
    });
    in_memory.chain(in_store).collect()
}
