//! Lists of clients, connections, channels and packets, read from the IBC store.

use ibc_proto::ibc::core::channel::v1::Channel;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd;
use prost::Message;
use tern_chains::{
    ChannelId, ClientId, End, IdentifiedChannelEnd, IdentifiedConnectionEnd, PortId, Sequence,
    StorePath,
};
use tern_cosmos_core::{codec, convert};

use super::{DevnetChain, Result};
use crate::state::IBC;

impl DevnetChain {
    pub(super) fn list_clients(&self) -> Vec<ClientId> {
        let ids = self.entries("clients/", |key, _| {
            key.strip_suffix("/clientState").map(str::to_owned)
        });
        ids.iter().filter_map(|id| id.parse().ok()).collect()
    }

    pub(super) fn list_connections(&self) -> Vec<IdentifiedConnectionEnd> {
        self.entries("connections/", |key, value| {
            let end = ConnectionEnd::decode(value).ok()?;
            Some(IdentifiedConnectionEnd {
                connection_id: key.parse().ok()?,
                connection_end: convert::connection_end(end).ok()?,
            })
        })
    }

    pub(super) fn list_channels(&self) -> Vec<IdentifiedChannelEnd> {
        self.entries("channelEnds/ports/", |key, value| {
            let (port, channel) = key.split_once("/channels/")?;
            let end = Channel::decode(value).ok()?;
            Some(IdentifiedChannelEnd {
                port_id: port.parse().ok()?,
                channel_id: channel.parse().ok()?,
                channel_end: convert::channel_end(end).ok()?,
            })
        })
    }

    pub(super) fn list_commitments(&self, src: &End) -> Result<Vec<Sequence>> {
        let (port, channel) = self.channel_of(src)?;
        let prefix = format!("commitments/ports/{port}/channels/{channel}/sequences/");
        let mut sequences = self.entries(&prefix, |key, _| key.parse::<u64>().ok());
        // The store's order is that of decimal strings.
        sequences.sort_unstable();
        Ok(sequences.into_iter().map(Sequence::from).collect())
    }

    /// Of `sent`, what has no receipt; on an ordered channel, what is not below
    /// the next sequence to receive.
    pub(super) fn list_unreceived(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>> {
        let (port_id, channel_id) = self.channel_of(dst)?;
        let end = StorePath::Channel {
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
        };
        let end = end.to_string();
        self.node.read(|chain| {
            let store = chain.newest_state().store(IBC);
            let end = store.get(end.as_bytes()).unwrap_or_default();
            let end = Channel::decode(end)
                .map_err(|error| self.origin.malformed("channel end", error))?;
            let ordered = end.ordering() == ibc_proto::ibc::core::channel::v1::Order::Ordered;
            let next = StorePath::NextSequenceRecv(dst.clone()).to_string();
            let next = store.get(next.as_bytes()).and_then(codec::number);
            let missing = |sequence: &&Sequence| {
                if ordered {
                    return sequence.as_u64() >= next.unwrap_or(1);
                }
                let key = StorePath::Receipt {
                    dst: dst.clone(),
                    sequence: **sequence,
                };
                store.get(key.to_string().as_bytes()).is_none()
            };
            Ok(sent.iter().filter(missing).copied().collect())
        })
    }

    fn channel_of<'a>(&self, end: &'a End) -> Result<(&'a PortId, &'a ChannelId)> {
        end.as_channel()
            .ok_or_else(|| self.origin.local(format!("{end} is not a channel end")))
    }

    /// Entries below a prefix, by the rest of their key.
    fn entries<T>(&self, prefix: &str, read: impl Fn(&str, &[u8]) -> Option<T>) -> Vec<T> {
        self.node.read(|chain| {
            let store = chain.newest_state().store(IBC);
            let entries = store.with_prefix(prefix.as_bytes());
            let entries = entries.filter_map(|(key, value)| {
                let rest = std::str::from_utf8(&key[prefix.len()..]).ok()?;
                read(rest, value)
            });
            entries.collect()
        })
    }
}
