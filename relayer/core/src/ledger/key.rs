//! Names of ledger records. Each says on which chain the thing lives.

use std::fmt;

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, ChannelId, ClientId, ConnectionId, End, PortId, Sequence, TxHash};

/// A client living on `chain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientKey {
    pub chain: ChainId,
    pub client_id: ClientId,
}

/// A client message in a block of the client's host chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeenHeaderKey {
    pub client: ClientKey,
    /// Height on the host chain.
    pub height: u64,
    /// The transaction that carried it.
    pub tx: TxHash,
    /// Its place among the client messages of the transaction.
    pub index: usize,
}

/// A connection end on `chain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionKey {
    pub chain: ChainId,
    pub connection_id: ConnectionId,
}

/// A channel end on `chain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelKey {
    pub chain: ChainId,
    pub port_id: PortId,
    pub channel_id: ChannelId,
}

/// A packet end on `chain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndKey {
    pub chain: ChainId,
    pub end: End,
}

/// A packet, named by its source end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PacketKey {
    pub src: EndKey,
    pub sequence: Sequence,
}

/// A transaction of ours on `chain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TxKey {
    pub chain: ChainId,
    pub hash: TxHash,
}

impl ChannelKey {
    /// The channel end, without its chain.
    pub fn end(&self) -> End {
        End::channel(&self.port_id, &self.channel_id)
    }
}

impl From<ChannelKey> for EndKey {
    fn from(key: ChannelKey) -> Self {
        Self {
            end: key.end(),
            chain: key.chain,
        }
    }
}

impl EndKey {
    /// The channel end it is, unless it is an end of another kind.
    pub fn as_channel(&self) -> Option<ChannelKey> {
        let (port_id, channel_id) = self.end.as_channel()?;
        Some(ChannelKey {
            chain: self.chain.clone(),
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
        })
    }
}

impl fmt::Display for EndKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.chain, self.end)
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.chain, self.client_id)
    }
}

impl fmt::Display for SeenHeaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client,
            height,
            tx,
            index,
        } = self;
        write!(f, "{client} at {height} in {tx} #{index}")
    }
}

impl fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.chain, self.connection_id)
    }
}

impl fmt::Display for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.chain, self.port_id, self.channel_id)
    }
}

impl fmt::Display for PacketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.src, self.sequence)
    }
}
