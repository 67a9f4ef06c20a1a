//! Headers that verify: built and signed here, with secp256k1 keys, which
//! CometBFT allows for validators and this crate can sign with.

use cosmrs::crypto::secp256k1::SigningKey;
use ibc_relayer_types::clients::ics07_tendermint::client_state::{AllowUpdate, ClientState};
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::clients::ics07_tendermint::header;
use ibc_relayer_types::core::ics02_client::trust_threshold::TrustThreshold;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use ibc_relayer_types::core::ics24_host::identifier::ChainId;
use tendermint::block::header::Version;
use tendermint::block::signed_header::SignedHeader;
use tendermint::block::{self, parts, Commit, CommitSig, Header, Height, Round};
use tendermint::validator::{Info, Set};
use tendermint::vote::{self, Vote};
use tendermint::{account, AppHash, Hash, PublicKey, Signature, Time};
use tern_chains::{Encoded, TrustedClient};

use std::sync::Arc;
use std::time::Duration;

use crate::convert;
use crate::proposer::with_proposer;
use crate::verify::LightBlock;

/// The chain's id, and the time of its height 0, in seconds.
pub const ID: &str = "light-1";
const GENESIS: i64 = 1_700_000_000;
pub const TRUSTING_PERIOD: Duration = Duration::from_secs(1000);

/// Blocks from height 1 on, a second apart.
pub struct LightChain {
    pub blocks: Vec<LightBlock>,
}

impl LightChain {
    /// `sets[h - 1]` are the names of the validators that sign height `h`; equal
    /// names are the same validator, all have the same power.
    pub fn new(sets: &[Vec<u8>]) -> Self {
        Self::with_times(sets, time)
    }

    /// The same with other times of the heights.
    pub fn with_times(sets: &[Vec<u8>], time: impl Fn(u64) -> Time) -> Self {
        let heights = 1..sets.len();
        let blocks = heights.map(|height| {
            let time = time(height as u64);
            sign(height, time, &sets[height - 1], &sets[height])
        });
        Self {
            blocks: blocks.collect(),
        }
    }

    pub fn at(&self, height: u64) -> &LightBlock {
        &self.blocks[height as usize - 1]
    }

    /// The header of `height` as it updates a client that trusts `trusted`.
    pub fn header(&self, trusted: u64, height: u64) -> Encoded {
        let block = self.at(height);
        let proposer = block.signed.header.proposer_address;
        let trusted_validators = &self.at(trusted + 1).validators;
        let header = header::Header {
            signed_header: block.signed.clone(),
            validator_set: with_proposer(&block.validators, Some(proposer)).unwrap(),
            trusted_height: ibc_relayer_types::Height::new(1, trusted).unwrap(),
            trusted_validator_set: with_proposer(trusted_validators, None).unwrap(),
        };
        convert::encoded(header.into())
    }

    /// A client that trusts `height`.
    pub fn client(&self, height: u64) -> TrustedClient {
        let header = &self.at(height).signed.header;
        let state = ClientState::new(
            ChainId::from_string(ID),
            TrustThreshold::ONE_THIRD,
            TRUSTING_PERIOD,
            TRUSTING_PERIOD * 2,
            Duration::from_secs(10),
            ibc_relayer_types::Height::new(1, height).unwrap(),
            ProofSpecs::default(),
            vec![],
            AllowUpdate {
                after_expiry: true,
                after_misbehaviour: true,
            },
        );
        let consensus = ConsensusState::new(
            CommitmentRoot::from_bytes(header.app_hash.as_bytes()),
            header.time,
            header.next_validators_hash,
        );
        TrustedClient {
            client_state: convert::encoded(state.unwrap().into()),
            height,
            consensus_state: convert::encoded(consensus.into()),
        }
    }
}

/// The time of a height.
pub fn time(height: u64) -> Time {
    Time::from_unix_timestamp(GENESIS + height as i64, 0).unwrap()
}

pub fn set(names: &[u8]) -> Set {
    Set::without_proposer(names.iter().map(|name| info(*name)).collect())
}

fn info(name: u8) -> Info {
    let public_key = key(name).public_key().to_bytes();
    let public_key = PublicKey::from_raw_secp256k1(&public_key).unwrap();
    Info {
        address: account::Id::from(public_key),
        pub_key: public_key,
        power: 10u32.into(),
        name: None,
        proposer_priority: Default::default(),
    }
}

fn key(name: u8) -> SigningKey {
    SigningKey::from_slice(&[name; 32]).unwrap()
}

fn sign(height: usize, time: Time, names: &[u8], next: &[u8]) -> LightBlock {
    let validators = set(names);
    let header = Header {
        version: Version { block: 11, app: 0 },
        chain_id: ID.parse().unwrap(),
        height: Height::try_from(height as u64).unwrap(),
        time,
        last_block_id: None,
        last_commit_hash: None,
        data_hash: None,
        validators_hash: validators.hash(),
        next_validators_hash: set(next).hash(),
        consensus_hash: Hash::Sha256([1; 32]),
        app_hash: AppHash::try_from(vec![height as u8; 32]).unwrap(),
        last_results_hash: None,
        evidence_hash: None,
        proposer_address: validators.validators[0].address,
    };
    let block_id = block::Id {
        hash: header.hash(),
        part_set_header: parts::Header::new(1, Hash::Sha256([2; 32])).unwrap(),
    };
    let signatures = validators.validators.iter().enumerate();
    let signatures = signatures.map(|(index, validator)| {
        let name = names.iter().find(|name| info(**name) == *validator);
        commit_sig(&header, block_id, index, validator, &key(*name.unwrap()))
    });
    let commit = Commit {
        height: header.height,
        round: Round::default(),
        block_id,
        signatures: signatures.collect(),
    };
    LightBlock {
        signed: SignedHeader::new(header, commit).unwrap(),
        validators: Arc::new(validators),
    }
}

fn commit_sig(
    header: &Header,
    block_id: block::Id,
    index: usize,
    validator: &Info,
    key: &SigningKey,
) -> CommitSig {
    let vote = Vote {
        vote_type: vote::Type::Precommit,
        height: header.height,
        round: Round::default(),
        block_id: Some(block_id),
        timestamp: Some(header.time),
        validator_address: validator.address,
        validator_index: index.try_into().unwrap(),
        signature: None,
        extension: vec![],
        extension_signature: None,
    };
    let bytes = vote.into_signable_vec(header.chain_id.clone());
    let signature = key.sign(&bytes).unwrap().to_vec();
    CommitSig::BlockIdFlagCommit {
        validator_address: validator.address,
        timestamp: header.time,
        signature: Signature::new(signature).unwrap(),
    }
}
