//! The messages this chain takes: core IBC v1, transfers, payments.

use ibc::core::channel::types::msgs::{ChannelMsg, PacketMsg};
use ibc::core::channel::types::Version;
use ibc::core::client::types::msgs::ClientMsg;
use ibc::core::connection::types::msgs::{MsgConnectionOpenAck, MsgConnectionOpenTry};
use ibc::core::handler::types::msgs::MsgEnvelope;
use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;

use crate::apps::default_version;
use crate::host::handshake;
use crate::mock;
use crate::refusal::Refusal;

/// One message of a transaction, decoded.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Ibc(Box<MsgEnvelope>),
    ConnectionOpenTry(Box<MsgConnectionOpenTry>),
    ConnectionOpenAck(Box<MsgConnectionOpenAck>),
    Transfer(Box<MsgTransfer>),
    Mock(mock::MsgSend),
    Send(MsgSend),
}

impl Message {
    pub fn decode(any: &Any) -> Result<Self, Refusal> {
        let url = any.type_url.as_str();
        let wrong = |error: &dyn std::fmt::Display| Refusal::undecodable(format!("{url}: {error}"));
        let bytes = any.value.as_slice();
        Ok(match url {
            "/cosmos.bank.v1beta1.MsgSend" => {
                Self::Send(MsgSend::decode(bytes).map_err(|error| wrong(&error))?)
            }
            mock::SEND_URL => {
                Self::Mock(mock::MsgSend::decode(bytes).map_err(|error| wrong(&error))?)
            }
            "/ibc.applications.transfer.v1.MsgTransfer" => {
                let raw = MsgTransfer::decode(bytes).map_err(|error| wrong(&error))?;
                Self::Transfer(Box::new(raw))
            }
            "/ibc.core.connection.v1.MsgConnectionOpenTry" => {
                let raw = prost::Message::decode(bytes).map_err(|error| wrong(&error))?;
                let message = handshake::decode_try(raw).map_err(|error| wrong(&error))?;
                Self::ConnectionOpenTry(Box::new(message))
            }
            "/ibc.core.connection.v1.MsgConnectionOpenAck" => {
                let raw = prost::Message::decode(bytes).map_err(|error| wrong(&error))?;
                let message = handshake::decode_ack(raw).map_err(|error| wrong(&error))?;
                Self::ConnectionOpenAck(Box::new(message))
            }
            _ => {
                let envelope = MsgEnvelope::try_from(any.clone()).map_err(|error| wrong(&error))?;
                Self::Ibc(Box::new(with_version(envelope)))
            }
        })
    }

    /// The packet message, if another relayer may have made it redundant.
    pub fn packet(&self) -> Option<&PacketMsg> {
        match self {
            Self::Ibc(envelope) => match envelope.as_ref() {
                MsgEnvelope::Packet(packet) => Some(packet),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_client_update(&self) -> bool {
        match self {
            Self::Ibc(envelope) => matches!(
                envelope.as_ref(),
                MsgEnvelope::Client(ClientMsg::UpdateClient(_))
            ),
            _ => false,
        }
    }
}

/// Fills in the application's default version for a channel opened without one.
/// ibc-rs calls the application for it, but keeps the proposed version.
fn with_version(mut envelope: MsgEnvelope) -> MsgEnvelope {
    if let MsgEnvelope::Channel(ChannelMsg::OpenInit(open)) = &mut envelope {
        if open.version_proposal.is_empty() {
            open.version_proposal = Version::new(default_version(&open.port_id_on_a).to_owned());
        }
    }
    envelope
}
