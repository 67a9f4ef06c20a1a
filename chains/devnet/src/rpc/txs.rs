//! Transactions: broadcast, and queries by hash.

use std::time::Duration;

use serde_json::{json, Value};
use tendermint::abci::response::CheckTx;
use tendermint::abci::types::ExecTxResult;
use tendermint::abci::Event;

use super::params::Params;
use super::{to_value, Answer, RpcError};
use crate::block::Committed;
use crate::devnet::Checked;
use crate::in_process::too_large;
use crate::node::Node;
use crate::tx::hash;

/// CometBFT's `timeout_broadcast_tx_commit`.
const COMMIT_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn broadcast(node: &Node, params: &Params) -> Answer {
    let bytes = params.base64("tx")?;
    let hash = hex::encode_upper(hash(&bytes));
    let (code, codespace, log) = check(node, bytes)?;
    Ok(json!({"code": code, "data": "", "log": log, "codespace": codespace, "hash": hash}))
}

/// Broadcasts and waits for the result in a block.
pub(super) async fn broadcast_and_wait(node: &Node, params: &Params) -> Answer {
    let bytes = params.base64("tx")?;
    let hash = hash(&bytes);
    let (code, codespace, log) = check(node, bytes)?;
    let check_tx = CheckTx {
        code: code.into(),
        codespace: codespace.to_owned(),
        log,
        ..CheckTx::default()
    };
    let mut answer = json!({
        "check_tx": to_value(check_tx)?,
        "tx_result": to_value(ExecTxResult::default())?,
        "hash": hex::encode_upper(hash),
        "height": "0",
    });
    if code != 0 {
        return Ok(answer);
    }
    let found = || {
        node.read(|chain| {
            let (block, index) = chain.find_tx(&hash)?;
            Some((block.height(), block.results[index].clone()))
        })
    };
    let waiting = async {
        let mut newest = node.reaches(0).await;
        loop {
            if let Some(found) = found() {
                return found;
            }
            newest = node.reaches(newest + 1).await;
        }
    };
    let waited = tokio::time::timeout(COMMIT_LIMIT, waiting).await;
    let late = |_| RpcError::internal("timed out waiting for tx to be included in a block");
    let (height, result) = waited.map_err(late)?;
    answer["tx_result"] = to_value(result)?;
    answer["height"] = Value::String(height.to_string());
    Ok(answer)
}

/// The result of CheckTx: code, codespace, log.
fn check(node: &Node, bytes: Vec<u8>) -> Result<(u32, &'static str, String), RpcError> {
    let size = bytes.len();
    match node.check_tx(bytes) {
        Checked::Added => Ok((0, "", String::new())),
        Checked::Refused(refusal) => Ok((refusal.code, refusal.codespace, refusal.log)),
        Checked::Known => Err(RpcError::internal("tx already exists in cache")),
        Checked::TooLarge { max } => Err(RpcError::internal(too_large(max, size))),
        Checked::Full => {
            let max = node.read(|chain| chain.info.limits.mempool_txs);
            let log = format!("mempool is full: number of txs {max} (max: {max})");
            Err(RpcError::internal(log))
        }
    }
}

pub(super) fn tx(node: &Node, params: &Params) -> Answer {
    let requested = params.base64("hash")?;
    let missing =
        || RpcError::internal(format!("tx ({}) not found", hex::encode_upper(&requested)));
    let found = node.read(|chain| {
        let hash = requested.as_slice().try_into().ok()?;
        let (block, index) = chain.find_tx(hash)?;
        Some((block.clone(), index))
    });
    let (block, index) = found.ok_or_else(missing)?;
    value(&block, index)
}

/// One transaction of a block with its result.
pub(super) fn value(block: &Committed, index: usize) -> Answer {
    let bytes = &block.block.data[index];
    Ok(json!({
        "hash": hex::encode_upper(hash(bytes)),
        "height": block.height().to_string(),
        "index": index,
        "tx_result": to_value(&block.results[index])?,
        "tx": base64(bytes),
    }))
}

pub(super) fn base64(bytes: &[u8]) -> Value {
    use base64::Engine;
    Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// The index keys of a transaction: its height, its hash, its events.
pub(super) fn attributes(block: &Committed, index: usize) -> Vec<(String, String)> {
    let mut all = vec![
        ("tm.event".to_owned(), "Tx".to_owned()),
        ("tx.height".to_owned(), block.height().to_string()),
        (
            "tx.hash".to_owned(),
            hex::encode_upper(hash(&block.block.data[index])),
        ),
    ];
    all.extend(of_events(&block.results[index].events));
    all
}

fn of_events(events: &[Event]) -> impl Iterator<Item = (String, String)> + '_ {
    events.iter().flat_map(|event| {
        event.attributes.iter().filter_map(|attribute| {
            let (key, value) = (attribute.key_str().ok()?, attribute.value_str().ok()?);
            Some((format!("{}.{key}", event.kind), value.to_owned()))
        })
    })
}
