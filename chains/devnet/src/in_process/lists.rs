//! Lists of clients, connections, channels and packets, read from the IBC store.

use ibc_proto::ibc::core::channel::v1::Channel;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd;
use prost::Message;
use tern_chains::{
    ChannelId, ClientId, IdentifiedChannelEnd, IdentifiedConnectionEnd, PortId, Sequence,
};

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
                connection_end: end.try_into().ok()?,
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
                channel_end: end.try_into().ok()?,
            })
        })
    }

    pub(super) fn list_commitments(&self, port: &PortId, channel: &ChannelId) -> Vec<Sequence> {
        let prefix = format!("commitments/ports/{port}/channels/{channel}/sequences/");
        let mut sequences = self.entries(&prefix, |key, _| key.parse::<u64>().ok());
        // The store's order is that of decimal strings.
        sequences.sort_unstable();
        sequences.into_iter().map(Sequence::from).collect()
    }

    /// Of `sent`, what has no receipt; on an ordered channel, what is not below
    /// the next sequence to receive.
    pub(super) fn list_unreceived(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        let end = format!("channelEnds/ports/{port}/channels/{channel}");
        self.node.read(|chain| {
            let store = chain.newest_state().store(IBC);
            let end = store.get(end.as_bytes()).unwrap_or_default();
            let end = Channel::decode(end)
                .map_err(|error| self.origin.malformed("channel end", error))?;
            let ordered = end.ordering() == ibc_proto::ibc::core::channel::v1::Order::Ordered;
            let next = format!("nextSequenceRecv/ports/{port}/channels/{channel}");
            let next = store.get(next.as_bytes());
            let next = next.and_then(|value| Some(u64::from_be_bytes(value.try_into().ok()?)));
            let missing = |sequence: &&Sequence| {
                if ordered {
                    return sequence.as_u64() >= next.unwrap_or(1);
                }
                let key = format!("receipts/ports/{port}/channels/{channel}/sequences/{sequence}");
                store.get(key.as_bytes()).is_none()
            };
            Ok(sent.iter().filter(missing).copied().collect())
        })
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
