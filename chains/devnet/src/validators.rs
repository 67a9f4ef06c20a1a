//! The chain's validators: ed25519 keys from a seed, and their signatures.

use ed25519_consensus::SigningKey;
use sha2::{Digest, Sha256};
use tendermint::block::{self, Commit, CommitSig, Height, Round};
use tendermint::validator::{Info, Set};
use tendermint::vote::{self, Vote};
use tendermint::{account, chain, PublicKey, Signature, Time};

use crate::error::DevnetError;

/// The most validators one commit is signed by: what the largest Cosmos chains
/// have.
pub const VALIDATORS_MAX: usize = 180;
const POWER: u32 = 10;

/// A set of equal validators that never changes.
pub struct Validators {
    pub set: Set,
    /// In the order of the set.
    keys: Vec<SigningKey>,
}

impl Validators {
    pub fn new(chain_id: &str, seed: u64, count: usize) -> Result<Self, DevnetError> {
        if !(1..=VALIDATORS_MAX).contains(&count) {
            return Err(DevnetError::Validators { count });
        }
        let mut known = Vec::with_capacity(count);
        for index in 0..count {
            let key = derive(chain_id, seed, index);
            let public = PublicKey::from_raw_ed25519(key.verification_key().as_ref());
            let public = public.ok_or(DevnetError::Validators { count })?;
            known.push((info(public), key));
        }
        let set = Set::without_proposer(known.iter().map(|(info, _)| info.clone()).collect());
        let key_of = |wanted: &Info| {
            let mut known = known.iter();
            let found = known.find(|(info, _)| info.address == wanted.address);
            found.map(|(_, key)| key.clone())
        };
        let keys = set.validators().iter().filter_map(key_of).collect();
        Ok(Self { set, keys })
    }

    /// Whose turn it is.
    pub fn proposer(&self, height: u64) -> account::Id {
        let validators = self.set.validators();
        let turn = height % validators.len() as u64;
        validators[turn as usize].address
    }

    /// The commit of a block, signed by all.
    pub fn commit(&self, chain: &chain::Id, height: Height, id: block::Id, time: Time) -> Commit {
        let signers = self.set.validators().iter().zip(&self.keys).enumerate();
        let signatures = signers.map(|(index, (validator, key))| {
            let vote = Vote {
                vote_type: vote::Type::Precommit,
                height,
                round: Round::default(),
                block_id: Some(id),
                timestamp: Some(time),
                validator_address: validator.address,
                validator_index: vote::ValidatorIndex::try_from(index)
                    .expect("there are at most 180 validators"),
                signature: None,
                extension: Vec::new(),
                extension_signature: None,
            };
            let signature = key.sign(&vote.into_signable_vec(chain.clone()));
            CommitSig::BlockIdFlagCommit {
                validator_address: validator.address,
                timestamp: time,
                signature: Some(Signature::from(signature)),
            }
        });
        Commit {
            height,
            round: Round::default(),
            block_id: id,
            signatures: signatures.collect(),
        }
    }
}

fn info(public: PublicKey) -> Info {
    Info {
        address: account::Id::from(public),
        pub_key: public,
        power: POWER.into(),
        name: None,
        proposer_priority: Default::default(),
    }
}

fn derive(chain_id: &str, seed: u64, index: usize) -> SigningKey {
    let mut hasher = Sha256::new();
    hasher.update(b"tern-devnet validator");
    hasher.update(seed.to_be_bytes());
    hasher.update((index as u64).to_be_bytes());
    hasher.update(chain_id);
    SigningKey::from(<[u8; 32]>::from(hasher.finalize()))
}
