//! [`Chain`](tern_chains::Chain) for Cosmos SDK chains: CometBFT RPC over HTTP
//! and WebSocket, and Cosmos gRPC.
//!
//! What flows through: `wake` learns that a block is there, `blocks` reads it and
//! `events` turns its ABCI events into facts; `query` and `state` read the IBC
//! store, `proof` checks a value against a root; `light` fetches headers and
//! `verify` decides whether they follow from the trusted one; `account`,
//! `estimate` and `tx` carry a transaction out. `rpc` and `grpc` are the only
//! two doors to the node: both count against one bound on requests in flight.
//!
//! Heights are revision heights everywhere; the revision number comes from the
//! chain id. No clock is read here: timers only pace waiting and retries.
//!
//! [`CosmosChain::new`] does no network I/O: the first question negotiates the
//! node's RPC dialect and checks that it serves the configured chain.

mod account;
mod block_time;
mod blocks;
mod chain;
mod codec;
pub mod convert;
mod errors;
mod estimate;
mod events;
mod gas;
mod grpc;
mod info;
mod key;
mod light;
mod msg;
mod new_client;
mod node;
mod pool;
mod proof;
mod query;
mod rpc;
mod search;
mod settings;
mod signer;
mod state;
#[cfg(test)]
mod testing;
mod tx;
mod txs;
mod validators;
mod verify;
mod wake;

/// What needs no node: for other doors to chains like these.
pub mod pure {
    pub use crate::block_time::{block_time, tendermint_time};
    pub use crate::blocks::outcome;
    pub use crate::codec::{CosmosCodec, HEIGHT_RULES};
    pub use crate::errors::Origin;
    pub use crate::events::decode_or_warn;
    pub use crate::light::{Need, StoredClient, Walk};
    pub use crate::msg::encode;
    pub use crate::new_client::first_client;
    pub use crate::proof::{encode as encode_proof, verify};
    pub use crate::tx::sign;
    pub use crate::verify::LightBlock;
}

pub use chain::CosmosChain;
pub use gas::{Decimal, DecimalError, GasPrice, GasPriceError};
pub use info::{Coin, NodeHealth, NodeReport};
pub use key::{Key, KeyError, DEFAULT_HD_PATH};
pub use settings::{CosmosSettings, NodeAddress};
pub use signer::CosmosAccount;
pub use txs::{BlockWithTxs, TxInBlock};
