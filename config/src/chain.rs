//! One `[[chain]]` section.

use std::collections::HashSet;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use url::Url;

use crate::admission::AdmissionConfig;
use crate::budget::BudgetConfig;
use crate::fee_market::FeeMarketConfig;
use crate::fee_payee::FeePayee;
use crate::field;
use crate::keys::{self, KeyTypeConfig, PassphraseSource};
use crate::node::NodeConfig;
use crate::signer::SignerConfig;

/// The nodes of a chain, its signing keys and its limits.
///
/// Only the first five fields have no default.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// The chain's id, such as `akashnet-2`.
    #[serde(deserialize_with = "field::chain_id")]
    pub id: String,
    /// CometBFT RPC, `http://` or `https://`.
    #[serde(deserialize_with = "field::http_url")]
    pub rpc: Url,
    /// Cosmos gRPC, `http://` or `https://`.
    #[serde(deserialize_with = "field::http_url")]
    pub grpc: Url,
    /// Bech32 prefix of account addresses, such as `akash`.
    #[serde(deserialize_with = "field::account_prefix")]
    pub account_prefix: String,
    /// Price of a unit of gas: `0.025uakt`. Zero is allowed: `0uakt`.
    #[serde(deserialize_with = "field::gas_price")]
    pub gas_price: String,
    /// The highest price of a unit of gas, in the same denom: where nodes refuse a transaction
    /// because of its fee, the next ones pay what they ask for, up to this. Default:
    /// `gas_price`.
    #[serde(default, deserialize_with = "field::some_gas_price")]
    pub gas_price_max: Option<String>,

    /// Who is paid the fees that senders of this chain offer to relayers on channels of the fee
    /// middleware (ICS-29): an address of this chain, or `self`, the account of `key`. Tern
    /// registers it on each such channel that it serves. Default: nothing is registered.
    #[serde(default)]
    pub fee_payee: Option<FeePayee>,
    /// A module of the chain that says what gas costs: `osmosis`, `feemarket`, `cosmos-evm` or
    /// `ethermint`. At least `gas_price` is paid and at most `gas_price_max`, which must be
    /// there. Default: none.
    #[serde(default)]
    pub fee_market: Option<FeeMarketConfig>,
    /// Factor from the price of the fee market to what is offered: a decimal from 1 to 10.
    /// Default: 1.1.
    #[serde(
        default = "default_fee_market_multiplier",
        deserialize_with = "field::multiplier"
    )]
    pub fee_market_multiplier: String,
    /// Most that is paid for a unit of gas beside the price of the fee market, where that is
    /// `cosmos-evm` or `ethermint`. Default: all that is offered is paid.
    #[serde(default, deserialize_with = "field::some_gas_price")]
    pub priority_price: Option<String>,
    /// The account that pays the fees of the keys below, with an allowance of `tern keys
    /// grant`. Default: each pays its own.
    #[serde(default)]
    pub fee_granter: Option<String>,

    /// Name of the signing key, as in `tern keys add`. Default: `relayer`.
    #[serde(default = "default_key", deserialize_with = "field::key_name")]
    pub key: String,
    /// Names of further signing keys. The accounts send in parallel. Default: none.
    #[serde(default, deserialize_with = "field::key_names")]
    pub extra_keys: Vec<String>,
    /// Another process that holds the keys of this chain and signs with them. Default:
    /// they are in the home folder.
    #[serde(default)]
    pub signer: Option<SignerConfig>,
    /// Where the passphrase of this chain's encrypted keys is. Default: `passphrase`
    /// of the section `[keys]`.
    #[serde(default, deserialize_with = "keys::some_source")]
    pub key_passphrase: Option<PassphraseSource>,
    /// The type of the chain's keys: `secp256k1`, `ethermint`, `cosmos-evm` or `injective`.
    /// Default: `secp256k1`.
    #[serde(default)]
    pub key_type: KeyTypeConfig,
    /// BIP-44 coin type of keys added from a mnemonic. Default: 118, and 60 for the other
    /// types of keys.
    #[serde(default)]
    coin_type: Option<u32>,
    /// The complete derivation path of keys added from a mnemonic. Default:
    /// `m/44'/<coin_type>'/0'/0/0`.
    #[serde(default)]
    hd_path: Option<String>,

    /// Factor from the simulated gas to the gas limit: a decimal from 1 to 10.
    /// Default: 1.2.
    #[serde(
        default = "default_gas_multiplier",
        deserialize_with = "field::multiplier"
    )]
    pub gas_multiplier: String,
    /// Maximum gas of a transaction. Default: the maximum gas of a block.
    #[serde(default, deserialize_with = "field::some_positive")]
    pub max_gas: Option<u64>,
    /// Maximum number of packet messages in a transaction. Default: 100.
    #[serde(
        default = "default_max_msgs_per_tx",
        deserialize_with = "field::positive"
    )]
    pub max_msgs_per_tx: usize,
    /// A transaction expires if it is not in one of this many blocks after the newest
    /// block. Default: 20.
    #[serde(
        default = "default_tx_timeout_blocks",
        deserialize_with = "field::positive"
    )]
    pub tx_timeout_blocks: u64,
    /// Memo of every transaction, at most 256 bytes. Default: none.
    #[serde(default, deserialize_with = "field::memo")]
    pub memo: String,

    /// Trusting period of clients of this chain, such as `14days`.
    /// Default: two thirds of the chain's unbonding period.
    #[serde(default, deserialize_with = "field::some_duration")]
    pub trusting_period: Option<Duration>,
    /// Maximum time by which a header may be ahead of the clock of a chain that has a
    /// client of this chain. Default: 40s.
    #[serde(
        default = "default_max_clock_drift",
        deserialize_with = "field::duration"
    )]
    pub max_clock_drift: Duration,

    /// A header of the chain that is trusted, such as `{ height = 5200000, hash = "…" }`:
    /// what nodes say is verified from it. Default: the header that most nodes agree on
    /// at the first start.
    #[serde(default)]
    pub light_client: Option<LightClientConfig>,

    /// Timeout of one request to a node. Default: 10s.
    #[serde(
        default = "default_request_timeout",
        deserialize_with = "field::duration"
    )]
    pub request_timeout: Duration,
    /// Maximum number of requests in flight to each node, RPC and gRPC together.
    /// Default: 32.
    #[serde(
        default = "default_max_concurrent_requests",
        deserialize_with = "field::positive"
    )]
    pub max_concurrent_requests: usize,

    /// Rules about what is served on this chain, besides those of the policy. In the
    /// file this table comes after the fields of a section.
    #[serde(default)]
    pub admission: AdmissionConfig,

    /// What may be spent on this chain. In the file this table comes after the fields of
    /// a section.
    #[serde(default)]
    pub budget: BudgetConfig,

    /// Further nodes, used when the node of `rpc` and `grpc` is slow, behind or down.
    /// In the file these tables come last in a section.
    #[serde(default)]
    pub(crate) node: Vec<Spanned<NodeConfig>>,
}

