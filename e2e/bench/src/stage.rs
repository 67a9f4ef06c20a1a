//! Two chains, who sends on them, and gates to their nodes.

mod dev;
mod gates;
mod home;
mod real;
mod sender;
mod site;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tern_cosmos_core::{Key, DEFAULT_HD_PATH};
use tern_e2e::{wait, USER};
use tokio::runtime::Runtime;

pub use dev::Settings as DevSettings;
pub use gates::Gates;
pub use home::{configure, home, Setting};
pub use site::{HeaderTime, Site};

use self::dev::DevChains;
use self::real::RealChains;
use self::sender::Sender;
use crate::journal::Journal;
use crate::relayer::Nodes;

const BLOCK_LIMIT: Duration = Duration::from_secs(60);

/// One of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Akash,
    Kava,
}

impl End {
    pub const BOTH: [Self; 2] = [Self::Akash, Self::Kava];

    pub fn other(self) -> Self {
        match self {
            Self::Akash => Self::Kava,
            Self::Kava => Self::Akash,
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }
}

/// Where everything plays.
pub struct Stage {
    pub sites: [Site; 2],
    pub runtime: Runtime,
    /// For homes and logs.
    pub folder: PathBuf,
    /// Channels that there are from the beginning, of both ends.
    pub linked: [Vec<String>; 2],
    senders: [Sender; 2],
    chains: Chains,
}

/// What is behind the sites, and ends with the stage.
enum Chains {
    Real(RealChains),
    Dev(DevChains),
}

impl Stage {
    /// Two real chains (`e2e/chain`) with blocks of a second.
    pub fn real() -> Result<Self> {
        let (chains, sites, folder) = real::start()?;
        let linked = Default::default();
        Self::on(Runtime::new()?, sites, folder, linked, Chains::Real(chains))
    }

    /// Two development chains on sockets, with blocks of a second.
    pub fn dev(settings: DevSettings) -> Result<Self> {
        let runtime = Runtime::new()?;
        let (chains, sites, folder) = dev::start(&runtime, settings)?;
        let linked = chains.linked.clone();
        Self::on(runtime, sites, folder, linked, Chains::Dev(chains))
    }

    fn on(
        runtime: Runtime,
        sites: [Site; 2],
        folder: PathBuf,
        linked: [Vec<String>; 2],
        chains: Chains,
    ) -> Result<Self> {
        let sender = |site: &Site| Sender::new(&runtime, site, USER.1);
        Ok(Self {
            senders: [sender(&sites[0])?, sender(&sites[1])?],
            sites,
            runtime,
            folder,
            linked,
            chains,
        })
    }

    /// The end of a stage on which nothing failed: nothing is kept.
    pub fn passed(self) -> Result<()> {
        match self.chains {
            Chains::Real(chains) => chains.passed(),
            Chains::Dev(chains) => {
                drop(chains);
                Ok(())
            }
        }
    }

    pub fn site(&self, end: End) -> &Site {
        &self.sites[end.index()]
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a transaction of `count` transfers into the mempool, which take turns on
    /// these channels.
    pub fn send(&self, from: End, channels: &[String], count: u32) -> Result<()> {
        let receiver = self.site(from.other()).address(USER.1)?;
        let sender = &self.senders[from.index()];
        let sent = sender.send(channels, &receiver, count as usize);
        self.runtime.block_on(sent)
    }

    /// The nodes' own doors.
    pub fn nodes(&self) -> Nodes {
        Nodes {
            rpc: End::BOTH.map(|end| self.site(end).rpc_port),
            grpc: End::BOTH.map(|end| self.site(end).grpc_port),
        }
    }

    /// Of both chains, from now on.
    pub fn journals(&self) -> Result<[Journal<'_>; 2]> {
        let of = |end: End| Journal::from_now(self.site(end));
        Ok([of(End::Akash)?, of(End::Kava)?])
    }

    /// Waits until both chains have made some more blocks, meanwhile.
    pub fn pass_blocks(&self, blocks: u64) -> Result<()> {
        let until = |site: &Site| Ok(site.height()? + blocks);
        let until: Vec<u64> = self.sites.iter().map(until).collect::<Result<_>>()?;
        for (site, until) in self.sites.iter().zip(until) {
            wait::until("more blocks", BLOCK_LIMIT, || {
                Ok((site.height()? >= until).then_some(()))
            })?;
        }
        Ok(())
    }
}

/// The key of a mnemonic, as every program derives it.
fn key(mnemonic: &str, prefix: &str) -> Result<Key> {
    Ok(Key::from_mnemonic(mnemonic, DEFAULT_HD_PATH, prefix)?)
}
