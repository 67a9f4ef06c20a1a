//! The daemon killed in the middle of its work.

mod support;

use std::time::Duration;

use anyhow::{ensure, Result};
use support::{Scene, LONG};
use tern_e2e::{voucher, wait, Network};

#[test]
fn killed_during_bursts_it_goes_on_and_pays_for_nothing_twice() -> Result<()> {
    let scene = Scene::new(Network::two()?)?;
    let (akash, kava) = (scene.akash(), scene.kava());
    let mut sent = 0;
    // Killed when it says that it has broadcast, and a moment before and after.
    for delay_ms in [0, 150, 600, 1_100] {
        let daemon = scene.network.tern.start()?;
        let logged = daemon.log().matches("broadcast").count();
        scene.send_both(100)?;
        sent += 100;
        wait::until("a broadcast", LONG, || {
            Ok((daemon.log().matches("broadcast").count() > logged).then_some(()))
        })?;
        wait::pause(Duration::from_millis(delay_ms));
        daemon.kill()?;
    }
    let _daemon = scene.network.tern.start()?;
    scene.settled()?;

    for (chain, other) in [(akash, kava), (kava, akash)] {
        let (received, acked) = (
            Scene::paid(chain, "MsgRecvPacket")?,
            Scene::paid(other, "MsgAcknowledgement")?,
        );
        ensure!(
            received == sent,
            "{received} receives on {} for {sent}",
            chain.spec.id
        );
        ensure!(
            acked == sent,
            "{acked} acks on {} for {sent}",
            other.spec.id
        );
    }
    let arrived = kava.balance(&scene.kava_user, &voucher(&scene.on_kava, "uakt"))?;
    ensure!(arrived == sent as u128 * 100, "{arrived} arrived");
    Ok(())
}

#[test]
fn a_damaged_store_is_set_aside_and_nothing_is_lost() -> Result<()> {
    let scene = Scene::new(Network::two()?)?;
    let daemon = scene.network.tern.start()?;
    scene.send_both(5)?;
    scene.settled()?;
    daemon.kill()?;
    // Sent while the daemon is away, and its memory is spoilt.
    scene.send_both(20)?;
    let store = scene.network.tern.home.join("store");
    for entry in std::fs::read_dir(&store)? {
        let path = entry?.path();
        if path.is_file() {
            let length = std::fs::metadata(&path)?.len() as usize;
            std::fs::write(&path, vec![0xA5; length.max(64)])?;
        }
    }
    let daemon = scene.network.tern.start()?;
    daemon.says("the store is damaged: set aside", LONG)?;
    scene.settled()?;
    ensure!(scene.network.tern.home.join("store.damaged-1").exists());
    ensure!(Scene::paid(scene.kava(), "MsgRecvPacket")? == 25);
    Ok(())
}
