//! Relayers, as the scenes see them: something to start beside two nodes.

mod hermes;
mod tern;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Result};
use tern_e2e::{wait, Process, Signal};

pub use hermes::Hermes;
pub use tern::Tern;

use crate::stage::{End, Stage};

const READY_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Ports of the doors to both nodes, in the order of [`End::BOTH`].
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

/// A relayer with keys of its own.
pub trait Relayer: Sync {
    fn name(&self) -> &'static str;
    /// The mnemonic of its account.
    fn mnemonic(&self) -> &'static str;
    /// Opens a channel with client and connection; returns when it is open.
    fn open_channel(&self, stage: &Stage, nodes: &Nodes) -> Result<Channel>;
    /// Starts to relay on this channel, or on all; returns at once.
    fn start(&self, stage: &Stage, nodes: &Nodes, channel: Option<&Channel>) -> Result<Running>;
}

/// A relayer that takes part.
pub struct Contestant {
    pub relayer: Box<dyn Relayer>,
    /// The channel it has opened, and relays on alone. None: it relays on those
    /// that the stage came with.
    pub own: Option<Channel>,
    /// Its accounts.
    pub addresses: [String; 2],
}

impl Contestant {
    pub fn new(stage: &Stage, relayer: Box<dyn Relayer>) -> Result<Self> {
        let address = |end: End| stage.site(end).address(relayer.mnemonic());
        let own = match stage.linked[0].is_empty() {
            true => Some(relayer.open_channel(stage, &stage.nodes())?),
            false => None,
        };
        Ok(Self {
            own,
            addresses: [address(End::Akash)?, address(End::Kava)?],
            relayer,
        })
    }

    /// Channel ids of one end.
    pub fn channels(&self, stage: &Stage, end: End) -> Vec<String> {
        match &self.own {
            Some(channel) => vec![channel.id(end).to_owned()],
            None => stage.linked[end.index()].clone(),
        }
    }

    pub fn name(&self) -> &'static str {
        self.relayer.name()
    }
}

/// A relayer's daemon.
pub struct Running {
    process: Process,
    log: PathBuf,
    /// Where its own part of the log begins.
    begin: usize,
    /// What its log says once for each of `ready_times` when it relays.
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

    /// Waits until it says that it relays.
    pub fn ready(&mut self) -> Result<()> {
        wait::until("the relayer to be ready", READY_LIMIT, || {
            self.alive()?;
            Ok((self.said().matches(self.ready).count() >= self.ready_times).then_some(()))
        })
    }

    /// Fails if it has ended.
    pub fn alive(&mut self) -> Result<()> {
        let ended = self.process.ended()?;
        let last = || self.said().lines().last().unwrap_or_default().to_owned();
        ensure!(ended.is_none(), "it ended with {ended:?}: {}", last());
        Ok(())
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        let mut log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.split_off(self.begin.min(log.len()))
    }

    /// Asks it to end; kills it if it does not.
    pub fn stop(mut self) -> Result<()> {
        self.process.signal(Signal::Term)?;
        if self.process.wait(STOP_LIMIT).is_err() {
            self.process.kill()?;
        }
        Ok(())
    }
}
