//! Light clients (ICS-02, ICS-07) as seen from the chain they are *of*.
//!
//! A client of chain A living on chain B is built and updated from data of A.
//! What B stores about it comes in here as [`TrustedClient`]; A's side answers
//! with a [`ClientUpdate`] whose headers it verified itself.

use std::time::Duration;

use ibc_proto::google::protobuf::Any;
use ibc_proto::Protobuf;
use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use serde::{Deserialize, Serialize};

use crate::block::BlockTime;
use crate::ChainId;

/// The trust a header is verified from: the client state and one of its
/// consensus states, as stored on the host chain.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedClient {
    pub client_state: Any,
    /// Revision height of `consensus_state`.
    pub height: u64,
    pub consensus_state: Any,
}

/// Verified headers that bring a client to `height`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientUpdate {
    /// ICS-02 client messages in the order to submit them: the target's header
    /// last, before it what bisection needed.
    pub headers: Vec<Any>,
    /// Revision height the client has after the last header.
    pub height: u64,
    /// The root at `height`: it proves state at `height - 1`.
    pub root: CommitmentRoot,
    pub time: BlockTime,
}

/// What a new client of this chain starts from (ICS-02 `createClient`).
#[derive(Clone, Debug, PartialEq)]
pub struct NewClient {
    pub client_state: Any,
    pub consensus_state: Any,
    /// Revision height of `consensus_state`.
    pub height: u64,
}

/// Choices of whoever creates a client; the rest the chain knows of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientParams {
    /// `None`: two thirds of the chain's unbonding period.
    pub trusting_period: Option<Duration>,
    /// How far a header's time may be ahead of the host's (ICS-07
    /// `maxClockDrift`).
    pub max_clock_drift: Duration,
    /// Voting power that must have signed both the trusted and the new header.
    pub trust_level: (u64, u64),
}

impl Default for ClientParams {
    fn default() -> Self {
        Self {
            trusting_period: None,
            max_clock_drift: Duration::from_secs(40),
            trust_level: (1, 3),
        }
    }
}

/// What planning needs to know of a client on a host chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSummary {
    /// The chain this client is of.
    pub chain_id: ChainId,
    /// Revision height of the newest consensus state.
    pub latest_height: u64,
    pub trusting_period: Duration,
    pub frozen: bool,
}

impl ClientSummary {
    /// Reads a stored client state (an encoded `Any`, ICS-24
    /// `clients/{id}/clientState`). `None` for a client type other than
    /// `07-tendermint`, which Tern does not relay for.
    pub fn decode(value: &[u8]) -> Option<Self> {
        let state = <ClientState as Protobuf<Any>>::decode_vec(value).ok()?;
        Some(Self {
            chain_id: state.chain_id.into(),
            latest_height: state.latest_height.revision_height(),
            trusting_period: state.trusting_period,
            frozen: state.frozen_height.is_some(),
        })
    }
}
