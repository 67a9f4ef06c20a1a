//! A relayer's account that runs dry, and is filled again.

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Result};
use tern_e2e::{Network, OTHER, RELAYER};

#[test]
fn a_wallet_that_runs_dry_is_told_and_what_waits_goes_when_it_is_filled() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let kava = fixture.kava();
    let relayer = fixture.network.address("kava-a", RELAYER.0)?;
    let other = fixture.network.address("kava-a", OTHER.0)?;
    let mut books = fixture.books()?;
    let mut daemon = fixture.network.tern.start()?;
    fixture.send_both(5)?;
    fixture.settled()?;
    for (what, left) in [("too little for a fee", 3_000), ("nothing", 0)] {
        let has = kava.balance(&relayer, "ukava")?;
        let away = format!("{}ukava", has - left);
        // The daemon, with nothing to do, signs nothing of its own now.
        kava.pay(&relayer, &other, &away, "0ukava")?;
        let logged = daemon.log().len();
        fixture.send_both(10)?;
        fixture.told(&["health"], &format!("send tokens to {relayer}"))?;
        // What kava sends is still received on akash, whose account can pay.
        fixture.goes_on(fixture.akash(), 8)?;
        fixture.told(
            &["packet", "pending", "akash-a", &fixture.on_akash],
            "insufficient funds",
        )?;
        let log = daemon.log().split_off(logged);
        ensure!(
            log.contains("insufficient funds"),
            "{what}: not told: {log}"
        );
        ensure!(
            fixture.kava().balance(&relayer, "ukava")? == left,
            "something was paid"
        );

        kava.pay(&other, &relayer, "1000000000ukava", "0ukava")?;
        fixture.settled()?;
        let counts = books.close(&fixture.network.chains, &format!("a wallet with {what}"))?;
        ensure!(counts.failed == 0 && counts.fees_wasted == 0, "{counts}");
    }
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    fixture.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    fixture.passed()
}
