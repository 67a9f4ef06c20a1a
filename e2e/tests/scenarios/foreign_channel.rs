//! A channel the daemon did not open, with packets it did not see being sent.

use crate::support::Fixture;
use anyhow::{ensure, Result};
use tern_e2e::{Books, ChainSpec, Network, Setup, OTHER};

#[test]
fn a_channel_of_another_relayer_is_relayed_without_an_index() -> Result<()> {
    // Nodes without a transaction index: old packets are found by their state.
    let no_index = |spec: ChainSpec| ChainSpec {
        indexer: "null",
        ..spec
    };
    let specs = vec![no_index(ChainSpec::akash()), no_index(ChainSpec::kava())];
    let fixture = Fixture::new(Network::of(specs)?)?;
    let mut books = Books::open(&fixture.network, OTHER.0)?;

    // Another relayer, in a home of its own with a key of its own, has never
    // heard of the channel, nor of what was sent on it.
    fixture.send_both(7)?;
    fixture.send_both(3)?;
    let setup = Setup {
        key: OTHER.0,
        ..Setup::default()
    };
    let other = fixture.network.home("other", setup)?;
    let _daemon = other.start()?;
    fixture.settled()?;
    fixture.send_both(10)?;
    fixture.settled()?;

    let counts = books.close(&fixture.network.chains, "nodes without a transaction index")?;
    ensure!(counts.sent == 40, "{counts}");
    ensure!(counts.failed == 0 && counts.useless == 0, "{counts}");
    fixture.balanced()?;
    fixture.passed()
}
