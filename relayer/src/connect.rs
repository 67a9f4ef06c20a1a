//! From the configuration to chains. This module and the modules under it are
//! the only part of the binary that knows which kind of chain a node serves.

mod chain;
pub mod ics20;
pub mod packet_proof;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tern_chains::{Account, ChainId};
use tern_config::{ChainConfig, Config, UnknownChain};
use tern_cosmos::{CosmosSettings, NodeAddress};

use crate::keys::{KeyClaim, KeyFileError, KeyFolder};
use crate::output;

pub use chain::ConnectedChain;
pub use tern_cosmos::{BlockWithTxs, NodeHealth, NodeReport, TxInBlock};
pub use tern_cosmos_core::Key as SigningKey;

/// The input of every command that uses the configuration.
pub struct Context {
    /// Folder of the keys and the store.
    pub home: PathBuf,
    pub config: Config,
    /// Whether results are JSON.
    pub json: bool,
    /// The keys that this process signs with, by chain and name.
    claims: Mutex<BTreeMap<(String, String), KeyClaim>>,
}

impl Context {
    /// Reads the configuration file.
    pub fn load(home: &Path, config_file: &Path, json: bool) -> anyhow::Result<Self> {
        Ok(Self {
            home: home.to_owned(),
            config: Config::load(config_file)?,
            json,
            claims: Mutex::default(),
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

    /// A configured chain. Does no network I/O.
    pub fn connect(&self, id: &str) -> anyhow::Result<ConnectedChain> {
        Ok(ConnectedChain::new(self.settings(id)?)?)
    }

    /// An account on a chain, for questions only: the one of the named key, or of
    /// the key that the configuration of the chain names. Accounts share the nodes
    /// of their chain.
    pub fn account(
        &self,
        chain: &ConnectedChain,
        key: Option<&str>,
    ) -> anyhow::Result<Arc<dyn Account>> {
        let id = chain.id().as_str();
        let name = self.key_name(chain, key)?;
        Ok(chain.account(self.keys(id)?.load(name)?))
    }

    /// An account to sign with. If another process signs with its key, waits until
    /// that has ended: two processes with one key would take each other's account
    /// sequences.
    pub async fn signer(
        &self,
        chain: &ConnectedChain,
        key: Option<&str>,
    ) -> anyhow::Result<Arc<dyn Account>> {
        let account = self.account(chain, key)?;
        let name = self.key_name(chain, key)?.to_owned();
        if !self.claim(chain, &name)? {
            output::note(format!(
                "note: another `tern` process signs with the key `{name}` of {}: waiting until \
                 it has ended",
                chain.id()
            ));
            let keys = self.keys(chain.id().as_str())?;
            let waited = tokio::task::spawn_blocking({
                let name = name.clone();
                move || keys.wait_to_claim(&name)
            });
            self.hold(chain, name, waited.await??);
        }
        Ok(account)
    }

    /// An account to sign with.
    ///
    /// # Errors
    /// [`KeyFileError::InUse`] if another process signs with its key.
    pub fn free_signer(
        &self,
        chain: &ConnectedChain,
        key: Option<&str>,
    ) -> anyhow::Result<Arc<dyn Account>> {
        let account = self.account(chain, key)?;
        let name = self.key_name(chain, key)?;
        if !self.claim(chain, name)? {
            return Err(KeyFileError::InUse {
                chain: chain.id().to_string(),
                name: name.to_owned(),
            }
            .into());
        }
        Ok(account)
    }

    fn key_name<'a>(
        &'a self,
        chain: &ConnectedChain,
        key: Option<&'a str>,
    ) -> Result<&'a str, UnknownChain> {
        match key {
            Some(name) => Ok(name),
            None => Ok(&self.chain_config(chain.id().as_str())?.key),
        }
    }

    /// Claims a key for this process. False if another process has it.
    fn claim(&self, chain: &ConnectedChain, name: &str) -> anyhow::Result<bool> {
        let key = (chain.id().to_string(), name.to_owned());
        if self.claims().contains_key(&key) {
            return Ok(true);
        }
        let claim = self.keys(chain.id().as_str())?.claim(name)?;
        let is_free = claim.is_some();
        if let Some(claim) = claim {
            self.claims().insert(key, claim);
        }
        Ok(is_free)
    }

    fn hold(&self, chain: &ConnectedChain, name: String, claim: KeyClaim) {
        self.claims().insert((chain.id().to_string(), name), claim);
    }

    fn claims(&self) -> MutexGuard<'_, BTreeMap<(String, String), KeyClaim>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self, id: &str) -> anyhow::Result<CosmosSettings> {
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
