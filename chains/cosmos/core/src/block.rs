//! One block from what a node states of it: the IBC events where they came from, and
//! what became of the transactions. Pure.

use tendermint::abci::{self, types::ExecTxResult};
use tendermint::Time;
use tern_chains::{Block, ChainId, Event, TxOutcome};

use crate::block_time::block_time;
use crate::client_messages::client_messages;
use crate::events::decode_or_warn;
use crate::outcome::outcome;

/// A block and its results, as a node has them (CometBFT `block` and
/// `block_results`).
#[derive(Clone, Copy, Debug)]
pub struct BlockAndResults<'a> {
    pub height: u64,
    pub time: Time,
    pub txs: &'a [Vec<u8>],
    /// One for each transaction.
    pub tx_results: &'a [ExecTxResult],
    /// Empty from CometBFT 0.38 on.
    pub begin_block_events: &'a [abci::Event],
    /// Those of both phases, from CometBFT 0.38 on.
    pub finalize_block_events: &'a [abci::Event],
    /// Empty from CometBFT 0.38 on.
    pub end_block_events: &'a [abci::Event],
}

/// One block, its IBC events where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedBlock {
    pub height: u64,
    pub time: tern_chains::BlockTime,
    pub begin_block: Vec<Event>,
    /// Every transaction, in order, with its events: none if it failed.
    pub txs: Vec<(TxOutcome, Vec<Event>)>,
    pub end_block: Vec<Event>,
}

/// Reads all events of a block once, in execution order. One that cannot be read is
/// left out with a warning.
pub fn decode(chain: &ChainId, block: &BlockAndResults) -> DecodedBlock {
    let decode_all = |events: &mut dyn Iterator<Item = &abci::Event>| -> Vec<Event> {
        events
            .filter_map(|event| decode_or_warn(chain, block.height, event))
            .collect()
    };
    let finalize = block.finalize_block_events.iter();
    let (begin, end): (Vec<_>, Vec<_>) = finalize.partition(|event| is_begin_block(event));
    let begin_block = decode_all(&mut block.begin_block_events.iter().chain(begin));
    let txs = block.txs.iter().zip(block.tx_results);
    let txs = txs.map(|(tx, result)| {
        let events = if result.code.is_ok() {
            decode_all(&mut result.events.iter())
        } else {
            Vec::new()
        };
        let outcome = TxOutcome {
            clients: events.iter().filter_map(Event::changed_client).collect(),
            client_messages: if events.iter().any(Event::is_client_update) {
                client_messages(tx)
            } else {
                Vec::new()
            },
            ..outcome(tx, result)
        };
        (outcome, events)
    });
    DecodedBlock {
        height: block.height,
        time: block_time(block.time),
        begin_block,
        txs: txs.collect(),
        end_block: decode_all(&mut block.end_block_events.iter().chain(end)),
    }
}

impl From<DecodedBlock> for Block {
    fn from(block: DecodedBlock) -> Self {
        let (txs, in_txs): (Vec<_>, Vec<_>) = block.txs.into_iter().unzip();
        let in_txs = in_txs.into_iter().flatten();
        let events = block.begin_block.into_iter().chain(in_txs);
        Self {
            height: block.height,
            time: block.time,
            events: events.chain(block.end_block).collect(),
            txs,
        }
    }
}

/// The SDK marks its own with the phase they are from.
fn is_begin_block(event: &abci::Event) -> bool {
    let mut attributes = event.attributes.iter();
    attributes.any(|attribute| {
        attribute.key_bytes() == b"mode" && attribute.value_bytes() == b"BeginBlock"
    })
}

#[cfg(test)]
mod tests;
