//! One write to the ledger, as the view applies it and the store keeps it.

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Encoded, TrustedHeader};

use super::{
    ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey, ConnectionRecord, Evidence,
    Failure, FeesDayKey, FeesKey, FeesRecord, Head, Item, PacketKey, PacketRecord, Processed,
    SeenHeaderKey, TxKey, TxRecord,
};

/// A record's new value; `None` removes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    Head(ChainId, Head),
    Client(ClientKey, ClientRecord),
    Connection(ConnectionKey, ConnectionRecord),
    Channel(ChannelKey, ChannelRecord),
    Packet(PacketKey, Option<Box<PacketRecord>>),
    Tx(TxKey, Option<TxRecord>),
    /// What is trusted of a chain.
    Trusted(ChainId, Box<TrustedHeader>),
    /// The last height of a chain's revision.
    RevisionEnd(ChainId, u64),
    Fees(FeesKey, FeesRecord),
    FeesDay(FeesDayKey, Option<FeesRecord>),
    /// Fees of a span of time, by its number.
    Paid(ChainId, u64, Option<u128>),
    /// A header that somebody has shown to a client and that is to be compared with the
    /// chain's own.
    SeenHeader(SeenHeaderKey, Option<Encoded>),
    Evidence(ClientKey, Option<Box<Evidence>>),
    /// What is remembered of a client under a connection with a delay period. Not stored: after
    /// a restart the client is updated again.
    Processed(ClientKey, Vec<Processed>),
    /// Not stored: a restart tries afresh.
    Failure(Item, Option<Failure>),
}

impl Change {
    /// The record's name in the store: unique, and ordered by kind, chain and
    /// sequence.
    pub fn key(&self) -> String {
        match self {
            Self::Head(chain, _) => format!("head/{chain}"),
            Self::Client(key, _) => format!("client/{}/{}", key.chain, key.client_id),
            Self::Connection(key, _) => {
                format!("connection/{}/{}", key.chain, key.connection_id)
            }
            Self::Channel(key, _) => {
                format!("channel/{}/{}/{}", key.chain, key.port_id, key.channel_id)
            }
            Self::Packet(key, _) => format!(
                "packet/{}/{}/{:020}",
                key.src.chain,
                key.src.end,
                key.sequence.as_u64()
            ),
            Self::Tx(key, _) => format!("tx/{}/{}", key.chain, key.hash),
            Self::Trusted(chain, _) => format!("trusted/{chain}"),
            Self::RevisionEnd(chain, _) => format!("revision_end/{chain}"),
            Self::Fees(key, _) => match &key.path {
                Some(path) => format!("fees/{}/{:?}/{path}", key.chain, key.kind),
                None => format!("fees/{}/{:?}", key.chain, key.kind),
            },
            Self::FeesDay(key, _) => {
                format!("fees_day/{}/{:06}/{:?}", key.chain, key.day, key.kind)
            }
            Self::Paid(chain, slot, _) => format!("paid/{chain}/{slot:020}"),
            Self::SeenHeader(key, _) => {
                let SeenHeaderKey {
                    client,
                    height,
                    tx,
                    index,
                } = key;
                let ClientKey { chain, client_id } = client;
                format!("seen_header/{chain}/{client_id}/{height:020}/{tx}/{index:06}")
            }
            Self::Evidence(key, _) => format!("evidence/{}/{}", key.chain, key.client_id),
            Self::Processed(key, _) => format!("processed/{}/{}", key.chain, key.client_id),
            Self::Failure(item, _) => format!("failure/{item}"),
        }
    }

    pub fn is_removal(&self) -> bool {
        matches!(
            self,
            Self::Packet(_, None)
                | Self::Tx(_, None)
                | Self::Paid(_, _, None)
                | Self::FeesDay(_, None)
                | Self::SeenHeader(_, None)
                | Self::Evidence(_, None)
                | Self::Failure(_, None)
        )
    }

    /// True for what lives in memory only.
    pub fn is_volatile(&self) -> bool {
        matches!(self, Self::Failure(..) | Self::Processed(..))
    }
}
