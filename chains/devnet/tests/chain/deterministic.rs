//! The same genesis and the same calls give the same chain, and old blocks are
//! pruned at the limit.

use std::sync::Arc;

use tendermint::Time;
use tern_chains::{Account, Chain, ChainError, ClientParams, LightClient, Next, StorePath};
use tern_cosmos_core::Key;
use tern_devnet::{Committed, DevnetChain, Genesis, Limits, Node};

use crate::world::payment;

const START: i64 = 1_700_000_000;

fn time(second: i64) -> Time {
    Time::from_unix_timestamp(START + second, 0).expect("in range")
}

fn chain(seed: u64, history: u64) -> DevnetChain {
    let key = Key::from_private_key(&[5; 32], "akash").expect("a key");
    let mut genesis = Genesis::new("akash-1", "akash", time(0));
    genesis.seed = seed;
    genesis.limits = Limits {
        history,
        ..Limits::default()
    };
    let genesis = genesis.fund(key.address(), &[("uakt", 1_000_000)]);
    let node = Node::new(&genesis).expect("a chain");
    DevnetChain::new(node, key, "0.1uakt".parse().expect("a price")).expect("a chain")
}

/// A few blocks, one of them with a payment in it.
async fn run(chain: &DevnetChain) -> Vec<Arc<Committed>> {
    let mut blocks = Vec::new();
    for second in 1..=6 {
        if second == 3 {
            let account = chain.state().await.expect("an account");
            let draft = payment(account);
            let tx = chain.sign(&draft).await.expect("a signature");
            chain.broadcast(&tx).await.expect("an answer");
            chain.broadcast(&tx).await.expect("twice is once");
        }
        blocks.push(chain.node().make_block(time(second)).expect("a block"));
    }
    blocks
}

#[tokio::test]
async fn the_same_calls_give_the_same_chain() {
    let ids = |blocks: &[Arc<Committed>]| blocks.iter().map(|block| block.id).collect::<Vec<_>>();
    let once = run(&chain(1, 100)).await;
    assert_eq!(ids(&once), ids(&run(&chain(1, 100)).await));
    assert_ne!(ids(&once), ids(&run(&chain(2, 100)).await));
    let txs: Vec<usize> = once.iter().map(|block| block.block.data.len()).collect();
    assert_eq!(txs, [0, 0, 1, 0, 0, 0]);
    assert!(
        once[2].results[0].code.is_ok(),
        "{}",
        once[2].results[0].log
    );
    // The next header has the root after a block, and payments change it.
    let roots: Vec<&[u8]> = once.iter().map(|block| &block.app_hash[..]).collect();
    assert_eq!(once[3].block.header.app_hash.as_bytes(), roots[2]);
    assert_ne!(roots[1], roots[2]);
}

#[tokio::test]
async fn time_only_goes_forward() {
    let chain = chain(1, 100);
    chain.node().make_block(time(5)).expect("a block");
    assert!(chain.node().make_block(time(5)).is_err());
    assert!(chain.node().make_block(time(4)).is_err());
    assert_eq!(chain.latest().await.expect("a height").0, 1);
}

#[tokio::test]
async fn pruned_history_is_told_as_a_gap() {
    let chain = chain(1, 3);
    run(&chain).await;
    let next = chain.next_block(0).await.expect("an answer");
    assert_eq!(next, Next::Gap { from: 1, to: 3 });
    let next = chain.next_block(3).await.expect("an answer");
    assert!(matches!(next, Next::Block(block) if block.height == 4));
    let pruned = chain.block(2).await.expect_err("pruned");
    assert!(
        matches!(pruned, ChainError::Pruned { height: 2, .. }),
        "{pruned}"
    );
    let path = StorePath::ClientState("07-tendermint-0".parse().expect("an id"));
    let pruned = chain
        .query(path.clone(), Some(1))
        .await
        .expect_err("pruned");
    assert!(
        matches!(pruned, ChainError::Pruned { height: 1, .. }),
        "{pruned}"
    );
    assert_eq!(
        chain.query(path.clone(), Some(6)).await.expect("an answer"),
        None
    );
    let early = chain.query(path, Some(7)).await.expect_err("not yet");
    assert!(matches!(early, ChainError::Node { .. }), "{early}");
    chain
        .new_client(&ClientParams::default())
        .await
        .expect("a client");
}
