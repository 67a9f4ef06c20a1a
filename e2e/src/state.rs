//! What a chain's state says, and packets of its mock port: asked of the chain's own
//! program, never of `tern`.

use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::chain::TestChain;
use crate::{wait, USER};

const BLOCK_LIMIT: Duration = Duration::from_secs(60);

impl TestChain {
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
        let what = ["ibc", "channel", "packet-commitments", port, channel];
        // More than any scenario sends: pages are not turned.
        let answer = self.query(&[&what[..], &["--limit", "100000"]].concat())?;
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

    /// The program's `query`, as JSON. Not all programs look up the node in the home.
    pub fn query(&self, args: &[&str]) -> Result<Value> {
        let node = format!("tcp://127.0.0.1:{}", self.rpc_port);
        let options = ["--node", &node, "--output", "json"];
        let answer = self.chaind(&[&["query"], args, &options].concat())?;
        serde_json::from_str(&answer).with_context(|| format!("{args:?} answered {answer}"))
    }

    /// The home knows the node, the chain and the keys.
    pub(crate) fn chaind(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(self.spec.version.program()?);
        let output = command.args(args).arg("--home").arg(&self.home).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "chaind {args:?}: {errors}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Sends a packet on an ordered or unordered channel of the mock port; it is
    /// in a block when this returns.
    pub fn send_mock(&self, channel: &str, data: &str, timeout: &str) -> Result<()> {
        let send = ["tx", "mock", "send", channel, data];
        let options = ["--packet-timeout", timeout, "--from", USER.0];
        let height = self.height()?;
        self.broadcast(&[&send[..], &options].concat())?;
        // The next transaction of the account needs this one's block.
        wait::until("the next block", BLOCK_LIMIT, || {
            Ok((self.height()? > height + 1).then_some(()))
        })
    }

    /// Sends coins, such as `5uakt`, from an account to an address. They are there when
    /// this returns.
    pub fn pay(&self, from: &str, to: &str, coins: &str, fee: &str) -> Result<()> {
        self.commit(&["tx", "bank", "send", from, to, coins, "--fees", fee])
    }

    /// A transaction of the chain's program that must succeed; it is in a block when this
    /// returns.
    pub(crate) fn commit(&self, args: &[&str]) -> Result<()> {
        let sent = self.broadcast(args)?;
        let hash = sent["txhash"].as_str().context("no hash")?.to_owned();
        wait::until("the transaction's block", BLOCK_LIMIT, || {
            let Ok(tx) = self.rpc(&format!("/tx?hash=0x{hash}")) else {
                return Ok(None);
            };
            ensure!(tx["tx_result"]["code"] == 0, "{args:?}: {tx}");
            Ok(Some(()))
        })
    }

    /// A transaction of `chaind` that the node's mempool must take; its answer.
    pub fn broadcast(&self, args: &[&str]) -> Result<Value> {
        let answer = self.chaind(&[args, &["--yes", "--output", "json"]].concat())?;
        let answer: Value = serde_json::from_str(&answer).context(answer)?;
        ensure!(answer["code"] == 0, "{args:?}: {answer}");
        Ok(answer)
    }
}
