//! Preopened channels relay packets like opened ones.

use tern_devnet::preopen_channels;

use crate::world::World;

#[tokio::test]
async fn preopened_channels_relay_at_once() {
    let mut world = World::new();
    world.tick();
    let preopened = preopen_channels(&world.ends[0].node, &world.ends[1].node, 300)
        .expect("preopened channels");
    world.tick();
    for (on, end) in world.ends.iter_mut().enumerate() {
        let channels = end.chain.channels().await.expect("an answer").all;
        assert_eq!(channels.len(), 300);
        assert!(channels
            .iter()
            .all(|channel| channel.channel_end.state.is_open()));
        end.client = preopened.clients[on].clone();
        end.connection = preopened.connections[on].clone();
        end.channel = preopened.channels[on][217].clone();
    }
    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let ack = world.recv(1, &packet).await;
    world.ack(0, &packet, ack).await;
    // Later handshakes use the next identifiers.
    world.create_client(0).await;
    world.create_client(1).await;
    world.open_connection().await;
    world.open_channel().await;
    assert_eq!(world.ends[0].client, "07-tendermint-1");
    assert_eq!(world.ends[0].connection, "connection-1");
    assert_eq!(world.ends[1].channel, "channel-300");
}
