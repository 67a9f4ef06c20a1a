//! Between the protobuf types of ibc-go and the types of the seam. Pure.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1 as channel;
use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use ibc_proto::ibc::core::connection::v1 as connection;
use tern_chains::{
    Body, ChannelCounterparty, ChannelEnd, ChannelState, ConnectionCounterparty, ConnectionEnd,
    ConnectionState, ConnectionVersion, Encoded, End, Height, IdError, Message, MessageKind,
    Ordering, Packet,
};

/// Why a protobuf value is not one of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("`{field}` is missing")]
    Missing { field: &'static str },
    #[error("`{field}` has the unknown value {value}")]
    Unknown { field: &'static str, value: i32 },
}

pub fn any(encoded: &Encoded) -> Any {
    Any {
        type_url: encoded.type_name.clone(),
        value: encoded.bytes.clone(),
    }
}

pub fn encoded(any: Any) -> Encoded {
    Encoded {
        type_name: any.type_url,
        bytes: any.value,
    }
}

/// A message that no datagram stands for, such as a transfer.
pub fn message(any: Any) -> Message {
    Message {
        kind: MessageKind::Other,
        encoded: encoded(any),
    }
}

pub fn raw_height(height: Height) -> RawHeight {
    RawHeight {
        revision_number: height.revision,
        revision_height: height.height,
    }
}

/// `None` for a packet of IBC v2.
pub fn raw_packet(packet: &Packet) -> Option<channel::Packet> {
    let (source_port, source_channel) = packet.src.as_channel()?;
    let (destination_port, destination_channel) = packet.dst.as_channel()?;
    let Body::V1 { data } = &packet.body else {
        return None;
    };
    Some(channel::Packet {
        sequence: packet.sequence.as_u64(),
        source_port: source_port.to_string(),
        source_channel: source_channel.to_string(),
        destination_port: destination_port.to_string(),
        destination_channel: destination_channel.to_string(),
        data: data.clone(),
        timeout_height: Some(raw_height(packet.timeout.height)),
        timeout_timestamp: packet.timeout.timestamp_ns,
    })
}

pub fn raw_ordering(ordering: Ordering) -> i32 {
    let order = match ordering {
        Ordering::Uninitialized => channel::Order::NoneUnspecified,
        Ordering::Unordered => channel::Order::Unordered,
        Ordering::Ordered => channel::Order::Ordered,
    };
    order.into()
}

pub fn raw_version(version: &ConnectionVersion) -> connection::Version {
    connection::Version {
        identifier: version.identifier.clone(),
        features: version.features.clone(),
    }
}

pub fn raw_counterparty(counterparty: &ConnectionCounterparty) -> connection::Counterparty {
    use ibc_proto::ibc::core::commitment::v1::MerklePrefix;
    let connection_id = counterparty.connection_id.as_ref();
    connection::Counterparty {
        client_id: counterparty.client_id.to_string(),
        connection_id: connection_id.map(ToString::to_string).unwrap_or_default(),
        prefix: Some(MerklePrefix {
            key_prefix: counterparty.prefix.clone(),
        }),
    }
}

pub fn connection_end(raw: connection::ConnectionEnd) -> Result<ConnectionEnd, ConvertError> {
    let state = match connection::State::try_from(raw.state) {
        Ok(connection::State::UninitializedUnspecified) => ConnectionState::Uninitialized,
        Ok(connection::State::Init) => ConnectionState::Init,
        Ok(connection::State::Tryopen) => ConnectionState::TryOpen,
        Ok(connection::State::Open) => ConnectionState::Open,
        Err(_) => return Err(unknown("state", raw.state)),
    };
    let counterparty = raw.counterparty.ok_or(missing("counterparty"))?;
    let prefix = counterparty.prefix.map(|prefix| prefix.key_prefix);
    let versions = raw.versions.into_iter().map(|raw| ConnectionVersion {
        identifier: raw.identifier,
        features: raw.features,
    });
    Ok(ConnectionEnd {
        state,
        client_id: raw.client_id.parse()?,
        counterparty: ConnectionCounterparty {
            client_id: counterparty.client_id.parse()?,
            connection_id: optional(&counterparty.connection_id)?,
            prefix: prefix.unwrap_or_default(),
        },
        versions: versions.collect(),
        delay_period_ns: raw.delay_period,
    })
}

/// The same of an entry in a list of connections.
pub fn identified_connection(
    raw: connection::IdentifiedConnection,
) -> Result<tern_chains::IdentifiedConnectionEnd, ConvertError> {
    Ok(tern_chains::IdentifiedConnectionEnd {
        connection_id: raw.id.parse()?,
        connection_end: connection_end(connection::ConnectionEnd {
            client_id: raw.client_id,
            versions: raw.versions,
            state: raw.state,
            counterparty: raw.counterparty,
            delay_period: raw.delay_period,
        })?,
    })
}

pub fn channel_end(raw: channel::Channel) -> Result<ChannelEnd, ConvertError> {
    let counterparty = raw.counterparty.ok_or(missing("counterparty"))?;
    let hops = raw.connection_hops.iter().map(|id| id.parse());
    Ok(ChannelEnd {
        state: channel_state(raw.state)?,
        ordering: ordering(raw.ordering)?,
        counterparty: ChannelCounterparty {
            port_id: counterparty.port_id.parse()?,
            channel_id: optional(&counterparty.channel_id)?,
        },
        connection_hops: hops.collect::<Result<_, _>>()?,
        version: raw.version,
    })
}

/// The same of an entry in a list of channels.
pub fn identified_channel(
    raw: channel::IdentifiedChannel,
) -> Result<tern_chains::IdentifiedChannelEnd, ConvertError> {
    Ok(tern_chains::IdentifiedChannelEnd {
        port_id: raw.port_id.parse()?,
        channel_id: raw.channel_id.parse()?,
        channel_end: channel_end(channel::Channel {
            state: raw.state,
            ordering: raw.ordering,
            counterparty: raw.counterparty,
            connection_hops: raw.connection_hops,
            version: raw.version,
            upgrade_sequence: raw.upgrade_sequence,
        })?,
    })
}

/// A height as events write it: `2-14`.
pub fn height(text: &str) -> Option<Height> {
    let (revision, height) = text.split_once('-')?;
    Some(Height::new(revision.parse().ok()?, height.parse().ok()?))
}

/// The channel end a protobuf message names.
pub fn end(port_id: &str, channel_id: &str) -> Result<End, ConvertError> {
    Ok(End::Channel {
        port_id: port_id.parse()?,
        channel_id: channel_id.parse()?,
    })
}

fn channel_state(value: i32) -> Result<ChannelState, ConvertError> {
    match channel::State::try_from(value) {
        Ok(channel::State::UninitializedUnspecified) => Ok(ChannelState::Uninitialized),
        Ok(channel::State::Init) => Ok(ChannelState::Init),
        Ok(channel::State::Tryopen) => Ok(ChannelState::TryOpen),
        Ok(channel::State::Open) => Ok(ChannelState::Open),
        Ok(channel::State::Closed) => Ok(ChannelState::Closed),
        Ok(channel::State::Flushing) => Ok(ChannelState::Flushing),
        Ok(channel::State::Flushcomplete) => Ok(ChannelState::FlushComplete),
        Err(_) => Err(unknown("state", value)),
    }
}

fn ordering(value: i32) -> Result<Ordering, ConvertError> {
    match channel::Order::try_from(value) {
        Ok(channel::Order::NoneUnspecified) => Ok(Ordering::Uninitialized),
        Ok(channel::Order::Unordered) => Ok(Ordering::Unordered),
        Ok(channel::Order::Ordered) => Ok(Ordering::Ordered),
        Err(_) => Err(unknown("ordering", value)),
    }
}

/// An identifier that is empty while it is not known.
fn optional<T: std::str::FromStr<Err = IdError>>(text: &str) -> Result<Option<T>, IdError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some)
}

fn missing(field: &'static str) -> ConvertError {
    ConvertError::Missing { field }
}

fn unknown(field: &'static str, value: i32) -> ConvertError {
    ConvertError::Unknown { field, value }
}
