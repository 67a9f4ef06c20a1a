//! Light clients of this chain: what one starts from, and the header that
//! brings it forward, verified as the host chain will verify it.

use ibc_relayer_types::clients::ics07_tendermint::client_state::{AllowUpdate, ClientState};
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::core::ics02_client::trust_threshold::TrustThreshold;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use tendermint::block::signed_header::SignedHeader;
use tendermint::validator::Set;
use tendermint::Time;
use tendermint_light_client_verifier::types::{TrustedBlockState, UntrustedBlockState};
use tendermint_light_client_verifier::{ProdVerifier, Verdict, Verifier};
use tern_chains::{
    BlockTime, ChainError, ClientParams, ClientUpdate, Height, NewClient, Timestamp, TrustedClient,
};

use super::blocks::block_time;
use super::{DevnetChain, Result};

const UPGRADE_PATH: [&str; 2] = ["upgrade", "upgradedIBCState"];

impl DevnetChain {
    pub(super) fn light_client(&self, params: &ClientParams) -> Result<NewClient> {
        let doing = "new client";
        let (height, _) = self.node.read(|chain| chain.latest());
        let (signed, _) = self.signed(height)?;
        let unbonding = self.node.read(|chain| chain.facts.unbonding);
        let wrong = |error: &dyn std::fmt::Display| self.malformed(doing, error);
        let (numerator, denominator) = params.trust_level;
        let client_state = ClientState::new(
            self.id.clone().into(),
            TrustThreshold::new(numerator, denominator).map_err(|error| wrong(&error))?,
            params.trusting_period.unwrap_or(unbonding * 2 / 3),
            unbonding,
            params.max_clock_drift,
            self.height(height)?,
            ProofSpecs::default(),
            UPGRADE_PATH.map(str::to_owned).to_vec(),
            AllowUpdate {
                after_expiry: true,
                after_misbehaviour: true,
            },
        )
        .map_err(|error| wrong(&error))?;
        let header = &signed.header;
        let root = CommitmentRoot::from_bytes(header.app_hash.as_bytes());
        let consensus = ConsensusState::new(root, header.time, header.next_validators_hash);
        Ok(NewClient {
            client_state: client_state.into(),
            consensus_state: consensus.into(),
            height,
        })
    }

    /// One header is enough: the validators never change.
    pub(super) fn header(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        let doing = format!("client update from {} to {target}", stored.height);
        let wrong = |error: &dyn std::fmt::Display| self.malformed(&doing, error);
        let state = ClientState::try_from(stored.client_state.clone());
        let state = state.map_err(|error| wrong(&error))?;
        let consensus = ConsensusState::try_from(stored.consensus_state.clone());
        let consensus = consensus.map_err(|error| wrong(&error))?;
        if state.frozen_height.is_some() || target < stored.height {
            return Err(self.unusable(doing, "the client is frozen, or ahead of the target"));
        }
        if target == stored.height {
            return Ok(ClientUpdate {
                headers: Vec::new(),
                height: target,
                root: consensus.root,
                time: block_time(consensus.timestamp),
            });
        }
        let (signed, validators) = self.signed(target)?;
        self.check(
            &doing,
            stored.height,
            &state,
            &consensus,
            &signed,
            &validators,
            now,
        )?;
        let header = Header {
            signed_header: signed.clone(),
            validator_set: validators.clone(),
            trusted_height: self.height(stored.height)?,
            trusted_validator_set: validators,
        };
        Ok(ClientUpdate {
            headers: vec![header.into()],
            height: target,
            root: CommitmentRoot::from_bytes(signed.header.app_hash.as_bytes()),
            time: block_time(signed.header.time),
        })
    }

    // One argument for each thing the verifier compares.
    #[allow(clippy::too_many_arguments)]
    fn check(
        &self,
        doing: &str,
        trusted_height: u64,
        state: &ClientState,
        consensus: &ConsensusState,
        signed: &SignedHeader,
        validators: &Set,
        now: BlockTime,
    ) -> Result<()> {
        let now: Option<Time> = Timestamp::from_nanoseconds(now.0)
            .ok()
            .and_then(Timestamp::into_tm_time);
        let now = now.ok_or_else(|| self.malformed(doing, "the time is out of range"))?;
        let expires = consensus.timestamp + state.trusting_period;
        if expires.is_ok_and(|expires| expires <= now) {
            return Err(self.unusable(doing, "the client has expired"));
        }
        let chain_id = signed.header.chain_id.clone();
        let height = trusted_height.try_into();
        let height = height.map_err(|error| self.malformed(doing, error))?;
        let verdict = ProdVerifier::default().verify_update_header(
            UntrustedBlockState {
                signed_header: signed,
                validators,
                next_validators: None,
            },
            TrustedBlockState {
                chain_id: &chain_id,
                header_time: consensus.timestamp,
                height,
                next_validators: validators,
                next_validators_hash: consensus.next_validators_hash,
            },
            &state.as_light_client_options(),
            now,
        );
        match verdict {
            Verdict::Success => Ok(()),
            Verdict::NotEnoughTrust(tally) => Err(self.unverified(doing, tally)),
            Verdict::Invalid(error) => Err(self.unverified(doing, error)),
        }
    }

    /// Header and commit of a height, and the validators with its proposer.
    fn signed(&self, height: u64) -> Result<(SignedHeader, Set)> {
        let doing = format!("header {height}");
        let found = self.node.read(|chain| {
            let block = chain.block(height)?;
            let header = block.block.header.clone();
            let proposer = header.proposer_address;
            let set = chain.validators.set.clone();
            let proposer = set.validator(proposer)?;
            Some((header, block.commit.clone(), set, proposer))
        });
        let (header, commit, mut set, proposer) = match found {
            Some(found) => found,
            None if height < self.node.read(|chain| chain.earliest()) => {
                return Err(self.pruned(doing, height))
            }
            None => return Err(self.unavailable(doing, "not made yet")),
        };
        set.proposer = Some(proposer);
        let signed = SignedHeader::new(header, commit);
        Ok((signed.map_err(|error| self.malformed(doing, error))?, set))
    }

    fn height(&self, height: u64) -> Result<Height> {
        let height = Height::new(self.id.version(), height);
        height.map_err(|error| self.malformed("height", error))
    }

    fn unusable(&self, doing: impl Into<String>, reason: impl Into<String>) -> ChainError {
        ChainError::ClientUnusable {
            chain: self.id.clone(),
            doing: doing.into(),
            reason: reason.into(),
        }
    }
}
