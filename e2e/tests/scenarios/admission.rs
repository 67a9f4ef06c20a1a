//! What the operator's rules keep out is not relayed, and whoever asks is told by which rule.

use std::fs;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{Network, RELAYER};

#[test]
fn what_a_rule_keeps_out_is_named_costs_nothing_and_goes_when_the_rule_is_gone() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let tern = &fixture.network.tern;
    let path = tern.home.join("config.toml");
    let config = fs::read_to_string(&path)?;
    let rule = format!(
        "\n[policy.admission]\nsenders = {{ deny = [\"{}\"] }}\n",
        fixture.akash_user
    );
    fs::write(&path, format!("{config}{rule}"))?;
    let relayer = fixture.network.address("kava-a", RELAYER.0)?;
    let has = || fixture.kava().balance(&relayer, "ukava");
    let before = has()?;
    let mut books = fixture.books()?;
    let daemon = tern.start()?;
    fixture.send_akt(5)?;
    // The command asks the daemon.
    let pending = ["packet", "pending", "akash-a", &fixture.on_akash];
    fixture.told(&pending, "senders.deny")?;
    fixture.told(
        &["packet", "clear", "akash-a", &fixture.on_akash],
        "senders.deny",
    )?;
    // What kava's user sends is served.
    fixture.send_usdx(5)?;
    fixture.goes_on(fixture.akash(), 8)?;
    fixture.told(&pending, "senders.deny")?;
    ensure!(daemon.terminate(LONG)?.success());
    let paid_for_usdx = before - has()?;

    fs::write(&path, config)?;
    let daemon = tern.start()?;
    fixture.settled()?;
    let counts = books.close(&fixture.network.chains, "a sender who is denied")?;
    ensure!(counts.failed == 0 && counts.fees_wasted == 0, "{counts}");
    ensure!(before - has()? > paid_for_usdx, "the five are paid now");
    ensure!(daemon.terminate(LONG)?.success());
    fixture.balanced()?;
    fixture.passed()
}
