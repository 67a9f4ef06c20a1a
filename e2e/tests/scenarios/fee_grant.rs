//! An account that pays the fees of a relayer without money.

use crate::support::payments::payments;
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{Network, OTHER, POOR};

const PACKETS: u32 = 5;

#[test]
fn a_relayer_without_money_relays_at_the_expense_of_a_granter() -> Result<()> {
    let network = Network::two()?;
    let (granter, relayer) = (
        network.address("kava-a", OTHER.0)?,
        network.address("kava-a", POOR.0)?,
    );
    let tern = network.tern.clone();
    let section = format!("key = \"{}\"\nfee_granter = \"{granter}\"\n", POOR.0);
    replace_last(&tern.home, "key = \"relayer\"\n", &section)?;
    let unpaid = tern.fails(&["health"])?.text();
    ensure!(unpaid.contains("tern keys grant kava-a"), "{unpaid}");

    let grant = ["keys", "grant", "kava-a", "--from", OTHER.0];
    let limited = ["--limit", "100000000ukava", "--expires", "1day"];
    let granted = tern.json(&[&grant[..], &limited[..]].concat())?;
    ensure!(granted["granter"] == granter, "{granted}");
    ensure!(granted["grantees"][0] == relayer, "{granted}");
    let since = granted["height"].as_u64().unwrap_or_default();
    let paid = tern.run(&["health"])?;
    ensure!(paid.code == Some(0), "{}", paid.text());

    // The handshakes are paid by the granter, too.
    let fixture = Fixture::new(network)?;
    let daemon = tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.send_both(PACKETS)?;
    fixture.settled()?;
    let payments = payments(fixture.kava(), since)?;
    ensure!(!payments.is_empty(), "nothing was paid");
    for payment in &payments {
        payment.is_by(&granter)?;
    }
    ensure!(
        fixture.kava().balance(&relayer, "ukava")? == 0,
        "it has money"
    );
    let wallets = tern.json(&["status"])?["wallets"].to_string();
    ensure!(
        wallets.contains(&granter) && !wallets.contains(&relayer),
        "{wallets}"
    );

    // Without the allowance nothing is sent, and with a new one what waits goes.
    let revoked = tern.run(&["keys", "revoke", "kava-a", "--from", OTHER.0])?;
    ensure!(revoked.code == Some(0), "{}", revoked.text());
    let has = fixture.kava().balance(&granter, "ukava")?;
    fixture.send_akt(PACKETS)?;
    fixture.told(
        &["packet", "pending", "akash-a", &fixture.on_akash],
        "does not allow to pay fees",
    )?;
    fixture.goes_on(fixture.kava(), 4)?;
    ensure!(
        fixture.kava().balance(&granter, "ukava")? == has,
        "something was paid"
    );
    tern.json(&grant)?;
    fixture.settled()?;
    // One that is there is replaced.
    tern.json(&grant)?;
    ensure!(daemon.terminate(LONG)?.success());
    fixture.balanced()?;
    fixture.passed()
}

/// Replaces the last place of a text in the configuration: kava's section is the last one.
fn replace_last(home: &std::path::Path, from: &str, to: &str) -> Result<()> {
    let path = home.join("config.toml");
    let config = std::fs::read_to_string(&path)?;
    let Some((before, after)) = config.rsplit_once(from) else {
        anyhow::bail!("no `{from}` in {config}");
    };
    Ok(std::fs::write(&path, format!("{before}{to}{after}"))?)
}
