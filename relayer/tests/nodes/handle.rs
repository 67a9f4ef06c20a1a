//! A running engine is spoken to by its handle.

use tern::engine::status::{Following, PacketWait};
use tern::engine::EngineError;
use tern_chains::{ChannelId, End, PortId};
use tern_core::ledger::EndKey;
use tern_core::plan::Assignment;

use super::world::World;

fn from_akash() -> EndKey {
    EndKey {
        chain: tern_chains::ChainId::from_string("akash-1"),
        end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
    }
}

#[tokio::test]
async fn the_paths_that_an_engine_serves_can_change_while_it_runs() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let engine = world.engine(Assignment::nothing());
    let handle = engine.handle();
    let relaying = World::run(engine);
    world.send(3).await;
    handle.compare(from_akash()).await.expect("a comparison");
    let status = handle.status(Some(from_akash())).await.expect("a status");
    let waits: Vec<_> = status
        .packets
        .iter()
        .map(|packet| &packet.waits_for)
        .collect();
    assert_eq!(waits, [&PacketWait::Assignment; 3]);
    world.blocks(10).await;
    assert_eq!(world.pending().await, 3, "nothing is assigned");

    let paths = Assignment::Paths([from_akash()].into());
    handle.assign(paths.clone()).await.expect("an engine");
    world.all_acknowledged().await;
    assert_eq!(
        handle.status(None).await.expect("a status").assignment,
        paths
    );

    handle
        .assign(Assignment::nothing())
        .await
        .expect("an engine");
    world.send(2).await;
    world.blocks(10).await;
    assert_eq!(world.pending().await, 2, "nothing is assigned any more");
    relaying.end().await;
}

#[tokio::test]
async fn a_path_that_is_not_assigned_can_be_cleared() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let engine = world.engine(Assignment::nothing());
    let handle = engine.handle();
    let relaying = World::run(engine);
    world.send(4).await;
    let cleared = handle.clear(from_akash()).await.expect("an answer");
    assert_eq!((cleared.received, cleared.acknowledged), (4, 4));
    assert_eq!(cleared.left, []);
    assert_eq!(world.pending().await, 0);
    relaying.end().await;
}

#[tokio::test]
async fn the_status_shows_chains_paths_clients_lanes_tasks_and_wallets() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let engine = world.engine(Assignment::Everything);
    let handle = engine.handle();
    let relaying = World::run(engine);
    // Both chains are followed when this is answered.
    handle.compare(from_akash()).await.expect("a comparison");
    let status = handle.status(None).await.expect("a status");
    let following: Vec<_> = status.chains.iter().map(|chain| &chain.following).collect();
    assert_eq!(following, [&Following::Ready; 2]);
    assert!(status.chains.iter().all(|chain| chain.head.is_some()));
    assert_eq!(status.paths.len(), 2, "one each way");
    assert!(status.paths.iter().all(|path| path.is_assigned));
    assert_eq!(status.clients.len(), 2);
    assert_eq!(status.lanes.len(), 2);
    for task in [
        "follow akash-1",
        "follow kava-1",
        "submit akash-1 0",
        "submit kava-1 0",
    ] {
        assert!(status.tasks.iter().any(|name| name == task), "{task}");
    }
    let wallets = handle.wallets().await;
    let balances = wallets
        .into_iter()
        .map(|wallet| wallet.balance.expect("a balance"));
    assert!(balances.into_iter().all(|coin| coin.amount > 0));
    relaying.end().await;
    let stopped = handle.status(None).await;
    assert!(matches!(stopped, Err(EngineError::Stopped)));
}
