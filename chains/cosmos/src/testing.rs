//! For tests: a node on a loopback socket that serves a signed chain of headers, or
//! lies.

pub(crate) mod node;
pub(crate) use tern_cosmos_core::testing as light_chain;
