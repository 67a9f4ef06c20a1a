//! What may be told to the ledger. Nothing else changes it.

use tern_chains::{
    BlockTime, ChainId, ChannelEnd, ClientId, ClientSummary, ConnectionEnd, ConnectionId, Event,
    PacketId, TxOutcome,
};

use super::{ChannelKey, Head, Item, TxKey, TxRecord};

/// Something that is so, with where it was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// An event of the block at `height` of `chain`.
    Event {
        chain: ChainId,
        head: Head,
        event: Event,
    },
    /// State read from `chain` as it was at `head`.
    Found {
        chain: ChainId,
        head: Head,
        finding: Finding,
    },
    /// A tx of the block; ours or anybody's.
    Outcome {
        chain: ChainId,
        height: u64,
        outcome: TxOutcome,
    },
    /// The block is fully told: all its events and outcomes came before this.
    BlockEnd { chain: ChainId, head: Head },
    /// We signed this and are about to broadcast it.
    Signed { key: TxKey, tx: TxRecord },
    /// The tx of these items will not come to be.
    Refused { key: TxKey, refusal: Refusal },
    /// These items could not even be proven or signed.
    Failed {
        chain: ChainId,
        items: Vec<Item>,
        refusal: Refusal,
    },
}

/// State that events alone do not tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    Client {
        client_id: ClientId,
        summary: ClientSummary,
        /// Time of its newest consensus state, where it is known.
        consensus_time: Option<BlockTime>,
    },
    /// Its client must be known before.
    Connection {
        connection_id: ConnectionId,
        end: ConnectionEnd,
    },
    /// Its connection must be known before.
    Channel { key: ChannelKey, end: ChannelEnd },
    /// The destination has received this packet, at this height or before.
    Received { packet: PacketId },
    /// The source has sent this packet and no longer holds its commitment.
    Settled { packet: PacketId },
}

/// Why items did not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: String,
    /// The item the chain named as the culprit, if it named one.
    pub culprit: Option<Item>,
}
