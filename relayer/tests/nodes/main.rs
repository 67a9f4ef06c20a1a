//! The real engine between two development chains on sockets. Each chain has two
//! nodes, and one of them fails: every packet must still complete.

mod budget;
mod handle;
mod remote_signer;
mod world;

use std::sync::atomic::Ordering;
use std::time::Duration;

use tern_chains::{Chain as _, StorePath};
use tern_devnet::{Faults, Lie};
use world::World;

const PACKETS: u64 = 60;

#[tokio::test]
async fn a_node_that_falls_silent_in_a_burst_delays_nothing_for_long() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let relaying = world.relay();
    world.send(PACKETS).await;
    world.first_node(0).set_faults(Faults {
        silent: true,
        ..Faults::default()
    });
    world.send(PACKETS).await;
    world.all_acknowledged().await;
    relaying.end().await;
}

#[tokio::test]
async fn a_node_that_stands_still_does_not_stop_the_chain_or_take_it_back() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let relaying = world.relay();
    world.send(PACKETS).await;
    let (before, _) = world.chain(0).latest().await.expect("a height");
    world.first_node(0).set_faults(Faults {
        behind: Some(before - 3),
        ..Faults::default()
    });
    // Fewer could all be blocks that were already in flight.
    world.blocks(6).await;
    world.send(PACKETS).await;
    let (after, _) = world.chain(0).latest().await.expect("a height");
    assert!(after >= before, "{after} after {before}");
    world.all_acknowledged().await;
    relaying.end().await;
}

#[tokio::test]
async fn a_node_that_lies_about_values_proofs_or_headers_is_found_out() {
    for lie in [Lie::Value, Lie::Proof, Lie::Header, Lie::Commit] {
        let world = World::start(&[]).await;
        world.open_channel().await;
        world.first_node(0).set_faults(Faults {
            lies: Some(lie),
            ..Faults::default()
        });
        let relaying = world.relay();
        world.send(PACKETS).await;
        world.all_acknowledged().await;
        relaying.end().await;
    }
}

#[tokio::test]
async fn a_node_that_is_dead_from_the_start_is_skipped() {
    let world = World::start(&[0]).await;
    world.open_channel().await;
    let relaying = world.relay();
    world.send(PACKETS).await;
    world.all_acknowledged().await;
    relaying.end().await;
}

#[tokio::test]
async fn a_transaction_goes_to_the_next_node_when_the_first_is_silent() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    world.chain(0).latest().await.expect("a height");
    world.first_node(0).set_faults(Faults {
        silent: true,
        ..Faults::default()
    });
    let sent = tokio::time::timeout(Duration::from_secs(30), world.send(1));
    sent.await.expect("it is not waited for ever");
    assert_eq!(world.pending().await, 1);
}

#[tokio::test]
async fn connections_are_kept_and_as_few_as_requests_in_flight() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let (chain, connected) = world.chain_with_counted_connections().await;
    let (head, _) = chain.latest().await.expect("a height");
    let id = "07-tendermint-0".parse().expect("an id");
    let path = StorePath::ClientState(id);
    for _ in 0..3 {
        let proofs = (0..4).map(|_| chain.query_proven(vec![path.clone(); 50], head - 1));
        let proofs = futures::future::join_all(proofs).await;
        assert!(proofs.into_iter().all(|proofs| proofs.is_ok()));
    }
    // 600 requests, at most 24 at a time.
    let connections = connected.load(Ordering::Relaxed);
    println!("{connections} connections for 600 queries");
    assert!(connections <= 26, "{connections}");
}

/// Counts the requests of a burst. Run it alone:
/// `cargo test -p tern --test nodes -- requests --ignored --nocapture`.
#[tokio::test]
#[ignore = "prints figures, checks nothing"]
async fn requests_of_a_burst_of_500() {
    let counted = world::count_requests();
    let world = World::start(&[]).await;
    world.open_channel().await;
    let relaying = world.relay();
    world.blocks(10).await;
    counted.take();
    world.blocks(10).await;
    println!("ten idle blocks:\n{}", counted.take());
    let begin = std::time::Instant::now();
    for _ in 0..5 {
        world.send(100).await;
    }
    world.all_acknowledged().await;
    println!("500 packets in {:?}:\n{}", begin.elapsed(), counted.take());
    world.send(1).await;
    world.all_acknowledged().await;
    println!("one packet:\n{}", counted.take());
    relaying.end().await;
}
