//! Bringing a client of this chain forward: the trust stored on another chain in,
//! headers that ICS-07 will accept out, each verified here first.
//!
//! What can be known before the target block is made is fetched while it is
//! being made; what is left after its commit is one question, or two at once.

use std::sync::Arc;

use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tendermint::block::Height as TmHeight;
use tendermint::validator::Set;
use tendermint::{chain, Hash, Time};
use tendermint_light_client::verifier::options::Options;
use tern_chains::{Any, BlockTime, ChainError, ClientUpdate, Height, Timestamp, TrustedClient};

use crate::blocks::block_time;
use crate::errors::{flex_line, Result};
use crate::rpc::Rpc;
use crate::validators::{with_proposer, Validators};
use crate::verify::{expiry, verify, LightBlock, Step, Trusted};
use crate::wake::Wake;

/// Headers verified for one update. Bisection halves the distance: this many
/// mean validator sets with nothing in common.
const STEPS_MAX: usize = 128;

/// The light client of one chain; keeps no trust of its own.
pub(crate) struct Light {
    pub rpc: Arc<Rpc>,
    pub wake: Arc<Wake>,
    pub validators: Validators,
    pub chain: chain::Id,
}

/// A client to update, decoded.
struct Client {
    options: Options,
    height: u64,
    consensus: ConsensusState,
    now: Time,
}

impl Light {
    /// Headers from `stored` to `target`; none if the client is there already.
    #[tracing::instrument(level = "debug", skip_all, fields(chain = %self.chain, trusted = stored.height, target))]
    pub async fn update(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        let doing = format!("client update from {} to {target}", stored.height);
        let client = self.client(&doing, stored, now)?;
        if target < client.height {
            let reason = "the target is below the trusted height: choose an older trusted one";
            return Err(self.rpc.origin.unusable(doing, reason));
        }
        if target == client.height {
            return Ok(ClientUpdate {
                headers: Vec::new(),
                height: target,
                root: client.consensus.root,
                time: block_time(client.consensus.timestamp),
            });
        }
        let hash = client.consensus.next_validators_hash;
        let (validators, block) = futures::try_join!(self.trusted_validators(&client), async {
            self.wake.wait_for(target).await?;
            self.block(target, hash).await
        })?;
        // Pruned or not: the target's validators may be the same.
        let validators = validators.or_else(|| self.validators.cached(hash));
        let validators =
            validators.ok_or_else(|| self.rpc.origin.pruned(&doing, stored.height + 1))?;
        let trusted = self.trust(
            &doing,
            stored.height,
            client.consensus.timestamp,
            validators,
            hash,
        )?;
        let header = &block.signed.header;
        let (root, time) = (header.app_hash.as_bytes().to_vec(), header.time);
        self.validators.moved(header.validators_hash != hash);
        let headers = self.walk(&doing, &client, trusted, block).await?;
        Ok(ClientUpdate {
            headers,
            height: target,
            root: CommitmentRoot::from(root),
            time: block_time(time),
        })
    }

    /// A header with its commit and the validators that signed it; `likely` is
    /// the hash these probably have.
    pub async fn block(&self, height: u64, likely: Hash) -> Result<LightBlock> {
        let commit = self.rpc.settled(height, || self.rpc.commit(height));
        let signed = if self.validators.expects(likely) {
            commit.await?.signed_header
        } else {
            let (commit, _) = futures::try_join!(commit, self.validators.at(height))?;
            commit.signed_header
        };
        let hash = signed.header.validators_hash;
        let validators = self.validators.with_hash(hash, height).await?;
        Ok(LightBlock { signed, validators })
    }

