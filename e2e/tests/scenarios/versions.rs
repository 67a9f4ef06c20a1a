//! The short form of what a relayer does, between chains of different versions of ibc-go.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::IbcGo::{self, Consumer, Provider, V11Evm, V10, V11, V7, V8};
use tern_e2e::{wait, ChainSpec, Daemon, Network};

const TRANSFERS: u32 = 10;

/// What channels of the fee middleware (ICS-29) are called.
const WITH_FEES: &str = r#"{"fee_version":"ics29-1","app_version":"ics20-1"}"#;

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v7_and_v10_settle_to_the_unit() -> Result<()> {
    settle(V7, V10)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v7_and_v11_settle_to_the_unit() -> Result<()> {
    settle(V7, V11)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v8_and_v11_settle_to_the_unit() -> Result<()> {
    settle(V8, V11)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v11_and_v11_settle_to_the_unit() -> Result<()> {
    settle(V11, V11)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v7_and_v7_settle_to_the_unit() -> Result<()> {
    settle(V7, V7)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v8_and_v8_settle_to_the_unit() -> Result<()> {
    settle(V8, V8)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn faults_on_v7_are_waited_out() -> Result<()> {
    outlive_faults(V7)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn faults_on_v8_are_waited_out() -> Result<()> {
    outlive_faults(V8)
}

#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn faults_on_v11_are_waited_out() -> Result<()> {
    outlive_faults(V11)
}

/// What the application answers is in an envelope there.
#[test]
#[ignore = "builds three more chains with Go, some minutes each"]
fn v7_and_v8_settle_over_the_fee_middleware() -> Result<()> {
    let mut fixture = fixture(V7, V8)?;
    let open = ["channel", "open", "akash-a", "kava-a"];
    let version = ["--version", WITH_FEES];
    let opened = fixture.network.tern.json(&[&open[..], &version].concat())?;
    ensure!(opened["channels"][0]["version"] == WITH_FEES, "{opened}");
    for (end, channel) in [
        ("chain_1", &mut fixture.on_akash),
        ("chain_2", &mut fixture.on_kava),
    ] {
        let id = opened["channels"][0][end]["channel_id"].as_str();
        *channel = id.context("no channel id")?.to_owned();
    }

    let _daemon = fixture.network.tern.start()?;
    for (src, channel, coin, receiver) in [
        ("akash-a", &fixture.on_akash, "100uakt", &fixture.kava_user),
        ("kava-a", &fixture.on_kava, "100usdx", &fixture.akash_user),
    ] {
        let args = ["transfer", src, channel, coin, receiver, "--wait"];
        let sent = fixture.network.user.json(&args)?;
        ensure!(sent["acknowledged"] == 1, "{sent}");
    }
    fixture.settled()?;
    fixture.balanced()?;
    fixture.passed()
}

fn fixture(akash: IbcGo, kava: IbcGo) -> Result<Fixture> {
    let specs = vec![ChainSpec::akash().on(akash), ChainSpec::kava().on(kava)];
    let fixture = Fixture::new(Network::of(specs)?)?;
    for (chain, version) in [(fixture.akash(), akash), (fixture.kava(), kava)] {
        let status = chain.rpc("/status")?;
        let comet = status["node_info"]["version"].as_str();
        let comet = comet.context("status without a version")?;
        ensure!(comet.starts_with(comet_of(version)), "{version:?}: {comet}");
    }
    Ok(fixture)
}

/// The CometBFT below, so that it is known which chain was tested.
fn comet_of(version: IbcGo) -> &'static str {
    match version {
        V7 => "0.37.",
        V8 | V10 | Provider | Consumer => "0.38.",
        V11 | V11Evm => "0.39.",
    }
}

/// A channel is opened; transfers go both ways, and the relayer is killed in the midst of
/// them; one each way times out meanwhile; the relayer comes back.
fn settle(akash: IbcGo, kava: IbcGo) -> Result<()> {
    let fixture = fixture(akash, kava)?;

    let daemon = fixture.network.tern.start()?;
    let logged = daemon.log().matches("broadcast").count();
    fixture.send_both(TRANSFERS)?;
    wait::until("a broadcast", LONG, || {
        Ok((daemon.log().matches("broadcast").count() > logged).then_some(()))
    })?;
    daemon.kill()?;

    let late = Duration::from_secs(4);
    for (src, channel, coin, receiver) in [
        ("akash-a", &fixture.on_akash, "1000uakt", &fixture.kava_user),
        ("kava-a", &fixture.on_kava, "1000usdx", &fixture.akash_user),
    ] {
        let args = ["transfer", src, channel, coin, receiver, "--timeout", "4s"];
        let sent = fixture.network.user.json(&args)?;
        ensure!(sent["packets"] == 1, "{sent}");
    }
    for chain in [fixture.akash(), fixture.kava()] {
        chain.passes(late, LONG)?;
    }

    let daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    fixture.balanced()?;
    for chain in [fixture.akash(), fixture.kava()] {
        for (message, times) in [
            ("MsgRecvPacket", TRANSFERS as usize),
            ("MsgAcknowledgement", TRANSFERS as usize),
            ("MsgTimeout", 1),
        ] {
            let (paid, id) = (chain.paid(message)?, chain.spec.id);
            ensure!(paid == times, "{paid} of {message} on {id}, not {times}");
        }
    }
    let ended = daemon.terminate(LONG / 12)?;
    ensure!(ended.success(), "SIGTERM ended the daemon with {ended}");
    fixture.passed()
}

/// The one node of kava is killed, hangs, and is restarted in order, each time with packets
/// under way and more that are sent meanwhile. The daemon is killed during the second fault.
fn outlive_faults(version: IbcGo) -> Result<()> {
    let mut fixture = fixture(version, version)?;
    let mut daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;

    fixture.send_both(TRANSFERS)?;
    fixture.network.chain_mut("kava-a")?.kill()?;
    fixture.send_akt(TRANSFERS)?;
    not_followed(&daemon, 0)?;
    fixture.network.chain_mut("kava-a")?.up()?;
    daemon.says("the chain is followed again", LONG)?;
    fixture.settled().context("a node that was killed")?;

    let logged = daemon.log().len();
    fixture.send_both(TRANSFERS)?;
    fixture.network.chain_mut("kava-a")?.halt()?;
    fixture.send_akt(TRANSFERS)?;
    not_followed(&daemon, logged)?;
    daemon.kill()?;
    fixture.network.chain_mut("kava-a")?.resume()?;
    daemon = fixture.network.tern.start()?;
    fixture
        .settled()
        .context("a node that hung, and a daemon that was killed")?;

    daemon.follows(2, LONG)?;
    fixture.send_both(TRANSFERS)?;
    fixture.network.chain_mut("kava-a")?.down()?;
    fixture.send_akt(TRANSFERS)?;
    not_followed(&daemon, 0)?;
    fixture.network.chain_mut("kava-a")?.up()?;
    fixture.settled().context("a chain that was restarted")?;

    fixture.balanced()?;
    ensure!(daemon.ended()?.is_none(), "the daemon gave up");
    let ended = daemon.terminate(LONG / 12)?;
    ensure!(ended.success(), "SIGTERM ended the daemon with {ended}");
    fixture.passed()
}

/// Waits until the daemon says, after so much of its log, that a chain is not followed.
fn not_followed(daemon: &Daemon, logged: usize) -> Result<()> {
    wait::until("the daemon to say that it cannot follow", LONG, || {
        let log = daemon.log().split_off(logged);
        Ok(log.contains("cannot follow the chain").then_some(()))
    })
}
