//! From the configuration to chains. This module and the modules under it are
//! the only part of the binary that knows which kind of chain a node serves.

mod chain;
pub mod fee_grant;
pub mod ics20;
pub mod ics29;
pub mod import;
mod keys;
pub mod packet_proof;
pub mod revisions;
mod signer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{bail, Context as _};
use tern_chains::{Account, ChainId, GivenHeader};
use tern_config::{
    ChainConfig, Config, FeeMarketConfig, KeyTypeConfig, PassphraseSource, UnknownChain,
};
use tern_cosmos::{CosmosSettings, FeeMarketSettings, NodeAddress};
use tern_cosmos_core::{check_address, AccountFormat, FeeMarket, GasPrice, KeyType};

use keys::{KeyClaim, PassphraseError, Passphrases};

pub use chain::ConnectedChain;
pub use keys::passphrase::keep_in_keyring;
pub use keys::{read_private, write_atomically, KeyFileError, KeyFolder};
pub use tern_cosmos::{BlockWithTxs, Indexed, IndexedTx, NodeHealth, NodeReport, TxInBlock};
pub use tern_cosmos_core::key_type::keccak256;
pub use tern_cosmos_core::Key as SigningKey;

/// The input of every command that uses the configuration.
pub struct Context {
    /// Folder of the keys and the store.
    pub home: PathBuf,
    pub config: Config,
    config_file: PathBuf,
    /// Whether results are JSON.
    pub json: bool,
    /// The keys that this process signs with.
    claims: Arc<Mutex<BTreeMap<KeyId, KeyClaim>>>,
    passphrases: Arc<Passphrases>,
    /// Whether a person at the terminal can be asked for a passphrase.
    may_ask: bool,
}

/// A key of the home folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId {
    pub chain: String,
    pub name: String,
}

impl Context {
    /// Reads the configuration file.
    pub fn load(home: &Path, config_file: &Path, json: bool) -> anyhow::Result<Self> {
        Ok(Self {
            home: home.to_owned(),
            config: config_now(home, config_file)?,
            config_file: config_file.to_owned(),
            json,
            claims: Arc::default(),
            passphrases: Arc::default(),
            may_ask: true,
        })
    }

    /// The same with the configuration file as it is now. Keys and passphrases are shared;
    /// nobody is asked for another passphrase, because a daemon is at work meanwhile.
    pub fn read_again(&self) -> anyhow::Result<Self> {
        Ok(Self {
            home: self.home.clone(),
            config: config_now(&self.home, &self.config_file)?,
            config_file: self.config_file.clone(),
            json: self.json,
            claims: Arc::clone(&self.claims),
            passphrases: Arc::clone(&self.passphrases),
            may_ask: false,
        })
    }

    /// The configuration of a chain.
    pub fn chain_config(&self, id: &str) -> Result<&ChainConfig, UnknownChain> {
        self.config.known_chain(id)
    }

    /// The keys of a chain.
    pub fn keys(&self, id: &str) -> Result<KeyFolder, UnknownChain> {
        let chain = self.chain_config(id)?;
        Ok(KeyFolder::new(&self.home, &chain.id, account_format(chain)))
    }

    /// A configured chain. Does no network I/O.
    pub fn connect(&self, id: &str) -> anyhow::Result<ConnectedChain> {
        Ok(ConnectedChain::new(self.settings(id)?)?)
    }

    /// An account on a chain: the one of the named key, or of the key that the
    /// configuration of the chain names. Accounts share the nodes of their chain.
    /// Whoever signs with it has claimed the key.
    ///
    /// # Errors
    /// If the key cannot be read, or the process that holds it cannot be asked.
    pub async fn account(
        &self,
        chain: &ConnectedChain,
        key: Option<&str>,
    ) -> anyhow::Result<Arc<dyn Account>> {
        let KeyId { chain: id, name } = self.key_id(chain.id().as_str(), key)?;
        let config = self.chain_config(&id)?;
        // Other keys than those that relay pay for themselves.
        let relays = config.keys().any(|key| key == name);
        let granter = config.fee_granter.clone().filter(|_| relays);
        match &config.signer {
            None => Ok(chain.account(self.load_key(&id, &name, None)?, granter)),
            Some(signer) => {
                let signer = signer::connect(&self.home, config, signer, &name).await?;
                Ok(chain.account_of(Arc::new(signer), granter))
            }
        }
    }

