//! The `tern` command, run as people run it, without a chain: what it says to
//! wrong input, and what it leaves on disk.

mod config;
mod devnet;
mod help;
mod home;
mod keys;
mod node;
mod trace;
