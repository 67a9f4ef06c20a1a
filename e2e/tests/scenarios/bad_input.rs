//! What an operator gets wrong, and what nodes do: one clear error each, and
//! nothing lost.

use std::fs;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{wait, Network, Setup, Tern, POOR};

const FAILED: i32 = 1;
const USAGE: i32 = 2;
const CONFIGURATION: i32 = 64;

#[test]
fn each_mistake_is_told_once_and_says_what_to_do() -> Result<()> {
    let mut network = Network::two()?;
    told(
        &network.tern,
        CONFIGURATION,
        &["channel", "open", "akash-a", "nowhere-1"],
        &["`nowhere-1` is not in the configuration", "akash-a, kava-a"],
    )?;
    told(
        &network.tern,
        CONFIGURATION,
        &["query", "channels", "nowhere-1"],
        &["not in the configuration"],
    )?;
    told(
        &network.tern,
        CONFIGURATION,
        &["start", "--config", "/nowhere/config.toml"],
        &["/nowhere/config.toml"],
    )?;

    let wrong = network.path().join("wrong.mnemonic");
    fs::write(
        &wrong,
        "abandon ability able about above absent absorb abstract absurd abuse access",
    )?;
    let file = wrong.to_string_lossy().into_owned();
    let said = told(
        &network.tern,
        FAILED,
        &[
            "keys",
            "add",
            "akash-a",
            "--name",
            "new",
            "--mnemonic-file",
            &file,
        ],
        &["mnemonic"],
    )?;
    ensure!(
        !said.contains("absurd"),
        "the mnemonic was repeated: {said}"
    );

    // An account that has nothing: named, with its denom, before anything is signed.
    let poor = network.home(
        "poor",
        Setup {
            key: POOR.0,
            ..Setup::default()
        },
    )?;
    for command in [&["start"][..], &["channel", "open", "akash-a", "kava-a"]] {
        told(&poor, FAILED, command, &["is not on chain", "uakt"])?;
    }
    let health = poor.fails(&["health"])?;
    ensure!(health.text().contains("account"), "{}", health.text());

    // A node of another chain: akash-a's addresses under kava-a's id.
    let mixed = network.home("mixed", Setup::default())?;
    let config = fs::read_to_string(mixed.home.join("config.toml"))?;
    fs::write(
        mixed.home.join("config.toml"),
        config.replace("kava-a", "kava-b"),
    )?;
    fs::rename(
        mixed.home.join("keys/kava-a"),
        mixed.home.join("keys/kava-b"),
    )?;
    told(
        &mixed,
        FAILED,
        &["start"],
        &["serves chain kava-a, not kava-b", "configuration"],
    )?;

    // The gRPC address of one chain under another's id.
    let (akash, kava) = (network.chains[0].grpc_port, network.chains[1].grpc_port);
    let crossed = config.replace(&kava.to_string(), &akash.to_string());
    fs::write(network.tern.home.join("crossed.toml"), crossed)?;
    let file = network
        .tern
        .home
        .join("crossed.toml")
        .to_string_lossy()
        .into_owned();
    let hints = ["serves chain akash-a, not kava-a"];
    told(&network.tern, FAILED, &["start", "--config", &file], &hints)?;

    // An unknown field: file, line and name.
    fs::write(
        mixed.home.join("config.toml"),
        config.replacen("rpc =", "rcp =", 1),
    )?;
    told(
        &mixed,
        CONFIGURATION,
        &["health"],
        &["config.toml:3", "rcp"],
    )?;

    // A node that is down: commands say so at once.
    network.chain_mut("kava-a")?.down()?;
    told(
        &network.tern,
        FAILED,
        &["channel", "open", "akash-a", "kava-a"],
        &["kava-a", "failed at http://127.0.0.1:"],
    )?;
    ensure!(network.tern.fails(&["health"])?.text().contains("kava-a"));
    network.passed()
}

#[test]
fn a_wrong_receiver_is_refused_before_anything_is_sent() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let before = fixture.akash().balance(&fixture.akash_user, "uakt")?;
    let transfer = |code: i32, amount: &str, receiver: &str, hints: &[&str]| {
        let args = ["transfer", "akash-a", &fixture.on_akash, amount, receiver];
        told(&fixture.network.user, code, &args, hints)
    };
    transfer(FAILED, "1uakt", &fixture.akash_user, &["akash", "kava"])?;
    transfer(FAILED, "1uakt", "not-an-address", &["not-an-address"])?;
    transfer(FAILED, "9000000000000uakt", &fixture.kava_user, &["uakt"])?;
    transfer(FAILED, "1unothing", &fixture.kava_user, &["unothing"])?;
    transfer(USAGE, "0uakt", &fixture.kava_user, &["0uakt"])?;
    ensure!(fixture.akash().balance(&fixture.akash_user, "uakt")? == before);
    ensure!(fixture.akash().commitments("transfer", &fixture.on_akash)? == 0);
    fixture.passed()
}

#[test]
fn a_node_that_goes_away_is_waited_for() -> Result<()> {
    let mut fixture = Fixture::new(Network::two()?)?;
    fixture.network.chain_mut("kava-a")?.down()?;
    // Started while a node is down: it says so, and waits.
    let mut daemon = fixture.network.tern.start()?;
    daemon.says("trying again with back-off", LONG)?;
    ensure!(
        daemon.ended()?.is_none(),
        "the daemon gave up: {}",
        daemon.log()
    );
    fixture.send_akt(3)?;
    fixture.network.chain_mut("kava-a")?.up()?;
    fixture.settled()?;

    // A node that hangs in the middle of its work.
    fixture.network.chain_mut("kava-a")?.halt()?;
    fixture.send_akt(3)?;
    let later = fixture.akash().height()? + 4;
    wait::until("akash to go on alone", LONG, || {
        Ok((fixture.akash().height()? >= later).then_some(()))
    })?;
    fixture.network.chain_mut("kava-a")?.resume()?;
    fixture.settled()?;
    ensure!(fixture.kava().paid("MsgRecvPacket")? == 6);
    fixture.passed()
}

/// The command fails with this exit code, and what it says has all the hints;
/// one error, not many.
fn told(tern: &Tern, code: i32, args: &[&str], hints: &[&str]) -> Result<String> {
    let output = tern.fails(args)?;
    let said = output.text();
    ensure!(
        output.code == Some(code),
        "{args:?} ended with {:?}, not {code}: {said}",
        output.code
    );
    for hint in hints {
        ensure!(
            said.contains(hint),
            "{args:?} does not say `{hint}`: {said}"
        );
    }
    let errors = said
        .lines()
        .filter(|line| line.starts_with("error:"))
        .count();
    ensure!(errors == 1, "{args:?} has {errors} errors: {said}");
    Ok(said)
}
