//! Headers of a chain that were seen in updates elsewhere, in process and over
//! sockets.

use std::sync::Arc;

use crate::world::{Endpoint, World, START};
use ibc_proto::ibc::core::client::v1::MsgUpdateClient;
use prost::Message as _;
use tendermint::Time;
use tern_chains::{ChainError, Encoded, HeaderCheck, LightClient};
use tern_cosmos_core::convert::encoded;
use tern_cosmos_core::Key;
use tern_devnet::{DevnetChain, Faults, Genesis, Lie, Node};

/// Both ways to reach a node.
async fn reached(node: &Node) -> Vec<Arc<dyn LightClient>> {
    let key = Key::from_private_key(&[1; 32], "akash").expect("a key");
    let price = "0uakt".parse().expect("a price");
    let in_process = DevnetChain::new(node.clone(), key.clone(), price).expect("a chain");
    let on_sockets = Endpoint::on_sockets(node, "uakt", key).await;
    vec![Arc::new(in_process), on_sockets.light_client]
}

/// A header of the first chain's newest block, from an update of its client.
async fn header(world: &World) -> Encoded {
    let (update, _, _) = world.update(1).await;
    let update = update.expect("a header");
    let update = MsgUpdateClient::decode(update.value.as_slice()).expect("an update");
    encoded(update.client_message.expect("a header"))
}

async fn world() -> World {
    let mut world = World::new();
    world.create_client(1).await;
    world.tick();
    world
}

#[tokio::test]
async fn an_honest_header_is_the_same() {
    let world = world().await;
    let header = header(&world).await;
    for chain in reached(&world.ends[0].node).await {
        let checked = chain.check_header(&header).await.expect("an answer");
        assert_eq!(checked, HeaderCheck::Same);
    }
}

#[tokio::test]
async fn two_signed_headers_of_one_height_are_in_conflict() {
    let world = world().await;
    let own = header(&world).await;
    world.ends[0].node.set_faults(Faults {
        lies: Some(Lie::Equivocation),
        ..Faults::default()
    });
    let forged = header(&world).await;
    assert_ne!(own, forged);
    for chain in reached(&world.ends[0].node.another()).await {
        let checked = chain.check_header(&forged).await.expect("an answer");
        assert_eq!(checked, HeaderCheck::Conflicting { own: own.clone() });
    }
}

#[tokio::test]
async fn a_node_that_lies_is_not_evidence() {
    let world = world().await;
    let header = header(&world).await;
    let node = world.ends[0].node.another();
    node.set_faults(Faults {
        lies: Some(Lie::Header),
        ..Faults::default()
    });
    for chain in reached(&node).await {
        let error = chain.check_header(&header).await.expect_err("a lie");
        assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_height_that_is_not_there_yet_cannot_be_compared() {
    let world = world().await;
    let header = header(&world).await;
    let height = world.ends[0].chain.latest().await.expect("a height").0;
    let behind = world.ends[0].node.another();
    behind.set_faults(Faults {
        behind: Some(height - 1),
        ..Faults::default()
    });
    for chain in reached(&behind).await {
        let checked = chain.check_header(&header).await.expect("an answer");
        assert_eq!(checked, HeaderCheck::NotYet { height });
    }
}

#[tokio::test]
async fn a_height_that_is_pruned_cannot_be_compared() {
    let time = |second| Time::from_unix_timestamp(START + second, 0).expect("in range");
    let mut genesis = Genesis::new("akash-1", "akash", time(0));
    genesis.limits.history = 3;
    let pruning = Node::new(&genesis).expect("a chain");
    for second in 1..=9 {
        pruning.make_block(time(second)).expect("a block");
    }
    // The world's chain has the same id and lower heights.
    let world = world().await;
    let header = header(&world).await;
    let height = world.ends[0].chain.latest().await.expect("a height").0;
    assert!(height < 7, "{height}");
    for chain in reached(&pruning).await {
        let checked = chain.check_header(&header).await.expect("an answer");
        assert_eq!(checked, HeaderCheck::Pruned { height });
    }
}
