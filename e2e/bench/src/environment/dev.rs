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

use super::endpoint::{Endpoint, HeaderTime};

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

pub fn start(runtime: &Runtime, settings: Settings) -> Result<(DevChains, [Endpoint; 2], PathBuf)> {
    let folder = tempfile::Builder::new().prefix("tern-bench-").tempdir()?;
    let prepare = |id, prefix, denom| prepare(runtime, settings, id, prefix, denom);
    let chains = [
        prepare("akash-dev", "akash", "uakt")?,
        prepare("kava-dev", "kava", "ukava")?,
    ];
    let linked = match settings.channels {
        0 => Default::default(),
        channels => preopen_channels(&chains[0].node, &chains[1].node, channels)?.channels,
    };
    let endpoints = chains.each_ref().map(|chain| chain.endpoint.clone());
    let tasks = chains.into_iter().map(|chain| runtime.spawn(run(chain)));
    let chains = DevChains {
        linked,
        tasks: tasks.collect(),
        folder,
    };
    for endpoint in &endpoints {
        wait::until("blocks", START_LIMIT, || {
            Ok((endpoint.height()? > 2).then_some(()))
        })?;
    }
    let folder = chains.folder.path().to_owned();
    Ok((chains, endpoints, folder))
}

impl Drop for DevChains {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A chain with its first block, which is not served yet.
struct Prepared {
    node: Node,
    endpoint: Endpoint,
    rpc: TcpListener,
    grpc: TcpListener,
}

fn prepare(
    runtime: &Runtime,
    settings: Settings,
    id: &'static str,
    prefix: &'static str,
    denom: &'static str,
) -> Result<Prepared> {
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
    let endpoint = Endpoint {
        id,
        prefix,
        denom,
        rpc_port: rpc.local_addr()?.port(),
        grpc_port: grpc.local_addr()?.port(),
        header_time: HeaderTime::OfItself,
    };
    Ok(Prepared {
        node,
        endpoint,
        rpc,
        grpc,
    })
}

/// Serves the chain and makes its blocks.
async fn run(chain: Prepared) -> Result<()> {
    let node = chain.node;
    let serving = serve(node.clone(), chain.rpc, chain.grpc, std::future::pending());
    let mut ticks = tokio::time::interval(BLOCK_TIME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            _ = ticks.tick() => {
                let node = node.clone();
                // A large block takes its time, and others want to be served.
                tokio::task::spawn_blocking(move || node.make_block(Time::now())).await??;
            }
        }
    }
}
