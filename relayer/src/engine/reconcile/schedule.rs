//! When a channel's packets are compared with both chains: at start, after
//! blocks were left out, and on a slow clock.

use std::sync::Arc;

use tern_chains::ChainId;
use tern_core::ledger::{ChannelKey, Fact, PacketState, View};
use tern_core::plan::Scope;
use tracing::warn;

use super::{reconcile, Known, Snapshot};
use crate::engine::batches::BATCH;
use crate::engine::input::Input;
use crate::engine::{describe, Engine, EngineError};

/// Most channels compared at a time.
pub const RECONCILING_MAX: usize = 16;

impl Engine {
    /// Every open channel of a chain that was read as a whole must be compared
    /// with its counterparty before its packets are planned.
    pub(in crate::engine) fn expect_reconciling(&mut self, chain: &ChainId) {
        let concerned: Vec<ChannelKey> = self
            .view
            .channels()
            .filter(|(key, record)| {
                record.state.is_open()
                    && (key.chain == *chain || record.counterparty_chain == *chain)
                    && self.chains.contains_key(&key.chain)
                    && self.chains.contains_key(&record.counterparty_chain)
            })
            .map(|(key, _)| key.clone())
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
        let todo: Vec<ChannelKey> = self
            .unreconciled
            .iter()
            .filter(|src| !self.reconciling.contains(*src))
            .cloned()
            .collect();
        for src in todo {
            self.reconcile(src);
        }
    }

    /// The slow clock: compares every open channel.
    pub(in crate::engine) fn reconcile_all(&mut self) {
        let open: Vec<ChannelKey> = self
            .view
            .channels()
            .filter(|(_, record)| record.state.is_open())
            .map(|(key, _)| key.clone())
            .collect();
        for src in open {
            if !self.reconciling.contains(&src) {
                self.reconcile(src);
            }
        }
    }

    fn reconcile(&mut self, src_end: ChannelKey) {
        let Some(dst_end) = self.view.counterparty(&src_end) else {
            return;
        };
        let both_ready = self.ready.contains(&src_end.chain) && self.ready.contains(&dst_end.chain);
        let (Some(src), Some(dst)) = (
            self.chains.get(&src_end.chain).map(Arc::clone),
            self.chains.get(&dst_end.chain).map(Arc::clone),
        ) else {
            return;
        };
        if !both_ready {
            return;
        }
        let known = snapshot(&self.view, &src_end);
        self.reconciling.insert(src_end.clone());
        let inputs = self.sender.clone();
        let room = Arc::clone(&self.reconciling_room);
        self.tasks.spawn(async move {
            let _room = room.acquire().await;
            let facts = reconcile(&*src, &*dst, &src_end, &dst_end, &known).await;
            let facts = facts.map_err(|error| describe(&error));
            let _ = inputs
                .send(Input::Reconciled {
                    src: src_end,
                    facts,
                })
                .await;
            format!("{BATCH}reconciling")
        });
    }

    pub(in crate::engine) fn reconciled(
        &mut self,
        src: ChannelKey,
        facts: Result<Vec<Fact>, String>,
    ) -> Result<(), EngineError> {
        self.reconciling.remove(&src);
        match facts {
            Ok(facts) => {
                self.unreconciled.remove(&src);
                self.commit(&facts)
            }
            // It stays unreconciled, and the next block tries again.
            Err(reason) => {
                warn!(channel = %src, reason, "cannot compare the channel's packets with both chains");
                Ok(())
            }
        }
    }
}

fn snapshot(view: &View, src_end: &ChannelKey) -> Snapshot {
    let in_memory = view.open_packets_of(src_end).map(|(sequence, record)| {
        let known = Known {
            is_sent: record.sent.is_some(),
            has_data: record.packet.is_some(),
            has_ack: record.ack.is_some(),
        };
        (sequence, known)
    });
    let on_shelf = view.shelved_packets_of(src_end).map(|(sequence, state)| {
        let known = Known {
            is_sent: true,
            has_data: true,
            has_ack: state == PacketState::AckWritten,
        };
        (sequence, known)
    });
    in_memory.chain(on_shelf).collect()
}
