//! One thing to do, by name. At most one transaction at a time intends it.

use std::fmt;

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;

use super::{ClientKey, PacketKey};

/// A step of a channel request. The message goes to the `a` or `b` side as ICS-03
/// and ICS-04 say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HandshakeStep {
    CreateClientOnA,
    CreateClientOnB,
    ConnOpenInit,
    ConnOpenTry,
    ConnOpenAck,
    ConnOpenConfirm,
    ChanOpenInit,
    ChanOpenTry,
    ChanOpenAck,
    ChanOpenConfirm,
}

/// Work, as ICS-18's `pendingDatagrams` would return it, by name only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Item {
    /// `MsgRecvPacket` to the packet's destination.
    Recv(PacketKey),
    /// `MsgAcknowledgement` to the packet's source.
    Ack(PacketKey),
    /// `MsgTimeout` to the packet's source.
    Timeout(PacketKey),
    /// A bare client update, so that the client does not expire.
    Refresh(ClientKey),
    /// A handshake step for the request between `a` and `b`.
    Handshake {
        a: ChainId,
        b: ChainId,
        step: HandshakeStep,
    },
}

impl Item {
    /// Whatever may be done for a packet.
    pub fn of_packet(key: &PacketKey) -> [Self; 3] {
        [
            Self::Recv(key.clone()),
            Self::Ack(key.clone()),
            Self::Timeout(key.clone()),
        ]
    }

    /// The packet it is done for, if it is one.
    pub fn packet(&self) -> Option<&PacketKey> {
        match self {
            Self::Recv(packet) | Self::Ack(packet) | Self::Timeout(packet) => Some(packet),
            Self::Refresh(_) | Self::Handshake { .. } => None,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recv(packet) => write!(f, "receive {packet}"),
            Self::Ack(packet) => write!(f, "acknowledge {packet}"),
            Self::Timeout(packet) => write!(f, "time out {packet}"),
            Self::Refresh(client) => write!(f, "refresh client {client}"),
            Self::Handshake { a, b, step } => write!(f, "{step:?} between {a} and {b}"),
        }
    }
}
