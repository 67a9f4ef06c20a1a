//! `tern channel open` on two real chains.

use std::time::Duration;

use anyhow::{ensure, Result};
use serde_json::Value;
use tern_e2e::{wait, Network};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_channel_opens_from_nothing_and_once_more_on_the_same_connection() -> Result<()> {
    let network = Network::two()?;
    let akash = network.chain("akash-a")?;
    let before = akash.height()?;
    let opened = network
        .tern
        .json(&["channel", "open", "akash-a", "kava-a"])?;
    let blocks = akash.height()? - before;
    println!("opened in {blocks} blocks");
    // Hermes takes 29 or more on such chains; a busy machine may cost a few.
    ensure!(blocks <= 20, "{blocks} blocks: {opened}");

    ensure!(opened["chain_1"]["chain_id"] == "akash-a", "{opened}");
    ensure!(
        opened["chain_2"]["connection_id"] == "connection-0",
        "{opened}"
    );
    let channel = &opened["channels"][0];
    ensure!(channel["chain_1"]["channel_id"] == "channel-0", "{opened}");
    ensure!(channel["ordering"] == "unordered", "{opened}");
    ensure!(channel["version"] == "ics20-1", "{opened}");
    for chain in ["akash-a", "kava-a"] {
        for (what, state) in [
            ("channels", "OPEN"),
            ("connections", "OPEN"),
            ("clients", "Active"),
        ] {
            let listed = network.tern.run(&["query", what, chain])?;
            ensure!(
                listed.stdout.contains(state),
                "{what} of {chain}: {}",
                listed.text()
            );
        }
    }

    let args = [
        "channel",
        "open",
        "kava-a",
        "akash-a",
        "--connection",
        "connection-0",
    ];
    let second = network.tern.json(&args)?;
    ensure!(
        second["channels"][0]["chain_1"]["channel_id"] == "channel-1",
        "{second}"
    );
    ensure!(
        second["chain_1"]["connection_id"] == "connection-0",
        "{second}"
    );
    ensure!(count(&network, "connections", "akash-a")? == 1);

    let wrong = [
        "channel",
        "open",
        "akash-a",
        "kava-a",
        "--connection",
        "connection-7",
    ];
    let refused = network.tern.fails(&wrong)?;
    ensure!(
        refused
            .text()
            .contains("there is no connection akash-a connection-7"),
        "{}",
        refused.text()
    );

    // ICS-20 takes unordered channels only, and the chain says so.
    let args = ["channel", "open", "akash-a", "kava-a", "--order", "ordered"];
    let refused = network
        .tern
        .fails(&[&args[..], &["--connection", "connection-0"]].concat())?;
    ensure!(
        refused.text().contains("ORDER_UNORDERED"),
        "{}",
        refused.text()
    );
    network.passed()
}

#[test]
fn an_interrupted_opening_goes_on_where_it_was() -> Result<()> {
    let network = Network::two()?;
    for chain in ["akash-a", "kava-a"] {
        // Killed as soon as it has a client on one, then a connection on the other.
        let what = if chain == "akash-a" {
            "clients"
        } else {
            "connections"
        };
        let mut opening = network
            .tern
            .spawn(&["channel", "open", "akash-a", "kava-a"])?;
        let seen = wait::until("a first step on chain", MINUTE, || {
            Ok((count(&network, what, chain)? > 0).then_some(()))
        });
        opening.kill()?;
        seen?;
    }
    network.open_channel(&network.tern)?;
    for chain in ["akash-a", "kava-a"] {
        for what in ["clients", "connections", "channels"] {
            let made = count(&network, what, chain)?;
            ensure!(made == 1, "{made} {what} on {chain}");
        }
    }
    network.passed()
}

/// How many a chain has, those of its own localhost client left out.
fn count(network: &Network, what: &str, chain: &str) -> Result<usize> {
    let listed = network.tern.json(&["query", what, chain])?;
    let listed = match &listed {
        Value::Array(list) => list.clone(),
        object => object[what].as_array().cloned().unwrap_or_default(),
    };
    let is_local = |entry: &Value| entry.to_string().contains("localhost");
    Ok(listed.iter().filter(|entry| !is_local(entry)).count())
}
