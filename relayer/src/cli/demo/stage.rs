//! The demo's two chains, its home, and what is done with them: by the very
//! commands a person would type.

use std::time::Duration;

use anyhow::{anyhow, bail, Context as _};
use clap::Parser;
use tempfile::TempDir;
use tern_core::plan::Scope;
use tern_devnet::Node;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::say::Say;
use crate::cli::channel::{self, ChannelCommand};
use crate::cli::devnet::{self, DevChain, Spec, USER};
use crate::cli::{transfer, Cli, Command};
use crate::connect::{ConnectedChain, Context};
use crate::daemon;

/// What both ends of the first channel are called.
pub const CHANNEL: &str = "channel-0";

type Task = JoinHandle<anyhow::Result<()>>;

pub struct Stage {
    chains: Vec<(Spec, Node)>,
    /// Of the relayer, who pays fees.
    relayer: Context,
    /// Of the users, who pay none, so that their balances add up.
    user: Context,
    running: Task,
    relaying: Option<(Task, CancellationToken)>,
    /// Ends the chains also when the demo is broken off.
    stop: DropGuard,
    /// Goes last.
    _home: TempDir,
}

/// Packets from one chain.
pub struct Send {
    src: &'static str,
    coin: String,
    receiver: String,
    count: u32,
}

impl Send {
    pub fn new(src: &'static str, amount: u128, denom: &str, receiver: &str, count: u32) -> Self {
        Self {
            src,
            coin: format!("{amount}{denom}"),
            receiver: receiver.to_owned(),
            count,
        }
    }
}

impl Stage {
    /// Starts the chains, on free ports.
    pub async fn build(block_time: Duration, json: bool) -> anyhow::Result<Self> {
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
        let shown = chains.iter().map(|c| (c.spec.clone(), c.node.clone()));
        let shown = shown.collect();
        let stop = CancellationToken::new();
        let running = tokio::spawn(devnet::run_all(chains, block_time, stop.clone()));
        Ok(Self {
            chains: shown,
            relayer,
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

    pub fn introduce(&self, say: &Say) -> anyhow::Result<()> {
        for (spec, _) in &self.chains {
            let rpc = self.relayer.chain_config(&spec.id)?.rpc.clone();
            let user = spec.key(USER)?;
            say.line(format!(
                "{}: node at {rpc}, user {}",
                spec.id,
                user.address()
            ))?;
        }
        Ok(())
    }

    /// Clients, connection and channel.
    pub async fn open_channel(&self, say: &Say) -> anyhow::Result<()> {
        let (start, first) = (say.seconds(), self.height(0));
        let [a, b] = [&self.spec(0).id, &self.spec(1).id];
        let Command::Channel(ChannelCommand::Open(args)) = parse(&["channel", "open", a, b])?
        else {
            bail!("`channel open` is another command");
        };
        channel::open(&self.relayer, args).await?;
        let (blocks, seconds) = (self.height(0) - first, say.seconds() - start);
        say.line(format!("the channel took {blocks} blocks, {seconds:.1} s"))
    }

    /// The daemon, in a task.
    pub async fn start_relaying(&mut self) -> anyhow::Result<()> {
        let chains = self.relayer.connect_all()?;
        let chains: Vec<_> = chains.iter().map(ConnectedChain::shared).collect();
        let observer = Box::new(|_: &_| {});
        let engine = daemon::engine(&self.relayer, &chains, Scope::Everything, observer).await?;
        let stop = CancellationToken::new();
        let run = engine.run(stop.clone());
        let task = tokio::spawn(async move { Ok(run.await?) });
        self.relaying = Some((task, stop));
        Ok(())
    }

    pub async fn stop_relaying(&mut self) -> anyhow::Result<()> {
        if let Some((task, stop)) = self.relaying.take() {
            stop.cancel();
            task.await??;
        }
        Ok(())
    }

    /// Sends from both chains at the same time, and watches to the last
    /// acknowledgement.
    pub async fn send(&mut self, say: &Say, sends: &[Send; 2]) -> anyhow::Result<()> {
        let Some((relaying, _)) = &mut self.relaying else {
            bail!("nobody relays");
        };
        let [one, other] = sends;
        let both = async {
            let (one, other) = tokio::join!(
                transfer(&self.user, say, one),
                transfer(&self.user, say, other)
            );
            one.and(other)
        };
        // Packets nobody carries any more would be waited for until they time out.
        tokio::select! {
            sent = both => sent,
            ended = relaying => match ended? {
                Err(error) => Err(error),
                Ok(()) => Err(anyhow!("the relayer ended by itself")),
            },
            ended = &mut self.running => match ended? {
                Err(error) => Err(error),
                Ok(()) => Err(anyhow!("the chains ended by themselves")),
            },
        }
    }

    /// How often both chains' blocks have an event.
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

    /// Ends the chains.
    pub async fn end(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.running.await?
    }

    fn height(&self, chain: usize) -> u64 {
        self.node(chain).read(|chain| chain.latest().0)
    }
}

/// One `tern transfer`. What did not arrive is counted at the end.
async fn transfer(user: &Context, say: &Say, send: &Send) -> anyhow::Result<()> {
    let Send {
        src,
        coin,
        receiver,
        count,
    } = send;
    if *count == 0 {
        return Ok(());
    }
    let start = say.seconds();
    let count = count.to_string();
    let args = [
        "transfer", src, CHANNEL, coin, receiver, "--count", &count, "--key", USER, "--wait",
    ];
    say.line(format!("$ tern {}", args.join(" ")))?;
    let Command::Transfer(args) = parse(&args)? else {
        bail!("`transfer` is another command");
    };
    transfer::send(user, args).await?;
    let seconds = say.seconds() - start;
    say.line(format!("{src}: done {seconds:.1} s after the command"))
}

/// A command as it is typed.
fn parse(args: &[&str]) -> anyhow::Result<Command> {
    let line = std::iter::once(&"tern").chain(args);
    Ok(Cli::try_parse_from(line)?.command)
}
