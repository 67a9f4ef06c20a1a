//! What an operator gets wrong, and what nodes do: one clear error each, and
//! nothing lost.

mod support;

use std::fs;

use anyhow::{ensure, Result};
use support::{Scene, LONG};
use tern_e2e::{Network, Setup, Tern, POOR};

#[test]
fn each_mistake_is_told_once_and_says_what_to_do() -> Result<()> {
    let mut network = Network::two()?;
    told(
        &network.tern,
        &["channel", "open", "akash-a", "nowhere-1"],
        &["`nowhere-1` is not in the configuration", "akash-a, kava-a"],
    )?;
    told(
        &network.tern,
        &["query", "channels", "nowhere-1"],
        &["not in the configuration"],
    )?;
    told(
        &network.tern,
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
        told(&poor, command, &["is not on chain", "uakt"])?;
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
        &["start"],
        &["serves chain kava-a, not kava-b", "configuration"],
    )?;

    // An unknown field: file, line and name.
    fs::write(
        mixed.home.join("config.toml"),
        config.replacen("rpc =", "rcp =", 1),
    )?;
    told(&mixed, &["health"], &["config.toml:3", "rcp"])?;

    // A node that is down: commands say so at once.
    network.chain_mut("kava-a")?.down()?;
    told(
        &network.tern,
        &["channel", "open", "akash-a", "kava-a"],
        &["kava-a", "failed at http://127.0.0.1:"],
    )?;
    ensure!(network.tern.fails(&["health"])?.text().contains("kava-a"));
    Ok(())
}

#[test]
fn a_wrong_receiver_is_refused_before_anything_is_sent() -> Result<()> {
    let scene = Scene::new(Network::two()?)?;
    let before = scene.akash().balance(&scene.akash_user, "uakt")?;
    let transfer = |amount: &str, receiver: &str, hints: &[&str]| {
        let args = ["transfer", "akash-a", &scene.on_akash, amount, receiver];
        told(&scene.network.user, &args, hints)
    };
    transfer("1uakt", &scene.akash_user, &["akash", "kava"])?;
    transfer("1uakt", "not-an-address", &["not-an-address"])?;
    transfer("9000000000000uakt", &scene.kava_user, &["uakt"])?;
    transfer("1unothing", &scene.kava_user, &["unothing"])?;
    transfer("0uakt", &scene.kava_user, &["0uakt"])?;
    ensure!(scene.akash().balance(&scene.akash_user, "uakt")? == before);
    ensure!(scene.akash().commitments("transfer", &scene.on_akash)? == 0);
    Ok(())
}

#[test]
fn a_node_that_goes_away_is_waited_for() -> Result<()> {
    let mut scene = Scene::new(Network::two()?)?;
    scene.network.chain_mut("kava-a")?.down()?;
    // Started while a node is down: it says so, and waits.
    let mut daemon = scene.network.tern.start()?;
    daemon.says("trying again with back-off", LONG)?;
    ensure!(
        daemon.ended()?.is_none(),
        "the daemon gave up: {}",
        daemon.log()
    );
    scene.send_akt(3)?;
    scene.network.chain_mut("kava-a")?.up()?;
    scene.settled()?;

    // A node that hangs in the middle of its work.
    scene.kava().halt()?;
    scene.send_akt(3)?;
    tern_e2e::wait::pause(LONG / 30);
    scene.kava().resume()?;
    scene.settled()?;
    ensure!(Scene::paid(scene.kava(), "MsgRecvPacket")? == 6);
    Ok(())
}

/// The command fails, and what it says has all the hints; one error, not many.
fn told(tern: &Tern, args: &[&str], hints: &[&str]) -> Result<String> {
    let said = tern.fails(args)?.text();
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
