//! A relayer whose budget of an hour is used up on one chain.

use std::fs;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{Network, RELAYER};

/// For some packets, after the handshake, and not for all of them.
const HOUR: u128 = 250_000;
const PACKETS: u32 = 120;

#[test]
fn past_the_budget_of_an_hour_packets_wait_and_say_so_until_there_is_more() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let tern = &fixture.network.tern;
    let relayer = fixture.network.address("kava-a", RELAYER.0)?;
    let has = || fixture.kava().balance(&relayer, "ukava");
    let after_handshake = has()?;
    let path = tern.home.join("config.toml");
    let config = fs::read_to_string(&path)?;
    // Kava's section is the last one.
    fs::write(
        &path,
        format!("{config}\n[chain.budget]\nhour = \"{HOUR}ukava\"\n"),
    )?;
    let mut books = fixture.books()?;
    let daemon = tern.start()?;
    fixture.send_akt(PACKETS)?;
    fixture.told(
        &["packet", "pending", "akash-a", &fixture.on_akash],
        "the budget of kava-a for packets is used up",
    )?;
    // What is in flight comes into blocks, and nothing after it.
    fixture.goes_on(fixture.akash(), 8)?;
    let paid = after_handshake - has()?;
    ensure!((1..=HOUR).contains(&paid), "{paid} of {HOUR} were paid");
    fixture.goes_on(fixture.akash(), 4)?;
    ensure!(after_handshake - has()? == paid, "it is paid on");
    ensure!(
        daemon.log().contains("paused: blocks are read on"),
        "not told: {}",
        daemon.log()
    );
    ensure!(daemon.terminate(LONG)?.success());

    tern.reconfigure(&format!("\"{HOUR}ukava\""), "\"none\"")?;
    let daemon = tern.start()?;
    fixture.settled()?;
    let counts = books.close(&fixture.network.chains, "a budget that is used up")?;
    ensure!(counts.failed == 0 && counts.fees_wasted == 0, "{counts}");
    ensure!(daemon.terminate(LONG)?.success());
    fixture.balanced()?;
    fixture.passed()
}
