//! Blocks, their results, their commits and headers.

use std::sync::Arc;

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use serde_json::{json, Value};
use tendermint::block::signed_header::SignedHeader;
use tendermint_rpc::endpoint::{block, commit, header};

use super::params::Params;
use super::{to_value, Answer, RpcError};
use crate::block::Committed;
use crate::devnet::Devnet;
use crate::node::Node;

/// Headers in one answer of `blockchain`.
const HEADERS_MAX: u64 = 20;

/// The block at the requested height; without one, the newest.
fn requested_block(node: &Node, params: &Params) -> Result<Arc<Committed>, RpcError> {
    let height = params.number("height")?;
    let height = node.read(|chain| {
        let height = height.unwrap_or(chain.latest().0);
        known(chain, height).map(|()| height)
    })?;
    let block = node.block(height);
    block.ok_or_else(|| RpcError::internal(format!("block {height} not found")))
}

/// CometBFT's error text for a height it does not have.
pub(super) fn known(chain: &Devnet, height: u64) -> Result<(), RpcError> {
    let (newest, earliest) = (chain.latest().0, chain.earliest());
    if height > newest {
        return Err(RpcError::internal(format!(
            "height {height} must be less than or equal to the current blockchain height {newest}"
        )));
    }
    if height < earliest {
        return Err(RpcError::internal(format!(
            "height {height} is not available, lowest height is {earliest}"
        )));
    }
    Ok(())
}

pub(super) fn block(node: &Node, params: &Params) -> Answer {
    block_value(&*requested_block(node, params)?)
}

pub(super) fn block_value(block: &Committed) -> Answer {
    to_value(block::v0_38::DialectResponse {
        block_id: block.id,
        block: block.block.clone().into(),
    })
}

pub(super) fn block_by_hash(node: &Node, params: &Params) -> Answer {
    let hash = params.base64("hash")?;
    let found = node.read(|chain| {
        let mut blocks = chain.blocks_from(0).rev();
        blocks
            .find(|block| block.id.hash.as_bytes() == hash)
            .cloned()
    });
    match found {
        Some(block) => block_value(&block),
        None => Ok(json!({"block_id": null, "block": null})),
    }
}

pub(super) fn block_results(node: &Node, params: &Params) -> Answer {
    let block = requested_block(node, params)?;
    let results = if block.results.is_empty() {
        Value::Null
    } else {
        to_value(&block.results)?
    };
    let updates = node.read(|chain| validator_updates(chain, &block));
    Ok(json!({
        "height": block.height().to_string(),
        "txs_results": results,
        "finalize_block_events": [],
        "validator_updates": updates,
        "consensus_param_updates": null,
        "app_hash": STANDARD.encode(block.app_hash),
    }))
}

fn validator_updates(chain: &Devnet, block: &Committed) -> Value {
    let updates = block.validator_updates.iter().filter_map(|update| {
        let key = chain.validators.public_key(update.validator)?;
        Some(json!({
            "pub_key": {"Sum": {
                "type": "tendermint.crypto.PublicKey_Ed25519",
                "value": {"ed25519": STANDARD.encode(key.to_bytes())},
            }},
            "power": update.power.to_string(),
        }))
    });
    if block.validator_updates.is_empty() {
        Value::Null
    } else {
        updates.collect()
    }
}

pub(super) fn commit(node: &Node, params: &Params) -> Answer {
    let block = requested_block(node, params)?;
    let newest = node.read(|chain| chain.latest().0);
    let header = block.block.header.clone();
    let signed = SignedHeader::new(header, block.commit.clone());
    to_value(commit::Response {
        signed_header: signed.map_err(RpcError::internal)?,
        canonical: block.height() < newest,
    })
}

pub(super) fn header(node: &Node, params: &Params) -> Answer {
    let header = requested_block(node, params)?.block.header.clone();
    to_value(header::Response { header })
}

/// Headers in descending order of height.
pub(super) fn blockchain(node: &Node, params: &Params) -> Answer {
    let (min, max) = (params.number("minHeight")?, params.number("maxHeight")?);
    let (newest, blocks) = node.read(|chain| {
        let newest = chain.latest().0;
        let max = max.unwrap_or(newest).min(newest);
        let min = min.unwrap_or(1).max((max + 1).saturating_sub(HEADERS_MAX));
        let blocks = chain
            .blocks_from(min)
            .take_while(|block| block.height() <= max);
        (newest, blocks.cloned().collect::<Vec<_>>())
    });
    let metas = blocks.iter().rev().map(|block| {
        Ok(json!({
            "block_id": to_value(block.id)?,
            "block_size": "0",
            "header": to_value(&block.block.header)?,
            "num_txs": block.block.data.len().to_string(),
        }))
    });
    let metas: Result<Vec<Value>, RpcError> = metas.collect();
    Ok(json!({"last_height": newest.to_string(), "block_metas": metas?}))
}
