//! An embedded development chain: real IBC, no node.
//!
//! The handlers are ibc-rs' (clients, connections, channels, packets, ICS-20);
//! this crate adds the rest: a provable store with the Cosmos proof specs
//! (`store`), Tendermint headers and commits signed by the chain's own keys
//! (`block`, `validators`), accounts, fees and signed transactions (`tx`, `ante`,
//! `run`), events as ibc-go v10 writes them (`events`). For a
//! counterparty it is like a chain of the SDK.
//!
//! ```text
//! tx ─▶ mempool ─▶ ante (fee, sequence) ─▶ run ─▶ host, transfer ─▶ store ─▶ app hash
//! ```
//!
//! [`Devnet`] is pure: the time is an argument of [`Devnet::make_block`], keys come
//! from a seed, and the same calls give the same chain, byte for byte. [`Node`] is
//! one node of it. A node is reached in two ways: [`DevnetChain`] implements the
//! trait `Chain` in process, and [`serve`] opens CometBFT RPC and gRPC endpoints for
//! clients of real nodes. A node can fail on purpose ([`Faults`]), in both ways.
//!
//! # What is like a real chain
//!
//! - The `ibc` store: ibc-go's keys and values, proofs of both kinds in the two
//!   layers of the Cosmos specs. Other stores have a layout of their own.
//! - Headers and commits: every hash in them is what CometBFT would compute.
//!   Validators join, leave and change their power two blocks after it is decided
//!   ([`Genesis::validator_updates`], [`Node::update_validator`]).
//! - Core IBC v1 as ibc-go v10 has it, where that differs from ibc-rs: no proof of
//!   the own client in the connection handshake, a received packet is a success
//!   that changes nothing, timeouts on ordered channels.
//! - Transactions: fees, account sequences, timeout heights, gas at the SDK's
//!   prices, codespaces and codes of the SDK. The mempool verifies headers and
//!   proofs and refuses packets that are done or already wait in it; what waits is
//!   checked again after each block.
//! - Ports `transfer` (ICS-20) and `mock`, which takes channels of any ordering
//!   and sends with `/tern.e2e.mock.v1.MsgSend`.
//! - Responses of a node: Hermes 1.10.5 opens channels and relays on it
//!   (`e2e/hermes`).
//!
//! # What is different or missing
//!
//! There is no consensus: every commit is of round 0 and signed by all validators.
//! An upgrade is only planned ([`Node::plan_upgrade`]). There are no evidence,
//! staking, governance, multi-signature accounts, fee grants, IBC v2 or block events. Gas is near the
//! SDK's, not equal to it. ibc-rs' own refusals have code 1 of their ICS module's
//! codespace.
//!
//! [`Machine`] is IBC and the applications alone, for simulated chains of other
//! kinds. Clients of attested chains (`tern-attested-core`) are hosted besides those
//! of Tendermint chains.
//!
//! [`preopen_channels`] writes open channels into two chains without handshakes, for
//! tests and benchmarks that need many.

mod account;
mod address;
mod ante;
mod apps;
mod bank;
mod block;
mod chain_info;
mod codec;
mod devnet;
mod error;
mod events;
mod faults;
mod gas;
mod genesis;
mod grpc;
mod host;
mod in_process;
pub mod lists;
mod machine;
mod mempool;
mod message;
pub mod mock;
mod node;
mod preopened_channels;
mod query;
mod refusal;
mod rpc;
mod run;
mod serve;
mod state;
mod store;
mod transfer;
mod tx;
mod upgrade_plan;
mod validators;
mod watched;

pub use block::Committed;
pub use codec::HostCodec;
pub use devnet::{Checked, Devnet};
pub use error::DevnetError;
pub use faults::{Faults, Lie};
pub use gas::Gas;
pub use genesis::{Coin, Genesis, GenesisAccount, Limits, ValidatorUpdate};
pub use in_process::DevnetChain;
pub use machine::Machine;
pub use node::Node;
pub use preopened_channels::{preopen_channels, PreopenedChannels};
pub use refusal::Refusal;
pub use serve::{serve, ServeError};
pub use store::{Multistore, Proof, Tree};
pub use tendermint::Time;
pub use tern_cosmos_core::tendermint_time;
pub use upgrade_plan::UpgradePlan;
pub use watched::Watched;
