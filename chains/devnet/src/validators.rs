//! The chain's validators: ed25519 keys from a seed, power changes, signatures.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_consensus::SigningKey;
use sha2::{Digest, Sha256};
use tendermint::block::{self, Commit, CommitSig, Height, Round};
use tendermint::validator::{Info, Set};
use tendermint::vote::{self, Vote};
use tendermint::{account, chain, Hash, PublicKey, Signature, Time};

use crate::error::DevnetError;
use crate::genesis::ValidatorUpdate;

/// The most validators of one set, as on the largest Cosmos chains.
pub const VALIDATORS_MAX: usize = 180;
/// The power of every genesis validator.
pub const POWER: u32 = 10;

/// The validator sets by height.
#[derive(Clone)]
pub(crate) struct Validators {
    chain_id: String,
    seed: u64,
    /// By the first height that each set signs.
    sets: BTreeMap<u64, Arc<Signers>>,
}

/// The validators of one height, with their keys.
pub(crate) struct Signers {
    pub set: Arc<Set>,
    pub hash: Hash,
    /// In the order of the set.
    keys: Vec<SigningKey>,
    /// By the validator's number, from which its key is derived.
    powers: BTreeMap<usize, u32>,
}

impl Validators {
    pub fn new(chain_id: &str, seed: u64, count: usize) -> Result<Self, DevnetError> {
        let powers = (0..count).map(|index| (index, POWER)).collect();
        let first = Signers::new(chain_id, seed, powers)?;
        Ok(Self {
            chain_id: chain_id.to_owned(),
            seed,
            sets: BTreeMap::from([(0, Arc::new(first))]),
        })
    }

    /// The set that signs `height`.
    pub fn at(&self, height: u64) -> &Arc<Signers> {
        let known = self.sets.range(..=height).next_back();
        let (_, signers) = known.expect("the first set is there from height 0 on");
        signers
    }

    /// Applies power changes from `height` on.
    pub fn update(&mut self, height: u64, updates: &[ValidatorUpdate]) -> Result<(), DevnetError> {
        if updates.is_empty() {
            return Ok(());
        }
        let mut powers = self.at(height).powers.clone();
        for update in updates {
            match update.power {
                0 => powers.remove(&update.validator),
                power => powers.insert(update.validator, power),
            };
        }
        let signers = Signers::new(&self.chain_id, self.seed, powers)?;
        self.sets.insert(height, Arc::new(signers));
        Ok(())
    }

    pub fn public_key(&self, validator: usize) -> Option<PublicKey> {
        public_key(&derive(&self.chain_id, self.seed, validator))
    }
}

impl Signers {
    fn new(chain_id: &str, seed: u64, powers: BTreeMap<usize, u32>) -> Result<Self, DevnetError> {
        let count = powers.len();
        let wrong = || DevnetError::Validators { count };
        if !(1..=VALIDATORS_MAX).contains(&count) {
            return Err(wrong());
        }
        let mut known = BTreeMap::new();
        let mut infos = Vec::with_capacity(count);
        for (index, power) in &powers {
            let key = derive(chain_id, seed, *index);
            let info = info(public_key(&key).ok_or_else(wrong)?, *power);
            known.insert(info.address, key);
            infos.push(info);
        }
        let set = Set::without_proposer(infos);
        let validators = set.validators().iter();
        let keys = validators.filter_map(|validator| known.remove(&validator.address));
        Ok(Self {
            keys: keys.collect(),
            hash: set.hash(),
            set: Arc::new(set),
            powers,
        })
    }

    /// The proposer.
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

fn info(public: PublicKey, power: u32) -> Info {
    Info {
        address: account::Id::from(public),
        pub_key: public,
        power: power.into(),
        name: None,
        proposer_priority: Default::default(),
    }
}

fn public_key(key: &SigningKey) -> Option<PublicKey> {
    PublicKey::from_raw_ed25519(key.verification_key().as_ref())
}

fn derive(chain_id: &str, seed: u64, index: usize) -> SigningKey {
    let mut hasher = Sha256::new();
    hasher.update(b"tern-devnet validator");
    hasher.update(seed.to_be_bytes());
    hasher.update((index as u64).to_be_bytes());
    hasher.update(chain_id);
    SigningKey::from(<[u8; 32]>::from(hasher.finalize()))
}
