//! Paths: what packets travel on.

use tern_chains::{ClientId, Ordering};

use super::EndKey;

/// A directed pair of packet ends, with what relaying between them depends on.
///
/// Planning knows packets by their path, whatever kind of ends it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub src: EndKey,
    pub dst: EndKey,
    /// The client of the destination that lives on the source: acknowledgements
    /// and timeouts are proven to it.
    pub client_on_src: ClientId,
    /// The client of the source that lives on the destination: receives are
    /// proven to it. `None` while the destination's end is not known.
    pub client_on_dst: Option<ClientId>,
    pub ordering: Ordering,
    /// Whether the source's end is open.
    pub is_open_on_src: bool,
    /// Whether the destination's end takes packets.
    pub is_open_on_dst: bool,
}
