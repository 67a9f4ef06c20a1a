//! Lists of clients, connections, channels and packets, read from an `ibc` store.

use ibc_proto::ibc::core::channel::v1::{Channel, Order};
use ibc_proto::ibc::core::connection::v1::ConnectionEnd;
use prost::Message;
use tern_chains::{
    ChannelId, ClientId, End, IdentifiedChannelEnd, IdentifiedConnectionEnd, PortId, Sequence,
    StorePath,
};
use tern_cosmos_core::{codec, convert};

use crate::store::Tree;

/// Why a list of packets cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    #[error("{end} is not a channel end")]
    NoChannel { end: End },
    #[error("the channel end {end} cannot be decoded: {reason}")]
    Unreadable { end: End, reason: String },
}

pub fn clients(store: &Tree) -> Vec<ClientId> {
    let ids = entries(store, "clients/", |key, _| {
        key.strip_suffix("/clientState").map(str::to_owned)
    });
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

pub fn connections(store: &Tree) -> Vec<IdentifiedConnectionEnd> {
    entries(store, "connections/", |key, value| {
        let end = ConnectionEnd::decode(value).ok()?;
        Some(IdentifiedConnectionEnd {
            connection_id: key.parse().ok()?,
            connection_end: convert::connection_end(end).ok()?,
        })
    })
}

pub fn channels(store: &Tree) -> Vec<IdentifiedChannelEnd> {
    entries(store, "channelEnds/ports/", |key, value| {
        let (port, channel) = key.split_once("/channels/")?;
        let end = Channel::decode(value).ok()?;
        Some(IdentifiedChannelEnd {
            port_id: port.parse().ok()?,
            channel_id: channel.parse().ok()?,
            channel_end: convert::channel_end(end).ok()?,
        })
    })
}

/// The sequences with a commitment on this source end.
pub fn commitments(store: &Tree, src: &End) -> Result<Vec<Sequence>, NotListed> {
    let (port, channel) = channel_of(src)?;
    let prefix = format!("commitments/ports/{port}/channels/{channel}/sequences/");
    let mut sequences = entries(store, &prefix, |key, _| key.parse::<u64>().ok());
    // The store's order is that of decimal strings.
    sequences.sort_unstable();
    Ok(sequences.into_iter().map(Sequence::from).collect())
}

/// Of `sent`, what has no receipt; on an ordered channel, what is not below the
/// next sequence to receive.
pub fn unreceived(store: &Tree, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>, NotListed> {
    let (port_id, channel_id) = channel_of(dst)?;
    let end = StorePath::Channel {
        port_id: port_id.clone(),
        channel_id: channel_id.clone(),
    };
    let end = store.get(end.to_string().as_bytes()).unwrap_or_default();
    let end = Channel::decode(end).map_err(|error| NotListed::Unreadable {
        end: dst.clone(),
        reason: error.to_string(),
    })?;
    let is_ordered = end.ordering() == Order::Ordered;
    let next = StorePath::NextSequenceRecv(dst.clone()).to_string();
    let next = store.get(next.as_bytes()).and_then(codec::number);
    let is_missing = |sequence: &&Sequence| {
        if is_ordered {
            return sequence.as_u64() >= next.unwrap_or(1);
        }
        let key = StorePath::Receipt {
            dst: dst.clone(),
            sequence: **sequence,
        };
        store.get(key.to_string().as_bytes()).is_none()
    };
    Ok(sent.iter().filter(is_missing).copied().collect())
}

fn channel_of(end: &End) -> Result<(&PortId, &ChannelId), NotListed> {
    end.as_channel()
        .ok_or_else(|| NotListed::NoChannel { end: end.clone() })
}

/// Entries below a prefix, by the rest of their key.
fn entries<T>(store: &Tree, prefix: &str, read: impl Fn(&str, &[u8]) -> Option<T>) -> Vec<T> {
    let entries = store.with_prefix(prefix.as_bytes());
    let entries = entries.filter_map(|(key, value)| {
        let rest = std::str::from_utf8(&key[prefix.len()..]).ok()?;
        read(rest, value)
    });
    entries.collect()
}
