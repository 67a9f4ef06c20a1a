//! The targets: what strangers and nodes send. See `tern_fuzz`.

mod config;
mod events;
mod headers;
mod packet_data;
mod proofs;
mod rpc;
mod state;
