//! Ordered channels between mock applications: packets in order, and a timeout
//! closes the channel.

use ibc_proto::google::protobuf::Any;
use tern_chains::{ChainError, Event};
use tern_cosmos_core::convert::message;

use crate::world::{World, ORDERED};

const SUCCESS: &[u8] = br#"{"result":"bW9jayBhY2tub3dsZWRnZW1lbnQ="}"#;

async fn world() -> World {
    let mut world = World::new();
    world.kind = ORDERED;
    world.open().await;
    world
}

async fn refused(world: &World, on: usize, messages: &[Any]) -> String {
    let signer = &world.ends[on].account;
    let account = signer.state().await.expect("an account");
    let messages: Vec<_> = messages.iter().cloned().map(message).collect();
    match signer.estimate(&messages, &account).await {
        Err(ChainError::Rejected { log, .. }) => log,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn packets_are_received_in_their_order_and_no_other() {
    let mut world = world().await;
    let first = world.send_mock(0, b"one", 1000).await;
    let second = world.send_mock(0, b"two", 1000).await;
    let early = world.recv_messages(1, &second).await;
    refused(&world, 1, &early).await;
    for packet in [first, second] {
        let ack = world.recv(1, &packet).await;
        assert_eq!(ack, SUCCESS);
        let block = world.ack(0, &packet, ack).await;
        let acknowledged = |event: &Event| matches!(event, Event::AcknowledgePacket(_));
        assert!(block.events.iter().any(acknowledged));
    }
}

#[tokio::test]
async fn data_picks_the_answer() {
    let mut world = world().await;
    let failing = world.send_mock(0, b"mock failed packet data", 1000).await;
    let ack = world.recv(1, &failing).await;
    assert!(ack.starts_with(br#"{"error":"#), "{ack:?}");
    let silent = world.send_mock(0, b"mock async packet data", 1000).await;
    let messages = world.recv_messages(1, &silent).await;
    let block = world.submit(1, messages).await;
    let answered = |event: &Event| matches!(event, Event::WriteAcknowledgement { .. });
    assert!(!block.events.iter().any(answered));
}

/// Of three packets none arrives. The second times out first, with a proof that
/// the next sequence to receive is the first packet's, and closes the channel. The
/// others still time out after that.
#[tokio::test]
async fn a_timeout_closes_the_channel_and_the_rest_times_out_too() {
    let mut world = world().await;
    let mut packets = Vec::new();
    for data in [b"one", b"two", b"six"] {
        packets.push(world.send_mock(0, data, 4).await);
    }
    for _ in 0..5 {
        world.tick();
    }
    let late = world.recv_messages(1, &packets[0]).await;
    refused(&world, 1, &late).await;
    let wrong = world.time_out_messages(0, &packets[1], 2).await;
    refused(&world, 0, &wrong).await;
    for index in [1, 0, 2] {
        let block = world.time_out(0, &packets[index], 1).await;
        let timed_out = |event: &Event| matches!(event, Event::TimeoutPacket(_));
        assert!(block.events.iter().any(timed_out));
        let closed = |event: &Event| matches!(event, Event::ChannelChanged { .. });
        assert!(block.events.iter().any(closed));
    }
    let channels = world.ends[0].chain.channels().await.expect("an answer").all;
    assert!(channels[0].channel_end.state.is_closed());
}
