//! IBC events as facts a chain stated in a block.

use crate::{ChannelId, ClientId, Coin, ConnectionId, End, Packet, PacketId, PortId, Sequence};

/// What a block says happened in IBC on this chain.
///
/// Handshake steps carry identifiers only: the new end is read from state at
/// the block's height, because events leave out what a proof needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// ICS-04 `sendPacket`; this chain is the source.
    SendPacket(Packet),
    /// ICS-04 `recvPacket`; this chain is the destination.
    RecvPacket(PacketId),
    /// ICS-04 `writeAcknowledgement`; this chain is the destination. `ack` is
    /// the whole acknowledgement, not its hash. The packet comes with its data.
    WriteAcknowledgement { packet: Packet, ack: Vec<u8> },
    /// ICS-04 `acknowledgePacket`; this chain is the source.
    AcknowledgePacket(PacketId),
    /// ICS-04 `timeoutPacket` or `timeoutOnClose`; this chain is the source.
    TimeoutPacket(PacketId),
    /// ICS-29 `payPacketFee`; this chain is the source. What is offered by now for the receipt of
    /// a packet, whoever relays it: it only grows.
    FeesOffered {
        src: End,
        sequence: Sequence,
        recv: Vec<Coin>,
    },
    /// ICS-02 `createClient` or `upgradeClient`: the client on this chain is
    /// new or changed as a whole.
    ClientChanged { client_id: ClientId },
    /// ICS-02 `updateClient`: consensus states were added at these heights of
    /// the counterparty (revision heights).
    ClientUpdated {
        client_id: ClientId,
        consensus_heights: Vec<u64>,
    },
    /// ICS-02 misbehaviour: the client on this chain is frozen.
    ClientFrozen { client_id: ClientId },
    /// ICS-03: any of the four handshake steps.
    ConnectionChanged { connection_id: ConnectionId },
    /// ICS-04: any of the four opening or two closing steps.
    ChannelChanged {
        port_id: PortId,
        channel_id: ChannelId,
    },
}

impl Event {
    /// Whether a client was shown a header.
    pub fn is_client_update(&self) -> bool {
        matches!(self, Self::ClientUpdated { .. })
    }

    /// The client that is new or changed as a whole.
    pub fn changed_client(&self) -> Option<ClientId> {
        match self {
            Self::ClientChanged { client_id } => Some(client_id.clone()),
            _ => None,
        }
    }
}
