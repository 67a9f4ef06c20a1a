//! A simulated chain of another kind than those of Cosmos: what shows that the
//! relayer's engine and core depend on no kind of chain.
//!
//! ```text
//! tx ─▶ mempool ─▶ block ─▶ some blocks later: final, and attested ─▶ header
//! ```
//!
//! What it has in common with a development chain is ICS logic: the handlers of
//! ibc-rs, ICS-20 and a bank ([`tern_devnet::Machine`]). All else is other:
//!
//! - **Headers.** A header has the root of the state after its own block, so state
//!   of a height is proven at that height. It is signed by a committee of attestors
//!   (`tern-attested-core`), whose client needs no header between two and never
//!   expires. The chain id has no revision.
//! - **Finality.** A block is final some blocks later ([`Genesis::finality_lag`]).
//!   Only final blocks, and state of theirs, are told. Until then a block can be
//!   replaced ([`Node::replace_blocks`]).
//! - **Transactions** are JSON, signed with ed25519. They die by time: no block of
//!   that time or later includes them. Of two with the same account sequence the one
//!   with the higher fee replaces the other in the mempool. One whose account
//!   sequence is not due yet waits for those before it.
//! - **Messages** are the datagrams of ICS-18 themselves, written as JSON.
//!
//! [`Attested`] is pure: time is an argument, and the same calls give the same
//! chain. [`Node`] is one node of it, which can fail on purpose
//! ([`tern_devnet::Faults`]). [`AttestedChain`] implements the traits of the seam in
//! process. There are no sockets: it is for simulations.

mod block;
mod call;
mod chain;
mod deliver;
mod events;
mod genesis;
mod in_process;
mod key;
mod mempool;
mod node;
mod refusal;
mod tx;

pub use block::{Block, Included};
pub use call::{Call, Payment, SendMock, Transfer};
pub use chain::{Attested, Checked};
pub use genesis::Genesis;
pub use in_process::AttestedChain;
pub use key::Key;
pub use node::Node;
pub use refusal::OUT_OF_GAS;
