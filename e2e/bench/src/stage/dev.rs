//! Development chains in this process, on sockets.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;
use tendermint::Time;
use tern_devnet::{preopen_channels, serve, Genesis, Node};
use tern_e2e::{wait, OTHER, RELAYER, USER};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::site::{HeaderTime, Site};

const BLOCK_TIME: Duration = Duration::from_secs(1);
const FUNDS: u128 = 1_000_000_000_000_000;
const START_LIMIT: Duration = Duration::from_secs(10);

/// What the chains are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub validators: usize,
    /// Open from the beginning.
    pub channels: usize,
}

/// They end with their owner.
pub struct DevChains {
    pub linked: [Vec<String>; 2],
    folder: TempDir,
    tasks: Vec<JoinHandle<Result<()>>>,
}

pub fn start(runtime: &Runtime, settings: Settings) -> Result<(DevChains, [Site; 2], PathBuf)> {
    let folder = tempfile::Builder::new().prefix("tern-bench-").tempdir()?;
    let born = |id, prefix, denom| born(runtime, settings, id, prefix, denom);
    let chains = [
        born("akash-dev", "akash", "uakt")?,
        born("kava-dev", "kava", "ukava")?,
    ];
    let linked = match settings.channels {
        0 => Default::default(),
        channels => preopen_channels(&chains[0].node, &chains[1].node, channels)?.channels,
    };
    let sites = chains.each_ref().map(|chain| chain.site.clone());
    let tasks = chains.into_iter().map(|chain| runtime.spawn(live(chain)));
    let chains = DevChains {
        linked,
        tasks: tasks.collect(),
        folder,
    };
    for site in &sites {
        wait::until("blocks", START_LIMIT, || {
            Ok((site.height()? > 2).then_some(()))
        })?;
    }
    let folder = chains.folder.path().to_owned();
    Ok((chains, sites, folder))
}

impl Drop for DevChains {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A chain with its first block, whose doors are not served yet.
struct Born {
    node: Node,
    site: Site,
    rpc: TcpListener,
    grpc: TcpListener,
}

fn born(
    runtime: &Runtime,
    settings: Settings,
    id: &'static str,
    prefix: &'static str,
    denom: &'static str,
) -> Result<Born> {
    let mut genesis = Genesis::new(id, prefix, Time::now());
    genesis.validators = settings.validators;
    genesis.bond_denom = denom.to_owned();
    for (_, mnemonic) in [RELAYER, USER, OTHER] {
        let key = super::key(mnemonic, prefix)?;
        genesis = genesis.fund(key.address(), &[(denom, FUNDS)]);
    }
    let node = Node::new(&genesis)?;
    node.make_block(Time::now())?;
    let listen = || runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let (rpc, grpc) = (listen()?, listen()?);
    let site = Site {
        id,
        prefix,
        denom,
        rpc_port: rpc.local_addr()?.port(),
        grpc_port: grpc.local_addr()?.port(),
        header_time: HeaderTime::OfItself,
    };
    Ok(Born {
        node,
        site,
        rpc,
        grpc,
    })
}

/// Serves, and makes blocks.
async fn live(chain: Born) -> Result<()> {
    let node = chain.node;
    let doors = serve(node.clone(), chain.rpc, chain.grpc, std::future::pending());
    let mut beat = tokio::time::interval(BLOCK_TIME);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(doors);
    loop {
        tokio::select! {
            closed = &mut doors => return Ok(closed?),
            _ = beat.tick() => {
                let node = node.clone();
                // A large block takes its time, and others want to be served.
                tokio::task::spawn_blocking(move || node.make_block(Time::now())).await??;
            }
        }
    }
}
