//! Tern as a library: the engine behind the `tern` command, and what people see of it.

pub mod engine;
pub mod overview;
pub mod words;
