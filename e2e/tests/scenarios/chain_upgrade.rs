//! A chain is upgraded under a running relayer: it ends its revision at a planned height, and
//! goes on with its state under the next revision's id.

use crate::support::governance;
use crate::support::light::any;
use crate::support::tx::{account, submit};
use crate::support::upgrade::{proposed_upgrade, software_upgrade};
use crate::support::LONG;
use anyhow::{ensure, Context as _, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use tern_chains::{Account as _, Chain as _, Height};
use tern_cosmos_core::convert;
use tern_e2e::IbcGo::{self, V10, V7, V8};
use tern_e2e::{voucher, wait, ChainSpec, Daemon, Network, TestChain, OTHER, USER};

/// Blocks from the plan to the upgrade: enough for what is sent before it.
const NOTICE_BLOCKS: u64 = 60;
const FUNDS: u128 = 1_000_000_000_000;
/// A height of the revision that ends, far above its end.
const NEVER_REACHED: u64 = 1_000_000;

struct Upgrade {
    network: Network,
    on_akash: String,
    on_kava: String,
    akash_user: String,
    kava_user: String,
    /// What was sent each way, in all.
    akt: u128,
    usdx: u128,
}

#[tokio::test]
async fn the_heights_go_on_and_all_packets_end() -> Result<()> {
    goes_on(V10).await
}

#[tokio::test]
#[ignore = "builds another chain with Go, some minutes"]
async fn the_heights_go_on_and_all_packets_end_on_v7() -> Result<()> {
    goes_on(V7).await
}

/// Akash runs this version.
async fn goes_on(version: IbcGo) -> Result<()> {
    let mut upgrade = Upgrade::new(version)?;
    let mut daemon = upgrade.network.tern.start()?;
    daemon.follows(2, LONG)?;
    upgrade.send_both("akash-1")?;
    upgrade.settled()?;

    // Clients of the next revision are at a height that is among the first of it.
    let last_height = upgrade.plan(|last| Height::new(2, last + 1)).await?;
    // What is sent now is not relayed before the upgrade.
    let channel = upgrade.on_akash.clone();
    upgrade.tern(&["pause", "akash-1", &channel])?;
    upgrade.send_both("akash-1")?;
    upgrade.send_with_height_timeout().await?;
    upgrade.akash().halted_for_upgrade(last_height)?;
    upgrade.is_client_of("akash-2", Height::new(2, last_height + 1))?;
    upgrade.tern(&["resume", "akash-1", &channel])?;
    upgrade.send_usdx()?;

    upgrade
        .network
        .chain_mut("akash-1")?
        .go_over("akash-2", last_height)?;
    daemon.says("gone on with the upgraded chain", LONG)?;
    upgrade.settled()?;
    upgrade
        .network
        .user
        .reconfigure("\"akash-1\"", "\"akash-2\"")?;
    upgrade.send_both("akash-2")?;
    upgrade.settled()?;
    upgrade.balanced()?;
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");

    // A restart goes on so, whether or not the configuration has the new id.
    daemon = upgrade.restarted(daemon)?;
    upgrade.send_both("akash-2")?;
    upgrade.settled()?;
    upgrade
        .network
        .tern
        .reconfigure("\"akash-1\"", "\"akash-2\"")?;
    daemon = upgrade.restarted(daemon)?;
    upgrade.send_both("akash-2")?;
    upgrade.settled()?;
    upgrade.balanced()?;
    ensure!(daemon.terminate(LONG)?.success());
    upgrade.network.passed()
}

#[tokio::test]
async fn a_client_is_upgraded_on_demand_and_the_heights_begin_anew() -> Result<()> {
    begins_anew(V10).await
}

/// Heights do not go on there: iavl 1.1, which ibc-go v8 uses, makes no valid proofs of what
/// genesis holds if the first height is not 1 (cosmos/iavl#943).
#[tokio::test]
#[ignore = "builds another chain with Go, some minutes"]
async fn a_client_is_upgraded_on_demand_and_the_heights_begin_anew_on_v8() -> Result<()> {
    begins_anew(V8).await
}

/// Akash runs this version.
async fn begins_anew(version: IbcGo) -> Result<()> {
    let mut upgrade = Upgrade::new(version)?;
    let client = ["client", "upgrade", "kava-1", "07-tendermint-0"];
    // Without a relayer nothing is done before the end.
    let last_height = upgrade.plan(|_| Height::new(2, 1)).await?;
    let daemon = upgrade.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let early = upgrade.network.tern.fails(&client)?;
    ensure!(
        early
            .text()
            .contains("akash-1 is not at the end of its revision"),
        "{}",
        early.text()
    );
    ensure!(daemon.terminate(LONG)?.success());
    upgrade.send_both("akash-1")?;
    upgrade.akash().halted_for_upgrade(last_height)?;

    // A relayer that begins at the end finds out by itself.
    let mut daemon = upgrade.network.tern.start()?;
    daemon.follows(2, LONG)?;
    let upgraded = upgrade.network.tern.run(&client)?;
    let text = upgraded.text();
    let is_done = text.contains("it is a client of akash-2 now");
    // It may have been faster than the command.
    let was_done = text.contains("akash-2 is not at the end of its revision");
    ensure!(is_done || was_done, "{text}");
    upgrade.is_client_of("akash-2", Height::new(2, 1))?;

    upgrade
        .network
        .chain_mut("akash-1")?
        .go_over("akash-2", 1)?;
    daemon.says("gone on with the upgraded chain", LONG)?;
    upgrade.settled()?;
    upgrade
        .network
        .user
        .reconfigure("\"akash-1\"", "\"akash-2\"")?;
    upgrade.send_both("akash-2")?;
    upgrade.settled()?;
    upgrade.balanced()?;
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    ensure!(daemon.terminate(LONG)?.success());
    upgrade.network.passed()
}

impl Upgrade {
    fn new(version: IbcGo) -> Result<Self> {
        let akash = ChainSpec {
            id: "akash-1",
            ..ChainSpec::akash()
        };
        let akash = match version {
            V10 => ChainSpec {
                authority: Some(OTHER.0),
                ..akash
            },
            _ => ChainSpec {
                genesis: governance::votes_fast(version),
                ..akash.on(version)
            },
        };
        let network = Network::of(vec![
            akash,
            ChainSpec {
                id: "kava-1",
                ..ChainSpec::kava()
            },
        ])?;
        let chains = ["akash-1", "kava-1"];
        let (on_akash, on_kava) = network.open_channel_between(&network.tern, chains)?;
        Ok(Self {
            akash_user: network.address("akash-1", USER.0)?,
            kava_user: network.address("kava-1", USER.0)?,
            network,
            on_akash,
            on_kava,
            akt: 0,
            usdx: 0,
        })
    }

    fn akash(&self) -> &TestChain {
        &self.network.chains[0]
    }

    fn kava(&self) -> &TestChain {
        &self.network.chains[1]
    }

    fn tern(&self, args: &[&str]) -> Result<()> {
        let done = self.network.tern.run(args)?;
        ensure!(done.code == Some(0), "{args:?}: {}", done.text());
        Ok(())
    }

    /// Ten packets each way. Akash has this id now.
    fn send_both(&mut self, akash: &str) -> Result<()> {
        let Self {
            network,
            on_akash,
            kava_user,
            ..
        } = self;
        network.send(akash, on_akash, "100uakt", kava_user, 10)?;
        self.akt += 1_000;
        self.send_usdx()
    }

    fn send_usdx(&mut self) -> Result<()> {
        let Self {
            network,
            on_kava,
            akash_user,
            ..
        } = self;
        network.send("kava-1", on_kava, "100usdx", akash_user, 10)?;
        self.usdx += 1_000;
        Ok(())
    }

    /// A packet from kava that times out at a height of the revision that ends: when that has
    /// ended, it is too late for it.
    async fn send_with_height_timeout(&self) -> Result<()> {
        let sender = account(self.kava(), USER)?;
        let message = MsgTransfer {
            source_port: "transfer".to_owned(),
            source_channel: self.on_kava.clone(),
            token: Some(Coin {
                denom: "usdx".to_owned(),
                amount: "7".to_owned(),
            }),
            sender: sender.address().to_owned(),
            receiver: self.akash_user.clone(),
            timeout_height: Some(RawHeight {
                revision_number: 1,
                revision_height: NEVER_REACHED,
            }),
            ..MsgTransfer::default()
        };
        submit(&sender, vec![convert::message(any(&message))]).await?;
        Ok(())
    }

    /// Plans the upgrade of akash; the last height of its revision.
    async fn plan(&self, latest: impl Fn(u64) -> Height) -> Result<u64> {
        let authority = account(self.akash(), OTHER)?;
        let last_height = authority.chain().latest().await?.0 + NOTICE_BLOCKS;
        let latest = latest(last_height);
        let version = self.akash().spec.version;
        if version == V10 {
            let plan = software_upgrade(&authority, last_height, "akash-2", latest).await?;
            submit(&authority, vec![plan]).await?;
        } else {
            let plan = proposed_upgrade(&authority, version, last_height, "akash-2", latest);
            submit(&authority, vec![plan.await?]).await?;
            governance::approve(self.akash())?;
        }
        Ok(last_height)
    }

    /// Waits until the client on kava is of this chain, and at this height.
    fn is_client_of(&self, chain: &str, height: Height) -> Result<()> {
        let asked = ["ibc", "client", "state", "07-tendermint-0"];
        let mut last = None;
        let upgraded = wait::until("the client to be upgraded", LONG, || {
            let answer = self.kava().query(&asked)?;
            let state = &answer["client_state"];
            let latest = &state["latest_height"];
            let number = |field: &str| latest[field].as_str()?.parse().ok();
            let is_it = state["chain_id"] == chain
                && number("revision_number") == Some(height.revision)
                && number("revision_height") == Some(height.height);
            last = Some(answer);
            Ok(is_it.then_some(()))
        });
        upgraded.with_context(|| format!("{last:?}"))
    }

    /// Waits until no packet is open on either chain.
    fn settled(&self) -> Result<()> {
        wait::until("every packet to be done", LONG, || {
            let on_akash = self.akash().commitments("transfer", &self.on_akash)?;
            let on_kava = self.kava().commitments("transfer", &self.on_kava)?;
            Ok((on_akash + on_kava == 0).then_some(()))
        })
    }

    /// What was sent has arrived, and what timed out is with its sender.
    fn balanced(&self) -> Result<()> {
        let usdx = self.kava().balance(&self.kava_user, "usdx")?;
        ensure!(
            usdx == FUNDS - self.usdx,
            "{usdx} usdx left of {}",
            self.usdx
        );
        let arrived = voucher(&self.on_kava, "uakt");
        let akt = self.kava().balance(&self.kava_user, &arrived)?;
        ensure!(akt == self.akt, "{akt} uakt of {} on kava", self.akt);
        let arrived = voucher(&self.on_akash, "usdx");
        let usdx = self.akash().balance(&self.akash_user, &arrived)?;
        ensure!(usdx == self.usdx, "{usdx} usdx of {} on akash", self.usdx);
        Ok(())
    }

    fn restarted(&self, daemon: Daemon) -> Result<Daemon> {
        ensure!(daemon.terminate(LONG)?.success());
        let daemon = self.network.tern.start()?;
        daemon.follows(2, LONG)?;
        Ok(daemon)
    }
}
