//! One store: a balanced binary search tree with values in its leaves, hashed
//! the way IAVL hashes (`cosmos/iavl`, `docs/node/node.md`).
//!
//! Nodes never change. A write makes new ones along its path and shares the
//! rest, so a clone is a snapshot and old versions stay provable.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::balance::{insert, remove, Removed};

pub(super) type Hash = [u8; 32];

/// A sorted map of bytes with a root hash.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    root: Option<Arc<Node>>,
    /// The version of new nodes: the height of their block.
    version: u64,
}

#[derive(Debug)]
pub(super) struct Node {
    /// A leaf's key. In an inner node the left side is below this key, the right
    /// side is not.
    pub key: Vec<u8>,
    pub version: u64,
    pub size: u64,
    pub height: u8,
    pub kind: Kind,
    /// Computed when first needed: most nodes are replaced within one block.
    hash: OnceLock<Hash>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Leaf { value: Vec<u8> },
    Inner { left: Arc<Node>, right: Arc<Node> },
}

impl Tree {
    /// Later writes belong to this version.
    pub fn set_version(&mut self, version: u64) {
        self.version = version;
    }

    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let mut node = self.root.as_deref()?;
        loop {
            match &node.kind {
                Kind::Leaf { value } => return (node.key == key).then_some(value),
                Kind::Inner { left, right } => {
                    node = if key < node.key.as_slice() {
                        left
                    } else {
                        right
                    };
                }
            }
        }
    }

    pub fn set(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let leaf = Node::leaf(key.into(), value.into(), self.version);
        self.root = Some(match &self.root {
            None => leaf,
            Some(root) => insert(root, leaf, self.version),
        });
    }

    /// Returns whether the key was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        match self
            .root
            .as_ref()
            .map(|root| remove(root, key, self.version))
        {
            Some(Removed::Left(rest)) => {
                self.root = rest;
                true
            }
            Some(Removed::NotFound) | None => false,
        }
    }

    /// The root hash; of an empty tree, the hash of nothing.
    pub fn hash(&self) -> Hash {
        match &self.root {
            Some(root) => root.hash(),
            None => Sha256::digest([]).into(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Entries from `start` on, in the order of their keys.
    pub fn iter_from(&self, start: &[u8]) -> Iter<'_> {
        let mut iter = Iter { ahead: Vec::new() };
        let mut next = self.root.as_deref();
        while let Some(node) = next {
            next = match &node.kind {
                Kind::Leaf { .. } => {
                    if node.key.as_slice() >= start {
                        iter.ahead.push(node);
                    }
                    None
                }
                Kind::Inner { left, right } if start < node.key.as_slice() => {
                    iter.ahead.push(right);
                    Some(left)
                }
                Kind::Inner { right, .. } => Some(right),
            };
        }
        iter
    }

    /// Entries whose key starts with `prefix`.
    pub fn with_prefix<'a>(
        &'a self,
        prefix: &'a [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + 'a {
        self.iter_from(prefix)
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The entry with the greatest key below `key`.
    pub fn before(&self, key: &[u8]) -> Option<(&[u8], &[u8])> {
        let mut node = self.root.as_deref()?;
        // The last left side passed: all its keys are smaller.
        let mut smaller: Option<&Node> = None;
        loop {
            match &node.kind {
                Kind::Leaf { value } if node.key.as_slice() < key => {
                    return Some((&node.key, value))
                }
                Kind::Leaf { .. } => break,
                Kind::Inner { left, right } => {
                    if key <= node.key.as_slice() {
                        node = left;
                    } else {
                        smaller = Some(left);
                        node = right;
                    }
                }
            }
        }
        let mut node = smaller?;
        loop {
            match &node.kind {
                Kind::Leaf { value } => return Some((&node.key, value)),
                Kind::Inner { right, .. } => node = right,
            }
        }
    }

    pub(super) fn root(&self) -> Option<&Arc<Node>> {
        self.root.as_ref()
    }
}

/// Walks the leaves from left to right.
pub struct Iter<'a> {
    /// Subtrees not yet walked, the leftmost last.
    ahead: Vec<&'a Node>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let node = self.ahead.pop()?;
            match &node.kind {
                Kind::Leaf { value } => return Some((&node.key, value)),
                Kind::Inner { left, right } => {
                    self.ahead.push(right);
                    self.ahead.push(left);
                }
            }
        }
    }
}

impl Node {
    fn leaf(key: Vec<u8>, value: Vec<u8>, version: u64) -> Arc<Self> {
        Arc::new(Self {
            key,
            version,
            size: 1,
            height: 0,
            kind: Kind::Leaf { value },
            hash: OnceLock::new(),
        })
    }

    pub fn inner(key: Vec<u8>, left: Arc<Self>, right: Arc<Self>, version: u64) -> Arc<Self> {
        Arc::new(Self {
            key,
            version,
            size: left.size + right.size,
            height: 1 + left.height.max(right.height),
            kind: Kind::Inner { left, right },
            hash: OnceLock::new(),
        })
    }

    pub fn hash(&self) -> Hash {
        *self.hash.get_or_init(|| {
            let mut bytes = self.prefix();
            match &self.kind {
                Kind::Leaf { value } => {
                    put_bytes(&mut bytes, &self.key);
                    put_bytes(&mut bytes, &Sha256::digest(value));
                }
                Kind::Inner { left, right } => {
                    put_bytes(&mut bytes, &left.hash());
                    put_bytes(&mut bytes, &right.hash());
                }
            }
            Sha256::digest(bytes).into()
        })
    }

    /// What a node's hash begins with: height, size and version.
    pub fn prefix(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12);
        put_signed(&mut bytes, u64::from(self.height));
        put_signed(&mut bytes, self.size);
        put_signed(&mut bytes, self.version);
        bytes
    }
}

/// Go's `binary.PutVarint` of a number that is not negative.
fn put_signed(bytes: &mut Vec<u8>, number: u64) {
    put_unsigned(bytes, number << 1);
}

/// Go's `binary.PutUvarint`.
pub(super) fn put_unsigned(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Bytes behind their length.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, value: &[u8]) {
    put_unsigned(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}
