//! `fee_market` of a chain: the module that says what gas costs.

use serde::Deserialize;

/// A module of a chain that sets the price of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeMarketConfig {
    /// That of Osmosis.
    Osmosis,
    /// Skip's, as on the Cosmos Hub and Neutron.
    Feemarket,
    /// That of chains on cosmos/evm.
    CosmosEvm,
    /// That of chains on Ethermint.
    Ethermint,
}
