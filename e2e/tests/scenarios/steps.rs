//! Each step of a handshake by itself.

use anyhow::{ensure, Result};
use serde_json::Value;
use tern_e2e::{Network, Tern};

const CONNECTION: [&str; 6] = [
    "connection",
    "open",
    "akash-a",
    "kava-a",
    "--connection",
    "connection-0",
];
const CHANNEL: [&str; 10] = [
    "channel",
    "open",
    "akash-a",
    "kava-a",
    "--connection",
    "connection-0",
    "--a-port",
    "mock",
    "--b-port",
    "mock",
];
const CLOSE: [&str; 3] = ["channel-0", "--port", "mock"];

#[test]
fn a_handshake_is_done_step_by_step_and_a_step_out_of_turn_says_which_one_is_next() -> Result<()> {
    let network = Network::two()?;
    let tern = &network.tern;
    let open = &CONNECTION[..4];
    let early = refused(tern, open, "init")?;
    ensure!(
        early.contains("the next step is CreateClientOnA"),
        "{early}"
    );
    tern.json(&["client", "create", "akash-a", "kava-a"])?;
    tern.json(&["client", "create", "kava-a", "akash-a"])?;
    let init = step(tern, open, "init")?;
    ensure!(init["step"] == "ConnOpenInit", "{init}");
    ensure!(init["ends"][0]["state"] == "INIT", "{init}");
    let early = refused(tern, &CONNECTION, "ack")?;
    ensure!(
        early.contains("connection-0 on akash-a is INIT; the next step is ConnOpenTry, on kava-a"),
        "{early}"
    );
    ensure!(states(&step(tern, &CONNECTION, "try")?) == ["INIT", "TRYOPEN"]);
    ensure!(states(&step(tern, &CONNECTION, "ack")?) == ["OPEN", "TRYOPEN"]);
    ensure!(states(&step(tern, &CONNECTION, "confirm")?) == ["OPEN", "OPEN"]);
    let late = refused(tern, &CONNECTION, "confirm")?;
    ensure!(late.contains("there is no next step"), "{late}");

    step(tern, &CHANNEL, "init")?;
    let early = refused(tern, &CHANNEL, "confirm")?;
    ensure!(
        early.contains("mock/channel-0 on akash-a is INIT"),
        "{early}"
    );
    step(tern, &CHANNEL, "try")?;
    // The rest in one command.
    let opened = tern.json(&CHANNEL)?;
    ensure!(
        opened["channels"][0]["chain_1"]["channel_id"] == "channel-0",
        "{opened}"
    );

    let close = |chain| [&["channel", "close", chain][..], &CLOSE[..]].concat();
    let early = refused(tern, &close("kava-a"), "confirm")?;
    ensure!(early.contains("the next step is ChanCloseInit"), "{early}");
    ensure!(states(&step(tern, &close("akash-a"), "init")?) == ["CLOSED", "OPEN"]);
    ensure!(states(&step(tern, &close("kava-a"), "confirm")?) == ["CLOSED", "CLOSED"]);
    network.passed()
}

fn step(tern: &Tern, command: &[&str], step: &str) -> Result<Value> {
    tern.json(&[command, &["--step", step]].concat())
}

fn refused(tern: &Tern, command: &[&str], step: &str) -> Result<String> {
    Ok(tern.fails(&[command, &["--step", step]].concat())?.text())
}

fn states(done: &Value) -> Vec<&str> {
    let ends = done["ends"].as_array().into_iter().flatten();
    ends.filter_map(|end| end["state"].as_str()).collect()
}