    /// The address of a key's account. No passphrase is needed for it.
    pub async fn address(&self, chain: &ConnectedChain, name: &str) -> anyhow::Result<String> {
        let id = chain.id().as_str();
        if self.chain_config(id)?.signer.is_some() {
            let account = self.account(chain, Some(name)).await?;
            return Ok(account.address().to_owned());
        }
        let info = self.keys(id)?.info(name)?;
        Ok(info.public_key.address().to_owned())
    }

    /// A key of a chain. The passphrase of an encrypted one comes from `given`, or from
    /// where the configuration says, or from a person at the terminal.
    pub fn load_key(
        &self,
        chain: &str,
        name: &str,
        given: Option<&PassphraseSource>,
    ) -> anyhow::Result<SigningKey> {
        let source = self.passphrase_source(chain, given)?;
        let passphrase = |what: &str| match &source {
            None if !self.may_ask => Err(PassphraseError::NoSource),
            source => self.passphrases.get(source.as_ref(), what),
        };
        Ok(self.keys(chain)?.load(name, passphrase)?)
    }

    /// Where the passphrase of a chain's keys is.
    pub fn passphrase_source(
        &self,
        chain: &str,
        given: Option<&PassphraseSource>,
    ) -> Result<Option<PassphraseSource>, UnknownChain> {
        let config = self.chain_config(chain)?;
        let given = given.or(config.key_passphrase.as_ref());
        let source = given.or(self.config.keys.passphrase.as_ref());
        Ok(source.map(|source| match source {
            PassphraseSource::File(path) => PassphraseSource::File(self.home.join(path)),
            source => source.clone(),
        }))
    }

    /// The passphrases that this process has read.
    pub fn passphrases(&self) -> &Passphrases {
        &self.passphrases
    }

