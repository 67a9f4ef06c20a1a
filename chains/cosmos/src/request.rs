//! A request to a node: its kind, and the trace that every request leaves.

use crate::errors::Origin;

/// What kind of question it is: answers of one kind take about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Headers, commits, validators, status.
    Header,
    /// One value of the store, with or without proof.
    State,
    Block,
    /// Lists, searches and the like.
    List,
    Simulation,
}

impl Kind {
    pub(crate) const COUNT: usize = 5;
}

/// Every request is told here: for who wants to see or count them.
pub(crate) fn trace_request(origin: &Origin, doing: &str) {
    let Origin { chain, node } = origin;
    tracing::trace!(target: "tern_cosmos::request", %chain, node, doing);
}
