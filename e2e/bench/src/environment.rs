//! Two chains, accounts that send on them, and proxies before their nodes.

mod dev;
mod endpoint;
mod home;
mod proxies;
mod real;
mod sender;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tern_cosmos_core::{Key, DEFAULT_HD_PATH};
use tern_e2e::{interrupt, wait, USER};
use tokio::runtime::Runtime;

pub use dev::Settings as DevSettings;
pub use endpoint::{Endpoint, HeaderTime};
pub use home::{configure, home, Setting};
pub use proxies::Proxies;

use self::dev::DevChains;
use self::real::RealChains;
use self::sender::{Senders, Transfers};
use crate::blocks::BlockReader;
use crate::relayer::Nodes;
use crate::session::Load;

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

/// Two running chains with accounts that send.
pub struct Environment {
    pub endpoints: [Endpoint; 2],
    pub runtime: Runtime,
    /// For homes and logs.
    pub folder: PathBuf,
    /// Channels that are open from the beginning, of both ends.
    pub linked: [Vec<String>; 2],
    senders: [Senders; 2],
    chains: Chains,
}

/// The chains at the endpoints. They end with the environment.
enum Chains {
    Real(RealChains),
    Dev(DevChains),
}

impl Environment {
    /// Two real chains (`e2e/chain`) with blocks of a second.
    pub fn real() -> Result<Self> {
        let (chains, endpoints, folder) = real::start()?;
        let linked = Default::default();
        Self::on(
            Runtime::new()?,
            endpoints,
            folder,
            linked,
            Chains::Real(chains),
        )
    }

    /// Two development chains on sockets, with blocks of a second.
    pub fn dev(settings: DevSettings) -> Result<Self> {
        let runtime = Runtime::new()?;
        let (chains, endpoints, folder) = dev::start(&runtime, settings)?;
        let linked = chains.linked.clone();
        Self::on(runtime, endpoints, folder, linked, Chains::Dev(chains))
    }

    fn on(
        runtime: Runtime,
        endpoints: [Endpoint; 2],
        folder: PathBuf,
        linked: [Vec<String>; 2],
        chains: Chains,
    ) -> Result<Self> {
        let senders = |endpoint: &Endpoint| Senders::new(&runtime, endpoint);
        Ok(Self {
            senders: [senders(&endpoints[0])?, senders(&endpoints[1])?],
            endpoints,
            runtime,
            folder,
            linked,
            chains,
        })
    }

    /// Ends the chains and removes all files, after a run without errors.
    pub fn passed(self) -> Result<()> {
        match self.chains {
            Chains::Real(chains) => chains.passed(),
            Chains::Dev(chains) => {
                drop(chains);
                Ok(())
            }
        }
    }

    pub fn endpoint(&self, end: End) -> &Endpoint {
        &self.endpoints[end.index()]
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts packets of a load into the mempool at once: `count` from the number `first` on.
    pub fn send(&self, load: &Load, first: usize, count: usize) -> Result<()> {
        let transfers = Transfers {
            channels: load.channels.clone(),
            receiver: self.endpoint(load.from.other()).address(USER.1)?,
            first,
            count,
            each: load.each,
        };
        let sending = self.senders[load.from.index()].send(transfers);
        self.runtime.block_on(async {
            tokio::select! {
                sent = sending => sent,
                () = interrupt::interrupted() => interrupt::check(),
            }
        })
    }

    /// The nodes' own ports.
    pub fn nodes(&self) -> Nodes {
        Nodes {
            rpc: End::BOTH.map(|end| self.endpoint(end).rpc_port),
            grpc: End::BOTH.map(|end| self.endpoint(end).grpc_port),
        }
    }

    /// Readers of both chains' blocks from now on.
    pub fn readers(&self) -> Result<[BlockReader<'_>; 2]> {
        let of = |end: End| BlockReader::from_now(self.endpoint(end));
        Ok([of(End::Akash)?, of(End::Kava)?])
    }

    /// Waits until both chains have made some more blocks.
    pub fn pass_blocks(&self, blocks: u64) -> Result<()> {
        let until = |endpoint: &Endpoint| Ok(endpoint.height()? + blocks);
        let until: Vec<u64> = self.endpoints.iter().map(until).collect::<Result<_>>()?;
        for (endpoint, until) in self.endpoints.iter().zip(until) {
            wait::until("more blocks", BLOCK_LIMIT, || {
                Ok((endpoint.height()? >= until).then_some(()))
            })?;
        }
        Ok(())
    }
}

/// The key of a mnemonic, as every program derives it.
fn key(mnemonic: &str, prefix: &str) -> Result<Key> {
    Ok(Key::from_mnemonic(mnemonic, DEFAULT_HD_PATH, prefix)?)
}
