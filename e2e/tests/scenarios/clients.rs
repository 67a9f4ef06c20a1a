//! `tern client` and `tern connection` on two real chains: what a channel needs, step by step.

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::Network;

#[test]
fn a_client_a_connection_and_a_channel_are_made_one_after_the_other() -> Result<()> {
    let network = Network::two()?;
    let tern = &network.tern;
    // Clients of kava are made with the settings of kava.
    let (of, settings) = (
        "id = \"kava-a\"",
        "trusting_period = \"5h\"\nmax_clock_drift = \"17s\"",
    );
    tern.reconfigure(of, &format!("{of}\n{settings}"))?;
    let create = ["client", "create", "akash-a", "kava-a"];
    let created = tern.json(&create)?;
    ensure!(created["client"] == "07-tendermint-0", "{created}");
    let client = |host: &str| -> Result<Value> {
        let client = ["ibc", "client", "state", "07-tendermint-0"];
        Ok(network.chain(host)?.query(&client)?["client_state"].clone())
    };
    let made = client("akash-a")?;
    ensure!(made["trusting_period"] == "18000s", "{made}");
    ensure!(made["max_clock_drift"] == "17s", "{made}");
    let a_third = serde_json::json!({ "numerator": "1", "denominator": "3" });
    ensure!(made["trust_level"] == a_third, "{made}");
    // Nothing uses it yet: there need not be another one.
    ensure!(tern.json(&create)? == created);
    ensure!(listed(&network, "kava-a")?.is_empty());
    let status = tern.run(&["client", "status", "akash-a", "07-tendermint-0"])?;
    ensure!(
        status.code == Some(0) && status.stdout.contains("Active"),
        "{}",
        status.text()
    );
    let missing = tern.fails(&["client", "status", "akash-a", "07-tendermint-7"])?;
    ensure!(
        missing.text().contains("`tern client list akash-a`"),
        "{}",
        missing.text()
    );

    let open = ["connection", "open", "akash-a", "kava-a"];
    let first = tern.json(&open)?;
    ensure!(first["a"]["client"] == "07-tendermint-0", "{first}");
    ensure!(first["b"]["connection"] == "connection-0", "{first}");
    // By default two thirds of the unbonding period.
    let other = client("kava-a")?;
    ensure!(
        seconds(&other["trusting_period"])? * 3 == seconds(&other["unbonding_period"])? * 2,
        "{other}"
    );
    ensure!(other["max_clock_drift"] == "40s", "{other}");
    let channel = tern.json(&["channel", "open", "akash-a", "kava-a"])?;
    ensure!(
        channel["chain_1"]["connection_id"] == "connection-0",
        "{channel}"
    );

    // A connection with a channel is in use; the next one is made by the daemon, over the
    // clients that are named.
    let daemon = tern.start()?;
    daemon.follows(2, crate::support::LONG)?;
    let named = [
        "--a-client",
        "07-tendermint-0",
        "--b-client",
        "07-tendermint-0",
    ];
    let second = tern.json(&[&open[..], &named[..]].concat())?;
    ensure!(second["a"]["connection"] == "connection-1", "{second}");
    ensure!(second["b"]["client"] == "07-tendermint-0", "{second}");
    ensure!(listed(&network, "akash-a")?.len() == 1);
    let updated = tern.run(&["client", "update", "kava-a", "07-tendermint-0"])?;
    ensure!(
        updated.stdout.contains("is updated to height"),
        "{}",
        updated.text()
    );
    let twice = tern.fails(&["connection", "open", "akash-a", "akash-a"])?;
    ensure!(twice.text().contains("given twice"), "{}", twice.text());
    ensure!(daemon.terminate(crate::support::LONG)?.success());
    network.passed()
}

/// A duration as protobuf's JSON has it.
fn seconds(duration: &Value) -> Result<u64> {
    let text = duration.as_str().context("no duration")?;
    Ok(text.strip_suffix('s').context("no seconds")?.parse()?)
}

fn listed(network: &Network, chain: &str) -> Result<Vec<Value>> {
    let clients = network.tern.json(&["client", "list", chain])?;
    Ok(clients.as_array().context("no list")?.clone())
}
