//! The message that sends a packet of any data from port `mock`, as the test
//! chain in `e2e/chain` has it.

use ibc::core::channel::handler::send_packet;
use ibc::core::channel::types::packet::Packet;
use ibc::core::handler::types::error::HandlerError;
use ibc::core::host::types::identifiers::ChannelId;
use ibc::core::host::types::path::{ChannelEndPath, SeqSendPath};
use ibc::core::host::ValidationContext;
use ibc_proto::ibc::core::channel::v1::Packet as RawPacket;
use ibc_proto::ibc::core::client::v1::Height as RawHeight;

use super::PORT;
use crate::host::Host;
use crate::refusal::Refusal;

/// The message's type URL.
pub const SEND_URL: &str = "/tern.e2e.mock.v1.MsgSend";

/// Sends a packet over the channel.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MsgSend {
    #[prost(string, tag = "1")]
    pub sender: String,
    #[prost(string, tag = "2")]
    pub channel: String,
    #[prost(bytes = "vec", tag = "3")]
    pub data: Vec<u8>,
    #[prost(uint64, tag = "4")]
    pub timeout_revision_number: u64,
    #[prost(uint64, tag = "5")]
    pub timeout_revision_height: u64,
    /// Nanoseconds.
    #[prost(uint64, tag = "6")]
    pub timeout_timestamp: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MsgSendResponse {
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
}

/// Returns the packet's sequence.
pub(crate) fn send(host: &mut Host, message: &MsgSend) -> Result<u64, Refusal> {
    if message.sender != host.signer {
        let log = format!("{} did not sign: {} did", message.sender, host.signer);
        return Err(Refusal::unauthorized(log));
    }
    let port = PORT.parse().map_err(Refusal::unknown_request)?;
    let channel: ChannelId = message.channel.parse().map_err(Refusal::unknown_request)?;
    let failed = |error| Refusal::from(HandlerError::Channel(error));
    let end = host.channel_end(&ChannelEndPath::new(&port, &channel));
    let end = end.map_err(|error| failed(error.into()))?;
    let sequence = host.get_next_sequence_send(&SeqSendPath::new(&port, &channel));
    let sequence = sequence.map_err(|error| failed(error.into()))?.value();
    let counterparty = end.counterparty();
    let raw = RawPacket {
        sequence,
        source_port: port.to_string(),
        source_channel: channel.to_string(),
        destination_port: counterparty.port_id.to_string(),
        destination_channel: counterparty
            .channel_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        data: message.data.clone(),
        timeout_height: Some(RawHeight {
            revision_number: message.timeout_revision_number,
            revision_height: message.timeout_revision_height,
        }),
        timeout_timestamp: message.timeout_timestamp,
    };
    let packet = Packet::try_from(raw).map_err(Refusal::unknown_request)?;
    send_packet(host, packet).map_err(failed)?;
    Ok(sequence)
}
