//! How a chain is reached.

use anyhow::{Context, Result};
use serde_json::Value;
use tern_e2e::http;

/// A chain and the ports of its node on this host.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: &'static str,
    pub prefix: &'static str,
    /// Pays fees, and is sent.
    pub denom: &'static str,
    pub rpc_port: u16,
    pub grpc_port: u16,
    pub header_time: HeaderTime,
}

/// What a block's header time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderTime {
    /// CometBFT: that of the votes for the block before it.
    OfTheLastCommit,
    /// Development chains: when the block was made.
    OfItself,
}

impl Endpoint {
    /// The result of a CometBFT RPC method.
    pub fn rpc(&self, path: &str) -> Result<Value> {
        http::get(self.rpc_port, path)
    }

    pub fn height(&self) -> Result<u64> {
        let status = self.rpc("/status")?;
        let height = status["sync_info"]["latest_block_height"].as_str();
        Ok(height.context("status without a height")?.parse()?)
    }

    /// The address of a mnemonic's account.
    pub fn address(&self, mnemonic: &str) -> Result<String> {
        Ok(super::key(mnemonic, self.prefix)?.address().to_owned())
    }
}
