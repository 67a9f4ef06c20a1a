//! The seam between the relayer and the chains it serves.
//!
//! This crate holds what Tern may ask of *one* chain and the plain data that
//! comes back. Three traits, for three things that are bound to different
//! numbers of nodes and keys:
//!
//! - [`Chain`]: blocks and state, with [`StateCodec`] for what is stored;
//! - [`LightClient`]: what clients of the chain on other chains are made of and
//!   updated with, and checks of what its nodes say;
//! - [`Account`]: an address that encodes, signs and broadcasts.
//!
//! It is a client of nothing: no sockets, no clock, no state, and no encoding of
//! any kind of chain. An implementation (`chains/cosmos`) knows nothing of a
//! counterparty; the relayer knows nothing of RPC, protobuf or headers.
//!
//! Identifiers, packets, ends and paths are the terms of ICS-02, -03, -04 and -24.

mod account;
mod block;
mod chain;
mod chain_id;
mod channel;
mod client;
mod connection;
mod datagram;
mod denom;
mod encoded;
mod end;
mod error;
mod event;
mod height;
mod histogram;
mod id;
mod light_client;
mod listed;
mod node_status;
mod packet;
mod proof;
mod state_codec;
mod store_path;
mod tx;

pub use account::Account;
pub use block::{Block, BlockTime, HeightRules, Next};
pub use chain::Chain;
pub use chain_id::ChainId;
pub use channel::{ChannelCounterparty, ChannelEnd, ChannelState, IdentifiedChannelEnd, Ordering};
pub use client::{ClientFlaw, ClientParams, ClientSummary, StoredClient, StoredConsensus};
pub use client::{
    ClientMessage, ClientUpdate, ClientUpgrade, HeaderCheck, Misbehaviour, NewClient, OtherClient,
    TrustedClient,
};
pub use client::{GivenHeader, TrustOrigin, TrustedHeader};
pub use connection::{
    ConnectionCounterparty, ConnectionEnd, ConnectionState, ConnectionVersion,
    IdentifiedConnectionEnd,
};
pub use datagram::{CounterpartyClient, Datagram, MessageKind};
pub use denom::{is_denom, Unit};
pub use encoded::Encoded;
pub use end::End;
pub use error::{Blame, ChainError, Class};
pub use event::Event;
pub use height::Height;
pub use histogram::Histogram;
pub use id::{ChannelId, ClientId, ConnectionId, IdError, PortId, Sequence};
pub use light_client::LightClient;
pub use listed::Listed;
pub use node_status::{NodeState, NodeStatus, RequestStats};
pub use packet::{acknowledgement_commitment, Body, Packet, PacketId, Payload, Timeout};
pub use proof::{EventQuery, Proof, Proven, Root};
pub use state_codec::{DecodeError, StateCodec};
pub use store_path::StorePath;
pub use tx::{
    AccountState, ChainParams, Check, Coin, Deadline, Message, SignedTx, TxDraft, TxHash, TxOutcome,
};