    /// Verifies from `trusted` to `target`, fetching what bisection asks for.
    async fn walk(
        &self,
        doing: &str,
        client: &Client,
        mut trusted: Trusted,
        target: LightBlock,
    ) -> Result<Vec<Any>> {
        let mut headers = Vec::new();
        // What is still to be verified, the lowest last.
        let mut ahead = vec![target];
        for _ in 0..STEPS_MAX {
            let Some(block) = ahead.last() else {
                return Ok(headers);
            };
            match verify(&self.chain, &trusted, block, &client.options, client.now) {
                Step::Verified => {
                    headers.push(self.header(doing, &trusted, block)?);
                    let last = ahead.len() == 1;
                    if let (Some(block), false) = (ahead.pop(), last) {
                        let header = &block.signed.header;
                        let (height, hash) = (block.height(), header.next_validators_hash);
                        let next = self.validators.with_hash(hash, height + 1).await?;
                        trusted = self.trust(doing, height, header.time, next, hash)?;
                    }
                }
                Step::Bisect { pivot } => {
                    tracing::debug!(pivot, "too little overlap, bisecting");
                    let likely = trusted.next_validators.hash();
                    ahead.push(self.block(pivot, likely).await?);
                }
                Step::Expired { since } => return Err(self.expired(doing, since)),
                Step::Invalid { reason } => {
                    let reason = format!("header at {}: {reason}", block.height());
                    return Err(self.rpc.origin.unverified(doing, reason));
                }
            }
        }
        let reason = format!("no path of verified headers within {STEPS_MAX} steps");
        Err(self.rpc.origin.unverified(doing, reason))
    }

    /// The validators the stored consensus state stands for; `None` if the node
    /// has pruned them.
    async fn trusted_validators(&self, client: &Client) -> Result<Option<Arc<Set>>> {
        let hash = client.consensus.next_validators_hash;
        match self.validators.with_hash(hash, client.height + 1).await {
            Ok(validators) => Ok(Some(validators)),
            Err(ChainError::Pruned { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn trust(
        &self,
        doing: &str,
        height: u64,
        time: Time,
        next_validators: Arc<Set>,
        next_validators_hash: Hash,
    ) -> Result<Trusted> {
        let height = TmHeight::try_from(height)
            .map_err(|error| self.rpc.origin.malformed(doing, flex_line!(error)))?;
        Trusted::new(height, time, next_validators, next_validators_hash).ok_or_else(|| {
            let reason = format!("the validators after {height} and their hash differ");
            self.rpc.origin.unverified(doing, reason)
        })
    }

    /// The ICS-07 header that brings a client from `trusted` to `block`.
    fn header(&self, doing: &str, trusted: &Trusted, block: &LightBlock) -> Result<Any> {
        let proposer = block.signed.header.proposer_address;
        let unverified = |reason| self.rpc.origin.unverified(doing, reason);
        let validator_set = with_proposer(&block.validators, Some(proposer))
            .ok_or_else(|| unverified("the proposer is not a validator"))?;
        let trusted_validator_set = with_proposer(&trusted.next_validators, None)
            .ok_or_else(|| unverified("the trusted validator set is empty"))?;
        let revision = self.rpc.origin.chain.version();
        let trusted_height = Height::new(revision, trusted.height())
            .map_err(|_| unverified("the trusted height is zero"))?;
        let header = Header {
            signed_header: block.signed.clone(),
            validator_set,
            trusted_height,
            trusted_validator_set,
        };
        Ok(header.into())
    }

    /// Decodes a stored client and refuses one that cannot be updated.
    fn client(&self, doing: &str, stored: &TrustedClient, now: BlockTime) -> Result<Client> {
        let origin = &self.rpc.origin;
        let state = ClientState::try_from(stored.client_state.clone())
            .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
        let consensus = ConsensusState::try_from(stored.consensus_state.clone())
            .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
        let now = Timestamp::from_nanoseconds(now.0)
            .ok()
            .and_then(Timestamp::into_tm_time)
            .ok_or_else(|| origin.malformed(doing, "the current time is out of range"))?;
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
            Some(since) if since <= now => return Err(self.expired(doing, since)),
            _ => {}
        }
        Ok(Client {
            options: state.as_light_client_options(),
            height: stored.height,
            consensus,
            now,
        })
    }

    fn expired(&self, doing: &str, since: Time) -> ChainError {
        let reason = format!(
            "the client has expired at {}: recover it by governance or create a new one",
            since.to_rfc3339()
        );
        self.rpc.origin.unusable(doing, reason)
    }
}

#[cfg(test)]
mod tests;
