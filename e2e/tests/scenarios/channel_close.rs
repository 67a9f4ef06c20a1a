//! Channels closed at both ends, and what was under way on them.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{wait, Network, Tern};

const OPEN: [&str; 10] = [
    "channel",
    "open",
    "akash-a",
    "kava-a",
    "--a-port",
    "mock",
    "--b-port",
    "mock",
    "--version",
    "mock-version",
];
const CLOSE: [&str; 6] = ["channel", "close", "akash-a", "channel-0", "--port", "mock"];

#[test]
fn a_channel_is_closed_at_both_ends_and_packets_under_way_go_back() -> Result<()> {
    let network = Network::two()?;
    let tern = &network.tern;
    let (akash, kava) = (network.chain("akash-a")?, network.chain("kava-a")?);
    tern.json(&OPEN)?;
    // Nobody relays them while the command, which has no path, closes the channel.
    akash.send_mock("channel-0", "there", "10h")?;
    kava.send_mock("channel-0", "and back", "10h")?;
    let closed = tern.json(&CLOSE)?;
    ensure!(closed["closed"][1]["chain_id"] == "kava-a", "{closed}");
    ensure!(are_closed(tern, ["akash-a", "kava-a"])?);
    // What is closed is closed.
    ensure!(tern.json(&CLOSE)? == closed);
    let _daemon = tern.start()?;
    wait::until("the packets to go back", LONG, || {
        let open =
            akash.commitments("mock", "channel-0")? + kava.commitments("mock", "channel-0")?;
        Ok((open == 0).then_some(()))
    })?;
    for chain in [akash, kava] {
        ensure!(chain.paid("MsgTimeoutOnClose")? == 1);
        ensure!(chain.paid("MsgRecvPacket")? == 0);
    }
    network.passed()
}

#[test]
fn the_daemon_closes_the_other_end_and_an_application_may_refuse() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let tern = &fixture.network.tern;
    let refused = tern.fails(&["channel", "close", "akash-a", &fixture.on_akash])?;
    ensure!(
        refused.text().contains("user cannot close channel"),
        "{}",
        refused.text()
    );
    let missing = tern.fails(&["channel", "close", "akash-a", "channel-7"])?;
    ensure!(
        missing
            .text()
            .contains("there is no channel akash-a transfer/channel-7"),
        "{}",
        missing.text()
    );

    // An ordered channel, closed by a timeout; a later packet goes back with it.
    let opened = tern.json(&[&OPEN[..], &["--order", "ordered"]].concat())?;
    let channel = opened["channels"][0]["chain_1"]["channel_id"].clone();
    let channel = channel.as_str().unwrap_or_default();
    let (akash, kava) = (fixture.akash(), fixture.kava());
    akash.send_mock(channel, "late", "2s")?;
    akash.send_mock(channel, "later", "10h")?;
    kava.passes(std::time::Duration::from_secs(2), LONG)?;
    let _daemon = tern.start()?;
    wait::until("both ends to be closed", LONG, || {
        Ok(are_closed(tern, ["akash-a", "kava-a"])?.then_some(()))
    })?;
    wait::until("the later packet to go back", LONG, || {
        Ok((akash.commitments("mock", channel)? == 0).then_some(()))
    })?;
    ensure!(kava.paid("MsgChannelCloseConfirm")? == 1);
    ensure!(akash.paid("MsgTimeout")? == 1 && akash.paid("MsgTimeoutOnClose")? == 1);
    fixture.passed()
}

fn is_closed(tern: &Tern, chain: &str) -> Result<bool> {
    let channels = tern.run(&["query", "channels", chain])?;
    Ok(channels.stdout.contains("CLOSED"))
}

fn are_closed(tern: &Tern, chains: [&str; 2]) -> Result<bool> {
    Ok(is_closed(tern, chains[0])? && is_closed(tern, chains[1])?)
}
