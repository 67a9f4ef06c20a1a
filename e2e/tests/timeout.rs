//! Packets that nobody relayed in time go back to their sender.

mod support;

use std::time::Duration;

use anyhow::{ensure, Result};
use support::{Fixture, LONG};
use tern_e2e::Network;

#[test]
fn packets_past_their_timeout_are_refunded_to_the_unit() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let before = akash.balance(&fixture.akash_user, "uakt")?;

    // No relayer runs while kava's time passes the timeout.
    let args = [
        "transfer",
        "akash-a",
        &fixture.on_akash,
        "1000uakt",
        &fixture.kava_user,
    ];
    let sent = fixture
        .network
        .user
        .json(&[&args[..], &["--count", "30", "--timeout", "4s"]].concat())?;
    ensure!(sent["packets"] == 30, "{sent}");
    ensure!(akash.balance(&fixture.akash_user, "uakt")? == before - 30_000);
    kava.passes(Duration::from_secs(4), LONG)?;

    let pending =
        fixture
            .network
            .tern
            .json(&["packet", "pending", "akash-a", &fixture.on_akash])?;
    let unreceived = pending["unreceived_packets"].as_array().map_or(0, Vec::len);
    ensure!(unreceived == 30, "{pending}");

    let _daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    ensure!(akash.balance(&fixture.akash_user, "uakt")? == before);
    ensure!(akash.balance(&akash.escrow(&fixture.on_akash)?, "uakt")? == 0);
    ensure!(akash.paid("MsgTimeout")? == 30);
    ensure!(kava.paid("MsgRecvPacket")? == 0);
    fixture.passed()
}
