//! The packet and the proof height in a message that proves something about a
//! packet (ICS-04).

use ibc_proto::ibc::core::channel::v1::{
    MsgAcknowledgement, MsgRecvPacket, MsgTimeout, MsgTimeoutOnClose, Packet,
};
use ibc_proto::ibc::core::client::v1::Height;
use prost::Message as _;
use tern_chains::{Message, PacketId};

/// What such a message contains.
pub struct PacketProof {
    packet: Packet,
    /// The revision height that the proof is checked at.
    pub height: Option<u64>,
}

impl PacketProof {
    /// Decodes a message; `None` if it proves nothing about a packet.
    pub fn decode(message: &Message) -> Option<Self> {
        let (packet, height) = packet_and_height(message)?;
        Some(Self {
            packet: packet?,
            height: height.map(|height| height.revision_height),
        })
    }

    /// Whether the message is about this packet.
    pub fn is_about(&self, id: &PacketId) -> bool {
        let packet = &self.packet;
        packet.sequence == id.sequence.as_u64()
            && packet.source_port == id.src_port.as_str()
            && packet.source_channel == id.src_channel.as_str()
            && packet.destination_port == id.dst_port.as_str()
            && packet.destination_channel == id.dst_channel.as_str()
    }
}

fn packet_and_height(message: &Message) -> Option<(Option<Packet>, Option<Height>)> {
    let value = message.value.as_slice();
    match message.type_url.as_str() {
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
pub fn recv_message(id: &PacketId, proof_height: u64) -> Message {
    let message = MsgRecvPacket {
        packet: Some(Packet {
            sequence: id.sequence.as_u64(),
            source_port: id.src_port.to_string(),
            source_channel: id.src_channel.to_string(),
            destination_port: id.dst_port.to_string(),
            destination_channel: id.dst_channel.to_string(),
            ..Packet::default()
        }),
        proof_height: Some(Height {
            revision_number: 0,
            revision_height: proof_height,
        }),
        ..MsgRecvPacket::default()
    };
    Message {
        type_url: "/ibc.core.channel.v1.MsgRecvPacket".to_owned(),
        value: message.encode_to_vec(),
    }
}
