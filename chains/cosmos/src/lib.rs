//! [`Chain`](tern_chains::Chain), [`LightClient`](tern_chains::LightClient) and
//! [`Account`](tern_chains::Account) for Cosmos SDK chains: CometBFT RPC over HTTP
//! and WebSocket, and Cosmos gRPC.
//!
//! What flows through: `wake` learns that a block is there and `blocks` reads it;
//! `query` and `state` read the IBC store; `light` fetches headers; `account`,
//! `estimate` and `tx` send a transaction. `rpc` and `grpc` are the only two
//! connections to a node: both count against one limit of requests in flight, and
//! `request_stats` counts what is asked through them.
//! Formats and checks, which need no node, are in `tern-cosmos-core`.
//!
//! Heights are revision heights everywhere; the revision number comes from the
//! chain id. No clock is read here: timers only pace waiting and retries.
//!
//! [`CosmosChain::new`] does no network I/O: the first question negotiates the
//! node's RPC dialect and checks that it serves the configured chain.

mod account;
mod blocks;
mod chain;
mod check_header;
mod estimate;
mod fee_grant;
mod grpc;
mod info;
mod light;
mod market_price;
mod new_client;
mod node;
mod payee;
mod pool;
mod price;
mod query;
pub mod remote_signer;
mod request;
mod request_stats;
mod rpc;
mod search;
mod settings;
mod signer;
mod state;
#[cfg(test)]
mod testing;
mod trusted_header;
mod tx;
mod txs;
mod unbonding;
mod validators;
mod wake;

use tern_cosmos_core::{
    block_time, codec, convert, errors, first_client, gas, key, msg, proof, verify,
};
// Transactions: `unsigned` is made there, and sent here.
use tern_cosmos_core::tx as unsigned;

pub use chain::CosmosChain;
pub use info::{Coin, NodeHealth, NodeReport};
pub use payee::PayeeRole;
pub use rpc::decode as decode_answer;
pub use search::{Indexed, IndexedTx, TxPage};
pub use settings::{CosmosSettings, FeeMarketSettings, NodeAddress};
pub use signer::{CosmosAccount, Signer};
pub use txs::{BlockWithTxs, TxInBlock};
