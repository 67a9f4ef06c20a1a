//! `tern packet pending` and `tern packet clear`, without a daemon.

use std::fs;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use serde_json::Value;
use tern_e2e::{voucher, wait, Network, Setup};

#[test]
fn what_is_pending_is_listed_and_cleared_from_its_end_only() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    fixture.send_akt(150)?;
    fixture.send_usdx(4)?;
    ensure!(pending(&fixture, "akash-a")? == (150, 0));
    ensure!(pending(&fixture, "kava-a")? == (4, 0));

    let args = ["packet", "clear", "akash-a", &fixture.on_akash];
    let cleared = fixture.network.tern.json(&args)?;
    ensure!(
        cleared["received"] == 150 && cleared["acknowledged"] == 150,
        "{cleared}"
    );
    ensure!(cleared["left"] == Value::Array(vec![]), "{cleared}");
    ensure!(pending(&fixture, "akash-a")? == (0, 0));
    ensure!(
        pending(&fixture, "kava-a")? == (4, 0),
        "the other end was touched"
    );
    let arrived = fixture
        .kava()
        .balance(&fixture.kava_user, &voucher(&fixture.on_kava, "uakt"))?;
    ensure!(arrived == 15_000, "{arrived} arrived");

    // Beside a daemon it works too, and nothing is left to do.
    let _daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    let cleared = fixture.network.tern.run(&args)?;
    ensure!(cleared.code == Some(0), "{}", cleared.text());

    let unknown = fixture
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
    fixture.passed()
}

#[test]
fn acknowledgements_nobody_could_pay_for_are_cleared() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    // A relayer that brings packets to kava, and whose fees on akash are more
    // than it has.
    let home = fixture.network.home("dear", Setup::default())?;
    let path = home.home.join("config.toml");
    let config = fs::read_to_string(&path)?;
    fs::write(&path, config.replace("0.025uakt", "1000000000uakt"))?;
    let daemon = home.start()?;
    fixture.send_akt(20)?;
    wait::until("all to be received", LONG, || {
        Ok((pending(&fixture, "akash-a")? == (0, 20)).then_some(()))
    })?;
    daemon.terminate(LONG)?;

    let args = ["packet", "clear", "akash-a", &fixture.on_akash];
    let cleared = fixture.network.tern.json(&args)?;
    ensure!(
        cleared["received"] == 0 && cleared["acknowledged"] == 20,
        "{cleared}"
    );
    ensure!(pending(&fixture, "akash-a")? == (0, 0));
    ensure!(fixture.kava().paid("MsgRecvPacket")? == 20);
    ensure!(fixture.akash().paid("MsgAcknowledgement")? == 20);
    fixture.passed()
}

/// Unreceived packets and unreceived acknowledgements of a chain's end.
fn pending(fixture: &Fixture, chain: &str) -> Result<(usize, usize)> {
    let channel = if chain == "akash-a" {
        &fixture.on_akash
    } else {
        &fixture.on_kava
    };
    let pending = fixture
        .network
        .tern
        .json(&["packet", "pending", chain, channel])?;
    let count = |what: &str| pending[what].as_array().map_or(usize::MAX, Vec::len);
    Ok((count("unreceived_packets"), count("unreceived_acks")))
}
