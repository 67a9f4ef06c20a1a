//! Channels that were written instead of opened carry packets like any other.

use tern_devnet::link;

use crate::world::World;

#[tokio::test]
async fn linked_chains_relay_at_once() {
    let mut world = World::new();
    world.tick();
    let linked = link(&world.ends[0].node, &world.ends[1].node, 300).expect("links");
    world.tick();
    for (on, end) in world.ends.iter_mut().enumerate() {
        let channels = end.chain.channels().await.expect("an answer");
        assert_eq!(channels.len(), 300);
        assert!(channels.iter().all(|channel| channel.channel_end.is_open()));
        end.client = linked.clients[on].clone();
        end.connection = linked.connections[on].clone();
        end.channel = linked.channels[on][217].clone();
    }
    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let ack = world.recv(1, &packet).await;
    world.ack(0, &packet, ack).await;
    // What is opened later has the next names.
    world.create_client(0).await;
    world.create_client(1).await;
    world.open_connection().await;
    world.open_channel().await;
    assert_eq!(world.ends[0].client, "07-tendermint-1");
    assert_eq!(world.ends[0].connection, "connection-1");
    assert_eq!(world.ends[1].channel, "channel-300");
}
