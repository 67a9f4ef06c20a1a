//! ABCI events as IBC facts. Pure: one event in, at most one fact out.
//!
//! Decoded by hand: the library's decoder knows no `recv_packet`, takes an
//! attribute that is missing for an empty one, and panics on a timeout that is
//! not a number. Attribute names are those ibc-go writes from v4 to v11; packet
//! data and acknowledgements are read from their `_hex` attributes, the only
//! ones left since v9. Values are plain text from CometBFT 0.37 on; before,
//! base64, which the RPC dialect has undone by now.

use std::str::FromStr;

use ibc_relayer_types::core::ics02_client::events as client;
use ibc_relayer_types::core::ics03_connection::events as connection;
use ibc_relayer_types::core::ics04_channel::events as channel;
use tendermint::abci;
use tern_chains::{is_denom, Body, ChainId, Coin, End, Event, Packet, PacketId, Timeout};

use crate::convert;

/// Set by IBC v2 packet events, which share their kinds with those of v1.
const V2_SRC_CLIENT: &str = "packet_source_client";
const CONSENSUS_HEIGHTS: &str = "consensus_heights";
const SUBJECT_CLIENT_ID: &str = "subject_client_id";
/// ICS-29, `modules/apps/29-fee/types/events.go`.
const RECV_FEE: &str = "recv_fee";

