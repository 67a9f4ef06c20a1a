//! The chain's state: one tree a module, all of them under one root, with
//! proofs every Cosmos counterparty verifies.
//!
//! `tree` is the IAVL-shaped tree of one store, `balance` its writes, `proof` makes ICS-23 proofs
//! from it, `multistore` puts the stores under the app hash. Trees share what
//! they have in common: a copy costs nothing, so every transaction runs on one.

mod balance;
mod multistore;
mod proof;
mod tree;

#[cfg(test)]
mod tests;

pub use multistore::{Multistore, Proof};
pub use tree::Tree;
