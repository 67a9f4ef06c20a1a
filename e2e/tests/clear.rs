//! `tern packet pending` and `tern packet clear`, without a daemon.

mod support;

use anyhow::{ensure, Result};
use serde_json::Value;
use support::Scene;
use tern_e2e::{voucher, Network};

#[test]
fn what_is_pending_is_listed_and_cleared_from_its_end_only() -> Result<()> {
    let scene = Scene::new(Network::two()?)?;
    scene.send_akt(150)?;
    scene.send_usdx(4)?;
    ensure!(pending(&scene, "akash-a")? == (150, 0));
    ensure!(pending(&scene, "kava-a")? == (4, 0));

    let args = ["packet", "clear", "akash-a", &scene.on_akash];
    let cleared = scene.network.tern.json(&args)?;
    ensure!(
        cleared["received"] == 150 && cleared["acknowledged"] == 150,
        "{cleared}"
    );
    ensure!(cleared["left"] == Value::Array(vec![]), "{cleared}");
    ensure!(pending(&scene, "akash-a")? == (0, 0));
    ensure!(
        pending(&scene, "kava-a")? == (4, 0),
        "the other end was touched"
    );
    let arrived = scene
        .kava()
        .balance(&scene.kava_user, &voucher(&scene.on_kava, "uakt"))?;
    ensure!(arrived == 15_000, "{arrived} arrived");

    // Beside a daemon it works too, and nothing is left to do.
    let _daemon = scene.network.tern.start()?;
    scene.settled()?;
    let cleared = scene.network.tern.run(&args)?;
    ensure!(cleared.code == Some(0), "{}", cleared.text());

    let unknown = scene
        .network
        .tern
        .fails(&["packet", "clear", "akash-a", "channel-9"])?;
    ensure!(
        unknown
            .text()
            .contains("there is no channel akash-a transfer/channel-9"),
        "{}",
        unknown.text()
    );
    Ok(())
}

/// Unreceived packets and unreceived acknowledgements of a chain's end.
fn pending(scene: &Scene, chain: &str) -> Result<(usize, usize)> {
    let channel = if chain == "akash-a" {
        &scene.on_akash
    } else {
        &scene.on_kava
    };
    let pending = scene
        .network
        .tern
        .json(&["packet", "pending", chain, channel])?;
    let count = |what: &str| pending[what].as_array().map_or(usize::MAX, Vec::len);
    Ok((count("unreceived_packets"), count("unreceived_acks")))
}
