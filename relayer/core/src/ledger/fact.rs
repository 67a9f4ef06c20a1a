//! What chains state. Together with [`Intent`](super::Intent)s nothing else
//! changes the ledger.

use tern_chains::{
    BlockTime, ChainId, ChannelEnd, ClientId, ClientSummary, ConnectionEnd, ConnectionId, Event,
    Misbehaviour, PacketId, TrustedHeader, TxOutcome,
};

use super::{ChannelKey, Head, SeenHeaderKey};

/// Something that is so, with where it was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// An event of the block at `height` of `chain`.
    Event {
        chain: ChainId,
        head: Head,
        event: Event,
    },
    /// State read from `chain` as it was at `height`.
    Found {
        chain: ChainId,
        height: u64,
        finding: Finding,
    },
    /// A tx of the block; ours or anybody's.
    Outcome {
        chain: ChainId,
        height: u64,
        outcome: TxOutcome,
    },
    /// The end of a block: all its events and outcomes came before this.
    BlockEnd { chain: ChainId, head: Head },
}

/// State that events alone do not tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    Client {
        client_id: ClientId,
        summary: ClientSummary,
        /// Time of its newest consensus state; where that cannot be read, the time
        /// of the block it was found in.
        consensus_time: BlockTime,
    },
    /// The chain's header of this height verifies from what was trusted before.
    Trusted(Box<TrustedHeader>),
    /// A header that was shown to a client here has been compared with that chain's own:
    /// with which header of the chain it cannot be so, if with one.
    HeaderChecked {
        seen: SeenHeaderKey,
        misbehaviour: Option<Box<Misbehaviour>>,
    },
    /// The chain has planned an upgrade of its clients: `last_height` is the last of its
    /// revision. The block before is there, with the states that clients are upgraded to.
    RevisionEnds { last_height: u64 },
    /// Its client must be known before.
    Connection {
        connection_id: ConnectionId,
        end: ConnectionEnd,
    },
    /// Its connection must be known before.
    Channel { key: ChannelKey, end: ChannelEnd },
    /// The destination has received this packet, at this height or before.
    Received { packet: PacketId },
    /// The destination has not received this packet by this height: takes back what was
    /// said before of that height or an earlier one.
    NotReceived { packet: PacketId },
    /// The destination has not written, by this height, the acknowledgement that is known:
    /// takes back one of that height or an earlier one.
    NotAcknowledged { packet: PacketId },
    /// The source has sent this packet and no longer holds its commitment.
    Settled { packet: PacketId },
    /// The source still holds the commitment of this packet at this height: takes back
    /// that it has ended at that height or an earlier one.
    NotSettled { packet: PacketId },
}
