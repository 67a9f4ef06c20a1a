//! The demo's two chains, its relayer and its home folder. It uses the same
//! commands that a user types.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail, Context as _};
use clap::Parser;
use tempfile::TempDir;
use tern_devnet::Node;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::transcript::Transcript;
use crate::cli::channel::{self, ChannelCommand};
use crate::cli::devnet::{self, DevChain, Spec, USER};
use crate::cli::{transfer, Cli, Command};
use crate::connect::Context;
use crate::daemon::Daemon;

/// The id of both ends of the first channel.
pub const CHANNEL: &str = "channel-0";

/// A task that is aborted when this is dropped.
type Task = JoinSet<anyhow::Result<()>>;

/// Two running chains and a relayer.
pub struct DemoEnvironment {
    chains: Vec<(Spec, Node)>,
    /// Of the relayer, which pays fees.
    relayer: Arc<Context>,
    /// Of the users. They pay no fees, so that their balances change by the packets
    /// only.
    user: Context,
    running: Task,
    relaying: Option<(Task, CancellationToken)>,
    /// Stops the chains, also when the demo is interrupted.
    stop: DropGuard,
    /// Dropped last.
    _home: TempDir,
}

/// Several transfers from one chain.
pub struct DemoTransfer {
    src: &'static str,
    coin: String,
    receiver: String,
    count: u32,
}

impl DemoTransfer {
    pub fn new(src: &'static str, amount: u128, denom: &str, receiver: &str, count: u32) -> Self {
        Self {
            src,
            coin: format!("{amount}{denom}"),
            receiver: receiver.to_owned(),
            count,
        }
    }
}

impl DemoEnvironment {
    /// Starts the chains, on free ports.
    pub async fn start(block_time: Duration, json: bool) -> anyhow::Result<Self> {
        let home = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut chains = Vec::new();
        for index in 0..2 {
            chains.push(DevChain::open(Spec::nth(index), None).await?);
        }
        let path = |name: &str| home.path().join(name);
        devnet::save_keys(home.path(), &chains)?;
        let price = |amount: &'static str| move |spec: &Spec| format!("{amount}{}", spec.denoms[0]);
        devnet::save_config(&path("config.toml"), &chains, price("0.025"))?;
        devnet::save_config(&path("user.toml"), &chains, price("0"))?;
        let relayer = Context::load(home.path(), &path("config.toml"), json)?;
        let user = Context::load(home.path(), &path("user.toml"), json)?;
        let specs = chains.iter().map(|c| (c.spec.clone(), c.node.clone()));
        let specs = specs.collect();
        let stop = CancellationToken::new();
        let mut running = Task::new();
        running.spawn(devnet::run_all(chains, block_time, stop.clone()));
        Ok(Self {
            chains: specs,
            relayer: Arc::new(relayer),
            user,
            running,
            relaying: None,
            stop: stop.drop_guard(),
            _home: home,
        })
    }

    pub fn spec(&self, chain: usize) -> &Spec {
        &self.chains[chain].0
    }

    pub fn node(&self, chain: usize) -> &Node {
        &self.chains[chain].1
    }

    pub fn print_chains(&self, transcript: &Transcript) -> anyhow::Result<()> {
        for (spec, _) in &self.chains {
            let rpc = self.relayer.chain_config(&spec.id)?.rpc.clone();
            let user = spec.key(USER)?;
            transcript.line(format!(
                "{}: node at {rpc}, user {}",
                spec.id,
                user.address()
            ))?;
        }
        Ok(())
    }

    /// Opens a channel with its clients and its connection.
    pub async fn open_channel(&self, transcript: &Transcript) -> anyhow::Result<()> {
        let (start, first) = (transcript.seconds(), self.height(0));
        let [a, b] = [&self.spec(0).id, &self.spec(1).id];
        let Command::Channel(ChannelCommand::Open(args)) = parse(&["channel", "open", a, b])?
        else {
            bail!("`channel open` was not parsed as that command");
        };
        channel::open(&self.relayer, args).await?;
        let (blocks, seconds) = (self.height(0) - first, transcript.seconds() - start);
        transcript.line(format!("the channel took {blocks} blocks, {seconds:.1} s"))
    }

    /// Starts the relayer in a task.
    pub async fn start_relaying(&mut self) -> anyhow::Result<()> {
        let daemon = Daemon::open(Arc::clone(&self.relayer)).await?;
        let stop = CancellationToken::new();
        let mut task = Task::new();
        task.spawn(daemon.run(stop.clone()));
        self.relaying = Some((task, stop));
        Ok(())
    }

    pub async fn stop_relaying(&mut self) -> anyhow::Result<()> {
        if let Some((mut task, stop)) = self.relaying.take() {
            stop.cancel();
            end_of(&mut task).await?;
        }
        Ok(())
    }

    /// Sends from both chains at the same time, and waits until every packet is
    /// acknowledged.
    pub async fn send(
        &mut self,
        transcript: &Transcript,
        transfers: &[DemoTransfer; 2],
    ) -> anyhow::Result<()> {
        let Some((relaying, _)) = &mut self.relaying else {
            bail!("the relayer is not running");
        };
        let [one, other] = transfers;
        let both = async {
            let (one, other) = tokio::join!(
                transfer(&self.user, transcript, one),
                transfer(&self.user, transcript, other)
            );
            one.and(other)
        };
        // Without a relayer the transfers would wait until their packets time out.
        tokio::select! {
            sent = both => sent,
            ended = end_of(relaying) => {
                ended?;
                Err(anyhow!("the relayer stopped unexpectedly"))
            },
            ended = end_of(&mut self.running) => {
                ended?;
                Err(anyhow!("the chains stopped unexpectedly"))
            },
        }
    }

    /// The number of events of a kind in the blocks of both chains.
    pub fn count_events(&self, kind: &str) -> usize {
        let count = |(_, node): &(Spec, Node)| {
            node.read(|chain| {
                let results = chain.blocks_from(1).flat_map(|block| &block.results);
                let events = results.flat_map(|result| &result.events);
                events.filter(|event| event.kind == kind).count()
            })
        };
        self.chains.iter().map(count).sum()
    }

    /// Stops the chains.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop);
        end_of(&mut self.running).await
    }

    fn height(&self, chain: usize) -> u64 {
        self.node(chain).read(|chain| chain.latest().0)
    }
}

/// Waits until a task ends.
async fn end_of(task: &mut Task) -> anyhow::Result<()> {
    match task.join_next().await {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

/// Runs one `tern transfer`. Packets that are not acknowledged are counted at the
/// end of the demo.
async fn transfer(
    user: &Context,
    transcript: &Transcript,
    transfer: &DemoTransfer,
) -> anyhow::Result<()> {
    let DemoTransfer {
        src,
        coin,
        receiver,
        count,
    } = transfer;
    if *count == 0 {
        return Ok(());
    }
    let start = transcript.seconds();
    let count = count.to_string();
    let args = [
        "transfer", src, CHANNEL, coin, receiver, "--count", &count, "--key", USER, "--wait",
    ];
    transcript.line(format!("$ tern {}", args.join(" ")))?;
    let Command::Transfer(args) = parse(&args)? else {
        bail!("`transfer` was not parsed as that command");
    };
    transfer::send(user, args).await?;
    let seconds = transcript.seconds() - start;
    transcript.line(format!("{src}: done after {seconds:.1} s"))
}

/// Parses a command as a user types it.
fn parse(args: &[&str]) -> anyhow::Result<Command> {
    let line = std::iter::once(&"tern").chain(args);
    Ok(Cli::try_parse_from(line)?.command)
}
