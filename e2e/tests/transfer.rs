//! The main job: tokens both ways, many at once, and back home.

mod support;

use anyhow::{ensure, Result};
use support::{Scene, LONG};
use tern_e2e::{voucher, Network};

#[test]
fn tokens_go_both_ways_and_come_back_to_the_unit() -> Result<()> {
    let scene = Scene::new(Network::two()?)?;
    let (akash, kava) = (scene.akash(), scene.kava());
    let (akt, usdx) = (
        voucher(&scene.on_kava, "uakt"),
        voucher(&scene.on_akash, "usdx"),
    );
    let before = akash.balance(&scene.akash_user, "uakt")?;
    let usdx_before = kava.balance(&scene.kava_user, "usdx")?;
    let daemon = scene.network.tern.start()?;

    // One each way, followed to the end by the command itself.
    for (src, channel, coin, receiver) in [
        ("akash-a", &scene.on_akash, "100uakt", &scene.kava_user),
        ("kava-a", &scene.on_kava, "100usdx", &scene.akash_user),
    ] {
        let args = ["transfer", src, channel, coin, receiver, "--wait"];
        let sent = scene.network.user.json(&args)?;
        ensure!(
            sent["acknowledged"] == 1 && sent["timed_out"] == 0,
            "{sent}"
        );
    }
    // Then 200 each way at once.
    scene.send_both(200)?;
    scene.settled()?;

    let amount = 201 * 100;
    let all = [
        (
            "akt left",
            akash.balance(&scene.akash_user, "uakt")?,
            before - amount,
        ),
        (
            "akt in escrow",
            akash.balance(&akash.escrow(&scene.on_akash)?, "uakt")?,
            amount,
        ),
        ("akt on kava", kava.balance(&scene.kava_user, &akt)?, amount),
        (
            "usdx left",
            kava.balance(&scene.kava_user, "usdx")?,
            usdx_before - amount,
        ),
        (
            "usdx in escrow",
            kava.balance(&kava.escrow(&scene.on_kava)?, "usdx")?,
            amount,
        ),
        (
            "usdx on akash",
            akash.balance(&scene.akash_user, &usdx)?,
            amount,
        ),
    ];
    for (what, is, expected) in all {
        ensure!(is == expected, "{what}: {is}, not {expected}");
    }
    for chain in [akash, kava] {
        let paid = chain.paid("MsgRecvPacket")?;
        ensure!(paid == 201, "{paid} receives paid for on {}", chain.spec.id);
    }

    // All of it home again.
    let home = format!("{amount}{akt}");
    let args = [
        "transfer",
        "kava-a",
        &scene.on_kava,
        &home,
        &scene.akash_user,
        "--wait",
    ];
    let sent = scene.network.user.json(&args)?;
    ensure!(sent["acknowledged"] == 1, "{sent}");
    ensure!(akash.balance(&scene.akash_user, "uakt")? == before);
    ensure!(akash.balance(&akash.escrow(&scene.on_akash)?, "uakt")? == 0);
    ensure!(kava.balance(&scene.kava_user, &akt)? == 0);

    let ended = daemon.terminate(LONG / 12)?;
    ensure!(ended.success(), "SIGTERM ended the daemon with {ended}");
    scene.passed()
}
