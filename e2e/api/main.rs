//! Schemathesis asks the API of a running Tern for all that its description allows, and for
//! much that it does not, and checks each answer against the description. Tern serves two
//! real chains with packets on them.
//!
//! ```text
//! pip install schemathesis
//! cargo run -p tern-e2e --bin api-check
//! ```

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{http, wait, Network, Process};

const LONG: Duration = Duration::from_secs(120);
/// Packets sent from each chain. Those from kava wait: their denom is not served.
const PACKETS: u32 = 5;
const TOKEN: &str = "a-token-of-the-check";
const RULE: &str = "\n[policy.admission]\ndenoms = { deny = [\"usdx\"] }\n";
/// For each operation and phase.
const EXAMPLES_MAX: &str = "100";
const CONFIG: &str = include_str!("schemathesis.toml");

fn main() -> Result<()> {
    let network = Network::two()?;
    let (on_akash, on_kava) = network.open_channel(&network.tern)?;
    network.tern.serve_http_with_token(TOKEN)?;
    let config = network.tern.home.join("config.toml");
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, text + RULE)?;
    let daemon = network.tern.start()?;
    daemon.follows(2, LONG)?;
    let port = daemon.http_port()?;
    let receiver = network.address("kava-a", "user")?;
    network.send("akash-a", &on_akash, "100uakt", &receiver, PACKETS)?;
    let sender = network.address("akash-a", "user")?;
    network.send("kava-a", &on_kava, "100usdx", &sender, PACKETS)?;
    found(port, &sender)?;
    println!("packets that wait are found by HTTP");
    traced(port, &on_akash)?;
    println!("a packet is traced by HTTP");
    told(port)?;
    println!("what happens is told");
    checked(&network.tern.home, port)?;
    ensure!(daemon.terminate(LONG)?.success());
    network.passed()
}

/// The packets that wait are found by who gets them.
fn found(port: u16, receiver: &str) -> Result<()> {
    let path = format!("/api/v1/packets?state=sent&receiver={receiver}");
    let mut last = Value::Null;
    let found = wait::until("all packets to wait", LONG, || {
        let (_, body) = http::ask(port, &path)?;
        last = serde_json::from_str(&body)?;
        Ok((last["pending"] == PACKETS).then_some(()))
    });
    found.with_context(|| last.to_string())?;
    let packet = &last["packets"][0];
    ensure!(packet["transfer"]["denom"] == "usdx", "{last}");
    Ok(())
}

/// The last packet ends, and the API says how it went. This also is what the look-up of a
/// packet that is there answers, which random parameters do not find.
fn traced(port: u16, channel: &str) -> Result<()> {
    let path = format!("/api/v1/trace?chain=akash-a&channel={channel}&sequence={PACKETS}");
    let mut last = String::new();
    let ended = wait::until("the last packet to end", LONG, || {
        let (code, body) = http::ask(port, &path)?;
        let trace: Value = serde_json::from_str(&body)?;
        last = format!("{code}: {trace}");
        Ok((code == 200 && trace["state"] == "acknowledged").then_some(()))
    });
    ended.context(last)
}

/// The events have no end, so that they are asked for here.
fn told(port: u16) -> Result<()> {
    let mut lines = http::lines(port, "/api/v1/events")?;
    lines
        .find(|line| line.starts_with("data: "))
        .context("nothing is told")?;
    Ok(())
}

fn checked(folder: &Path, port: u16) -> Result<()> {
    let url = format!("http://127.0.0.1:{port}/api/v1/openapi.json");
    let mut command = Command::new("schemathesis");
    // It leaves files where it runs.
    command.current_dir(folder);
    std::fs::write(folder.join("schemathesis.toml"), CONFIG)?;
    command.args(["run", &url, "--checks", "all"]);
    // The same requests in each run.
    command.args(["--max-examples", EXAMPLES_MAX, "--generation-deterministic"]);
    // Two requests at a time would find the places for look-ups taken.
    command.args(["--workers", "1", "--request-timeout", "60"]);
    command.args(["--exclude-path", "/events"]);
    // They would end the relayer, or change what it is.
    command.args(["--exclude-path", "/reload", "--exclude-path", "/drain"]);
    command.args(["--max-failures", "20", "--no-color"]);
    command.args(["--header", &format!("Authorization: Bearer {TOKEN}")]);
    let mut process = Process::start(&mut command)
        .context("is schemathesis installed? See `install_schemathesis` in .ci/run")?;
    let status = process.wait(Duration::from_secs(600))?;
    ensure!(status.success(), "the API is not as it describes itself");
    Ok(())
}
