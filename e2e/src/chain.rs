//! One real chain: prepared, started, asked, ended.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::process::{Process, Signal};
use crate::{binaries, http, wait, OTHER, RELAYER, USER};

const START_LIMIT: Duration = Duration::from_secs(60);

/// What a chain is like.
#[derive(Clone, Debug)]
pub struct ChainSpec {
    pub id: &'static str,
    pub prefix: &'static str,
    /// Staked and paid as fees.
    pub denom: &'static str,
    /// What every account has of each denom, as `AMOUNTdenom`, comma separated.
    pub coins: &'static str,
    pub block_time: &'static str,
    /// `kv` or `null`.
    pub indexer: &'static str,
}

impl ChainSpec {
    pub fn akash() -> Self {
        Self {
            id: "akash-a",
            prefix: "akash",
            denom: "uakt",
            coins: "1000000000000uakt",
            block_time: "1s",
            indexer: "kv",
        }
    }

    pub fn kava() -> Self {
        Self {
            id: "kava-a",
            prefix: "kava",
            denom: "ukava",
            coins: "1000000000000ukava,1000000000000usdx",
            block_time: "1s",
            indexer: "kv",
        }
    }
}

/// A running chain with one validator.
pub struct TestChain {
    pub spec: ChainSpec,
    pub rpc_port: u16,
    pub grpc_port: u16,
    home: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl TestChain {
    /// Prepares and starts a chain in `folder`; returns when it makes blocks.
    pub fn start(spec: ChainSpec, folder: &Path) -> Result<Self> {
        let mut chain = Self::prepare(spec, folder)?;
        chain.up()?;
        Ok(chain)
    }

    /// Prepares a chain without starting it.
    pub fn prepare(spec: ChainSpec, folder: &Path) -> Result<Self> {
        let [rpc_port, grpc_port, p2p_port] = free_ports()?;
        let home = folder.join(spec.id);
        let mut prepare = Command::new(binaries::chaind()?);
        prepare.arg("prepare").arg("--home").arg(&home);
        prepare.args(["--chain-id", spec.id, "--prefix", spec.prefix]);
        prepare.args(["--stake-denom", spec.denom, "--block-time", spec.block_time]);
        prepare.args(["--indexer", spec.indexer]);
        for (name, mnemonic) in [RELAYER, USER, OTHER] {
            let file = folder.join(format!("{name}.mnemonic"));
            std::fs::write(&file, mnemonic)?;
            prepare.args([
                "--account",
                &format!("{name}={}={}", file.display(), spec.coins),
            ]);
        }
        prepare.args(["--rpc-port", &rpc_port.to_string()]);
        prepare.args(["--grpc-port", &grpc_port.to_string()]);
        prepare.args(["--p2p-port", &p2p_port.to_string()]);
        let prepared = prepare.output()?;
        let said = String::from_utf8_lossy(&prepared.stderr).into_owned();
        ensure!(prepared.status.success(), "chaind prepare failed: {said}");
        Ok(Self {
            log: folder.join(format!("{}.log", spec.id)),
            spec,
            rpc_port,
            grpc_port,
            home,
            process: None,
        })
    }

    /// Starts the prepared or stopped chain; returns when it makes blocks.
    pub fn up(&mut self) -> Result<()> {
        let mut start = Command::new(binaries::chaind()?);
        start.arg("start").arg("--home").arg(&self.home);
        let mut process = Process::start(&mut start, &self.log)?;
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
                let tail = process.tail();
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

    /// Stops making blocks and answering, as a hung node does.
    pub fn halt(&self) -> Result<()> {
        self.process
            .as_ref()
            .map_or(Ok(()), |process| process.signal(Signal::Stop))
    }

    pub fn resume(&self) -> Result<()> {
        self.process
            .as_ref()
            .map_or(Ok(()), |process| process.signal(Signal::Continue))
    }

    pub fn height(&self) -> Result<u64> {
        let status = http::get(self.rpc_port, "/status")?;
        let height = status["sync_info"]["latest_block_height"].as_str();
        Ok(height.context("status without a height")?.parse()?)
    }

    /// The result of any RPC method that takes GET.
    pub fn rpc(&self, path: &str) -> Result<Value> {
        http::get(self.rpc_port, path)
    }

    /// What an account has of a denom.
    pub fn balance(&self, address: &str, denom: &str) -> Result<u128> {
        let answer = self.query(&["bank", "balances", address])?;
        let coins = answer["balances"].as_array().context("no balances")?;
        let coin = coins.iter().find(|coin| coin["denom"] == denom);
        match coin.and_then(|coin| coin["amount"].as_str()) {
            Some(amount) => Ok(amount.parse()?),
            None => Ok(0),
        }
    }

    /// How many packets of an end are committed and not yet acknowledged.
    pub fn commitments(&self, port: &str, channel: &str) -> Result<usize> {
        let answer = self.query(&["ibc", "channel", "packet-commitments", port, channel])?;
        Ok(answer["commitments"].as_array().map_or(0, Vec::len))
    }

    /// The account that holds what was sent over a channel.
    pub fn escrow(&self, channel: &str) -> Result<String> {
        let answer = self.chaind(&[
            "query",
            "ibc-transfer",
            "escrow-address",
            "transfer",
            channel,
        ])?;
        Ok(answer.trim().to_owned())
    }

    /// `chaind query`, as JSON.
    pub fn query(&self, args: &[&str]) -> Result<Value> {
        let args: Vec<&str> = ["query"].iter().chain(args).copied().collect();
        let answer = self.chaind(&[&args[..], &["--output", "json"]].concat())?;
        serde_json::from_str(&answer).with_context(|| format!("{args:?} answered {answer}"))
    }

    fn chaind(&self, args: &[&str]) -> Result<String> {
        let node = format!("tcp://127.0.0.1:{}", self.rpc_port);
        let output = Command::new(binaries::chaind()?)
            .args(args)
            .args(["--home", &self.home.to_string_lossy(), "--node", &node])
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "chaind {args:?}: {errors}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Sends a packet on an ordered or unordered channel of the mock port; the
    /// node has it when this returns.
    pub fn send_mock(&self, channel: &str, data: &str, timeout: &str) -> Result<()> {
        let home = self.home.to_string_lossy();
        let node = format!("tcp://127.0.0.1:{}", self.rpc_port);
        let args = [
            "tx",
            "mock",
            "send",
            channel,
            data,
            "--packet-timeout",
            timeout,
        ];
        let signer = [
            "--from",
            USER.0,
            "--keyring-backend",
            "test",
            "--home",
            &home,
        ];
        let chain = [
            "--chain-id",
            self.spec.id,
            "--node",
            &node,
            "--yes",
            "--output",
            "json",
        ];
        let height = self.height()?;
        let output = Command::new(binaries::chaind()?)
            .args(args.iter().chain(&signer).chain(&chain))
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("chaind {args:?}: {errors}"))?;
        ensure!(answer["code"] == 0, "chaind {args:?}: {answer}");
        // The next transaction of the account needs this one's block.
        wait::until("the next block", START_LIMIT, || {
            Ok((self.height()? > height + 1).then_some(()))
        })
    }

    /// Every event of a kind in the txs of blocks `from..=to`, with its
    /// attributes.
    pub fn tx_events(&self, kind: &str, from: u64, to: u64) -> Result<Vec<Value>> {
        let mut events = Vec::new();
        for height in from..=to {
            let results = self.rpc(&format!("/block_results?height={height}"))?;
            let txs = results["txs_results"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let all = txs.iter().filter(|tx| tx["code"] == 0);
            let all = all.flat_map(|tx| tx["events"].as_array().cloned().unwrap_or_default());
            events.extend(all.filter(|event| event["type"] == kind));
        }
        Ok(events)
    }

    /// The newest lines of the node's log.
    pub fn tail(&self) -> String {
        self.process.as_ref().map(Process::tail).unwrap_or_default()
    }
}

/// Ports nobody listens on now. All are held until all are found.
fn free_ports() -> Result<[u16; 3]> {
    let bind = || TcpListener::bind(("127.0.0.1", 0));
    let held = [bind()?, bind()?, bind()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    Ok([port(&held[0])?, port(&held[1])?, port(&held[2])?])
}
