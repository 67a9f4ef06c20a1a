//! From the configuration to chains. This module and the modules under it are
//! the only part of the binary that knows which kind of chain a node serves.

mod chain;
pub mod consensus_state;
pub mod ics20;
pub mod packet_proof;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tern_chains::ChainId;
use tern_config::{ChainConfig, Config, UnknownChain};
use tern_cosmos::{CosmosSettings, NodeAddress};

use crate::keys::KeyFolder;

pub use chain::ConnectedChain;
pub use tern_cosmos::{BlockWithTxs, Key as SigningKey, NodeHealth, NodeReport, TxInBlock};

/// The input of every command that uses the configuration.
pub struct Context {
    /// Folder of the keys and the store.
    pub home: PathBuf,
    pub config: Config,
    /// Whether results are JSON.
    pub json: bool,
}

impl Context {
    /// Reads the configuration file.
    pub fn load(home: &Path, config_file: &Path, json: bool) -> anyhow::Result<Self> {
        Ok(Self {
            home: home.to_owned(),
            config: Config::load(config_file)?,
            json,
        })
    }

    /// The configuration of a chain.
    pub fn chain_config(&self, id: &str) -> Result<&ChainConfig, UnknownChain> {
        self.config.known_chain(id)
    }

    /// The keys of a chain.
    pub fn keys(&self, id: &str) -> Result<KeyFolder, UnknownChain> {
        let chain = self.chain_config(id)?;
        Ok(KeyFolder::new(&self.home, &chain.id, &chain.account_prefix))
    }

    /// A chain to write to. It signs with the named key, or with the key that its
    /// configuration names. Does no network I/O.
    pub fn connect(&self, id: &str, key: Option<&str>) -> anyhow::Result<ConnectedChain> {
        let name = key.unwrap_or(&self.chain_config(id)?.key);
        let key = self.keys(id)?.load(name)?;
        self.connect_with(id, Some(key))
    }

    /// A chain to read from only. Does no network I/O.
    pub fn connect_read_only(&self, id: &str) -> anyhow::Result<ConnectedChain> {
        self.connect_with(id, None)
    }

    /// Every configured chain, to write to with the key that its configuration
    /// names.
    pub fn connect_all(&self) -> anyhow::Result<Vec<ConnectedChain>> {
        let chains = self.config.chains.iter();
        chains.map(|chain| self.connect(&chain.id, None)).collect()
    }

    fn connect_with(&self, id: &str, key: Option<SigningKey>) -> anyhow::Result<ConnectedChain> {
        Ok(ConnectedChain::new(self.settings(id, key)?)?)
    }

    fn settings(&self, id: &str, key: Option<SigningKey>) -> anyhow::Result<CosmosSettings> {
        let chain = self.chain_config(id)?;
        let field = |name: &str| format!("chain `{id}`, field `{name}`");
        let price = chain
            .gas_price
            .parse()
            .with_context(|| field("gas_price"))?;
        let multiplier = chain.gas_multiplier.parse();
        let further_nodes = chain.further_nodes().map(|node| NodeAddress {
            rpc: node.rpc.clone(),
            grpc: node.grpc.clone(),
        });
        Ok(CosmosSettings {
            gas_multiplier: multiplier.with_context(|| field("gas_multiplier"))?,
            request_timeout: chain.request_timeout,
            max_concurrent_requests: chain.max_concurrent_requests,
            further_nodes: further_nodes.collect(),
            key,
            ..CosmosSettings::new(
                ChainId::from_string(id),
                chain.rpc.clone(),
                chain.grpc.clone(),
                &chain.account_prefix,
                price,
            )
        })
    }
}
