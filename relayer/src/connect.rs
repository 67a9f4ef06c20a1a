//! From the configuration to chains: the one place of the command line that
//! knows which kind of chain it holds.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tern_chains::ChainId;
use tern_config::{ChainConfig, Config};
use tern_cosmos::{CosmosChain, CosmosSettings, Key, NodeAddress};

use crate::cli::Options;
use crate::keys::KeyFolder;

/// What every command starts from.
pub struct Context {
    /// Folder of the keys and the store.
    pub home: PathBuf,
    pub config: Config,
    /// Whether results are JSON.
    pub json: bool,
}

/// A chain was named that is not in the configuration.
#[derive(Debug, thiserror::Error)]
#[error("chain `{id}` is not in the configuration, which has: {}", configured.join(", "))]
pub struct UnknownChain {
    pub id: String,
    pub configured: Vec<String>,
}

impl Context {
    /// Reads the configuration the options name.
    pub fn load(options: &Options) -> anyhow::Result<Self> {
        let home = options.home_folder()?;
        let config = Config::load(&options.config_file(&home))?;
        Ok(Self {
            home,
            config,
            json: options.json,
        })
    }

    /// The configuration of a chain.
    pub fn chain_config(&self, id: &str) -> Result<&ChainConfig, UnknownChain> {
        self.config.chain(id).ok_or_else(|| UnknownChain {
            id: id.to_owned(),
            configured: self.config.chains.iter().map(|c| c.id.clone()).collect(),
        })
    }

    /// The keys of a chain.
    pub fn keys(&self, id: &str) -> Result<KeyFolder, UnknownChain> {
        let chain = self.chain_config(id)?;
        Ok(KeyFolder::new(&self.home, &chain.id, &chain.account_prefix))
    }

    /// The settings of a chain, with a key to sign with or without.
    pub fn chain_settings(&self, id: &str, key: Option<Key>) -> anyhow::Result<CosmosSettings> {
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

    /// A chain to write to, signing with the named key, or with the one its
    /// configuration names. Does no network I/O.
    pub fn connect(&self, id: &str, key: Option<&str>) -> anyhow::Result<Arc<CosmosChain>> {
        let name = key.unwrap_or(&self.chain_config(id)?.key);
        let key = self.keys(id)?.load(name)?;
        let settings = self.chain_settings(id, Some(key))?;
        Ok(Arc::new(CosmosChain::new(settings)?))
    }

    /// A chain to read from only. Does no network I/O.
    pub fn connect_read_only(&self, id: &str) -> anyhow::Result<Arc<CosmosChain>> {
        let settings = self.chain_settings(id, None)?;
        Ok(Arc::new(CosmosChain::new(settings)?))
    }

    /// Every configured chain, to write to with the key its configuration
    /// names.
    pub fn connect_all(&self) -> anyhow::Result<Vec<Arc<CosmosChain>>> {
        let chains = self.config.chains.iter();
        chains.map(|chain| self.connect(&chain.id, None)).collect()
    }
}
