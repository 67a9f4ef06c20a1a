//! Updates against a node on a socket, honest or not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tern_chains::LightClient as _;

use super::*;
use crate::block_time::block_time;
use crate::convert;
use crate::testing::light_chain::{time, LightChain};
use crate::testing::node::{height, honest, Node};
use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::Height;

/// A few seconds after the block at `height`.
fn after(height: u64) -> BlockTime {
    block_time(time(height + 3))
}

fn headers(update: &ClientUpdate) -> Vec<(u64, u64)> {
    let headers = update.headers.iter().cloned();
    let headers = headers.map(|header| Header::try_from(convert::any(&header)).unwrap());
    headers
        .map(|header| {
            let trusted = header.trusted_height.revision_height();
            (trusted, header.height().revision_height())
        })
        .collect()
}

#[tokio::test]
async fn one_header_is_enough_while_the_validators_stay() {
    let light = LightChain::new(&vec![vec![1, 2, 3, 4]; 21]);
    let client = light.client(3);
    let node = Node::serve(move |method, params| honest(&light, 19, method, params)).await;
    let update = node.chain().client_update(&client, 19, after(19)).await;
    let update = update.unwrap();
    assert_eq!(headers(&update), [(3, 19)]);
    assert_eq!(update.root.0, [19; 32]);
    assert_eq!((update.height, update.time), (19, block_time(time(19))));
}

#[tokio::test]
async fn a_header_is_what_ibc_go_can_decode() {
    let light = LightChain::new(&vec![vec![1, 2, 3]; 6]);
    let client = light.client(1);
    let node = Node::serve(move |method, params| honest(&light, 4, method, params)).await;
    let update = node.chain().client_update(&client, 4, after(4)).await;
    let header = convert::any(&update.unwrap().headers[0]);
    let header = Header::try_from(header).unwrap();
    // It refuses validator sets without a proposer.
    assert!(header.validator_set.proposer.is_some());
    assert!(header.trusted_validator_set.proposer.is_some());
    assert_eq!(header.trusted_height, Height::new(1, 1).unwrap());
}

#[tokio::test]
async fn a_change_of_validators_is_bridged_by_bisection() {
    // One validator of four is replaced every two blocks.
    let sets: Vec<Vec<u8>> = (0..41u8)
        .map(|h| (1 + h / 2..5 + h / 2).collect())
        .collect();
    let light = LightChain::new(&sets);
    let client = light.client(1);
    let node = Node::serve(move |method, params| honest(&light, 39, method, params)).await;
    let update = node.chain().client_update(&client, 39, after(39)).await;
    let headers = headers(&update.unwrap());
    assert!(headers.len() > 3, "{headers:?}");
    assert_eq!(headers.first().unwrap().0, 1);
    assert_eq!(headers.last().unwrap().1, 39);
    for pair in headers.windows(2) {
        assert_eq!(
            pair[0].1, pair[1].0,
            "each trusts the one before: {headers:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_is_there_needs_nothing() {
    let light = LightChain::new(&vec![vec![1]; 9]);
    let client = light.client(5);
    let node = Node::serve(|_, _| Err("nothing should be asked".to_owned())).await;
    let chain = node.chain();
    let update = chain.client_update(&client, 5, after(5)).await.unwrap();
    assert!(update.headers.is_empty());
    assert_eq!(update.root.0, [5; 32]);
    let below = chain.client_update(&client, 4, after(5)).await;
    assert!(matches!(below, Err(ChainError::ClientUnusable { .. })));
}

#[tokio::test]
async fn a_lying_node_is_found_out() {
    let light = LightChain::new(&vec![vec![1, 2, 3, 4]; 9]);
    let client = light.client(1);
    let node = Node::serve(move |method, params| {
        let mut answer = honest(&light, 7, method, params)?;
        if method == "commit" {
            let app_hash = "FF".repeat(32);
            answer["signed_header"]["header"]["app_hash"] = app_hash.into();
        }
        Ok(answer)
    })
    .await;
    let error = node.chain().client_update(&client, 7, after(7)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, ChainError::Unverified { .. }), "{error}");

    let light = LightChain::new(&vec![vec![1, 2, 3, 4]; 9]);
    let strangers = LightChain::new(&vec![vec![5, 6, 7, 8]; 9]);
    let node = Node::serve(move |method, params| match method {
        "validators" => honest(&strangers, 7, method, params),
        _ => honest(&light, 7, method, params),
    })
    .await;
    let error = node.chain().client_update(&client, 7, after(7)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
}

#[tokio::test]
async fn an_expired_client_says_since_when() {
    let light = LightChain::new(&vec![vec![1]; 9]);
    let client = light.client(5);
    let node = Node::serve(|_, _| Err("nothing should be asked".to_owned())).await;
    let error = node.chain().client_update(&client, 7, after(2000)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, ChainError::ClientUnusable { .. }));
    assert!(
        error
            .to_string()
            .contains("expired at 2023-11-14T22:30:05Z"),
        "{error}"
    );
}

#[tokio::test]
async fn pruned_validators_are_no_matter_if_they_never_changed() {
    let light = LightChain::new(&vec![vec![1, 2, 3]; 40]);
    let client = light.client(2);
    let node = Node::serve(move |method, params| match method {
        "status" => Ok(crate::testing::node::status(30, 38)),
        _ if height(params) < 30 => Err("height is not available, lowest is 30".to_owned()),
        _ => honest(&light, 38, method, params),
    })
    .await;
    let update = node.chain().client_update(&client, 38, after(38)).await;
    assert_eq!(headers(&update.unwrap()), [(2, 38)]);
}

#[tokio::test]
async fn the_target_is_waited_for() {
    let light = LightChain::new(&vec![vec![1, 2, 3]; 12]);
    let client = light.client(2);
    let latest = Arc::new(AtomicU64::new(5));
    let served = latest.clone();
    let node = Node::serve(move |method, params| {
        honest(&light, served.load(Ordering::SeqCst), method, params)
    })
    .await;
    let chain = node.chain();
    let update = tokio::spawn(async move { chain.client_update(&client, 8, after(8)).await });
    for height in 6..=8 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!update.is_finished());
        latest.store(height, Ordering::SeqCst);
    }
    let update = update.await.unwrap().unwrap();
    assert_eq!(headers(&update), [(2, 8)]);
}
