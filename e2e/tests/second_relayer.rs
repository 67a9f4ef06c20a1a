//! Another relayer on the same channel, that is first.

mod support;

use anyhow::{ensure, Result};
use support::{Fixture, LONG};
use tern_e2e::{wait, ConfigFile, Network, Setup, OTHER};

#[test]
#[ignore = "the test chain's second node sometimes finds the first one too late after its restart, \
            or stops at a block: run it with `-- --ignored`"]
fn what_another_relayer_made_useless_is_dropped_and_the_next_goes_at_once() -> Result<()> {
    let mut fixture = Fixture::new(Network::two()?)?;
    // What Tern sends stays in the mempool of its node: the validator asks for more.
    let mut node = fixture.kava().follower("node")?;
    node.up()?;
    node.synced()?;
    let kava = fixture.kava();
    let other = Setup {
        key: OTHER.0,
        gas_price: "0.2",
    };
    let other = fixture.network.home("other", other)?;
    fixture.network.tern.ask_instead(kava, &node)?;
    restart_kava(&mut fixture, "\"0.1ukava\"")?;
    let mut books = fixture.books()?;
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.send_akt(5)?;
    daemon.says("what=5 receive", LONG)?;

    let cleared = other.json(&["packet", "clear", "akash-a", &fixture.on_akash])?;
    ensure!(cleared["received"] == 5, "{cleared}");
    fixture.settled()?;
    let height = fixture.kava().height()?;
    wait::until("the node to have that block", LONG, || {
        Ok((node.height()? >= height).then_some(()))
    })?;

    restart_kava(&mut fixture, "\"0ukava\"")?;
    fixture.send_akt(5)?;
    daemon.says("the mempool has dropped a transaction", LONG)?;
    fixture.settled()?;
    // A wrong account sequence is told once, and the next transaction goes: how many die
    // until the nodes have found each other again is not Tern's.
    let told = |text: &str| daemon.log().matches(text).count();
    let mismatches = told("account sequence mismatch");
    let broadcasts = told("broadcast chain=kava-a");
    ensure!(
        mismatches <= broadcasts,
        "{mismatches} for {broadcasts} broadcasts: {}",
        daemon.log()
    );
    let counts = books.close(&fixture.network.chains, "another relayer that was first")?;
    ensure!(
        counts.sent == 10 && counts.failed == 0 && counts.useless == 0,
        "{counts}"
    );
    fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    fixture.passed()
}

fn restart_kava(fixture: &mut Fixture, price: &str) -> Result<()> {
    let kava = fixture.network.chain_mut("kava-a")?;
    kava.down()?;
    kava.set(ConfigFile::App, "", "minimum-gas-prices", price)?;
    kava.up()
}
