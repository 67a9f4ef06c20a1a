//! Tests of development chains, one file for each property.

mod deterministic;
mod faults;
mod mempool;
mod ordered;
mod preopened_channels;
mod reflection;
mod rpc;
mod two_chains;
mod validators;
mod world;
