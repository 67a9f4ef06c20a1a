//! The end of `tern start`: soon, clean and without loss, whatever it is doing.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{wait, Daemon, Network, Signal};

/// The daemon gives itself four seconds for what it has begun.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn a_signal_ends_the_daemon_soon_whatever_it_is_doing() -> Result<()> {
    let mut fixture = Fixture::new(Network::two()?)?;

    // With nothing to do.
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    ends(daemon, Signal::Term, "idle")?;

    // In the middle of its work.
    let daemon = fixture.network.tern.start()?;
    fixture.send_both(150)?;
    daemon.says("broadcast", LONG)?;
    ends(daemon, Signal::Interrupt, "busy")?;

    // While a node hangs.
    let daemon = fixture.network.tern.start()?;
    daemon.follows(2, LONG)?;
    fixture.network.chain_mut("kava-a")?.halt()?;
    fixture.send_akt(10)?;
    let later = fixture.akash().height()? + 2;
    wait::until("akash to go on alone", LONG, || {
        Ok((fixture.akash().height()? >= later).then_some(()))
    })?;
    ends(daemon, Signal::Term, "a node hangs")?;
    fixture.network.chain_mut("kava-a")?.resume()?;

    // While it waits for a node.
    fixture.network.chain_mut("kava-a")?.down()?;
    let daemon = fixture.network.tern.start()?;
    daemon.says("trying again with back-off", LONG)?;
    ends(daemon, Signal::Term, "a node is down")?;
    fixture.network.chain_mut("kava-a")?.up()?;

    // What it left is done by the next, and once.
    let daemon = fixture.network.tern.start()?;
    fixture.settled()?;
    ends(daemon, Signal::Term, "done")?;
    let received = [
        fixture.kava().paid("MsgRecvPacket")?,
        fixture.akash().paid("MsgRecvPacket")?,
    ];
    ensure!(received == [160, 150], "{received:?}");
    let acknowledged = [
        fixture.akash().paid("MsgAcknowledgement")?,
        fixture.kava().paid("MsgAcknowledgement")?,
    ];
    ensure!(acknowledged == [160, 150], "{acknowledged:?}");
    fixture.passed()
}

fn ends(daemon: Daemon, signal: Signal, when: &'static str) -> Result<()> {
    let ended = daemon.stop(signal, SOON).context(when)?;
    ensure!(ended.code() == Some(0), "{when}: it ended with {ended}");
    Ok(())
}