    /// The name of a key and its chain; of the key that the configuration of the chain
    /// names, if no other is given.
    pub fn key_id(&self, chain: &str, key: Option<&str>) -> Result<KeyId, UnknownChain> {
        let name = key.unwrap_or(&self.chain_config(chain)?.key);
        Ok(KeyId {
            chain: chain.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Claims all of these keys for this process, or none: two processes with one key
    /// would take each other's account sequences. Returns a key that another process
    /// signs with.
    pub fn claim(&self, keys: &[KeyId]) -> anyhow::Result<Option<KeyId>> {
        let mut new = Vec::new();
        for key in keys {
            let signer = &self.chain_config(&key.chain)?.signer;
            let keys = self.keys(&key.chain)?;
            let key = &claimed(&keys, key);
            if self.claims().contains_key(key) {
                continue;
            }
            let claim = match signer {
                None => keys.claim(&key.name)?,
                Some(_) => keys.claim_remote(&key.name)?,
            };
            match claim {
                Some(claim) => new.push((key.clone(), claim)),
                None => return Ok(Some(key.clone())),
            }
        }
        self.claims().extend(new);
        Ok(None)
    }

    /// Lets other processes sign with all keys but these.
    pub fn keep_claims(&self, keys: &[KeyId]) {
        let claimed = keys.iter().filter_map(|key| {
            let folder = self.keys(&key.chain).ok()?;
            Some(claimed(&folder, key))
        });
        let claimed: Vec<KeyId> = claimed.collect();
        self.claims().retain(|key, _| claimed.contains(key));
    }

    /// Lets other processes sign with a key: this one will not any more.
    pub fn release(&self, key: &KeyId) {
        if let Ok(folder) = self.keys(&key.chain) {
            self.claims().remove(&claimed(&folder, key));
        }
    }

    fn claims(&self) -> MutexGuard<'_, BTreeMap<KeyId, KeyClaim>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self, id: &str) -> anyhow::Result<CosmosSettings> {
        let chain = self.chain_config(id)?;
        let field = |name: &str| format!("chain `{id}`, field `{name}`");
        let price: GasPrice = chain
            .gas_price
            .parse()
            .with_context(|| field("gas_price"))?;
        let price_max = match &chain.gas_price_max {
            Some(most) => {
                let most: GasPrice = most.parse().with_context(|| field("gas_price_max"))?;
                most.amount
            }
            None => price.amount,
        };
        if price_max < price.amount {
            bail!(
                "{}: it is less than `gas_price`, {price}",
                field("gas_price_max")
            );
        }
        if let Some(granter) = &chain.fee_granter {
            check_address(granter, &chain.account_prefix).with_context(|| field("fee_granter"))?;
        }
        let multiplier = chain.gas_multiplier.parse();
        let further_nodes = chain.further_nodes().map(|node| NodeAddress {
            rpc: node.rpc.clone(),
            grpc: node.grpc.clone(),
        });
        Ok(CosmosSettings {
            gas_price_max: price_max,
            fee_market: fee_market(chain)?,
            gas_multiplier: multiplier.with_context(|| field("gas_multiplier"))?,
            request_timeout: chain.request_timeout,
            max_concurrent_requests: chain.max_concurrent_requests,
            further_nodes: further_nodes.collect(),
            light_client: chain.light_client.as_ref().map(|given| GivenHeader {
                height: given.height,
                hash: given.hash.clone(),
            }),
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

/// How the price of a chain's fee market is used.
fn fee_market(chain: &ChainConfig) -> anyhow::Result<Option<FeeMarketSettings>> {
    let Some(market) = chain.fee_market else {
        return Ok(None);
    };
    let field = |name: &str| format!("chain `{}`, field `{name}`", chain.id);
    let multiplier = chain.fee_market_multiplier.parse();
    let priority_price = match &chain.priority_price {
        None => None,
        Some(price) => {
            let price: GasPrice = price.parse().with_context(|| field("priority_price"))?;
            Some(price.amount)
        }
    };
    Ok(Some(FeeMarketSettings {
        market: match market {
            FeeMarketConfig::Osmosis => FeeMarket::Osmosis,
            FeeMarketConfig::Feemarket => FeeMarket::Feemarket,
            FeeMarketConfig::CosmosEvm => FeeMarket::CosmosEvm,
            FeeMarketConfig::Ethermint => FeeMarket::Ethermint,
        },
        multiplier: multiplier.with_context(|| field("fee_market_multiplier"))?,
        priority_price,
    }))
}

/// How a chain writes the addresses of accounts.
pub fn account_format(chain: &ChainConfig) -> AccountFormat {
    let key_type = match chain.key_type {
        KeyTypeConfig::Secp256k1 => KeyType::Secp256k1,
        KeyTypeConfig::Ethermint => KeyType::Ethermint,
        KeyTypeConfig::CosmosEvm => KeyType::CosmosEvm,
        KeyTypeConfig::Injective => KeyType::Injective,
    };
    AccountFormat::new(&chain.account_prefix, key_type)
}

/// The configuration with the ids that its chains have now.
fn config_now(home: &Path, config_file: &Path) -> anyhow::Result<Config> {
    let mut config = Config::load(config_file)?;
    revisions::apply(home, &mut config)?;
    Ok(config)
}

/// What is claimed of a key: its file, which stays where it is when the chain has another id.
fn claimed(folder: &KeyFolder, key: &KeyId) -> KeyId {
    KeyId {
        chain: folder.name().to_owned(),
        name: key.name.clone(),
    }
}
