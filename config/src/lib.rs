//! The configuration file `config.toml`: types, defaults and checks.
//!
//! [`Config::load`] reads one file. It returns a complete configuration, or one
//! error with the file, the line, the chain and the field. It reads nothing else:
//! no environment, no network, no keys.

mod admission;
mod budget;
mod chain;
mod error;
mod fee_market;
mod fee_payee;
mod field;
mod http;
mod keys;
mod node;
mod policy;
mod signer;

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use admission::{AdmissionConfig, CoinConfig, ListConfig};
pub use budget::{BudgetConfig, LimitConfig};
pub use chain::{ChainConfig, LightClientConfig};
pub use error::{ConfigError, Fault, Place, UnknownChain};
pub use fee_market::FeeMarketConfig;
pub use fee_payee::FeePayee;
pub use field::is_file_name;
pub use http::HttpConfig;
pub use keys::{KeyTypeConfig, KeysConfig, PassphraseSource};
pub use node::NodeConfig;
pub use policy::PolicyConfig;
pub use signer::{SignerAddressConfig, SignerConfig};

/// The smallest configuration. It is part of the error for a missing file.
pub const EXAMPLE: &str = r#"[[chain]]
id = "akash-a"
rpc = "http://127.0.0.1:26657"
grpc = "http://127.0.0.1:9090"
account_prefix = "akash"
gas_price = "0.025uakt"
"#;

/// A checked `config.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// One or more chains in the order of the file. Their ids differ.
    pub chains: Vec<ChainConfig>,
    pub policy: PolicyConfig,
    pub keys: KeysConfig,
    /// `None` if nothing is served by HTTP.
    pub http: Option<HttpConfig>,
}

/// The structure of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    chain: Vec<Spanned<ChainConfig>>,
    #[serde(default)]
    policy: PolicyConfig,
    #[serde(default)]
    keys: KeysConfig,
    http: Option<Spanned<HttpConfig>>,
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            let path = path.to_owned();
            match source.kind() {
                std::io::ErrorKind::NotFound => ConfigError::Missing { path },
                _ => ConfigError::Read { path, source },
            }
        })?;
        Self::parse(&text).map_err(|fault| ConfigError::Invalid {
            path: path.to_owned(),
            fault: Box::new(fault),
        })
    }

    /// Checks the text of a file.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let file: File = toml::from_str(text).map_err(|error| Fault::of_toml(text, &error))?;
        if file.chain.is_empty() {
            return Err(Fault::whole_file(
                "no chain is configured: add a [[chain]] section for each chain",
            ));
        }
        let mut lines = HashMap::new();
        for chain in &file.chain {
            let start = chain.span().start;
            let line = error::line_of(text, start);
            let id = chain.get_ref().id.as_str();
            if let Some(first) = lines.insert(id, line) {
                let reason = format!("the section on line {first} has the same id");
                return Err(Fault::at(text, start, reason));
            }
            if let Some(name) = chain.get_ref().repeated_key() {
                let reason = format!("key `{name}` is listed twice: list each key once");
                return Err(Fault::at(text, start, reason));
            }
            if let Some((field, denom)) = chain.get_ref().budget_in_other_denom() {
                let paid_in = chain.get_ref().fee_denom();
                let reason = format!(
                    "`{field}` of its budget is in {denom}, but its fees are paid in {paid_in} \
                     (`gas_price`)"
                );
                return Err(Fault::at(text, start, reason));
            }
            if let Some((field, denom)) = chain.get_ref().price_in_other_denom() {
                let paid_in = chain.get_ref().fee_denom();
                let reason = format!(
                    "`{field}` is in {denom}, but fees are paid in {paid_in} (`gas_price`)"
                );
                return Err(Fault::at(text, start, reason));
            }
            if let Some(prefix) = chain.get_ref().fee_payee_of_other_prefix() {
                let reason = format!(
                    "`fee_payee` is no account of this chain: its addresses begin with `{prefix}1`"
                );
                return Err(Fault::at(text, start, reason));
            }
            if let Some(reason) = chain.get_ref().fee_market_fault() {
                return Err(Fault::at(text, start, reason));
            }
            if let Some(at) = chain.get_ref().repeated_node() {
                let reason = "this node is listed twice: list each node once";
                return Err(Fault::at(text, at, reason));
            }
        }
        if let Some(http) = &file.http {
            if http.get_ref().is_open_by_mistake() {
                let reason = format!(
                    "other machines could reach {}: listen on 127.0.0.1, or write \
                     `allow_remote = true` if they may see what the relayer has and does",
                    http.get_ref().listen
                );
                return Err(Fault::at(text, http.span().start, reason));
            }
        }
        Ok(Self {
            chains: file.chain.into_iter().map(Spanned::into_inner).collect(),
            policy: file.policy,
            keys: file.keys,
            http: file.http.map(Spanned::into_inner),
        })
    }

    /// The chain with this id.
    pub fn chain(&self, id: &str) -> Option<&ChainConfig> {
        self.chains.iter().find(|chain| chain.id == id)
    }

    /// The chain with this id, or an error that lists the configured chains.
    pub fn known_chain(&self, id: &str) -> Result<&ChainConfig, UnknownChain> {
        self.chain(id).ok_or_else(|| UnknownChain {
            id: id.to_owned(),
            configured: self.chains.iter().map(|chain| chain.id.clone()).collect(),
        })
    }
}
