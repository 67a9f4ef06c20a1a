//! The chain's state: one tree for each module, all under one root, with proofs
//! that every Cosmos counterparty verifies.
//!
//! `tree` is the IAVL-shaped tree of one store, `balance` its writes, `proof` makes ICS-23 proofs
//! from it, `multistore` puts the stores under the app hash. Trees
//! share common nodes: a copy is cheap, so every transaction runs on one.

mod balance;
mod multistore;
mod proof;
mod tree;

#[cfg(test)]
mod tests;

pub use multistore::{Multistore, Proof};
pub use tree::Tree;
