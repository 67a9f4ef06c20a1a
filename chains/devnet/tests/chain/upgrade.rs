//! A client is brought over a planned upgrade of its chain: the states are proven,
//! and the chain the client lives on takes them.

use crate::world::World;
use tern_chains::{ChainError, ClientUpgrade, Datagram, Height, Root, StateCodec as _, StorePath};
use tern_cosmos_core::convert::any;
use tern_cosmos_core::CosmosCodec;
use tern_devnet::{Faults, Lie, UpgradePlan};

/// A world whose first chain ends at the returned height; the client of it on the
/// second is updated to that height, and its root is the one returned.
async fn upgrading(mut world: World) -> (World, u64, Root) {
    world.create_client(1).await;
    let last_height = world.ends[0].chain.latest().await.expect("a height").0 + 3;
    world.ends[0].node.plan_upgrade(UpgradePlan {
        last_height,
        chain_id: "akash-2".to_owned(),
    });
    for _ in 0..3 {
        world.tick();
    }
    let (update, height, root) = world.update(1).await;
    assert_eq!(height, last_height);
    world.submit(1, vec![update.expect("a header")]).await;
    (world, last_height, root)
}

async fn upgrade(world: &World, last_height: u64, root: &Root) -> ClientUpgrade {
    let light_client = &world.ends[0].light_client;
    let upgrade = light_client.client_upgrade(last_height, root).await;
    upgrade.expect("an answer").expect("an upgrade")
}

async fn client_is_upgraded(world: World) {
    let (mut world, last_height, root) = upgrading(world).await;
    let upgrade = upgrade(&world, last_height, &root).await;
    let client_id: tern_chains::ClientId = world.ends[1].client.parse().expect("an id");
    let datagram = Datagram::UpgradeClient {
        client_id: client_id.clone(),
        upgrade,
    };
    let message = world.ends[1].account.encode(&datagram).expect("a message");
    world.submit(1, vec![any(&message.encoded)]).await;

    let path = StorePath::ClientState(client_id);
    let stored = world.ends[1].chain.query(path, None).await;
    let stored = stored.expect("an answer").expect("a client");
    let client = CosmosCodec.client(&stored).expect("a client");
    assert_eq!(client.summary.chain_id.as_str(), "akash-2");
    assert_eq!(client.summary.latest(), Height::new(2, 1));
    assert!(!client.summary.frozen);
}

#[tokio::test]
async fn a_client_goes_over_to_the_new_revision() {
    client_is_upgraded(World::new()).await;
}

#[tokio::test]
async fn a_client_goes_over_to_the_new_revision_on_sockets() {
    client_is_upgraded(World::on_sockets().await).await;
}

#[tokio::test]
async fn where_nothing_is_planned_absence_is_proven() {
    for world in [World::new(), World::on_sockets().await] {
        let (world, last_height, _) = upgrading(world).await;
        let (_, height, root) = world.update(1).await;
        assert!(height > last_height);
        let none = world.ends[0]
            .light_client
            .client_upgrade(height, &root)
            .await;
        assert_eq!(none.expect("an answer"), None);
    }
}

#[tokio::test]
async fn a_false_upgrade_does_not_verify() {
    for world in [World::new(), World::on_sockets().await] {
        let (world, last_height, root) = upgrading(world).await;
        for lie in [Lie::Value, Lie::Proof] {
            world.ends[0].node.set_faults(Faults {
                lies: Some(lie),
                ..Faults::default()
            });
            let light_client = &world.ends[0].light_client;
            let error = light_client.client_upgrade(last_height, &root).await;
            let error = error.expect_err("a lie");
            assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
        }
    }
}
