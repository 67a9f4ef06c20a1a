//! What happens, in order, and what must be true after each step.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use tern_e2e::{create_channel, voucher, wait, Hermes, Tern, RELAYER};
use tokio::runtime::Runtime;

use crate::chains::{start, DevChain, Packets, FUNDS};
use crate::hermes;

const PACKETS: usize = 20;
const AMOUNT: u128 = 7;
const HOUR: Duration = Duration::from_secs(3600);
/// Sooner than the two blocks that any relayer needs.
const TOO_SOON: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// One path, and the balances it must have led to.
struct Scenario {
    runtime: Runtime,
    chains: [DevChain; 2],
    /// What has arrived on each chain over each of the channels.
    arrived: Vec<[u128; 2]>,
}

pub fn run(folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let chains = [
        start(&runtime, "akash-dev", "akash", "uakt")?,
        start(&runtime, "kava-dev", "kava", "usdx")?,
    ];
    let hermes = hermes::prepare(folder, &chains)?;
    let tern = home(folder, &chains)?;
    let mut scenario = Scenario {
        runtime,
        chains,
        arrived: vec![[0; 2]; 2],
    };

    step("Hermes opens a channel");
    let [a, b] = ["akash-dev", "kava-dev"];
    hermes.run(&create_channel(a, b))?;
    step("Hermes relays on it: receives, acknowledgements, timeouts, and the way back");
    let relaying = hermes.start("first")?;
    scenario.relay(0)?;
    hermes.nothing_pending(a, "transfer", "channel-0")?;
    relaying.stop()?;

    step("Tern relays on the same channel, which has packets waiting");
    scenario.send(0)?;
    let daemon = tern.start()?;
    scenario.settle(0)?;
    scenario.relay(0)?;
    ensure!(
        daemon.terminate(STOP_LIMIT)?.success(),
        "tern did not end well"
    );

    step("Tern opens a channel of its own");
    let opened = tern.json(&["channel", "open", a, b])?;
    for end in ["chain_1", "chain_2"] {
        let id = &opened["channels"][0][end]["channel_id"];
        ensure!(id == "channel-1", "{opened}");
    }
    step("Hermes relays on that one");
    scenario.send(1)?;
    let relaying = hermes.start("second")?;
    scenario.settle(1)?;
    scenario.relay(1)?;
    hermes.nothing_pending(a, "transfer", "channel-0")?;
    hermes.nothing_pending(a, "transfer", "channel-1")?;
    relaying.stop()?;
    scenario.ordered(&hermes)?;
    step("done: every balance is as it must be");
    Ok(())
}

impl Scenario {
    /// Packets both ways, some of them too late, and then some of what came goes
    /// back.
    fn relay(&mut self, channel: usize) -> Result<()> {
        self.send(channel)?;
        self.settle(channel)?;
        for to in 0..2 {
            let from = 1 - to;
            let id = id(channel);
            let back = Packets {
                channel: &id,
                denom: &voucher(&id, self.chains[from].denom),
                amount: 2,
                count: 3,
                timeout: HOUR,
            };
            let receiver = self.chains[from].user()?;
            self.chains[to].send(&self.runtime, &receiver, &back)?;
            self.arrived[channel][to] -= 6;
        }
        self.settle(channel)
    }

    fn send(&mut self, channel: usize) -> Result<()> {
        for from in 0..2 {
            let id = id(channel);
            let [src, dst] = [&self.chains[from], &self.chains[1 - from]];
            let mut packets = Packets {
                channel: &id,
                denom: src.denom,
                amount: AMOUNT,
                count: PACKETS,
                timeout: HOUR,
            };
            src.send(&self.runtime, &dst.user()?, &packets)?;
            packets.timeout = TOO_SOON;
            packets.count = 3;
            src.send(&self.runtime, &dst.user()?, &packets)?;
            self.arrived[channel][1 - from] += PACKETS as u128 * AMOUNT;
        }
        Ok(())
    }

    /// Hermes opens an ordered channel, relays on it both ways, and closes it with
    /// a timeout.
    fn ordered(&self, hermes: &Hermes) -> Result<()> {
        step("Hermes opens an ordered channel on port mock");
        hermes.run(&[
            "create",
            "channel",
            "--a-chain",
            self.chains[0].id,
            "--a-connection",
            "connection-0",
            "--a-port",
            "mock",
            "--b-port",
            "mock",
            "--order",
            "ordered",
            "--channel-version",
            "mock-version",
        ])?;
        let channel = "channel-2";
        step("Hermes relays on it, and a timeout closes it");
        let relaying = hermes.start("ordered")?;
        let pending = || {
            let pending = |on: usize| self.chains[on].pending(&self.runtime, "mock", channel);
            Ok((pending(0)? + pending(1)? == 0).then_some(()))
        };
        for chain in &self.chains {
            for _ in 0..3 {
                chain.send_mock(&self.runtime, channel, HOUR)?;
            }
        }
        wait::until("every packet to be done", LONG, pending)?;
        hermes.nothing_pending(self.chains[0].id, "mock", channel)?;
        self.chains[0].send_mock(&self.runtime, channel, TOO_SOON)?;
        wait::until("the packet to time out", LONG, pending)?;
        ensure!(
            self.chains[0].is_closed(&self.runtime, channel)?,
            "not closed"
        );
        relaying.stop()
    }

    /// Waits until nothing is pending, and checks all balances.
    fn settle(&self, channel: usize) -> Result<()> {
        let id = id(channel);
        wait::until("every packet to be done", LONG, || {
            let pending = |on: usize| self.chains[on].pending(&self.runtime, "transfer", &id);
            Ok((pending(0)? + pending(1)? == 0).then_some(()))
        })?;
        for on in 0..2 {
            let (chain, other) = (&self.chains[on], &self.chains[1 - on]);
            let away: u128 = self.arrived.iter().map(|arrived| arrived[1 - on]).sum();
            let has = chain.has(chain.denom)?;
            ensure!(
                has == FUNDS - away,
                "{}: {has}{}, {away} away",
                chain.id,
                chain.denom
            );
            for (channel, arrived) in self.arrived.iter().enumerate() {
                let has = chain.has(&voucher(&self::id(channel), other.denom))?;
                let expected = arrived[on];
                ensure!(
                    has == expected,
                    "{}: {has} of {} over channel-{channel}, not {expected}",
                    chain.id,
                    other.denom
                );
            }
        }
        Ok(())
    }
}

fn id(channel: usize) -> String {
    format!("channel-{channel}")
}

/// A home for Tern with the key that Hermes uses, too: never at once.
fn home(folder: &Path, chains: &[DevChain; 2]) -> Result<Tern> {
    let home: PathBuf = folder.join("tern");
    std::fs::create_dir_all(&home)?;
    let tables = chains.iter().map(|chain| {
        format!(
            "[[chain]]\nid = \"{}\"\nrpc = \"http://{}\"\ngrpc = \"http://{}\"\n\
             account_prefix = \"{}\"\ngas_price = \"0.025{}\"\nkey = \"relayer\"\n",
            chain.id, chain.rpc, chain.grpc, chain.prefix, chain.denom
        )
    });
    std::fs::write(home.join("config.toml"), tables.collect::<String>())?;
    let tern = Tern { home };
    let mnemonic = folder.join("relayer.mnemonic");
    let mnemonic = mnemonic.to_str().context("a path that is text")?;
    for chain in chains {
        let add = ["keys", "add", chain.id, "--name", RELAYER.0];
        tern.json(&[&add[..], &["--mnemonic-file", mnemonic]].concat())?;
    }
    Ok(tern)
}

fn step(what: &str) {
    println!("- {what}");
}
