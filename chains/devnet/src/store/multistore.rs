//! All stores under one root, the app hash: a simple Merkle tree over the
//! stores' names and roots, for `ics23::tendermint_spec` (SDK `rootmulti`).

use std::collections::BTreeMap;

use ics23::commitment_proof::Proof as Ics23;
use ics23::{CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp};
use sha2::{Digest, Sha256};

use super::tree::{put_bytes, Hash, Tree};

/// Domain separation of RFC 6962.
const LEAF: u8 = 0;
const INNER: u8 = 1;

/// A value, or its absence, with the two layers of its proof.
#[derive(Clone, Debug)]
pub struct Proof {
    pub value: Option<Vec<u8>>,
    /// The key in its store.
    pub in_store: CommitmentProof,
    /// The store in the app hash.
    pub in_root: CommitmentProof,
}

/// The state as a whole. A clone is a snapshot.
#[derive(Clone, Debug)]
pub struct Multistore {
    stores: BTreeMap<&'static str, Tree>,
}

impl Multistore {
    pub fn new(names: &[&'static str]) -> Self {
        let stores = names.iter().map(|name| (*name, Tree::default()));
        Self {
            stores: stores.collect(),
        }
    }

    /// Later writes belong to this version.
    pub fn set_version(&mut self, version: u64) {
        for tree in self.stores.values_mut() {
            tree.set_version(version);
        }
    }

    pub fn find(&self, name: &str) -> Option<&Tree> {
        self.stores.get(name)
    }

    /// # Panics
    /// If there is no such store: the names are fixed when the chain is made.
    pub fn store(&self, name: &'static str) -> &Tree {
        &self.stores[name]
    }

    /// # Panics
    /// As [`Multistore::store`].
    pub fn store_mut(&mut self, name: &'static str) -> &mut Tree {
        match self.stores.get_mut(name) {
            Some(tree) => tree,
            None => panic!("there is no store {name}"),
        }
    }

    /// The app hash.
    pub fn root(&self) -> Hash {
        root(&self.leaves())
    }

    /// `None` if there is no such store, or nothing in it.
    pub fn prove(&self, name: &str, key: &[u8]) -> Option<Proof> {
        let index = self.stores.keys().position(|known| *known == name)?;
        let tree = self.stores.get(name)?;
        let mut path = Vec::new();
        aunts(&self.leaves(), index, &mut path);
        let in_root = ExistenceProof {
            key: name.as_bytes().to_vec(),
            value: tree.hash().to_vec(),
            leaf: Some(LeafOp {
                hash: HashOp::Sha256.into(),
                prehash_key: HashOp::NoHash.into(),
                prehash_value: HashOp::Sha256.into(),
                length: LengthOp::VarProto.into(),
                prefix: vec![LEAF],
            }),
            path,
        };
        Some(Proof {
            value: tree.get(key).map(<[u8]>::to_vec),
            in_store: tree.prove(key)?,
            in_root: CommitmentProof {
                proof: Some(Ics23::Exist(in_root)),
            },
        })
    }

    fn leaves(&self) -> Vec<Hash> {
        let leaf = |(name, tree): (&&str, &Tree)| {
            let mut bytes = vec![LEAF];
            put_bytes(&mut bytes, name.as_bytes());
            put_bytes(&mut bytes, &Sha256::digest(tree.hash()));
            Sha256::digest(bytes).into()
        };
        self.stores.iter().map(leaf).collect()
    }
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            let parts: [&[u8]; 3] = [&[INNER], &root(left), &root(right)];
            Sha256::digest(parts.concat()).into()
        }
    }
}

/// The steps from leaf `index` up to the root, the lowest first.
fn aunts(leaves: &[Hash], index: usize, path: &mut Vec<InnerOp>) {
    if leaves.len() < 2 {
        return;
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut prefix, mut suffix) = (vec![INNER], Vec::new());
    if index < middle {
        aunts(left, index, path);
        suffix.extend(root(right));
    } else {
        aunts(right, index - middle, path);
        prefix.extend(root(left));
    }
    path.push(InnerOp {
        hash: HashOp::Sha256.into(),
        prefix,
        suffix,
    });
}

/// The largest power of two below `len`, which is over 1.
fn split(len: usize) -> usize {
    len.next_power_of_two() / 2
}
