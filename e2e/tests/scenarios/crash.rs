//! The daemon killed in the middle of its work.

use std::time::Duration;

use crate::support::{Fixture, LONG};
use anyhow::{ensure, Context, Result};
use tern_e2e::{voucher, wait, Network};

#[test]
fn killed_during_bursts_it_goes_on_and_pays_for_nothing_twice() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let (akash, kava) = (fixture.akash(), fixture.kava());
    let mut sent = 0;
    // Killed when it says that it has broadcast, and a moment before and after.
    for delay_ms in [0, 150, 600, 1_100] {
        let daemon = fixture.network.tern.start()?;
        let logged = daemon.log().matches("broadcast").count();
        fixture.send_both(100)?;
        sent += 100;
        wait::until("a broadcast", LONG, || {
            Ok((daemon.log().matches("broadcast").count() > logged).then_some(()))
        })?;
        wait::pause(Duration::from_millis(delay_ms));
        daemon.kill()?;
    }
    let _daemon = fixture.network.tern.start()?;
    fixture.settled()?;

    for (chain, other) in [(akash, kava), (kava, akash)] {
        let (received, acked) = (
            chain.paid("MsgRecvPacket")?,
            other.paid("MsgAcknowledgement")?,
        );
        ensure!(
            received == sent,
            "{received} receives on {} for {sent}",
            chain.spec.id
        );
        ensure!(
            acked == sent,
            "{acked} acks on {} for {sent}",
            other.spec.id
        );
    }
    let arrived = kava.balance(&fixture.kava_user, &voucher(&fixture.on_kava, "uakt"))?;
    ensure!(arrived == sent as u128 * 100, "{arrived} arrived");
    fixture.passed()
}

/// What can happen to a file on a disk.
type Damage = fn(&mut Vec<u8>);

#[test]
fn a_damaged_store_costs_nothing_but_a_look_at_the_chains() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    // The damaged files: those of this name, or all.
    let damages: [(&str, &str, Damage); 3] = [
        ("cut in half", "db", |bytes| bytes.truncate(bytes.len() / 2)),
        ("some bits flipped", "db", |bytes| {
            bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x10);
        }),
        ("overwritten", "", |bytes| bytes.fill(0xA5)),
    ];
    let mut daemon = fixture.network.tern.start()?;
    let mut sent = 0;
    for (what, name, damage) in damages {
        fixture.send_both(5)?;
        fixture.settled()?;
        daemon.kill()?;
        // Sent while the daemon is away, and its memory is spoilt.
        fixture.send_both(10)?;
        sent += 15;
        for entry in std::fs::read_dir(fixture.network.tern.home.join("store"))? {
            let path = entry?.path();
            if path.is_file() && path.to_string_lossy().ends_with(name) {
                let mut bytes = std::fs::read(&path)?;
                damage(&mut bytes);
                std::fs::write(&path, bytes)?;
            }
        }
        daemon = fixture.network.tern.start()?;
        fixture.settled().context(what)?;
        for chain in [fixture.akash(), fixture.kava()] {
            let paid = chain.paid("MsgRecvPacket")?;
            let id = chain.spec.id;
            ensure!(paid == sent, "{what}: {paid} receives on {id} for {sent}");
        }
    }
    // What cannot be read at all is said, and kept for whoever wants to know why.
    ensure!(daemon
        .log()
        .contains("the store cannot be read: it is renamed"));
    ensure!(fixture.network.tern.home.join("store.damaged-1").exists());
    fixture.passed()
}
