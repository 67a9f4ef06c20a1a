//! The genesis of a chain: plain data.

use std::time::Duration;

use tendermint::Time;
use tern_cosmos_core::GasPrice;

/// The initial state of a chain and its constants.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// CometBFT chain id; its trailing number is the IBC revision.
    pub chain_id: String,
    /// Bech32 prefix of account addresses, such as `akash`.
    pub prefix: String,
    pub accounts: Vec<GenesisAccount>,
    /// How many validators sign, with equal power. Default: 1.
    pub validators: usize,
    /// Validator updates, by the height of the block that decides them. They take
    /// effect two blocks later, as in CometBFT. Default: none.
    pub validator_updates: Vec<(u64, ValidatorUpdate)>,
    /// The validators' keys are derived from this seed and the chain id.
    pub seed: u64,
    /// The time of the state before the first block.
    pub time: Time,
    /// The staking module's bond denom. Default: `stake`.
    pub bond_denom: String,
    pub unbonding: Duration,
    pub limits: Limits,
    /// The minimum gas price of the mempool. Default: none.
    pub min_gas_price: Option<GasPrice>,
}

/// A change of one validator's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidatorUpdate {
    /// The validator's number, from 0; a new number joins.
    pub validator: usize,
    /// Genesis validators have 10; with 0 the validator leaves.
    pub power: u32,
}

/// An account with its initial balances.
#[derive(Clone, Debug)]
pub struct GenesisAccount {
    pub address: String,
    pub coins: Vec<Coin>,
}

/// An amount of one denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    pub denom: String,
    pub amount: u128,
}

/// Limits of blocks, mempool and history.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Default: 22 020 096, as CometBFT has it.
    pub block_bytes: u64,
    /// `None` (the default) is no limit.
    pub block_gas: Option<u64>,
    /// The most bytes of a transaction (CometBFT `mempool.max_tx_bytes`). Default:
    /// 1 048 576.
    pub tx_bytes: u64,
    /// Transactions waiting for a block. Default: 5000.
    pub mempool_txs: usize,
    /// Blocks and states kept; older ones are pruned. Default: 100 000.
    pub history: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            block_bytes: 22_020_096,
            block_gas: None,
            tx_bytes: 1_048_576,
            mempool_txs: 5000,
            history: 100_000,
        }
    }
}

impl Genesis {
    /// A genesis with one validator, no accounts and the documented defaults.
    pub fn new(chain_id: impl Into<String>, prefix: impl Into<String>, time: Time) -> Self {
        Self {
            chain_id: chain_id.into(),
            prefix: prefix.into(),
            accounts: Vec::new(),
            validators: 1,
            validator_updates: Vec::new(),
            seed: 0,
            time,
            bond_denom: "stake".to_owned(),
            unbonding: Duration::from_secs(21 * 24 * 3600),
            limits: Limits::default(),
            min_gas_price: None,
        }
    }

    /// Adds an account with these coins.
    #[must_use]
    pub fn fund(mut self, address: impl Into<String>, coins: &[(&str, u128)]) -> Self {
        let coins = coins.iter().map(|(denom, amount)| Coin {
            denom: (*denom).to_owned(),
            amount: *amount,
        });
        self.accounts.push(GenesisAccount {
            address: address.into(),
            coins: coins.collect(),
        });
        self
    }
}
