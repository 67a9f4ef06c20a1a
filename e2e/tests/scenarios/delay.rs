//! Packets over a connection with a delay period: proven when it has passed, and not before.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tendermint::Time;
use tern_e2e::{wait, Network, TestChain};

/// A block of the chains' own counting, and some twenty of their real ones.
const DELAY: Duration = Duration::from_secs(10);

#[test]
fn packets_on_a_connection_with_a_delay_wait_for_it_and_no_fee_is_lost() -> Result<()> {
    let network = Network::two()?;
    let open = ["connection", "open", "akash-a", "kava-a", "--delay", "10s"];
    network.tern.json(&open)?;
    // `channel open` takes the connection that has no channel yet.
    let fixture = Fixture::new(network)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let mut books = fixture.books()?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.send_both(3)?;
    fixture.settled()?;
    let sent = first(akash, "send_packet")?;
    let received = first(kava, "recv_packet")?;
    let acknowledged = first(akash, "acknowledge_packet")?;
    ensure!(received.duration_since(sent)? >= DELAY, "{sent} {received}");
    ensure!(
        acknowledged.duration_since(received)? >= DELAY,
        "{received} {acknowledged}"
    );

    // Nobody relays one before its timeout.
    ensure!(daemon.terminate(LONG)?.success());
    let args = ["transfer", "akash-a", &fixture.on_akash, "100uakt"];
    let options = [&fixture.kava_user, "--timeout", "4s"];
    fixture.network.user.json(&[&args[..], &options].concat())?;
    kava.passes(Duration::from_secs(4), LONG)?;
    let _daemon = fixture.network.tern.start()?;
    wait::until("the packet to time out", LONG, || {
        Ok((akash.paid("MsgTimeout")? == 1).then_some(()))
    })?;
    let counts = books.close(&fixture.network.chains, "a delay period")?;
    ensure!(counts.failed == 0, "{counts}");
    fixture.balanced()?;
    fixture.passed()
}

/// The time of the first block with such an event.
fn first(chain: &TestChain, kind: &str) -> Result<Time> {
    for height in 1..=chain.height()? {
        let results = chain.rpc(&format!("/block_results?height={height}"))?;
        let txs = results["txs_results"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let has_it = |tx: &Value| {
            let mut events = tx["events"].as_array().into_iter().flatten();
            events.any(|event| event["type"] == kind)
        };
        if txs.iter().any(has_it) {
            let block = chain.rpc(&format!("/header?height={height}"))?;
            let time = block["header"]["time"].as_str();
            return Ok(time.context("a header without a time")?.parse()?);
        }
    }
    anyhow::bail!("no {kind} on {}", chain.spec.id)
}
