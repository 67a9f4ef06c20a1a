//! What an operator does to a running relayer: pause and resume, reload, refresh a client,
//! drain. Packets are sent meanwhile, and none is lost.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tern_e2e::{http, wait, Daemon, Network};

const TOKEN: &str = "a-token-of-the-scenario";
/// Packets sent each way at a time.
const PACKETS: u32 = 5;

#[test]
fn a_running_relayer_is_paused_reloaded_and_drained_and_loses_nothing() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    fixture.told(&["reload"], "no daemon runs in")?;
    fixture.network.tern.serve_http_with_token(TOKEN)?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;

    let daemon = a_pause_holds_over_a_restart(&fixture, daemon)?;
    a_wrong_configuration_changes_nothing(&fixture)?;
    a_new_token_is_the_one_after_a_reload(&fixture, &daemon)?;
    let mut daemon = another_node_is_asked_after_a_reload(&fixture, daemon)?;
    a_client_is_refreshed(&fixture)?;

    fixture.send_both(PACKETS)?;
    let drained = fixture.network.tern.run(&["drain"])?;
    ensure!(drained.code == Some(0), "{}", drained.text());
    ensure!(
        drained.stdout.contains("nothing is in flight any more"),
        "{}",
        drained.text()
    );
    ensure!(daemon.ends(LONG)?.success());
    // What it had not taken is left to the next one.
    let daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    fixture.passed()
}

fn status(fixture: &Fixture) -> Result<Value> {
    fixture.network.tern.run(&["status", "--json"])?.json()
}

/// Pauses a channel by one end, restarts the daemon, and resumes it by the other end.
fn a_pause_holds_over_a_restart(fixture: &Fixture, daemon: Daemon) -> Result<Daemon> {
    let tern = &fixture.network.tern;
    let paused = tern.run(&["pause", "akash-a", &fixture.on_akash])?;
    ensure!(
        paused.stdout.contains("is paused, both ways"),
        "{}",
        paused.text()
    );
    fixture.send_both(PACKETS)?;
    for (chain, channel) in [("akash-a", &fixture.on_akash), ("kava-a", &fixture.on_kava)] {
        let pending = ["packet", "pending", chain, channel];
        fixture.told(&pending, "1-5 (5): the operator has paused")?;
    }
    daemon.kill()?;
    let daemon = tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.goes_on(fixture.kava(), 5)?;
    let seen = status(fixture)?;
    for path in seen["paths"].as_array().context("no paths")? {
        ensure!(
            path["paused_since"].is_string() && path["pending"] == PACKETS,
            "{path}"
        );
    }
    ensure!(seen["needs"][0]["kind"] == "paused", "{seen}");

    let port = daemon.http_port()?;
    let resume = format!("/api/v1/paths/kava-a/transfer/{}/resume", fixture.on_kava);
    let (code, problem) = http::act(port, &resume, "another-token-than-that")?;
    ensure!(code == 401, "{code}: {problem}");
    let (code, done) = http::act(port, &resume, TOKEN)?;
    ensure!(
        code == 200 && done.contains("is resumed, both ways"),
        "{code}: {done}"
    );
    fixture.settled()?;
    fixture.balanced()?;
    let (code, problem) = http::act(port, &resume, TOKEN)?;
    ensure!(
        code == 409 && problem.contains("is not paused"),
        "{code}: {problem}"
    );
    Ok(daemon)
}

fn a_wrong_configuration_changes_nothing(fixture: &Fixture) -> Result<()> {
    let tern = &fixture.network.tern;
    for (right, wrong, said) in [
        (
            "account_prefix = \"kava\"",
            "account_prefix = 7",
            "account_prefix",
        ),
        ("id = \"kava-a\"", "id = \"kava-b\"", "kava-b"),
        (
            "token_file = \"token\"",
            "token_file = \"none\"",
            "openssl rand -hex 32",
        ),
    ] {
        tern.reconfigure(right, wrong)?;
        let refused = tern.run(&["reload"])?;
        tern.reconfigure(wrong, right)?;
        let text = refused.text();
        ensure!(refused.code == Some(1), "{text}");
        ensure!(
            text.contains("nothing is changed") && text.contains(said),
            "{text}"
        );
    }
    fixture.send_both(PACKETS)?;
    fixture.settled()
}

