//! The chain as ibc-rs sees it: ICS-24 paths over the `ibc` store.
//!
//! `keys` reads and writes the store, `validation` and `execution` answer the
//! handlers of connections, channels and packets, `client` those of the light
//! clients, of which there are the kinds of `client_kinds`; `handshake` does the two connection steps where ibc-go needs fewer
//! proofs than ibc-rs.

use ibc::core::client::types::Height;
use ibc::core::handler::types::events::IbcEvent;
use ibc::core::host::types::error::HostError;
use ibc::core::primitives::{IntoTimestamp, Timestamp};
use tendermint::Time;

use crate::gas::{Gas, Kv};
use crate::state::{put, IBC};
use crate::store::Multistore;

mod attested;
mod client;
pub(crate) mod client_kinds;
mod execution;
pub(crate) mod handshake;
pub(crate) mod keys;
pub(crate) mod timeout;
mod validation;

/// The block a message is executed in.
#[derive(Clone, Debug)]
pub(crate) struct Now {
    /// The IBC revision of the chain.
    pub revision: u64,
    /// The prefix of the `ibc` store that its counterparties are told.
    pub store_prefix: &'static str,
    pub height: u64,
    pub time: Time,
    /// Whether that block is being made. Otherwise a message is only tried.
    pub is_in_block: bool,
}

/// The `ibc` store during one message, and the events emitted so far.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub store: Kv,
    pub now: Now,
    /// The transaction's signer, the only one its messages may name.
    pub signer: String,
    pub events: Vec<IbcEvent>,
}

impl Host {
    pub fn open(state: &Multistore, gas: &Gas, now: &Now, signer: &str) -> Self {
        Self {
            store: Kv::new(state.store(IBC), gas),
            now: now.clone(),
            signer: signer.to_owned(),
            events: Vec::new(),
        }
    }

    /// Writes the changes back and returns the events.
    pub fn commit(self, state: &mut Multistore) -> Vec<IbcEvent> {
        put(state, IBC, self.store.tree);
        self.events
    }

    fn height(&self) -> Result<Height, HostError> {
        Height::new(self.now.revision, self.now.height).map_err(HostError::invalid_state)
    }

    fn timestamp(&self) -> Result<Timestamp, HostError> {
        self.now
            .time
            .into_timestamp()
            .map_err(HostError::invalid_state)
    }
}
