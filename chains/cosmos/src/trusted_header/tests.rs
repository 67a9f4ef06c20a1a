//! Where trust begins, and what contradicts it, with nodes on sockets.

use tern_chains::NewClient;

use super::*;
use crate::block_time::block_time;
use crate::chain::CosmosChain;
use crate::testing::light_chain::{time, LightChain};
use crate::testing::node::{honest, Node};

/// The chain, and another history with other validators.
const OURS: &[u8] = &[1, 2, 3, 4];
const OTHER: &[u8] = &[5, 6, 7, 8];

fn light(validators: &[u8]) -> LightChain {
    LightChain::new(&vec![validators.to_vec(); 21])
}

/// A chain with a node for each, which has this history.
async fn chain(histories: &[&[u8]]) -> (CosmosChain, Vec<Node>) {
    let mut nodes = Vec::new();
    for validators in histories {
        let light = light(validators);
        let answer =
            move |method: &str, params: &serde_json::Value| honest(&light, 19, method, params);
        nodes.push(Node::serve(answer).await);
    }
    (Node::chain_of(&nodes), nodes)
}

fn hash(validators: &[u8], height: u64) -> Vec<u8> {
    let light = light(validators);
    let header = &light.at(height).signed.header;
    header.hash().as_bytes().to_vec()
}

fn given(validators: &[u8], height: u64) -> GivenHeader {
    GivenHeader {
        height,
        hash: hash(validators, height),
    }
}

/// A header of ours that is trusted.
fn trusted(height: u64, origin: TrustOrigin) -> TrustedHeader {
    let light = light(OURS);
    let client = light.client(height);
    TrustedHeader {
        client: NewClient {
            client_state: client.client_state,
            consensus_state: client.consensus_state,
            height,
        },
        hash: hash(OURS, height),
        time: block_time(time(height)),
        origin,
    }
}

fn agreed() -> TrustOrigin {
    TrustOrigin::Nodes { agreed: 2 }
}

fn now() -> BlockTime {
    block_time(time(22))
}

/// What is trusted at a height, after our header at 4.
async fn moved_to(chain: &CosmosChain, height: u64) -> Result<TrustedHeader> {
    let before = trusted(4, agreed());
    chain.light.trust(Some(&before), None, height, now()).await
}

fn asked(chain: &CosmosChain) -> Vec<bool> {
    let nodes = 0..chain.pool.nodes().len();
    nodes.map(|node| chain.pool.is_well(node)).collect()
}

#[tokio::test]
async fn trust_begins_with_the_header_that_most_nodes_have() {
    for histories in [
        [OTHER, OURS, OURS],
        [OURS, OTHER, OURS],
        [OURS, OURS, OTHER],
    ] {
        let (chain, _nodes) = chain(&histories).await;
        let (block, agreed) = chain.light.agreed(12).await.unwrap();
        assert_eq!(block.signed.header.hash().as_bytes(), hash(OURS, 12));
        assert_eq!(agreed, 2);
    }
}

#[tokio::test]
async fn a_header_that_its_validators_have_not_signed_is_no_vote() {
    let altered = light(OURS);
    let lying = Node::serve(move |method, params| {
        let mut answer = honest(&altered, 19, method, params)?;
        if method == "commit" {
            let app_hash = "FF".repeat(32);
            answer["signed_header"]["header"]["app_hash"] = app_hash.into();
        }
        Ok(answer)
    });
    let ours = light(OURS);
    let right = Node::serve(move |method, params| honest(&ours, 19, method, params));
    let nodes = [lying.await, right.await];
    let chain = Node::chain_of(&nodes);
    let (block, agreed) = chain.light.agreed(12).await.unwrap();
    assert_eq!(block.signed.header.hash().as_bytes(), hash(OURS, 12));
    assert_eq!(agreed, 1);
}

#[tokio::test]
async fn nodes_that_disagree_without_a_majority_are_the_operators_matter() {
    let (chain, _nodes) = chain(&[OURS, OTHER]).await;
    let error = chain.light.agreed(12).await.unwrap_err();
    assert!(matches!(error, ChainError::Local { .. }), "{error}");
    assert!(
        error.to_string().contains("light_client = { height = 12"),
        "{error}"
    );
}

#[tokio::test]
async fn a_node_without_the_header_that_the_operator_gave_is_set_aside() {
    let (chain, _nodes) = chain(&[OTHER, OURS]).await;
    let block = chain.light.given(&given(OURS, 5)).await.unwrap();
    assert_eq!(block.signed.header.hash().as_bytes(), hash(OURS, 5));
    let block = chain.light.given(&given(OURS, 6)).await.unwrap();
    assert_eq!(block.signed.header.hash().as_bytes(), hash(OURS, 6));
}

#[tokio::test]
async fn nodes_that_all_have_another_header_than_the_given_one_are_not_followed() {
    for histories in [&[OTHER][..], &[OTHER, OTHER]] {
        let (chain, _nodes) = chain(histories).await;
        let error = chain.light.given(&given(OURS, 5)).await.unwrap_err();
        assert!(matches!(error, ChainError::Local { .. }), "{error}");
        assert!(
            error.to_string().contains("no node has the header"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn trust_moves_to_headers_that_verify_and_keeps_its_beginning() {
    let (chain, _nodes) = chain(&[OURS]).await;
    let moved = moved_to(&chain, 15).await.unwrap();
    assert_eq!((moved.client.height, moved.hash), (15, hash(OURS, 15)));
    assert_eq!(moved.origin, agreed());
    assert_eq!(
        moved.client.consensus_state,
        light(OURS).client(15).consensus_state
    );
    let stays = moved_to(&chain, 3).await.unwrap();
    assert_eq!(stays, trusted(4, agreed()));
}

#[tokio::test]
async fn a_node_whose_headers_do_not_follow_from_what_is_trusted_is_set_aside() {
    let (chain, _nodes) = chain(&[OTHER, OURS]).await;
    let moved = moved_to(&chain, 15).await.unwrap();
    assert_eq!(moved.hash, hash(OURS, 15));
    assert_eq!(asked(&chain), [false, true]);
}

#[tokio::test]
async fn a_chain_whose_only_node_contradicts_what_is_trusted_is_not_followed() {
    let (chain, _nodes) = chain(&[OTHER]).await;
    let moved = moved_to(&chain, 15).await;
    let error = moved.unwrap_err();
    assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
}

#[test]
fn what_was_trusted_counts_only_while_its_beginning_is_what_the_operator_gives() {
    let (one, other) = (given(OURS, 5), given(OURS, 6));
    let from = TrustOrigin::Given(one.clone());
    assert!(from.is_of(Some(&one)));
    assert!(!from.is_of(Some(&other)));
    assert!(!from.is_of(None));
    assert!(agreed().is_of(None));
    assert!(!agreed().is_of(Some(&one)));
}
