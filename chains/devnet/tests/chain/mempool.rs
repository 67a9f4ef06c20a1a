//! What the mempool accepts and what it refuses.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1::MsgRecvPacket;
use prost::Message as _;
use tendermint::Time;
use tern_chains::{Account as _, AccountState, Check, Deadline, TxDraft};
use tern_cosmos_core::convert::message;
use tern_cosmos_core::Key;
use tern_devnet::{DevnetChain, Genesis, Node};

use crate::world::{any, payment, World, LAST_HEIGHT, START};

async fn offer(world: &World, on: usize, messages: Vec<Any>) -> Check {
    let tx = world.sign(on, messages, Some(1_000_000)).await;
    let check = world.ends[on].account.broadcast(&tx).await;
    check.expect("an answer")
}

#[tokio::test]
async fn a_packet_that_waits_is_not_taken_twice() {
    let mut world = World::new();
    world.open().await;
    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let messages = world.recv_messages(1, &packet).await;
    assert_eq!(offer(&world, 1, messages.clone()).await, Check::Accepted);
    let account = world.ends[1].account.state().await.expect("an account");
    let next = AccountState {
        account_sequence: account.account_sequence + 1,
        ..account
    };
    let draft = TxDraft {
        messages: messages.into_iter().map(message).collect(),
        memo: "again".to_owned(),
        account: next,
        gas: 1_000_000,
        deadline: Deadline::Height(LAST_HEIGHT),
    };
    let (chain, signer) = (&world.ends[1].chain.clone(), &world.ends[1].account);
    let again = signer.sign(&draft).await.expect("a signature");
    let check = signer.broadcast(&again).await.expect("an answer");
    let log = "packet messages are redundant".to_owned();
    assert_eq!(check, Check::Redundant { log });
    world.tick();
    let (height, _) = chain.latest().await.expect("a height");
    let block = chain.block(height).await.expect("a block");
    assert_eq!(block.txs.len(), 1);
    assert_eq!(block.txs[0].code, 0, "{}", block.txs[0].log);
}

#[tokio::test]
async fn a_wrong_proof_or_header_does_not_get_in() {
    let mut world = World::new();
    world.open().await;
    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let messages = world.recv_messages(1, &packet).await;
    let mut wrong = messages.clone();
    let last = wrong.last_mut().expect("a receive");
    let mut receive = MsgRecvPacket::decode(last.value.as_slice()).expect("a receive");
    receive.packet.as_mut().expect("a packet").data.push(b' ');
    *last = any("/ibc.core.channel.v1.MsgRecvPacket", &receive);
    let check = offer(&world, 1, wrong).await;
    assert!(matches!(check, Check::Refused { .. }), "{check:?}");

    let mut wrong = messages.clone();
    let update = wrong.first_mut().expect("an update");
    let middle = update.value.len() / 2;
    update.value[middle] ^= 1;
    let check = offer(&world, 1, wrong).await;
    assert!(matches!(check, Check::Refused { .. }), "{check:?}");
    assert_eq!(offer(&world, 1, messages).await, Check::Accepted);
}

#[tokio::test]
async fn a_node_can_want_a_minimum_gas_price() {
    let key = Key::from_private_key(&[5; 32], "akash").expect("a key");
    let start = Time::from_unix_timestamp(START, 0).expect("in range");
    let mut genesis = Genesis::new("akash-1", "akash", start);
    genesis.min_gas_price = Some("0.01uakt".parse().expect("a price"));
    let genesis = genesis.fund(key.address(), &[("uakt", 1_000_000)]);
    let node = Node::new(&genesis).expect("a chain");
    for (price, taken) in [("0.009uakt", false), ("0.01uakt", true)] {
        let price = price.parse().expect("a price");
        let chain = DevnetChain::new(node.clone(), key.clone(), price).expect("a chain");
        let account = chain.state().await.expect("an account");
        let draft = payment(account);
        let tx = chain.sign(&draft).await.expect("a signature");
        let check = chain.broadcast(&tx).await;
        match check.expect("an answer") {
            Check::Accepted => assert!(taken),
            Check::CannotPay { log } => assert!(!taken, "{log}"),
            other => panic!("{other:?}"),
        }
    }
}