/// Why an event of an IBC kind is not one we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("attribute `{0}` is missing")]
    Missing(&'static str),
    #[error("attribute `{key}` cannot be read: `{value}`")]
    Invalid { key: &'static str, value: String },
}

type Result<T> = std::result::Result<T, EventError>;

/// The fact an event states. An IBC event that cannot be read is left out with
/// a warning: it must not stop the block it is in.
pub fn decode_or_warn(chain: &ChainId, height: u64, event: &abci::Event) -> Option<Event> {
    match decode(event) {
        Ok(fact) => fact,
        Err(error) => {
            tracing::warn!(%chain, height, kind = %event.kind, %error, "IBC event left out");
            None
        }
    }
}

/// `None` for events that are not of IBC v1.
fn decode(event: &abci::Event) -> Result<Option<Event>> {
    let of = Attributes(event);
    let fact = match event.kind.as_str() {
        "send_packet"
        | "recv_packet"
        | "write_acknowledgement"
        | "acknowledge_packet"
        | "timeout_packet"
        | "timeout_on_close_packet" => return packet_event(&of),
        "incentivized_ibc_packet" => Event::FeesOffered {
            src: End::Channel {
                port_id: of.parse(channel::PORT_ID_ATTRIBUTE_KEY)?,
                channel_id: of.parse(channel::CHANNEL_ID_ATTRIBUTE_KEY)?,
            },
            sequence: of.parse::<u64>(channel::PKT_SEQ_ATTRIBUTE_KEY)?.into(),
            recv: coins(&of, RECV_FEE)?,
        },
        "create_client" | "upgrade_client" => Event::ClientChanged {
            client_id: of.parse(client::CLIENT_ID_ATTRIBUTE_KEY)?,
        },
        // Governance put another client's state in the place of a dead one's.
        "recover_client" | "update_client_proposal" => Event::ClientChanged {
            client_id: of.parse(SUBJECT_CLIENT_ID)?,
        },
        "update_client" => Event::ClientUpdated {
            client_id: of.parse(client::CLIENT_ID_ATTRIBUTE_KEY)?,
            consensus_heights: consensus_heights(&of)?,
        },
        "client_misbehaviour" => Event::ClientFrozen {
            client_id: of.parse(client::CLIENT_ID_ATTRIBUTE_KEY)?,
        },
        "connection_open_init"
        | "connection_open_try"
        | "connection_open_ack"
        | "connection_open_confirm" => Event::ConnectionChanged {
            connection_id: of.parse(connection::CONN_ID_ATTRIBUTE_KEY)?,
        },
        // `channel_close` is an ordered channel closed by a timeout;
        // `channel_upgrade_open` may have changed ordering and version.
        "channel_open_init"
        | "channel_open_try"
        | "channel_open_ack"
        | "channel_open_confirm"
        | "channel_close_init"
        | "channel_close_confirm"
        | "channel_close"
        | "channel_upgrade_open" => Event::ChannelChanged {
            port_id: of.parse(channel::PORT_ID_ATTRIBUTE_KEY)?,
            channel_id: of.parse(channel::CHANNEL_ID_ATTRIBUTE_KEY)?,
        },
        _ => return Ok(None),
    };
    Ok(Some(fact))
}

fn packet_event(of: &Attributes<'_>) -> Result<Option<Event>> {
    if of.get(V2_SRC_CLIENT).is_some() {
        return Ok(None);
    }
    let fact = match of.0.kind.as_str() {
        "send_packet" => Event::SendPacket(packet(of)?),
        "recv_packet" => Event::RecvPacket(packet_id(of)?),
        "write_acknowledgement" => Event::WriteAcknowledgement {
            packet: packet(of)?,
            ack: of.hex(channel::PKT_ACK_ATTRIBUTE_KEY)?,
        },
        "acknowledge_packet" => Event::AcknowledgePacket(packet_id(of)?),
        _ => Event::TimeoutPacket(packet_id(of)?),
    };
    Ok(Some(fact))
}

fn packet_id(of: &Attributes<'_>) -> Result<PacketId> {
    Ok(PacketId {
        src: End::Channel {
            port_id: of.parse(channel::PKT_SRC_PORT_ATTRIBUTE_KEY)?,
            channel_id: of.parse(channel::PKT_SRC_CHANNEL_ATTRIBUTE_KEY)?,
        },
        dst: End::Channel {
            port_id: of.parse(channel::PKT_DST_PORT_ATTRIBUTE_KEY)?,
            channel_id: of.parse(channel::PKT_DST_CHANNEL_ATTRIBUTE_KEY)?,
        },
        sequence: of.parse::<u64>(channel::PKT_SEQ_ATTRIBUTE_KEY)?.into(),
    })
}

/// A whole packet, with its data and timeouts.
fn packet(of: &Attributes<'_>) -> Result<Packet> {
    let id = packet_id(of)?;
    let key = channel::PKT_TIMEOUT_HEIGHT_ATTRIBUTE_KEY;
    let height = of.need(key)?;
    Ok(Packet {
        src: id.src,
        dst: id.dst,
        sequence: id.sequence,
        timeout: Timeout {
            height: convert::height(height).ok_or_else(|| invalid(key, height))?,
            timestamp_ns: of.parse(channel::PKT_TIMEOUT_TIMESTAMP_ATTRIBUTE_KEY)?,
        },
        body: Body::V1 {
            data: of.hex(channel::PKT_DATA_ATTRIBUTE_KEY)?,
        },
    })
}

/// The heights an update added: `consensus_heights` is a list, and empty if the
/// update changed nothing; before ibc-go v3 there was only `consensus_height`.
fn consensus_heights(of: &Attributes<'_>) -> Result<Vec<u64>> {
    let (key, list) = match of.get(CONSENSUS_HEIGHTS) {
        Some(list) => (CONSENSUS_HEIGHTS, list),
        None => {
            let key = client::CONSENSUS_HEIGHT_ATTRIBUTE_KEY;
            (key, of.need(key)?)
        }
    };
    list.split(',')
        .filter(|text| !text.is_empty())
        .map(|text| {
            let height = convert::height(text.trim());
            Ok(height.ok_or_else(|| invalid(key, list))?.height)
        })
        .collect()
}

/// Coins as the SDK writes them: `5uakt,7ibc/27394F`, or nothing.
fn coins(of: &Attributes<'_>, key: &'static str) -> Result<Vec<Coin>> {
    let list = of.need(key)?;
    let coin = |text: &str| {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (amount, denom) = text.split_at(digits);
        is_denom(denom).then_some(())?;
        Some(Coin {
            denom: denom.to_owned(),
            amount: amount.parse().ok()?,
        })
    };
    let coins = list.split(',').filter(|text| !text.is_empty());
    coins
        .map(|text| coin(text).ok_or_else(|| invalid(key, list)))
        .collect()
}

/// The attributes of one event, by key.
struct Attributes<'a>(&'a abci::Event);

impl<'a> Attributes<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        let attributes = self.0.attributes.iter();
        let mut found = attributes.filter(|attribute| attribute.key_bytes() == key.as_bytes());
        found.next()?.value_str().ok()
    }

    fn need(&self, key: &'static str) -> Result<&'a str> {
        self.get(key).ok_or(EventError::Missing(key))
    }

    fn parse<T: FromStr>(&self, key: &'static str) -> Result<T> {
        let value = self.need(key)?;
        value.parse().map_err(|_| invalid(key, value))
    }

    fn hex(&self, key: &'static str) -> Result<Vec<u8>> {
        let value = self.need(key)?;
        hex::decode(value).map_err(|_| invalid(key, value))
    }
}

/// Long values are cut: a warning is read by people.
fn invalid(key: &'static str, value: &str) -> EventError {
    EventError::Invalid {
        key,
        value: value.chars().take(80).collect(),
    }
}

#[cfg(test)]
mod tests;
