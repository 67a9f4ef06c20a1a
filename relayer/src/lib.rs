//! Tern as a library: the engine behind the `tern` command.

pub mod engine;
