//! Tests of development chains, one file for each property.

mod deterministic;
mod faults;
mod mempool;
mod ordered;
mod preopened_channels;
mod reflection;
mod rpc;
mod seen_headers;
mod two_chains;
mod upgrade;
mod validators;
mod world;