fn a_new_token_is_the_one_after_a_reload(fixture: &Fixture, daemon: &Daemon) -> Result<()> {
    const NEW_TOKEN: &str = "the-token-after-that";
    let tern = &fixture.network.tern;
    tern.write_token(NEW_TOKEN)?;
    let reloaded = tern.run(&["reload"])?;
    ensure!(
        reloaded.stdout.contains("it is as before"),
        "{}",
        reloaded.text()
    );
    let port = daemon.http_port()?;
    let resume = "/api/v1/chains/akash-a/resume";
    wait::until("the new token to be taken", LONG, || {
        // A connection may be cut off while the server changes.
        let answer = http::act(port, resume, NEW_TOKEN);
        Ok(answer.is_ok_and(|(code, _)| code == 409).then_some(()))
    })?;
    let (code, problem) = http::act(port, resume, TOKEN)?;
    ensure!(code == 401, "{code}: {problem}");
    Ok(())
}

/// Packets are under way while the node of kava is replaced by another one.
fn another_node_is_asked_after_a_reload(fixture: &Fixture, mut daemon: Daemon) -> Result<Daemon> {
    let tern = &fixture.network.tern;
    let mut node = fixture.kava().follower("node")?;
    node.up()?;
    node.synced()?;
    fixture.send_both(PACKETS)?;
    tern.ask_instead(fixture.kava(), &node)?;
    let reloaded = tern.run(&["reload"])?;
    ensure!(
        reloaded.stdout.contains("changed kava-a"),
        "{}",
        reloaded.text()
    );
    let port = daemon.http_port()?;
    let (code, chains) = http::ask(port, "/api/v1/chains")?;
    ensure!(code == 200, "{chains}");
    let chains: Value = serde_json::from_str(&chains)?;
    let address = format!(":{}", node.rpc_port);
    let asks_it = |chain: &Value| {
        let address_of = chain["nodes"][0]["address"].as_str();
        chain["chain"] == "kava-a" && address_of.is_some_and(|asked| asked.contains(&address))
    };
    ensure!(
        chains.as_array().is_some_and(|all| all.iter().any(asks_it)),
        "{chains}"
    );
    fixture.settled()?;

    // Back to the first node, by the signal.
    fixture.send_both(PACKETS)?;
    tern.ask_instead(&node, fixture.kava())?;
    let said = daemon
        .log()
        .matches("the configuration is read again")
        .count();
    daemon.hang_up()?;
    wait::until("the daemon to reload", LONG, || {
        let now = daemon
            .log()
            .matches("the configuration is read again")
            .count();
        Ok((now > said).then_some(()))
    })?;
    node.kill()?;
    fixture.settled()?;
    fixture.balanced()?;
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    Ok(daemon)
}

fn a_client_is_refreshed(fixture: &Fixture) -> Result<()> {
    let seen = status(fixture)?;
    let client = &seen["clients"][0];
    let text = |field: &str| client[field].as_str().with_context(|| client.to_string());
    let refresh = ["client", "refresh", text("chain")?, text("client")?];
    let refreshed = fixture.network.tern.run(&refresh)?;
    ensure!(refreshed.code == Some(0), "{}", refreshed.text());
    ensure!(
        refreshed.stdout.contains("is updated to height"),
        "{}",
        refreshed.text()
    );
    let missing =
        fixture
            .network
            .tern
            .run(&["client", "refresh", "akash-a", "07-tendermint-99"])?;
    ensure!(missing.code == Some(1), "{}", missing.text());
    ensure!(
        missing.text().contains("there is no client"),
        "{}",
        missing.text()
    );
    Ok(())
}
