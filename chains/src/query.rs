//! Values read from a chain's provable store, and where events may be found.

use ibc_relayer_types::core::ics04_channel::packet::Sequence;
use ibc_relayer_types::core::ics23_commitment::merkle::MerkleProof;
use ibc_relayer_types::core::ics24_host::identifier::{ChannelId, PortId};
use ibc_relayer_types::core::ics24_host::path::Path;

/// A value of the IBC store with its ICS-23 proof, as a node gave it: not yet
/// checked against a root.
///
/// Source: CometBFT RPC `abci_query` with `prove = true`.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    pub path: Path,
    /// `None` is proven absence.
    pub value: Option<Vec<u8>>,
    pub proof: MerkleProof,
    /// The state's height. Its root is in the header at `height + 1`.
    pub height: u64,
}

/// An event looked for in a node's transaction index: the last resort for what
/// was written before Tern looked and whose state is pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventQuery {
    /// The block of `send_packet` by its source end.
    Send {
        port_id: PortId,
        channel_id: ChannelId,
        sequence: Sequence,
    },
    /// The block of `write_acknowledgement` by its destination end.
    Ack {
        port_id: PortId,
        channel_id: ChannelId,
        sequence: Sequence,
    },
}
