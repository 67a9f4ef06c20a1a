//! Development chains in this process, on sockets.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;
use tendermint::Time;
use tern_devnet::{serve, Genesis, Node};
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
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub validators: usize,
}

/// They end with their owner.
pub struct DevChains {
    folder: TempDir,
    tasks: Vec<JoinHandle<Result<()>>>,
}

pub fn start(runtime: &Runtime, settings: Settings) -> Result<(DevChains, [Site; 2], PathBuf)> {
    let folder = tempfile::Builder::new().prefix("tern-bench-").tempdir()?;
    let mut chains = DevChains {
        tasks: Vec::new(),
        folder,
    };
    let mut start = |id, prefix, denom| chains.start(runtime, settings, id, prefix, denom);
    let sites = [
        start("akash-dev", "akash", "uakt")?,
        start("kava-dev", "kava", "ukava")?,
    ];
    let folder = chains.folder.path().to_owned();
    Ok((chains, sites, folder))
}

impl DevChains {
    pub fn passed(self) -> Result<()> {
        Ok(())
    }

    fn start(
        &mut self,
        runtime: &Runtime,
        settings: Settings,
        id: &'static str,
        prefix: &'static str,
        denom: &'static str,
    ) -> Result<Site> {
        let mut genesis = Genesis::new(id, prefix, Time::now());
        genesis.validators = settings.validators;
        genesis.bond_denom = denom.to_owned();
        for (_, mnemonic) in [RELAYER, USER, OTHER] {
            let key = super::key(mnemonic, prefix)?;
            genesis = genesis.fund(key.address(), &[(denom, FUNDS)]);
        }
        let node = Node::new(&genesis)?;
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
        self.tasks.push(runtime.spawn(live(node, rpc, grpc)));
        wait::until("the first blocks", START_LIMIT, || {
            Ok((site.height()? > 1).then_some(()))
        })
        .context(id)?;
        Ok(site)
    }
}

impl Drop for DevChains {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Serves, and makes blocks.
async fn live(node: Node, rpc: TcpListener, grpc: TcpListener) -> Result<()> {
    let doors = serve(node.clone(), rpc, grpc, std::future::pending());
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
