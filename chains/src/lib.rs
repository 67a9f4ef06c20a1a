//! The seam between the relayer and the chains it serves.
//!
//! This crate holds what Tern may ask of *one* chain ([`Chain`]) and the plain
//! data that comes back: [`Block`]s with their [`Event`]s, proven values,
//! verified client updates, accounts and transactions. It is a client of
//! nothing: no sockets, no clock, no state. An implementation (`chains/cosmos`)
//! knows nothing of a counterparty; the relayer knows nothing of RPC.
//!
//! Identifiers (but the chain's) and packets are the ICS-24 and ICS-04 types of
//! `ibc-relayer-types`, re-exported here so that every crate names the same
//! ones.

mod block;
mod chain;
mod chain_id;
mod client;
mod error;
mod event;
mod query;
mod tx;

pub use block::{Block, BlockTime, Next};
pub use chain::Chain;
pub use chain_id::ChainId;
pub use client::{ClientParams, ClientSummary};
pub use client::{ClientUpdate, NewClient, TrustedClient};
pub use error::{ChainError, Class};
pub use event::{Event, PacketId};
pub use query::{EventQuery, Proven};
pub use tx::{Account, ChainParams, Check, Message, SignedTx, TxDraft, TxHash, TxOutcome};

pub use ibc_proto::google::protobuf::Any;
pub use ibc_relayer_types::core::ics03_connection::connection::{
    ConnectionEnd, IdentifiedConnectionEnd, State as ConnectionState,
};
pub use ibc_relayer_types::core::ics04_channel::channel::{
    ChannelEnd, IdentifiedChannelEnd, Ordering, State as ChannelState,
};
pub use ibc_relayer_types::core::ics04_channel::packet::{Packet, Sequence};
pub use ibc_relayer_types::core::ics04_channel::timeout::TimeoutHeight;
pub use ibc_relayer_types::core::ics24_host::identifier::{
    ChannelId, ClientId, ConnectionId, PortId,
};
pub use ibc_relayer_types::core::ics24_host::path::Path;
pub use ibc_relayer_types::timestamp::Timestamp;
pub use ibc_relayer_types::Height;
