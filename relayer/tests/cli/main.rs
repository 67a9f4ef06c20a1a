//! The `tern` command, run as a user runs it: its output, its exit codes and its
//! files.

mod config;
mod daemon;
mod devnet;
mod encrypted_keys;
mod help;
mod home;
mod keys;
mod node;
mod trace;
