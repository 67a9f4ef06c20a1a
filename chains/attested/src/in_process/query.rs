//! Final blocks, and values of the IBC store with and without proof.

use tern_attested_core::encode_proof;
use tern_chains::{Block, ChainError, Event, EventQuery, Height, Proof, Proven, StorePath};
use tern_devnet::{Lie, Tree};

use super::{AttestedChain, Result};
use crate::deliver::State;

impl AttestedChain {
    pub(super) fn read_block(&self, height: u64) -> Result<Block> {
        let block = self.node.read(|chain| chain.block(height).cloned());
        let block = block.ok_or_else(|| {
            let doing = format!("block {height}");
            self.origin.node(doing, "it is not final yet")
        })?;
        let events = block.txs.iter().flat_map(|tx| &tx.events);
        Ok(Block {
            height,
            time: tern_chains::BlockTime(block.header.time_ns),
            events: events.cloned().collect(),
            txs: block.txs.iter().map(|tx| tx.outcome.clone()).collect(),
        })
    }

    /// Reads the newest final IBC store.
    pub(super) fn newest_final<T>(&self, read: impl FnOnce(&Tree) -> T) -> T {
        self.node.read(|chain| {
            let (height, _) = chain.latest();
            let state = chain.state(height);
            read(state.unwrap_or_else(|| chain.newest()).machine.ibc())
        })
    }

    pub(super) fn value(&self, path: &StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let key = path.to_string();
        let get = |store: &Tree| store.get(key.as_bytes()).map(<[u8]>::to_vec);
        let value = match height {
            None => self.newest_final(get),
            Some(height) => self.at(path, height, |state| get(state.machine.ibc()))?,
        };
        Ok(self.with_lie(value))
    }

    pub(super) fn proven(&self, path: StorePath, height: u64) -> Result<Proven> {
        let key = path.to_string();
        let (value, proof) = self.at(&path, height, |state| {
            let value = state.machine.ibc().get(key.as_bytes());
            (
                value.map(<[u8]>::to_vec),
                state.machine.prove(key.as_bytes()),
            )
        })?;
        let proof = proof.ok_or_else(|| self.origin.node(key, "nothing to prove with"))?;
        let mut bytes = encode_proof(&proof);
        if let (Some(Lie::Proof), Some(last)) = (self.node.lie(), bytes.last_mut()) {
            *last ^= 1;
        }
        Ok(Proven {
            path,
            value: self.with_lie(value),
            proof: Proof {
                bytes,
                height: Height::new(self.origin.chain.version(), height),
            },
            height,
        })
    }

    fn at<T>(&self, path: &StorePath, height: u64, read: impl FnOnce(&State) -> T) -> Result<T> {
        let found = self.node.read(|chain| chain.state(height).map(read));
        found.ok_or_else(|| self.not_final(path, height))
    }

    fn not_final(&self, path: &StorePath, height: u64) -> ChainError {
        let (latest, _) = self.node.read(|chain| chain.latest());
        let doing = format!("query {path} at {height}");
        let reason = format!("the newest final block is {latest}");
        self.origin.node(doing, reason)
    }

    fn with_lie(&self, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        if self.node.lie() != Some(Lie::Value) {
            return value;
        }
        let mut value = value.unwrap_or_default();
        match value.last_mut() {
            Some(last) => *last ^= 1,
            None => value.push(1),
        }
        Some(value)
    }

    /// The height of the first final block with this event.
    pub(super) fn search(&self, query: &EventQuery) -> Option<u64> {
        let is_wanted = |event: &Event| match (query, event) {
            (EventQuery::Send { src, sequence }, Event::SendPacket(packet)) => {
                packet.src == *src && packet.sequence == *sequence
            }
            (EventQuery::Ack { dst, sequence }, Event::WriteAcknowledgement { packet, .. }) => {
                packet.dst == *dst && packet.sequence == *sequence
            }
            _ => false,
        };
        self.node.read(|chain| {
            let mut blocks = chain.final_blocks();
            let found = blocks.find(|block| {
                let mut events = block.txs.iter().flat_map(|tx| &tx.events);
                events.any(is_wanted)
            });
            found.map(|block| block.header.height)
        })
    }
}
