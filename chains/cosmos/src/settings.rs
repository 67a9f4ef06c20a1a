//! What a chain needs to be told: where its nodes are and what gas costs.

use std::time::Duration;

use tern_chains::{ChainId, GivenHeader};
use tern_cosmos_core::FeeMarket;
use url::Url;

use crate::gas::{Decimal, GasPrice};

/// How to reach and use one Cosmos SDK chain.
#[derive(Clone, Debug)]
pub struct CosmosSettings {
    pub id: ChainId,
    /// CometBFT RPC, `http://` or `https://`. The WebSocket is at `websocket`
    /// below it.
    pub rpc: Url,
    /// Cosmos gRPC, `http://` or `https://`.
    pub grpc: Url,
    /// More nodes of the chain, asked when the first is slow, behind or down.
    /// Default: none.
    pub further_nodes: Vec<NodeAddress>,
    /// Bech32 prefix of account addresses, such as `cosmos`.
    pub account_prefix: String,
    pub gas_price: GasPrice,
    /// The highest price of a unit of gas, where nodes ask for more than `gas_price`.
    /// Default: `gas_price`.
    pub gas_price_max: Decimal,
    /// The module of the chain that says what gas costs, if that is not `gas_price`, which is
    /// the least then. Default: none.
    pub fee_market: Option<FeeMarketSettings>,
    /// What a simulation's gas is multiplied with to get the gas limit.
    /// Default: 1.2.
    pub gas_multiplier: Decimal,
    /// How long one request may take. Default: 10 s.
    pub request_timeout: Duration,
    /// Requests in flight at once to each node, RPC and gRPC together.
    /// Default: 32.
    pub max_concurrent_requests: usize,
    /// The header that trust in this chain begins with. Default: what the nodes agree on.
    pub light_client: Option<GivenHeader>,
}

/// How the price of a fee market is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeMarketSettings {
    pub market: FeeMarket,
    /// What its price is multiplied with, because it moves until a transaction is in a block.
    pub multiplier: Decimal,
    /// Most that is paid more than the market's price, where the chain lets a transaction say
    /// so. `None`: all that is offered is paid.
    pub priority_price: Option<Decimal>,
}

/// Where one node's two endpoints are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddress {
    pub rpc: Url,
    pub grpc: Url,
}

impl CosmosSettings {
    /// Settings with the documented defaults.
    pub fn new(
        id: ChainId,
        rpc: Url,
        grpc: Url,
        account_prefix: impl Into<String>,
        gas_price: GasPrice,
    ) -> Self {
        Self {
            id,
            rpc,
            grpc,
            further_nodes: Vec::new(),
            account_prefix: account_prefix.into(),
            gas_price_max: gas_price.amount,
            gas_price,
            fee_market: None,
            gas_multiplier: Decimal::new(12, 1),
            request_timeout: Duration::from_secs(10),
            max_concurrent_requests: 32,
            light_client: None,
        }
    }

    /// Every node, the first one first.
    pub(crate) fn addresses(&self) -> Vec<NodeAddress> {
        let first = NodeAddress {
            rpc: self.rpc.clone(),
            grpc: self.grpc.clone(),
        };
        let further = self.further_nodes.iter().cloned();
        std::iter::once(first).chain(further).collect()
    }
}
