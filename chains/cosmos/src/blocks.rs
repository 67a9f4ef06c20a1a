//! Blocks: `block` and `block_results` of one height in, the block's IBC events
//! and the fate of its transactions out.

use std::sync::Arc;

use futures::future::join_all;
use tern_chains::{Block, ChainError, Next};
use tern_cosmos_core::block::{decode, BlockAndResults, DecodedBlock};

use crate::errors::{answer, Result};
use crate::node::Node;
use crate::pool::{Kind, Need, Pool};
use crate::rpc::Rpc;

/// The committed block at `height`, or the gap that starts there.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %pool.origin().chain, height))]
pub(crate) async fn next(pool: &Pool, height: u64) -> Result<Next> {
    let ask = |node: Arc<Node>| async move { block(&node.rpc, height).await };
    let error = match pool.read(Kind::Block, Need::At(height), ask).await {
        Ok(block) => return Ok(Next::Block(Box::new(block))),
        Err(error) => error,
    };
    // Something is missing at this height: how far does the hole reach?
    let pruned = matches!(error, ChainError::Pruned { .. });
    if !pruned && answer(&error).is_none() {
        return Err(error);
    }
    let nodes = pool.nodes().iter().filter(|node| pool.is_heard(node.index));
    let ends = join_all(nodes.map(|node| end_of_hole(&node.rpc, height))).await;
    let (mut to, mut reason) = (None::<u64>, error);
    for end in ends {
        match end {
            Ok(Some(end)) => to = Some(to.map_or(end, |to| to.min(end))),
            Ok(None) => {}
            Err(error) => reason = error,
        }
    }
    let gap = to.map(|to| Next::Gap { from: height, to });
    gap.ok_or(reason)
}

/// The last height from `missing` on that the node does not have; `None` if it
/// has all, or nothing at all.
async fn end_of_hole(rpc: &Rpc, missing: u64) -> Result<Option<u64>> {
    let sync = rpc.status().await?.sync_info;
    let earliest = sync.earliest_block_height.value();
    if missing < earliest {
        return Ok(Some(earliest - 1));
    }
    let first = first_results(rpc, missing, sync.latest_block_height.value()).await?;
    Ok(first.map(|first| first - 1))
}

/// The committed block at `height`.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %rpc.origin.chain, height))]
pub(crate) async fn block(rpc: &Rpc, height: u64) -> Result<Block> {
    let (_, block) = decoded(rpc, height).await?;
    Ok(block.into())
}

/// The transactions of the block at `height`, and the block decoded.
pub(crate) async fn decoded(rpc: &Rpc, height: u64) -> Result<(Vec<Vec<u8>>, DecodedBlock)> {
    let both = || async { futures::try_join!(rpc.block(height), rpc.block_results(height)) };
    let (block, results) = rpc.settled(height, both).await?;
    let (header, txs) = (&block.block.header, block.block.data);
    let got = [header.height.value(), results.height.value()];
    if got != [height, height] {
        let doing = format!("block at {height}");
        let reason = format!("the node gave block {} and results of {}", got[0], got[1]);
        return Err(rpc.origin.malformed(doing, reason));
    }
    let answer = BlockAndResults {
        height: header.height.value(),
        time: header.time,
        txs: &txs,
        tx_results: results.txs_results.as_deref().unwrap_or_default(),
        begin_block_events: results.begin_block_events.as_deref().unwrap_or_default(),
        finalize_block_events: &results.finalize_block_events,
        end_block_events: results.end_block_events.as_deref().unwrap_or_default(),
    };
    let decoded = decode(&rpc.origin.chain, &answer);
    Ok((txs, decoded))
}

/// The lowest height above `missing` whose results the node still has, by
/// bisection: a node that prunes them has all from some height on. `None` if it
/// has none at all (`discard_abci_responses` in its configuration), or those of
/// `missing` after all.
async fn first_results(rpc: &Rpc, missing: u64, latest: u64) -> Result<Option<u64>> {
    let there = |height| async move {
        match rpc.block_results(height).await {
            Ok(_) => Ok(true),
            Err(error) if answer(&error).is_some() => Ok(false),
            Err(error) => Err(error),
        }
    };
    if latest <= missing || there(missing).await? || !there(latest).await? {
        return Ok(None);
    }
    let (mut without, mut with) = (missing, latest);
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        if there(middle).await? {
            with = middle;
        } else {
            without = middle;
        }
    }
    Ok(Some(with))
}

#[cfg(test)]
mod tests;
