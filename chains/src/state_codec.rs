//! Reading the bytes a chain stores.

use crate::{ChannelEnd, ClientId, ConnectionEnd, OtherClient, StoredClient, StoredConsensus};

/// A stored value that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot decode the stored {what}: {reason}")]
pub struct DecodeError {
    pub what: &'static str,
    pub reason: String,
}

/// How a chain encodes what is under its store paths. Pure.
pub trait StateCodec: Send + Sync {
    /// Whether a client with this id is of a type that is read here: ICS-24 puts the
    /// type before the number.
    fn reads(&self, client_id: &ClientId) -> bool;
    /// `None` for a client type that Tern does not relay for, or that cannot be read.
    fn client(&self, value: &[u8]) -> Option<StoredClient>;
    /// What a client is that [`client`](Self::client) does not read, if its type is known.
    fn other_client(&self, value: &[u8]) -> Option<OtherClient>;
    fn consensus(&self, value: &[u8]) -> Result<StoredConsensus, DecodeError>;
    fn connection(&self, value: &[u8]) -> Result<ConnectionEnd, DecodeError>;
    fn channel(&self, value: &[u8]) -> Result<ChannelEnd, DecodeError>;
    /// The next sequence to send or to receive.
    fn next_sequence(&self, value: &[u8]) -> Result<u64, DecodeError>;
    /// The prefix of the chain's IBC store, which its counterparties are told
    /// (ICS-23 `CommitmentPrefix`).
    fn store_prefix(&self) -> Vec<u8>;
}
