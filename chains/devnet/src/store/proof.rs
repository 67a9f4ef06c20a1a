//! ICS-23 proofs from one tree, for `ics23::iavl_spec`.

use ics23::commitment_proof::Proof;
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp, NonExistenceProof,
};

use super::tree::{put_bytes, Kind, Node, Tree};

/// The length byte before a child's hash.
const CHILD_LENGTH: u8 = 32;

impl Tree {
    /// Proves the value at `key`, or its absence.
    ///
    /// `None` for an empty tree, which has no proofs.
    pub fn prove(&self, key: &[u8]) -> Option<CommitmentProof> {
        let proof = match self.existence(key) {
            Some(exists) => Proof::Exist(exists),
            None => Proof::Nonexist(self.absence(key)?),
        };
        Some(CommitmentProof { proof: Some(proof) })
    }

    /// The absence of a key: proofs of both neighbours, or of the one that exists.
    fn absence(&self, key: &[u8]) -> Option<NonExistenceProof> {
        let left = self.before(key).map(|(key, _)| key.to_vec());
        let right = self.iter_from(key).next().map(|(key, _)| key.to_vec());
        if left.is_none() && right.is_none() {
            return None;
        }
        Some(NonExistenceProof {
            key: key.to_vec(),
            left: left.and_then(|key| self.existence(&key)),
            right: right.and_then(|key| self.existence(&key)),
        })
    }

    fn existence(&self, key: &[u8]) -> Option<ExistenceProof> {
        let mut node: &Node = self.root()?;
        let mut path = Vec::new();
        loop {
            match &node.kind {
                Kind::Inner { left, right } => {
                    let goes_left = key < node.key.as_slice();
                    path.push(inner_op(node, left, right, goes_left));
                    node = if goes_left { left } else { right };
                }
                Kind::Leaf { value } if node.key == key => {
                    path.reverse();
                    return Some(ExistenceProof {
                        key: key.to_vec(),
                        value: value.clone(),
                        leaf: Some(leaf_op(node)),
                        path,
                    });
                }
                Kind::Leaf { .. } => return None,
            }
        }
    }
}

fn leaf_op(node: &Node) -> LeafOp {
    LeafOp {
        hash: HashOp::Sha256.into(),
        prehash_key: HashOp::NoHash.into(),
        prehash_value: HashOp::Sha256.into(),
        length: LengthOp::VarProto.into(),
        prefix: node.prefix(),
    }
}

/// One step up: the bytes before and after the child's hash.
fn inner_op(node: &Node, left: &Node, right: &Node, goes_left: bool) -> InnerOp {
    let mut prefix = node.prefix();
    let mut suffix = Vec::new();
    if goes_left {
        put_bytes(&mut suffix, &right.hash());
    } else {
        put_bytes(&mut prefix, &left.hash());
    }
    prefix.push(CHILD_LENGTH);
    InnerOp {
        hash: HashOp::Sha256.into(),
        prefix,
        suffix,
    }
}
