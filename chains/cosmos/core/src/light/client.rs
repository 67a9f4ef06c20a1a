//! A client as another chain stores it, decoded and found fit to be updated.
//! Pure.

use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use tendermint::{chain, Hash, Time};
use tendermint_light_client::verifier::options::Options;
use tern_chains::{BlockTime, ChainError, ClientUpdate, Root, TrustedClient};

use crate::block_time::{block_time, tendermint_time};
use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::verify::expiry;

/// A client of this chain that is to be brought to `target`.
#[derive(Clone, Debug)]
pub struct StoredClient {
    /// What is done, for errors.
    pub doing: String,
    /// The height it trusts.
    pub height: u64,
    pub target: u64,
    pub(crate) chain: chain::Id,
    pub(crate) options: Options,
    pub(crate) consensus: ConsensusState,
    pub(crate) now: Time,
}

impl StoredClient {
    /// Decodes a stored client and refuses one that cannot be updated.
    pub fn new(
        origin: &Origin,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<Self> {
        let doing = format!("client update from {} to {target}", stored.height);
        let state = ClientState::try_from(convert::any(&stored.client_state))
            .map_err(|error| origin.malformed(&doing, flex_line!(error)))?;
        let consensus = ConsensusState::try_from(convert::any(&stored.consensus_state))
            .map_err(|error| origin.malformed(&doing, flex_line!(error)))?;
        let now = tendermint_time(now)
            .ok_or_else(|| origin.malformed(&doing, "the current time is out of range"))?;
        if state.chain_id.as_str() != origin.chain.as_str() {
            let reason = format!("the client is of chain {}", state.chain_id);
            return Err(origin.unusable(doing, reason));
        }
        if let Some(height) = state.frozen_height {
            let reason =
                format!("the client is frozen at {height}: it needs a recovery by governance");
            return Err(origin.unusable(doing, reason));
        }
        match expiry(consensus.timestamp, state.trusting_period) {
            Some(since) if since <= now => return Err(expired(origin, &doing, since)),
            _ => {}
        }
        if target < stored.height {
            let reason = "the target is below the trusted height: choose an older trusted one";
            return Err(origin.unusable(doing, reason));
        }
        let chain = origin.chain.as_str().parse();
        Ok(Self {
            chain: chain.map_err(|_| origin.local("not a CometBFT chain id"))?,
            doing,
            height: stored.height,
            target,
            options: state.as_light_client_options(),
            consensus,
            now,
        })
    }

    /// The update of a client that is at its target already.
    pub fn is_there(&self) -> Option<ClientUpdate> {
        (self.target == self.height).then(|| ClientUpdate {
            headers: Vec::new(),
            height: self.target,
            root: Root(self.consensus.root.as_bytes().to_vec()),
            time: block_time(self.consensus.timestamp),
        })
    }

    /// The hash of the validators it trusts: those that sign the height after.
    pub fn next_validators_hash(&self) -> Hash {
        self.consensus.next_validators_hash
    }
}

pub(super) fn expired(origin: &Origin, doing: &str, since: Time) -> ChainError {
    let reason = format!(
        "the client has expired at {}: recover it by governance or create a new one",
        since.to_rfc3339()
    );
    origin.unusable(doing, reason)
}
