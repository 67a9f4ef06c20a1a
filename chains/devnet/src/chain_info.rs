//! The constants of a chain, from its genesis.

use std::time::Duration;

use tendermint::chain;
use tern_cosmos_core::GasPrice;

use crate::error::DevnetError;
use crate::genesis::{Genesis, Limits};

#[derive(Clone, Debug)]
pub(crate) struct ChainInfo {
    pub chain_id: String,
    /// The same, as headers carry it.
    pub id: chain::Id,
    /// The IBC revision: the chain id's trailing number.
    pub revision: u64,
    pub prefix: String,
    pub bond_denom: String,
    pub unbonding: Duration,
    pub limits: Limits,
    pub min_gas_price: Option<GasPrice>,
}

impl ChainInfo {
    pub fn of(genesis: &Genesis) -> Result<Self, DevnetError> {
        let chain_id = genesis.chain_id.clone();
        let id = chain_id.parse().map_err(|_| DevnetError::ChainId {
            chain_id: chain_id.clone(),
        })?;
        Ok(Self {
            revision: tern_chains::ChainId::from_string(&chain_id).version(),
            chain_id,
            id,
            prefix: genesis.prefix.clone(),
            bond_denom: genesis.bond_denom.clone(),
            unbonding: genesis.unbonding,
            limits: genesis.limits.clone(),
            min_gas_price: genesis.min_gas_price.clone(),
        })
    }
}
