//! The main job: tokens both ways, many at once, and back home.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{voucher, Network};

#[test]
fn tokens_go_both_ways_and_come_back_to_the_unit() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let (akt, usdx) = (
        voucher(&fixture.on_kava, "uakt"),
        voucher(&fixture.on_akash, "usdx"),
    );
    let before = akash.balance(&fixture.akash_user, "uakt")?;
    let usdx_before = kava.balance(&fixture.kava_user, "usdx")?;
    let daemon = fixture.network.tern.start()?;

    // One each way, followed to the end by the command itself.
    for (src, channel, coin, receiver) in [
        ("akash-a", &fixture.on_akash, "100uakt", &fixture.kava_user),
        ("kava-a", &fixture.on_kava, "100usdx", &fixture.akash_user),
    ] {
        let args = ["transfer", src, channel, coin, receiver, "--wait"];
        let sent = fixture.network.user.json(&args)?;
        ensure!(
            sent["acknowledged"] == 1 && sent["timed_out"] == 0,
            "{sent}"
        );
    }
    // Then 200 each way at once.
    fixture.send_both(200)?;
    fixture.settled()?;

    let amount = 201 * 100;
    let all = [
        (
            "akt left",
            akash.balance(&fixture.akash_user, "uakt")?,
            before - amount,
        ),
        (
            "akt in escrow",
            akash.balance(&akash.escrow(&fixture.on_akash)?, "uakt")?,
            amount,
        ),
        (
            "akt on kava",
            kava.balance(&fixture.kava_user, &akt)?,
            amount,
        ),
        (
            "usdx left",
            kava.balance(&fixture.kava_user, "usdx")?,
            usdx_before - amount,
        ),
        (
            "usdx in escrow",
            kava.balance(&kava.escrow(&fixture.on_kava)?, "usdx")?,
            amount,
        ),
        (
            "usdx on akash",
            akash.balance(&fixture.akash_user, &usdx)?,
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
        &fixture.on_kava,
        &home,
        &fixture.akash_user,
        "--wait",
    ];
    let sent = fixture.network.user.json(&args)?;
    ensure!(sent["acknowledged"] == 1, "{sent}");
    ensure!(akash.balance(&fixture.akash_user, "uakt")? == before);
    ensure!(akash.balance(&akash.escrow(&fixture.on_akash)?, "uakt")? == 0);
    ensure!(kava.balance(&fixture.kava_user, &akt)? == 0);

    let ended = daemon.terminate(LONG / 12)?;
    ensure!(ended.success(), "SIGTERM ended the daemon with {ended}");
    fixture.passed()
}
