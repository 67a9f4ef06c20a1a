//! One real chain: prepared, started, asked, ended.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;
use tendermint::Time;

pub use self::evm::{token_of, EVM_CHAIN_ID, ICS20_CONTRACT};
pub use self::ics::CONSUMER_ID;
pub use self::version::IbcGo;
use crate::ports::free_ports;
use crate::process::{self, Process, Signal};
use crate::{http, wait, OTHER, RELAYER, USER};

mod evm;
mod ics;
mod upgrade;
mod version;

/// Half of what is usual: waiting for blocks is most of what the scenarios do.
const BLOCK_TIME: &str = "500ms";
const START_LIMIT: Duration = Duration::from_secs(60);
const TRIES_MAX: u32 = 3;

/// What a chain is like.
#[derive(Clone, Debug)]
pub struct ChainSpec {
    pub id: &'static str,
    /// See [`ChainSpec::on`].
    pub version: IbcGo,
    pub prefix: &'static str,
    /// Staked and paid as fees.
    pub denom: &'static str,
    /// What every account has of each denom, as `AMOUNTdenom`, comma separated.
    pub coins: &'static str,
    pub block_time: &'static str,
    /// `kv` or `null`.
    pub indexer: &'static str,
    /// The key that may do what governance does elsewhere; `None` is nobody.
    pub authority: Option<&'static str>,
    /// Blocks that no node prunes, whatever it is told to keep; `None`: all that a
    /// scenario makes.
    pub evidence_blocks: Option<u32>,
    /// What the genesis says besides, by the place that has another value otherwise: a JSON
    /// pointer.
    pub genesis: Vec<(&'static str, Value)>,
}

impl ChainSpec {
    pub fn akash() -> Self {
        Self {
            id: "akash-a",
            version: IbcGo::default(),
            prefix: "akash",
            denom: "uakt",
            coins: "1000000000000uakt",
            block_time: BLOCK_TIME,
            indexer: "kv",
            authority: None,
            evidence_blocks: None,
            genesis: Vec::new(),
        }
    }

    pub fn kava() -> Self {
        Self {
            id: "kava-a",
            version: IbcGo::default(),
            prefix: "kava",
            denom: "ukava",
            coins: "1000000000000ukava,1000000000000usdx",
            block_time: BLOCK_TIME,
            indexer: "kv",
            authority: None,
            evidence_blocks: None,
            genesis: Vec::new(),
        }
    }
}

/// A node of a chain: the chain's one validator, or a [follower](TestChain::follower).
pub struct TestChain {
    pub spec: ChainSpec,
    pub rpc_port: u16,
    pub grpc_port: u16,
    pub(crate) p2p_port: u16,
    /// Ethereum's JSON-RPC, over HTTP and over WebSocket, if the chain has an EVM.
    pub(crate) eth_ports: Option<[u16; 2]>,
    pub(crate) home: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) process: Option<Process>,
}

