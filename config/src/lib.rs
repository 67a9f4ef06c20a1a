//! What an operator writes: `config.toml`, its defaults and its checks.
//!
//! [`Config::load`] reads one file and either gives a configuration that can be
//! used as it is, or one error that names the file, the line, the chain and the
//! field. Nothing else is read here: no environment, no network, no keys.

mod chain;
mod denom;
mod error;
mod field;
mod node;
mod policy;

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use chain::ChainConfig;
pub use denom::is_denom;
pub use error::{ConfigError, Fault, Place, UnknownChain};
pub use field::is_file_name;
pub use node::NodeConfig;
pub use policy::PolicyConfig;

/// The smallest configuration there is, shown to whoever has none yet.
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
    /// The chains, one or more, in the order written. Their ids differ.
    pub chains: Vec<ChainConfig>,
    pub policy: PolicyConfig,
}

/// The file as it is laid out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    chain: Vec<Spanned<ChainConfig>>,
    #[serde(default)]
    policy: PolicyConfig,
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
                "no chain is configured: add a [[chain]] section for each",
            ));
        }
        let mut lines = HashMap::new();
        for chain in &file.chain {
            let start = chain.span().start;
            let line = error::line_of(text, start);
            let id = chain.get_ref().id.as_str();
            if let Some(first) = lines.insert(id, line) {
                let reason = format!("there is one with this id on line {first} already");
                return Err(Fault::at(text, start, reason));
            }
            if let Some(name) = chain.get_ref().key_named_twice() {
                let reason = format!("key `{name}` is named twice: each account sends on its own");
                return Err(Fault::at(text, start, reason));
            }
            if let Some(at) = chain.get_ref().repeated_node() {
                let reason = "this node is named before: each is written once";
                return Err(Fault::at(text, at, reason));
            }
        }
        Ok(Self {
            chains: file.chain.into_iter().map(Spanned::into_inner).collect(),
            policy: file.policy,
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
