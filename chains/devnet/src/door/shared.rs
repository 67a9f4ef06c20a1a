//! What `tern-cosmos` does without a network: signing and checking proofs.

use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{Chain, ChainError, ChainId, Proven, SignedTx, TxDraft};
use tern_cosmos::{CosmosChain, CosmosSettings, GasPrice, Key};

use super::Result;

/// Where nobody listens: none of these functions asks.
const NOWHERE: &str = "http://in-process.invalid";

pub(super) struct Pure(CosmosChain);

impl Pure {
    pub fn new(id: &ChainId, gas_price: &GasPrice) -> Result<Self> {
        let url = || {
            NOWHERE.parse().map_err(|_| ChainError::Local {
                chain: id.clone(),
                reason: "no URL".to_owned(),
            })
        };
        let price = gas_price.clone();
        let settings = CosmosSettings::new(id.clone(), url()?, url()?, "", price);
        CosmosChain::new(settings).map(Self)
    }

    pub fn sign(&self, key: &Key, draft: &TxDraft) -> Result<SignedTx> {
        self.0.sign_with(key, draft)
    }

    pub fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        self.0.verify(proven, root)
    }
}
