//! Blocks, decoded for the relayer.

use tern_chains::{Block, EventQuery, Next};
use tern_cosmos_core::block::{decode, BlockAndResults};

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
        let block = BlockAndResults {
            height: block.height(),
            time: block.time(),
            txs: &block.block.data,
            tx_results: &block.results,
            begin_block_events: &[],
            finalize_block_events: &[],
            end_block_events: &[],
        };
        decode(&self.origin.chain, &block).into()
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
