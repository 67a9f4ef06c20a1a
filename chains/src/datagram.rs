//! What is said to a chain (ICS-18), complete with its proofs. The destination's
//! account encodes it as a message of its chain.

use serde::{Deserialize, Serialize};

use crate::{
    ChannelId, ClientId, ClientUpgrade, ConnectionCounterparty, ConnectionId, ConnectionVersion,
    Encoded, Height, Misbehaviour, NewClient, Ordering, Packet, PortId, Proof,
};

/// A message before it is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Datagram {
    CreateClient(NewClient),
    /// A client message that is a header.
    UpdateClient {
        client_id: ClientId,
        header: Encoded,
    },
    /// The other client message: it freezes the client.
    Misbehaviour {
        client_id: ClientId,
        misbehaviour: Misbehaviour,
    },
    UpgradeClient {
        client_id: ClientId,
        upgrade: ClientUpgrade,
    },
    ConnOpenInit {
        client_id: ClientId,
        counterparty: ConnectionCounterparty,
        delay_period_ns: u64,
        /// `None`: all that the chain speaks.
        #[serde(default)]
        version: Option<ConnectionVersion>,
    },
    ConnOpenTry {
        client_id: ClientId,
        counterparty: ConnectionCounterparty,
        counterparty_versions: Vec<ConnectionVersion>,
        delay_period_ns: u64,
        proof_init: Proof,
        client: CounterpartyClient,
    },
    ConnOpenAck {
        connection_id: ConnectionId,
        counterparty_connection_id: ConnectionId,
        version: Option<ConnectionVersion>,
        proof_try: Proof,
        client: CounterpartyClient,
    },
    ConnOpenConfirm {
        connection_id: ConnectionId,
        proof_ack: Proof,
    },
    ChanOpenInit {
        connection_id: ConnectionId,
        port_id: PortId,
        counterparty_port_id: PortId,
        ordering: Ordering,
        /// Empty: the application chooses.
        version: String,
    },
    ChanOpenTry {
        connection_id: ConnectionId,
        port_id: PortId,
        counterparty_port_id: PortId,
        counterparty_channel_id: ChannelId,
        counterparty_version: String,
        ordering: Ordering,
        proof_init: Proof,
    },
    ChanOpenAck {
        port_id: PortId,
        channel_id: ChannelId,
        counterparty_channel_id: ChannelId,
        counterparty_version: String,
        proof_try: Proof,
    },
    ChanOpenConfirm {
        port_id: PortId,
        channel_id: ChannelId,
        proof_ack: Proof,
    },
    /// Only where the application lets it be closed.
    ChanCloseInit {
        port_id: PortId,
        channel_id: ChannelId,
    },
    ChanCloseConfirm {
        port_id: PortId,
        channel_id: ChannelId,
        proof_init: Proof,
    },
    RecvPacket {
        packet: Packet,
        proof_commitment: Proof,
    },
    Acknowledgement {
        packet: Packet,
        #[serde(with = "hex::serde")]
        acknowledgement: Vec<u8>,
        proof_acked: Proof,
    },
    Timeout {
        packet: Packet,
        /// What the proof states for an ordered channel; for an unordered one the
        /// packet's own sequence, which ibc-go wants and does not use.
        next_sequence_recv: u64,
        proof_unreceived: Proof,
    },
    /// The packet's destination is closed, whether or not the packet has timed out.
    TimeoutOnClose {
        packet: Packet,
        /// As of a timeout.
        next_sequence_recv: u64,
        proof_unreceived: Proof,
        /// Of the closed end, at the same height.
        proof_close: Proof,
    },
}

/// The counterparty's client of the chain a connection step goes to, with proofs.
/// ibc-go up to v8 verifies it, later versions ignore it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CounterpartyClient {
    pub state: Encoded,
    pub proof_state: Proof,
    /// The height of the consensus state that `proof_consensus` is for.
    pub consensus_height: Height,
    pub proof_consensus: Proof,
}

/// The kinds of messages, as far as they matter for what they cost.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum MessageKind {
    UpdateClient,
    RecvPacket,
    Acknowledgement,
    Timeout,
    /// A client created or upgraded, a handshake step, or a message that no datagram stands for.
    Other,
}

impl Datagram {
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::UpdateClient { .. } => MessageKind::UpdateClient,
            Self::RecvPacket { .. } => MessageKind::RecvPacket,
            Self::Acknowledgement { .. } => MessageKind::Acknowledgement,
            Self::Timeout { .. } | Self::TimeoutOnClose { .. } => MessageKind::Timeout,
            _ => MessageKind::Other,
        }
    }
}