impl TestChain {
    /// Prepares and starts a chain in `folder`; returns when it makes blocks.
    pub fn start(spec: ChainSpec, folder: &Path) -> Result<Self> {
        let mut tries = 1;
        loop {
            let mut chain = Self::prepare(spec.clone(), folder)?;
            match chain.up() {
                Ok(()) => return Ok(chain),
                // A port was free when it was looked for, and no longer is.
                Err(_) if tries < TRIES_MAX && chain.tail().contains("already in use") => {
                    tries += 1;
                    std::fs::remove_dir_all(&chain.home)?;
                    std::fs::remove_file(&chain.log)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Prepares a chain without starting it.
    pub fn prepare(spec: ChainSpec, folder: &Path) -> Result<Self> {
        let [rpc_port, grpc_port, p2p_port] = free_ports()?;
        let chain = Self {
            home: folder.join(spec.id),
            log: folder.join(format!("{}.log", spec.id)),
            eth_ports: evm::free_ports_of(&spec)?,
            spec,
            rpc_port,
            grpc_port,
            p2p_port,
            process: None,
        };
        match chain.spec.version {
            IbcGo::V10 => chain.prepare_chaind(folder)?,
            IbcGo::V7 | IbcGo::V8 | IbcGo::V11 | IbcGo::Provider => chain.prepare_simd()?,
            IbcGo::Consumer => chain.prepare_consumer(folder)?,
            IbcGo::V11Evm => chain.prepare_evmd()?,
        }
        chain.change_genesis()?;
        Ok(chain)
    }

    fn change_genesis(&self) -> Result<()> {
        if self.spec.genesis.is_empty() {
            return Ok(());
        }
        let path = self.home.join("config/genesis.json");
        let mut genesis: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        for (pointer, value) in &self.spec.genesis {
            let place = genesis.pointer_mut(pointer);
            *place.with_context(|| format!("no {pointer} in {path:?}"))? = value.clone();
        }
        Ok(std::fs::write(&path, genesis.to_string())?)
    }

    fn prepare_chaind(&self, folder: &Path) -> Result<()> {
        let spec = &self.spec;
        let mut prepare = Command::new(spec.version.program()?);
        prepare.arg("prepare").arg("--home").arg(&self.home);
        prepare.args(["--chain-id", spec.id, "--prefix", spec.prefix]);
        prepare.args(["--stake-denom", spec.denom, "--block-time", spec.block_time]);
        prepare.args(["--indexer", spec.indexer]);
        if let Some(authority) = spec.authority {
            prepare.args(["--authority", authority]);
        }
        if let Some(blocks) = spec.evidence_blocks {
            prepare.args(["--evidence-blocks", &blocks.to_string()]);
        }
        for (name, mnemonic) in [RELAYER, USER, OTHER] {
            let file = folder.join(format!("{name}.mnemonic"));
            std::fs::write(&file, mnemonic)?;
            prepare.args([
                "--account",
                &format!("{name}={}={}", file.display(), spec.coins),
            ]);
        }
        prepare.args(["--rpc-port", &self.rpc_port.to_string()]);
        prepare.args(["--grpc-port", &self.grpc_port.to_string()]);
        prepare.args(["--p2p-port", &self.p2p_port.to_string()]);
        let prepared = process::run(&mut prepare, START_LIMIT)?;
        let stderr = String::from_utf8_lossy(&prepared.stderr).into_owned();
        ensure!(prepared.status.success(), "chaind prepare failed: {stderr}");
        Ok(())
    }

    /// Starts the prepared or stopped chain; returns when it makes blocks.
    pub fn up(&mut self) -> Result<()> {
        let mut start = Command::new(self.spec.version.program()?);
        start
            .args(["start", "--log_no_color", "--home"])
            .arg(&self.home)
            .args(self.evm_options()?);
        let mut process = Process::start_with_log(&mut start, &self.log)?;
        let before = self.height().unwrap_or_default();
        let id = self.spec.id;
        let made_blocks = wait::until(&format!("blocks of {id}"), START_LIMIT, || {
            if process.ended()?.is_some() {
                return Ok(Some(false));
            }
            Ok((self.height()? > before.max(1)).then_some(true))
        });
        match made_blocks {
            Ok(true) => {}
            failed => {
                let tail = self.tail();
                failed.with_context(|| format!("{id} does not start:\n{tail}"))?;
                anyhow::bail!("{id} ended at start:\n{tail}");
            }
        }
        self.process = Some(process);
        Ok(())
    }

    /// Ends the node; its home stays.
    pub fn down(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::Term)?;
            process.wait(Duration::from_secs(20))?;
        }
        Ok(())
    }

    /// `kill -9`; its home stays as it is.
    pub fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Stops making blocks and answering, as a hung node does.
    pub fn halt(&mut self) -> Result<()> {
        self.signal(Signal::Stop)
    }

    pub fn resume(&mut self) -> Result<()> {
        self.signal(Signal::Continue)
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        let process = self.process.as_mut();
        process.map_or(Ok(()), |process| process.signal(signal))
    }

    pub fn height(&self) -> Result<u64> {
        let status = http::get(self.rpc_port, "/status")?;
        let height = status["sync_info"]["latest_block_height"].as_str();
        Ok(height.context("status without a height")?.parse()?)
    }

    /// The time of the newest block, which is what timeouts are compared with.
    pub fn time(&self) -> Result<Time> {
        let status = http::get(self.rpc_port, "/status")?;
        let time = status["sync_info"]["latest_block_time"].as_str();
        Ok(time.context("status without a time")?.parse()?)
    }

    /// Waits for a block whose time is `later` than now.
    pub fn passes(&self, later: Duration, limit: Duration) -> Result<()> {
        let passed = (Time::now() + later)?;
        wait::until("a block after the timeout", limit, || {
            Ok((self.time()? > passed).then_some(()))
        })
    }

    /// The result of any RPC method that takes GET.
    pub fn rpc(&self, path: &str) -> Result<Value> {
        http::get(self.rpc_port, path)
    }

    /// The newest lines of the node's log.
    pub fn tail(&self) -> String {
        process::tail(&self.log, 20)
    }
}
