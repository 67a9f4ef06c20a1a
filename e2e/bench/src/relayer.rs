//! The relayers that are measured: each has a channel and accounts of its own.

mod hermes;
mod tern;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Result};
use tern_e2e::{wait, Process};

pub use hermes::Hermes;
pub use tern::Tern;

use crate::environment::{End, Environment};

const READY_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Ports of both nodes, or of the proxies before them, in the order of [`End::BOTH`].
#[derive(Clone, Copy, Debug)]
pub struct Nodes {
    pub rpc: [u16; 2],
    pub grpc: [u16; 2],
}

/// The ids of a channel's two ends, in the order of [`End::BOTH`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel(pub [String; 2]);

impl Channel {
    pub fn id(&self, end: End) -> &str {
        &self.0[end.index()]
    }
}

/// A relayer program, configured with keys of its own.
pub trait Implementation: Sync {
    fn name(&self) -> &'static str;
    /// The mnemonic of its account.
    fn mnemonic(&self) -> &'static str;
    /// Opens a channel with client and connection; returns when it is open.
    fn open_channel(&self, environment: &Environment, nodes: &Nodes) -> Result<Channel>;
    /// Starts to relay on this channel, or on all; returns at once.
    fn start(
        &self,
        environment: &Environment,
        nodes: &Nodes,
        channel: Option<&Channel>,
    ) -> Result<Running>;
}

/// A relayer program with the channel that it relays on.
pub struct Relayer {
    pub implementation: Box<dyn Implementation>,
    /// The channel it has opened, and relays on alone. None: it relays on those
    /// that the environment has from the beginning.
    pub channel: Option<Channel>,
    /// Its accounts.
    pub addresses: [String; 2],
}

impl Relayer {
    pub fn new(environment: &Environment, implementation: Box<dyn Implementation>) -> Result<Self> {
        let mnemonic = implementation.mnemonic();
        let address = |end: End| environment.endpoint(end).address(mnemonic);
        let channel = if environment.linked[0].is_empty() {
            Some(implementation.open_channel(environment, &environment.nodes())?)
        } else {
            None
        };
        Ok(Self {
            channel,
            addresses: [address(End::Akash)?, address(End::Kava)?],
            implementation,
        })
    }

    /// Channel ids of one end.
    pub fn channels(&self, environment: &Environment, end: End) -> Vec<String> {
        match &self.channel {
            Some(channel) => vec![channel.id(end).to_owned()],
            None => environment.linked[end.index()].clone(),
        }
    }

    pub fn name(&self) -> &'static str {
        self.implementation.name()
    }
}

/// A running relayer. Dropping it ends it.
pub struct Running {
    process: Process,
    log: PathBuf,
    /// Where its own part of the log begins.
    begin: usize,
    /// The relayer is ready when its log has this text `ready_times` times.
    ready: &'static str,
    ready_times: usize,
}

impl Running {
    fn start(
        mut command: Command,
        log: PathBuf,
        (ready, ready_times): (&'static str, usize),
    ) -> Result<Self> {
        let begin = std::fs::metadata(&log).map_or(0, |metadata| metadata.len() as usize);
        Ok(Self {
            process: Process::start_with_log(&mut command, &log)?,
            log,
            begin,
            ready,
            ready_times,
        })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until its log says that it relays.
    pub fn ready(&mut self) -> Result<()> {
        wait::until("the relayer to be ready", READY_LIMIT, || {
            self.alive()?;
            Ok((self.log().matches(self.ready).count() >= self.ready_times).then_some(()))
        })
    }

    /// Fails if it has ended.
    pub fn alive(&mut self) -> Result<()> {
        let ended = self.process.ended()?;
        let last = || self.log().lines().last().unwrap_or_default().to_owned();
        ensure!(ended.is_none(), "it ended with {ended:?}: {}", last());
        Ok(())
    }

    /// What it has logged since its start.
    pub fn log(&self) -> String {
        let mut log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.split_off(self.begin.min(log.len()))
    }

    /// Asks it to end; kills it if it does not.
    pub fn stop(mut self) -> Result<()> {
        self.process.end(STOP_LIMIT)
    }
}

impl Drop for Running {
    /// With SIGTERM first: a profiler that Tern runs under has to end Tern, too.
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be ended.
        let _ = self.process.end(STOP_LIMIT);
    }
}
