//! Formats and rules of attested chains, without I/O: what their light client is.
//!
//! An attested chain is a simulated chain of another kind than those of Cosmos. A
//! fixed committee of attestors signs the header of every final block (`header`).
//! Its header has the root of the state *after* the block, so that state of a
//! height is proven by the header of the same height (`HEIGHT_RULES`). A client of
//! it is the committee's keys and a quorum (`client`); no trusting period ends, and
//! no header is needed between two. Proofs (`proof`) have one layer. All of it is
//! written as JSON.
//!
//! Both sides of a client use this crate: the chain and its relayer, and the hosts
//! of clients of it.

mod client;
mod header;
mod json;
mod proof;

pub use client::{ClientState, ConsensusState, Misbehaviour, NotValid, CLIENT_TYPE};
pub use header::{Attestation, Attestor, Header, SealedHeader};
pub use json::{decode, encode, Encodes, NotReadable};
pub use proof::{encode_proof, verify_absence, verify_presence, verify_proven, NotProven};
