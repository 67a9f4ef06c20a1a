//! The packet and the proof height in a message that proves something about a
//! packet (ICS-04).

use ibc_proto::ibc::core::channel::v1::{
    MsgAcknowledgement, MsgRecvPacket, MsgTimeout, MsgTimeoutOnClose, Packet,
};
use ibc_proto::ibc::core::client::v1::Height;
use prost::Message as _;
use tern_chains::{Encoded, End, PacketId};

/// What such a message contains.
pub struct PacketProof {
    packet: Packet,
    /// The revision height that the proof is checked at.
    pub height: Option<u64>,
}

impl PacketProof {
    /// Decodes a message; `None` if it proves nothing about a packet.
    pub fn decode(message: &Encoded) -> Option<Self> {
        let (packet, height) = packet_and_height(message)?;
        Some(Self {
            packet: packet?,
            height: height.map(|height| height.revision_height),
        })
    }

    /// Whether the message is about this packet.
    pub fn is_about(&self, id: &PacketId) -> bool {
        let packet = &self.packet;
        let is_end = |end: &End, port: &str, channel: &str| {
            let known = end.as_channel();
            known.is_some_and(|known| (known.0.as_str(), known.1.as_str()) == (port, channel))
        };
        packet.sequence == id.sequence.as_u64()
            && is_end(&id.src, &packet.source_port, &packet.source_channel)
            && is_end(
                &id.dst,
                &packet.destination_port,
                &packet.destination_channel,
            )
    }
}

fn packet_and_height(message: &Encoded) -> Option<(Option<Packet>, Option<Height>)> {
    let value = message.bytes.as_slice();
    match message.type_name.as_str() {
        "/ibc.core.channel.v1.MsgRecvPacket" => {
            let message = MsgRecvPacket::decode(value).ok()?;
            Some((message.packet, message.proof_height))
        }
        "/ibc.core.channel.v1.MsgAcknowledgement" => {
            let message = MsgAcknowledgement::decode(value).ok()?;
            Some((message.packet, message.proof_height))
        }
        "/ibc.core.channel.v1.MsgTimeout" => {
            let message = MsgTimeout::decode(value).ok()?;
            Some((message.packet, message.proof_height))
        }
        "/ibc.core.channel.v1.MsgTimeoutOnClose" => {
            let message = MsgTimeoutOnClose::decode(value).ok()?;
            Some((message.packet, message.proof_height))
        }
        _ => None,
    }
}

/// A `MsgRecvPacket` for tests.
#[cfg(test)]
pub fn recv_message(id: &PacketId, proof_height: u64) -> Encoded {
    let end = |end: &End| match end.as_channel() {
        Some((port, channel)) => (port.to_string(), channel.to_string()),
        None => (String::new(), String::new()),
    };
    let ((source_port, source_channel), (destination_port, destination_channel)) =
        (end(&id.src), end(&id.dst));
    let message = MsgRecvPacket {
        packet: Some(Packet {
            sequence: id.sequence.as_u64(),
            source_port,
            source_channel,
            destination_port,
            destination_channel,
            ..Packet::default()
        }),
        proof_height: Some(Height {
            revision_number: 0,
            revision_height: proof_height,
        }),
        ..MsgRecvPacket::default()
    };
    Encoded {
        type_name: "/ibc.core.channel.v1.MsgRecvPacket".to_owned(),
        bytes: message.encode_to_vec(),
    }
}
