//! A chain forks, and somebody shows a header of the other side to a client of it.

use crate::support::fork::{recover, show};
use crate::support::tx::account;
use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_chains::ClientId;
use tern_e2e::IbcGo::{self, V10, V11, V7, V8};
use tern_e2e::{wait, ChainSpec, Network, USER};
use tokio::runtime::Runtime;

#[test]
fn a_client_of_a_forked_chain_is_frozen_once_on_v10() -> Result<()> {
    let mut fork = Fork::new(V10)?;
    let daemon = fork.fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    // What others show is compared, and what is the chain's own does no harm.
    fork.show_own()?;
    fork.show_forked()?;
    fork.is_frozen()?;
    ensure!(
        daemon.log().contains("akash-a has forked"),
        "{}",
        daemon.log()
    );

    // Governance puts a new client in its place, of the side that the relayer follows.
    fork.recovered()?;
    fork.fixture.send_both(3)?;
    fork.fixture.settled()?;
    ensure!(!fork.frozen()?, "the client is frozen again");
    ensure!(daemon.terminate(LONG)?.success());
    fork.fixture.passed()
}

#[test]
fn evidence_is_found_in_past_blocks_and_shown_by_a_command() -> Result<()> {
    let mut fork = Fork::new(V10)?;
    let client = fork.client.to_string();
    let args = ["client", "evidence", "kava-a", &client];
    let tern = &fork.fixture.network.tern;
    let before = tern.run(&args)?;
    ensure!(before.code == Some(0), "{}", before.text());
    ensure!(before.stdout.contains("akash-a's own"), "{}", before.text());

    fork.show_forked()?;
    let tern = &fork.fixture.network.tern;
    let found = tern.fails(&args)?;
    ensure!(found.text().contains("it has forked"), "{}", found.text());
    ensure!(!fork.frozen()?, "looking alone has frozen the client");
    let submit = [&args[..], &["--submit"]].concat();
    let shown = tern.fails(&submit)?;
    ensure!(shown.text().contains("is frozen by tx"), "{}", shown.text());
    fork.is_frozen()?;
    fork.fixture.passed()
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn a_client_of_a_forked_chain_is_frozen_on_v7_v8_and_v11() -> Result<()> {
    for version in [V7, V8, V11] {
        let mut fork = Fork::new(version)?;
        let daemon = fork.fixture.network.tern.start()?;
        daemon.follows(2, LONG)?;
        fork.show_forked()?;
        fork.is_frozen().with_context(|| format!("{version:?}"))?;
        ensure!(daemon.terminate(LONG)?.success());
        fork.fixture.passed()?;
    }
    Ok(())
}

/// Akash with two validators that are one, and a client of it on kava.
struct Fork {
    fixture: Fixture,
    forked: tern_e2e::TestChain,
    client: ClientId,
    runtime: Runtime,
}

impl Fork {
    /// Kava runs this version.
    fn new(version: IbcGo) -> Result<Self> {
        let kava = ChainSpec::kava();
        let kava = match version {
            V10 => ChainSpec {
                authority: Some(USER.0),
                ..kava
            },
            _ => kava.on(version),
        };
        let mut fixture = Fixture::new(Network::of(vec![ChainSpec::akash(), kava])?)?;
        let forked = fixture.network.chain_mut("akash-a")?.fork("fork")?;
        let listed = fixture.network.tern.json(&["client", "list", "kava-a"])?;
        let client = listed[0]["client"].as_str().context("no client")?;
        Ok(Self {
            client: client.parse()?,
            fixture,
            forked,
            runtime: Runtime::new()?,
        })
    }

    /// Somebody updates the client with a header of the chain that the relayer follows.
    fn show_own(&self) -> Result<()> {
        self.show(self.fixture.akash())
    }

    /// Somebody updates the client with a header of the other side.
    fn show_forked(&mut self) -> Result<()> {
        self.show(&self.forked)
    }

    fn show(&self, side: &tern_e2e::TestChain) -> Result<()> {
        let (side, kava) = (account(side, USER)?, account(self.fixture.kava(), USER)?);
        self.runtime.block_on(show(&side, &kava, &self.client))
    }

    fn frozen(&self) -> Result<bool> {
        let client = self.client.to_string();
        let status = ["client", "status", "kava-a", &client];
        Ok(self
            .fixture
            .network
            .tern
            .run(&status)?
            .stdout
            .contains("Frozen"))
    }

    fn is_frozen(&self) -> Result<()> {
        wait::until("the client to be frozen", LONG, || {
            Ok(self.frozen()?.then_some(()))
        })
    }

    fn recovered(&self) -> Result<()> {
        let (akash, kava) = (self.fixture.akash(), self.fixture.kava());
        let (akash, kava) = (account(akash, USER)?, account(kava, USER)?);
        self.runtime.block_on(recover(&akash, &kava, &self.client))
    }
}
