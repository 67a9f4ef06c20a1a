//! Ordered channels: in their order, and closed by a timeout.

use std::time::Duration;

use crate::support::LONG;
use anyhow::{ensure, Context, Result};
use tern_e2e::{wait, Network};

#[test]
fn ordered_packets_arrive_in_order_and_a_timeout_closes_the_channel() -> Result<()> {
    let network = Network::two()?;
    let (akash, kava) = (network.chain("akash-a")?, network.chain("kava-a")?);
    let ports = ["--a-port", "mock", "--b-port", "mock", "--order", "ordered"];
    let open = [
        "channel",
        "open",
        "akash-a",
        "kava-a",
        "--version",
        "mock-version",
    ];
    let opened = network.tern.json(&[&open[..], &ports].concat())?;
    ensure!(opened["channels"][0]["ordering"] == "ordered", "{opened}");

    // Two wait before the daemon starts, two come while it runs.
    akash.send_mock("channel-0", "one", "10m")?;
    akash.send_mock("channel-0", "two", "10m")?;
    let daemon = network.tern.start()?;
    akash.send_mock("channel-0", "three", "10m")?;
    akash.send_mock("channel-0", "four", "10m")?;
    wait::until("all to be acknowledged", LONG, || {
        Ok((akash.commitments("mock", "channel-0")? == 0).then_some(()))
    })?;
    let received = kava.tx_events("recv_packet")?;
    let sequences = received.iter().map(|event| {
        let attributes = event["attributes"].as_array().context("no attributes")?;
        let sequence = attributes.iter().find(|a| a["key"] == "packet_sequence");
        Ok(sequence.context("no sequence")?["value"].clone())
    });
    let sequences: Vec<_> = sequences.collect::<Result<_>>()?;
    ensure!(sequences == ["1", "2", "3", "4"], "{sequences:?}");

    // Late: nobody relays until kava's time has passed the timeout.
    daemon.terminate(LONG)?;
    akash.send_mock("channel-0", "late", "2s")?;
    kava.passes(Duration::from_secs(2), LONG)?;
    let _daemon = network.tern.start()?;
    wait::until("the timeout to close the channel", LONG, || {
        let channels = network.tern.run(&["query", "channels", "akash-a"])?;
        Ok(channels.stdout.contains("CLOSED").then_some(()))
    })?;
    ensure!(akash.commitments("mock", "channel-0")? == 0);
    network.passed()
}
