//! Values of the provable stores, with and without proof.

use ibc_relayer_types::core::ics23_commitment::merkle::MerkleProof;
use tern_chains::{Proven, StorePath};
use tern_cosmos_core::{encode_proof, store_of};

use super::{DevnetChain, Result};
use crate::devnet::Devnet;
use crate::store::Multistore;

impl DevnetChain {
    pub(super) fn value(&self, path: &StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let key = path.to_string();
        let found = self.node.read(|chain| {
            let state = match height {
                Some(height) => chain.state(height).ok_or_else(|| height_range(chain))?,
                None => chain.newest_state(),
            };
            Ok(state
                .store(store_of(path))
                .get(key.as_bytes())
                .map(<[u8]>::to_vec))
        });
        let value = found.map_err(|range| self.no_state(path, height.unwrap_or_default(), range));
        Ok(match self.node.lie() {
            Some(lie) => lie.value(value?),
            None => value?,
        })
    }

    pub(super) fn proven(&self, path: StorePath, height: u64) -> Result<Proven> {
        let key = path.to_string();
        let found = self.node.read(|chain| {
            let state = chain.state(height).ok_or_else(|| height_range(chain))?;
            Ok(Multistore::prove(state, store_of(&path), key.as_bytes()))
        });
        let proof = found.map_err(|range| self.no_state(&path, height, range))?;
        let mut proof = proof.ok_or_else(|| self.origin.node(key, "nothing to prove with"))?;
        if let Some(lie) = self.node.lie() {
            proof = lie.proof(proof);
        }
        let merkle = MerkleProof {
            proofs: vec![proof.in_store, proof.in_root],
        };
        Ok(Proven {
            path,
            value: proof.value,
            proof: encode_proof(merkle, self.origin.chain.version(), height),
            height,
        })
    }

    fn no_state(
        &self,
        path: &StorePath,
        height: u64,
        (earliest, latest): (u64, u64),
    ) -> tern_chains::ChainError {
        let doing = format!("query {path} at {height}");
        if height < earliest {
            return self.origin.pruned(doing, height);
        }
        self.origin
            .node(doing, format!("the newest block is {latest}"))
    }
}

fn height_range(chain: &Devnet) -> (u64, u64) {
    (chain.earliest(), chain.latest().0)
}
