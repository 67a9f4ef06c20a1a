//! One thing to do, by name. At most one transaction at a time intends it.

use std::fmt;

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;

use super::{ChannelKey, ClientKey, ConnectionKey, PacketKey};

/// A step of a handshake. The message goes to the `a` or `b` side as ICS-03
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
    ChanCloseInit,
    ChanCloseConfirm,
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
    /// Two headers of one chain that freeze a client of it.
    Misbehaviour(ClientKey),
    /// `MsgUpgradeClient`: the client's chain has ended its revision (ICS-02).
    Upgrade(ClientKey),
    /// A handshake step for the request between `a` and `b`.
    Handshake {
        a: ChainId,
        b: ChainId,
        step: HandshakeStep,
    },
    /// A step of an opening that somebody else has begun at this end.
    Connection {
        end: ConnectionKey,
        step: HandshakeStep,
    },
    /// A step of a channel that is there: of an opening that somebody else has begun at this
    /// end, or the end's closing.
    Channel {
        end: ChannelKey,
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
            Self::Refresh(_)
            | Self::Upgrade(_)
            | Self::Misbehaviour(_)
            | Self::Handshake { .. }
            | Self::Connection { .. }
            | Self::Channel { .. } => None,
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
            Self::Misbehaviour(client) => write!(f, "show misbehaviour to client {client}"),
            Self::Upgrade(client) => write!(f, "upgrade client {client}"),
            Self::Handshake { a, b, step } => write!(f, "{step:?} between {a} and {b}"),
            Self::Connection { end, step } => write!(f, "{step:?} for {end}"),
            Self::Channel { end, step } => write!(f, "{step:?} for {end}"),
        }
    }
}

/// What a transaction does, in words: "50 receive, 3 acknowledge".
pub fn summary(items: &[Item]) -> String {
    let count = |kind: fn(&Item) -> bool| items.iter().filter(|item| kind(item)).count();
    let mut parts: Vec<String> = [
        (count(|item| matches!(item, Item::Recv(_))), "receive"),
        (count(|item| matches!(item, Item::Ack(_))), "acknowledge"),
        (count(|item| matches!(item, Item::Timeout(_))), "time out"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    parts.extend(items.iter().filter_map(|item| match item {
        Item::Handshake { step, .. }
        | Item::Connection { step, .. }
        | Item::Channel { step, .. } => Some(format!("{step:?}")),
        Item::Refresh(client) => Some(format!("refresh {}", client.client_id)),
        Item::Misbehaviour(client) => Some(format!("misbehaviour for {}", client.client_id)),
        Item::Upgrade(client) => Some(format!("upgrade {}", client.client_id)),
        _ => None,
    }));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, End, PortId};

    use super::*;
    use crate::ledger::EndKey;

    #[test]
    fn a_transaction_is_told_in_words() {
        let packet = |sequence: u64| PacketKey {
            src: EndKey {
                chain: ChainId::from_string("akash-1"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            },
            sequence: sequence.into(),
        };
        let items = [
            Item::Recv(packet(1)),
            Item::Recv(packet(2)),
            Item::Ack(packet(3)),
        ];
        assert_eq!(summary(&items), "2 receive, 1 acknowledge");
    }
}
