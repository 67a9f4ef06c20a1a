//! A chain whose nodes ask for a higher price of gas than the configured one.

use std::fs;

use crate::support::payments::{payments, Payment};
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::ConfigFile::App;
use tern_e2e::{Network, RELAYER};

/// Sent to kava, where the relayer pays.
const PACKETS: u32 = 5;
/// Kava's section is the last one. Its price at first is 0.025.
const MAX_TOO_LOW: &str = "gas_price_max = \"0.05ukava\"\n";
const MAX: &str = "gas_price_max = \"0.5ukava\"\n";
/// What the node asks for.
const ASKED: &str = "\"0.1ukava\"";

#[test]
fn what_the_nodes_ask_for_is_paid_up_to_the_limit_and_no_more() -> Result<()> {
    let mut fixture = Fixture::new(Network::two()?)?;
    let config = fixture.network.tern.home.join("config.toml");
    let text = fs::read_to_string(&config)?;
    fs::write(&config, format!("{text}{MAX_TOO_LOW}"))?;
    let mut books = fixture.books()?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.send_akt(PACKETS)?;
    fixture.settled()?;

    let kava = fixture.network.chain_mut("kava-a")?;
    kava.down()?;
    kava.set(App, "", "minimum-gas-prices", ASKED)?;
    kava.up()?;
    let relayer = fixture.network.address("kava-a", RELAYER.0)?;
    let has = fixture.kava().balance(&relayer, "ukava")?;
    fixture.send_akt(PACKETS)?;
    daemon.says("raise `gas_price_max` in the configuration", LONG)?;
    fixture.goes_on(fixture.kava(), 4)?;
    ensure!(
        fixture.kava().balance(&relayer, "ukava")? == has,
        "more was paid"
    );

    fs::write(&config, format!("{text}{MAX}"))?;
    let since = fixture.kava().height()?;
    let reloaded = fixture.network.tern.run(&["reload"])?;
    ensure!(reloaded.code == Some(0), "{}", reloaded.text());
    fixture.settled()?;
    daemon.says("a higher price is paid for gas", LONG)?;
    let payments = payments(fixture.kava(), since)?;
    ensure!(!payments.is_empty(), "nothing was paid");
    for Payment { fee, gas, .. } in payments {
        // What the node asked for one transaction was rounded up.
        let is_asked = gas <= fee * 10 && fee * 10 <= gas + gas / 100;
        ensure!(is_asked, "{fee} was paid for {gas} of gas");
    }
    let counts = books.close(&fixture.network.chains, "a higher price of gas")?;
    ensure!(counts.failed == 0 && counts.useless == 0, "{counts}");

    // The command of a user with the same configuration learns it, too.
    ensure!(daemon.terminate(LONG)?.success());
    fixture.send_akt(PACKETS)?;
    let clear = ["packet", "clear", "akash-a", &fixture.on_akash];
    let cleared = fixture.network.tern.run(&clear)?;
    ensure!(cleared.code == Some(0), "{}", cleared.text());
    fixture.balanced()?;
    fixture.passed()
}
