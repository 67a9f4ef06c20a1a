//! For tests: a signed chain of headers with validator sets to choose, and a
//! node on a loopback socket that serves it, or lies.

pub(crate) mod light_chain;
pub(crate) mod node;
