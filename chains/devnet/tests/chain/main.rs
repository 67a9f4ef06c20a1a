//! What a development chain promises, a file for each promise.

mod deterministic;
mod faults;
mod links;
mod mempool;
mod ordered;
mod reflection;
mod rpc;
mod two_chains;
mod validators;
mod world;
