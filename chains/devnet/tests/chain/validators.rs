//! Light clients follow validators that join, leave and change their power.

use crate::world::{Endpoint, START};
use tendermint::Time;
use tern_chains::{BlockTime, ClientParams, LightClient, TrustedClient};
use tern_cosmos_core::Key;
use tern_devnet::{DevnetChain, Genesis, Node, ValidatorUpdate};

fn time(second: i64) -> Time {
    Time::from_unix_timestamp(START + second, 0).expect("in range")
}

fn power(validator: usize, power: u32) -> ValidatorUpdate {
    ValidatorUpdate { validator, power }
}

fn key() -> Key {
    Key::from_private_key(&[1; 32], "akash").expect("a key")
}

/// Every block, one validator of four is replaced by another, from height 5 on.
fn restless() -> Node {
    let mut genesis = Genesis::new("akash-1", "akash", time(0));
    genesis.validators = 4;
    genesis.validator_updates = (5..25)
        .flat_map(|height| {
            let leaving = height as usize - 5;
            [
                (height, power(leaving, 0)),
                (height, power(leaving + 4, 10)),
            ]
        })
        .collect();
    Node::new(&genesis).expect("a chain")
}

async fn trusting(chain: &dyn LightClient) -> TrustedClient {
    let new = chain.new_client(&ClientParams::default()).await;
    let new = new.expect("a client");
    TrustedClient {
        client_state: new.client_state,
        height: new.height,
        consensus_state: new.consensus_state,
    }
}

#[tokio::test]
async fn a_client_is_led_through_every_change_by_bisection() {
    let node = restless();
    let price = "0uakt".parse().expect("a price");
    let in_process = DevnetChain::new(node.clone(), key(), price).expect("a chain");
    let on_sockets = Endpoint::on_sockets(&node, "uakt", key()).await;
    for second in 1..=3 {
        node.make_block(time(second)).expect("a block");
    }
    let trusted = trusting(&in_process).await;
    for second in 4..=40 {
        node.make_block(time(second)).expect("a block");
    }
    let now = BlockTime((START + 41) as u64 * 1_000_000_000);
    let mut updates = Vec::new();
    for chain in [&in_process as &dyn LightClient, &*on_sockets.light_client] {
        let update = chain.client_update(&trusted, 40, now).await;
        updates.push(update.expect("an update"));
    }
    assert!(updates[0].headers.len() > 3, "{}", updates[0].headers.len());
    assert_eq!(updates[0], updates[1], "in process and over sockets alike");
}

#[tokio::test]
async fn an_update_is_in_force_two_blocks_later() {
    let node = restless();
    for second in 1..=3 {
        node.make_block(time(second)).expect("a block");
    }
    node.update_validator(power(0, 70));
    let decided = node.make_block(time(4)).expect("a block");
    assert_eq!(decided.validator_updates, [power(0, 70)]);
    let hashes = |block: &tern_devnet::Committed| {
        let header = &block.block.header;
        (header.validators_hash, header.next_validators_hash)
    };
    let (old, next) = hashes(&decided);
    assert_eq!(old, next);
    let (same, new) = hashes(&node.make_block(time(5)).expect("a block"));
    assert_eq!(same, old);
    assert_ne!(new, old);
    let (in_force, _) = hashes(&node.make_block(time(6)).expect("a block"));
    assert_eq!(in_force, new);
    let set = node.read(|chain| chain.validators(6)).expect("known");
    assert_eq!(set.total_voting_power().value(), 100);
    assert_eq!(node.read(|chain| chain.validators(9)), None, "undecided");
}

#[tokio::test]
async fn the_last_validator_cannot_leave() {
    let node = Node::new(&Genesis::new("akash-1", "akash", time(0))).expect("a chain");
    node.update_validator(power(0, 0));
    node.make_block(time(1)).expect_err("nobody is left");
}
