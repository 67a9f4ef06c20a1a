//! Light clients (ICS-02) as seen from the chain they are *of* and from the chain
//! they live on.
//!
//! A client of chain A living on chain B is built and updated from data of A.
//! What B stores of it is a [`StoredClient`] and a [`StoredConsensus`]; A's side
//! answers with a [`ClientUpdate`] whose headers it verified itself.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::block::BlockTime;
use crate::{ChainId, ClientId, Encoded, Height, Proof, Root};

/// A client as its host chain stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    pub state: Encoded,
    /// What planning reads of it.
    pub summary: ClientSummary,
}

/// A client of a type that is recognised, and that Tern does not relay for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherClient {
    /// A contract (ICS-08) whose state has a client of Tendermint in it.
    WasmTendermint {
        /// The chain that the inner client is of.
        chain_id: ChainId,
        latest_height: u64,
    },
    Wasm,
    /// A key instead of a chain (ICS-06).
    SoloMachine,
    /// The chain itself (ICS-09).
    Localhost,
}

impl fmt::Display for OtherClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WasmTendermint { .. } => "08-wasm around 07-tendermint",
            Self::Wasm => "08-wasm",
            Self::SoloMachine => "06-solomachine",
            Self::Localhost => "09-localhost",
        })
    }
}

/// A consensus state as the host chain of its client stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConsensus {
    pub state: Encoded,
    pub root: Root,
    pub time: BlockTime,
}

/// The trust a header is verified from: the client state and one of its
/// consensus states, as stored on the host chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedClient {
    pub client_state: Encoded,
    /// Revision height of `consensus_state`.
    pub height: u64,
    pub consensus_state: Encoded,
}

/// Verified headers that bring a client to `height`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUpdate {
    /// ICS-02 client messages in the order to submit them: the target's header
    /// last, before it what bisection needed.
    pub headers: Vec<Encoded>,
    /// Revision height the client has after the last header.
    pub height: u64,
    /// The root at `height`.
    pub root: Root,
    pub time: BlockTime,
}

/// What a client becomes when its chain is upgraded, with the proofs that the chain
/// planned it so (ICS-02 `UpgradeClient`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientUpgrade {
    pub client_state: Encoded,
    pub consensus_state: Encoded,
    pub proof_client: Proof,
    pub proof_consensus: Proof,
}

/// What somebody has shown to a client in a transaction (ICS-02 `ClientMessage`): most
/// often a header of the client's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMessage {
    pub client_id: ClientId,
    pub message: Encoded,
}

/// Two headers of one chain that cannot both be so (ICS-02 misbehaviour), in no order.
/// Each is verified from what one client trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misbehaviour {
    /// The one that was shown to the client.
    pub seen: Encoded,
    /// The one that the chain itself has.
    pub own: Encoded,
}

/// What a chain says of a header that claims to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderCheck {
    /// The chain's header of that height is the same.
    Same,
    /// The chain has another header, `own`, with which the seen one cannot be so: of that
    /// height, or of a lower one that is not earlier. It is for a client that
    /// trusts what the seen one trusts. Both are signed by those whom that client
    /// trusts: together they are misbehaviour (ICS-02).
    Conflicting { own: Encoded },
    /// The node that was asked has not got so far.
    NotYet { height: u64 },
    /// No node has this height any more.
    Pruned { height: u64 },
}

/// What a new client of this chain starts from (ICS-02 `createClient`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewClient {
    pub client_state: Encoded,
    pub consensus_state: Encoded,
    /// Revision height of `consensus_state`.
    pub height: u64,
}

/// A header of a chain that Tern itself trusts, in the form of a client of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedHeader {
    pub client: NewClient,
    /// The header's hash, as the chain's explorers show it.
    #[serde(with = "hex::serde")]
    pub hash: Vec<u8>,
    pub time: BlockTime,
    pub origin: TrustOrigin,
}

/// What trust in a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrustOrigin {
    /// The operator.
    Given(GivenHeader),
    /// So many nodes had the same header.
    Nodes { agreed: usize },
}

/// A header that the operator trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenHeader {
    pub height: u64,
    #[serde(with = "hex::serde")]
    pub hash: Vec<u8>,
}

impl TrustedHeader {
    pub fn as_client(&self) -> TrustedClient {
        TrustedClient {
            client_state: self.client.client_state.clone(),
            height: self.client.height,
            consensus_state: self.client.consensus_state.clone(),
        }
    }
}

impl TrustOrigin {
    /// Whether it is what the operator gives now, or nothing is given now or then.
    pub fn is_of(&self, given: Option<&GivenHeader>) -> bool {
        match self {
            Self::Given(own) => Some(own) == given,
            Self::Nodes { .. } => given.is_none(),
        }
    }
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
    /// How it differs from clients that relayers create for its chain. Empty for a sound one.
    pub flaws: Vec<ClientFlaw>,
}

/// Why a client cannot be relied on: whoever creates a client chooses all of it, and a
/// host chain checks little.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
pub enum ClientFlaw {
    #[error("its proof specs are not those of its chain's state")]
    ProofSpecs,
    #[error("it trusts headers that less than a third of the voting power has signed")]
    TrustLevel,
    #[error("its trusting period is not shorter than its unbonding period")]
    TrustingPeriod,
    #[error("its upgrade path is not that of its chain")]
    UpgradePath,
}

impl ClientSummary {
    /// From which time on a consensus state of this time is not trusted (ICS-07), by
    /// the time of the host chain.
    pub fn expires_at(&self, consensus: BlockTime) -> BlockTime {
        let period_ns = u64::try_from(self.trusting_period.as_nanos()).unwrap_or(u64::MAX);
        BlockTime(consensus.0.saturating_add(period_ns))
    }

    /// The newest consensus state's height with the revision of the client's
    /// chain.
    pub fn latest(&self) -> Height {
        Height::new(self.chain_id.version(), self.latest_height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_expires_when_its_trusting_period_is_over_and_a_vast_one_never() {
        let of = |trusting_period| ClientSummary {
            chain_id: ChainId::from_string("akash-1"),
            latest_height: 7,
            trusting_period,
            frozen: false,
            flaws: vec![],
        };
        let ten = of(Duration::from_secs(10));
        assert_eq!(ten.expires_at(BlockTime(5)), BlockTime(10_000_000_005));
        let vast = of(Duration::MAX);
        assert_eq!(vast.expires_at(BlockTime(5)), BlockTime(u64::MAX));
    }
}