/// Of a gas price.
fn denom(price: &str) -> &str {
    let is_amount = |c: char| c.is_ascii_digit() || c == '.';
    price.trim_start_matches(is_amount)
}

/// A header that the operator trusts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightClientConfig {
    #[serde(deserialize_with = "field::positive")]
    pub height: u64,
    /// The hash of the block at `height`: 64 hexadecimal digits.
    #[serde(deserialize_with = "field::block_hash")]
    pub hash: Vec<u8>,
}

impl ChainConfig {
    /// Names of all signing keys, the main one first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key)
            .chain(&self.extra_keys)
            .map(String::as_str)
    }

    /// The denom that fees are paid in.
    pub fn fee_denom(&self) -> &str {
        denom(&self.gas_price)
    }

    /// A price in another denom than fees are paid in, by its field.
    pub(crate) fn price_in_other_denom(&self) -> Option<(&'static str, &str)> {
        let prices = [
            ("gas_price_max", &self.gas_price_max),
            ("priority_price", &self.priority_price),
        ];
        prices.into_iter().find_map(|(field, price)| {
            let other = price.as_deref().map(denom)?;
            (other != self.fee_denom()).then_some((field, other))
        })
    }

    /// What is wrong with what is said of the fee market.
    pub(crate) fn fee_market_fault(&self) -> Option<&'static str> {
        let has_priority = self.priority_price.is_some();
        match self.fee_market {
            Some(_) if self.gas_price_max.is_none() => {
                Some("`fee_market` needs `gas_price_max`: the most that is paid for a unit of gas")
            }
            Some(FeeMarketConfig::CosmosEvm | FeeMarketConfig::Ethermint) => None,
            _ if has_priority => Some(
                "`priority_price` is for `fee_market = \"cosmos-evm\"` and \"ethermint\" alone",
            ),
            _ => None,
        }
    }

    pub(crate) fn budget_in_other_denom(&self) -> Option<(&'static str, &str)> {
        self.budget.other_denom(self.fee_denom())
    }

    /// The prefix that the address of `fee_payee` should have and has not.
    pub(crate) fn fee_payee_of_other_prefix(&self) -> Option<&str> {
        let payee = self.fee_payee.as_ref()?;
        (!payee.fits(&self.account_prefix)).then_some(&self.account_prefix)
    }

    pub(crate) fn repeated_key(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.keys().find(|name| !seen.insert(*name))
    }

    /// The nodes except the node of `rpc` and `grpc`, in the order of the file.
    pub fn further_nodes(&self) -> impl Iterator<Item = &NodeConfig> {
        self.node.iter().map(Spanned::get_ref)
    }

    /// The offset of a node that is listed twice.
    pub(crate) fn repeated_node(&self) -> Option<usize> {
        let mut known = vec![&self.rpc];
        self.node.iter().find_map(|node| {
            let rpc = &node.get_ref().rpc;
            let again = known.contains(&rpc);
            known.push(rpc);
            again.then_some(node.span().start)
        })
    }

    /// The derivation path of keys added from a mnemonic.
    pub fn hd_path(&self) -> String {
        match &self.hd_path {
            Some(path) => path.clone(),
            None => {
                let coin_type = self.coin_type.unwrap_or(self.key_type.coin_type());
                format!("m/44'/{coin_type}'/0'/0/0")
            }
        }
    }
}

fn default_key() -> String {
    "relayer".to_owned()
}

fn default_fee_market_multiplier() -> String {
    "1.1".to_owned()
}

fn default_gas_multiplier() -> String {
    "1.2".to_owned()
}

fn default_max_msgs_per_tx() -> usize {
    100
}

fn default_tx_timeout_blocks() -> u64 {
    20
}

fn default_max_clock_drift() -> Duration {
    Duration::from_secs(40)
}

fn default_request_timeout() -> Duration {
    Duration::from_secs(10)
}

fn default_max_concurrent_requests() -> usize {
    32
}
