//! An embedded development chain: real IBC, no node.
//!
//! The handlers are ibc-rs' (clients, connections, channels, packets, ICS-20);
//! everything around them is here: a provable store with the Cosmos proof specs
//! (`store`), Tendermint headers and commits signed by the chain's own keys
//! (`block`, `validators`), accounts, fees and signed transactions (`tx`, `ante`,
//! `run`), events as ibc-go v10 writes them (`events`). A counterparty cannot
//! tell it from a chain of the SDK.
//!
//! ```text
//! tx ─▶ mempool ─▶ ante (fee, sequence) ─▶ run ─▶ host, transfer ─▶ store ─▶ app hash
//! ```
//!
//! [`Devnet`] is pure: time comes in with [`Devnet::make_block`], keys from a
//! seed, and the same calls give the same chain, byte for byte. [`Node`] shares
//! it. Two doors lead to it: [`DevnetChain`] in process, behind the trait every
//! chain is seen through, and [`serve`] on sockets, CometBFT RPC and gRPC, for
//! whoever talks to real nodes.
//!
//! What it has not: consensus, a changing validator set, evidence, governance,
//! upgrades, multi-signature accounts.

mod account;
mod address;
mod ante;
mod apps;
mod bank;
mod block;
mod devnet;
mod door;
mod error;
mod events;
mod facts;
mod faults;
mod gas;
mod genesis;
mod grpc;
mod host;
mod link;
mod mempool;
mod message;
mod mock;
mod node;
mod query;
mod refusal;
mod rpc;
mod run;
mod serve;
mod state;
mod store;
mod transfer;
mod tx;
mod validators;
mod watched;

pub use block::Committed;
pub use devnet::{Checked, Devnet};
pub use door::DevnetChain;
pub use error::DevnetError;
pub use faults::{Faults, Lie};
pub use genesis::{Coin, Genesis, GenesisAccount, Limits, ValidatorUpdate};
pub use link::{link, Linked};
pub use node::Node;
pub use refusal::Refusal;
pub use serve::{serve, ServeError};
pub use store::{Multistore, Proof, Tree};
