//! Blocks, decoded for the relayer.

use tern_chains::{Block, EventQuery, Next};
use tern_cosmos_core::{block_time, decode_or_warn, outcome};

use super::{DevnetChain, Result};
use crate::block::Committed;

impl DevnetChain {
    pub(super) fn next(&self, height: u64) -> Result<Next> {
        let earliest = self.node.read(|chain| chain.earliest());
        if height < earliest {
            return Ok(Next::Gap {
                from: height,
                to: earliest - 1,
            });
        }
        Ok(Next::Block(Box::new(self.read_block(height)?)))
    }

    pub(super) fn read_block(&self, height: u64) -> Result<Block> {
        match self.node.block(height) {
            Some(block) => Ok(self.decode(&block)),
            None if height < self.node.read(|chain| chain.earliest()) => {
                Err(self.origin.pruned(format!("block {height}"), height))
            }
            None => Err(self.origin.node(format!("block {height}"), "not made yet")),
        }
    }

    fn decode(&self, block: &Committed) -> Block {
        let height = block.height();
        let succeeded = block.results.iter().filter(|result| result.code.is_ok());
        let events = succeeded.flat_map(|result| &result.events);
        let events = events.filter_map(|event| decode_or_warn(&self.origin.chain, height, event));
        let txs = block.block.data.iter().zip(&block.results);
        Block {
            height,
            time: block_time(block.time()),
            events: events.collect(),
            txs: txs.map(|(bytes, result)| outcome(bytes, result)).collect(),
        }
    }

    /// The height of the first block with this event.
    pub(super) fn search(&self, query: &EventQuery) -> Option<u64> {
        let (kind, side, end, sequence) = match query {
            EventQuery::Send { src, sequence } => ("send_packet", "src", src, sequence),
            EventQuery::Ack { dst, sequence } => ("write_acknowledgement", "dst", dst, sequence),
        };
        let (port, channel) = end.as_channel()?;
        let wanted = [
            (format!("packet_{side}_port"), port.to_string()),
            (format!("packet_{side}_channel"), channel.to_string()),
            ("packet_sequence".to_owned(), sequence.to_string()),
        ];
        self.node.read(|chain| {
            let mut blocks = chain.blocks_from(0);
            let found = blocks.find(|block| {
                let events = block.results.iter().flat_map(|result| &result.events);
                let mut events = events.filter(|event| event.kind == kind);
                events.any(|event| crate::events::has_all(event, &wanted))
            });
            found.map(|block| block.height())
        })
    }
}
