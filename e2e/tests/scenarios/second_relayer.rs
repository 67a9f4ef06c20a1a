//! Another relayer on the same channel, that is first.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{wait, ConfigFile, Daemon, Network, Setup, Tern, OTHER};

#[test]
fn what_another_relayer_made_useless_is_dropped_and_the_next_goes_at_once() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    // What Tern sends stays in the mempool of its node.
    let kava = fixture.kava();
    let mut node = kava.follower("node")?;
    node.set(ConfigFile::Comet, "mempool", "broadcast", "false")?;
    node.up()?;
    node.synced()?;
    let other = Setup {
        key: OTHER.0,
        gas_price: "0.025",
    };
    let other = fixture.network.home("other", other)?;
    fixture.network.tern.ask_instead(kava, &node)?;
    let mut books = fixture.books()?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;

    other_is_first(&fixture, &daemon, &other)?;
    // The node checks its mempool again after the block with the other's transaction.
    let later = fixture.kava().height()? + 2;
    wait::until("the node to have later blocks", LONG, || {
        Ok((node.height()? >= later).then_some(()))
    })?;
    // Its transaction is in no mempool any more, and nothing has used its account sequence:
    // the next one has it.
    other_is_first(&fixture, &daemon, &other)?;
    let log = daemon.log();
    let told = |text: &str| log.matches(text).count();
    ensure!(told("the mempool has dropped a transaction") == 1, "{log}");
    ensure!(told("account sequence mismatch") <= 1, "{log}");
    let counts = books.close(&fixture.network.chains, "another relayer that was first")?;
    ensure!(
        counts.sent == 10 && counts.failed == 0 && counts.useless == 0,
        "{counts}"
    );
    fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    fixture.passed()
}

/// Tern's transaction is in its node's mempool when the other relayer's comes into a block.
fn other_is_first(fixture: &Fixture, daemon: &Daemon, other: &Tern) -> Result<()> {
    let sent = || daemon.log().matches("what=5 receive").count();
    let before = sent();
    fixture.send_akt(5)?;
    wait::until("Tern to send what is received", LONG, || {
        Ok((sent() > before).then_some(()))
    })?;
    let cleared = other.json(&["packet", "clear", "akash-a", &fixture.on_akash])?;
    ensure!(cleared["received"] == 5, "{cleared}");
    fixture.settled()
}
