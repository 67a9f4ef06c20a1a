//! Blocks from a node on a socket that has some of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use tendermint::evidence;
use tendermint_rpc::endpoint::block::v0_38::DialectResponse;
use tern_chains::{Chain as _, Event, TxHash};

use super::*;
use crate::block_time::block_time;
use crate::testing::light_chain::{time, LightChain};
use crate::testing::node::{height, status, Node};

mod recorded;

/// A node that has blocks from `earliest` on and results from `results` on, of
/// a chain of 20.
async fn node(earliest: u64, results: u64) -> Node {
    Node::serve(move |method, params| match method {
        "status" => Ok(status(earliest, 20)),
        "block" if height(params) >= earliest => Ok(block_json(height(params))),
        "block_results" if height(params) >= results => Ok(results_json(height(params))),
        _ => Err("not available".to_owned()),
    })
    .await
}

/// A block with two transactions.
fn block_json(height: u64) -> Value {
    let light = LightChain::new(&vec![vec![1]; height as usize + 1]);
    let signed = light.at(height).signed.clone();
    let txs = vec![b"one".to_vec(), b"two".to_vec()];
    let evidence = evidence::List::default();
    let block = tendermint::Block::new(signed.header, txs, evidence, Some(signed.commit.clone()));
    let response = DialectResponse {
        block_id: signed.commit.block_id,
        block: block.into(),
    };
    serde_json::to_value(response).unwrap()
}

/// Its first transaction fails. Every part of the block has an event.
fn results_json(height: u64) -> Value {
    let created = |id: &str, mode: &str| {
        json!([{"type": "create_client", "attributes": [
            {"key": "client_id", "value": format!("07-tendermint-{id}"), "index": true},
            {"key": "mode", "value": mode, "index": true},
        ]}])
    };
    let tx = |code: u32, events: Value| {
        json!({"code": code, "data": null, "log": "said", "info": "", "gas_wanted": "9",
            "gas_used": "7", "events": events, "codespace": "sdk"})
    };
    let around = [created("8", "EndBlock"), created("7", "BeginBlock")];
    json!({
        "height": height.to_string(),
        "txs_results": [tx(5, created("666", "")), tx(0, created("1", ""))],
        "finalize_block_events": around.map(|events| events[0].clone()),
        "validator_updates": null,
        "consensus_param_updates": null,
        "app_hash": "",
    })
}

#[tokio::test]
async fn a_block_has_its_events_in_order_and_the_fate_of_each_tx() {
    let block = node(1, 1).await.chain().block(9).await.unwrap();
    assert_eq!((block.height, block.time), (9, block_time(time(9))));
    let ids = ["7", "1", "8"].map(|id| Event::ClientChanged {
        client_id: format!("07-tendermint-{id}").parse().unwrap(),
    });
    assert_eq!(
        block.events, ids,
        "begin-block, the tx that succeeded, end-block"
    );
    let codes: Vec<u32> = block.txs.iter().map(|tx| tx.code).collect();
    assert_eq!(codes, [5, 0]);
    assert_eq!(block.txs[0].hash, TxHash(Sha256::digest(b"one").into()));
    assert_eq!((block.txs[1].gas_wanted, block.txs[1].gas_used), (9, 7));
}

#[tokio::test]
async fn pruned_blocks_are_one_gap() {
    let node = node(11, 11).await;
    let chain = node.chain();
    let next = chain.next_block(3).await.unwrap();
    assert_eq!(next, Next::Gap { from: 4, to: 10 });
    let Next::Block(block) = chain.next_block(10).await.unwrap() else {
        panic!("the gap should end here");
    };
    assert_eq!(block.height, 11);
    let pruned = chain.block(3).await;
    assert!(matches!(pruned, Err(ChainError::Pruned { height: 3, .. })));
}

#[tokio::test]
async fn pruned_results_are_a_gap_too() {
    for results in [7, 13, 20] {
        let next = node(1, results).await.chain().next_block(4).await.unwrap();
        let gap = Next::Gap {
            from: 5,
            to: results - 1,
        };
        assert_eq!(next, gap);
    }
}

#[tokio::test]
async fn results_may_lag_behind_the_block() {
    let asked = AtomicUsize::new(0);
    let node = Node::serve(move |method, params| match method {
        "status" => Ok(status(1, 20)),
        "block" => Ok(block_json(height(params))),
        _ if asked.fetch_add(1, Ordering::SeqCst) < 3 => Err("no results yet".to_owned()),
        _ => Ok(results_json(height(params))),
    })
    .await;
    let Next::Block(block) = node.chain().next_block(19).await.unwrap() else {
        panic!("there is no gap");
    };
    assert_eq!(block.height, 20);
}
