//! What a node says of one block, and the one walk over its events: first those
//! before the transactions, then those of each transaction, then those after.

use tendermint::abci::{self, types::ExecTxResult};
use tendermint_rpc::endpoint::{block, block_results};
use tern_chains::{BlockTime, ChainId, Event};

use crate::block_time::block_time;
use crate::errors::Result;
use crate::events::decode_or_warn;
use crate::rpc::Rpc;

/// The two answers of a node about a committed block (CometBFT `block` and
/// `block_results`).
pub(crate) struct BlockAnswers {
    pub block: block::Response,
    pub results: block_results::Response,
}

/// The IBC events of a block, where they came from.
pub(crate) struct BlockEvents<'a> {
    /// Of begin-block.
    pub before: Vec<Event>,
    pub txs: Vec<TxEvents<'a>>,
    /// Of end-block.
    pub after: Vec<Event>,
}

pub(crate) struct TxEvents<'a> {
    pub bytes: &'a [u8],
    pub result: &'a ExecTxResult,
    /// None if it failed.
    pub events: Vec<Event>,
}

/// Asks a node about the committed block at `height`.
#[tracing::instrument(name = "block", level = "debug", skip_all, fields(chain = %rpc.origin.chain, height))]
pub(crate) async fn answers(rpc: &Rpc, height: u64) -> Result<BlockAnswers> {
    let both = || async { futures::try_join!(rpc.block(height), rpc.block_results(height)) };
    let (block, results) = rpc.settled(height, both).await?;
    Ok(BlockAnswers { block, results })
}

impl BlockAnswers {
    pub fn height(&self) -> u64 {
        self.block.block.header.height.value()
    }

    pub fn time(&self) -> BlockTime {
        block_time(self.block.block.header.time)
    }

    /// Pure: the events in execution order.
    pub fn events(&self, chain: &ChainId) -> BlockEvents<'_> {
        let (height, results) = (self.height(), &self.results);
        let decode = |event: &abci::Event| decode_or_warn(chain, height, event);
        // Begin- and end-block events are two lists up to 0.37, one from 0.38 on.
        let (begin, end): (Vec<_>, Vec<_>) = results
            .finalize_block_events
            .iter()
            .partition(|event| is_begin_block(event));
        let before = results.begin_block_events.iter().flatten().chain(begin);
        let after = results.end_block_events.iter().flatten().chain(end);
        let tx_results = results.txs_results.as_deref().unwrap_or_default();
        let txs = self.block.block.data.iter().zip(tx_results);
        let of_tx = |result: &ExecTxResult| -> Vec<Event> {
            let events = result.events.iter().filter(|_| result.code.is_ok());
            events.filter_map(decode).collect()
        };
        let txs = txs.map(|(bytes, result)| TxEvents {
            bytes,
            result,
            events: of_tx(result),
        });
        BlockEvents {
            before: before.filter_map(decode).collect(),
            txs: txs.collect(),
            after: after.filter_map(decode).collect(),
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
