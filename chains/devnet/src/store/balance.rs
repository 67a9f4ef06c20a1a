//! Writes into a tree: new nodes along one path, kept balanced (AVL).

use std::cmp::Ordering;
use std::sync::Arc;

use super::tree::{Kind, Node};

pub(super) fn insert(node: &Arc<Node>, leaf: Arc<Node>, version: u64) -> Arc<Node> {
    match &node.kind {
        Kind::Leaf { .. } => match leaf.key.cmp(&node.key) {
            Ordering::Equal => leaf,
            Ordering::Less => Node::inner(node.key.clone(), leaf, node.clone(), version),
            Ordering::Greater => Node::inner(leaf.key.clone(), node.clone(), leaf, version),
        },
        Kind::Inner { left, right } => {
            if leaf.key < node.key {
                balance(
                    &node.key,
                    insert(left, leaf, version),
                    right.clone(),
                    version,
                )
            } else {
                balance(
                    &node.key,
                    left.clone(),
                    insert(right, leaf, version),
                    version,
                )
            }
        }
    }
}

pub(super) enum Removed {
    NotFound,
    /// The rest of the subtree.
    Left(Option<Arc<Node>>),
}

pub(super) fn remove(node: &Arc<Node>, key: &[u8], version: u64) -> Removed {
    let Kind::Inner { left, right } = &node.kind else {
        return if node.key == key {
            Removed::Left(None)
        } else {
            Removed::NotFound
        };
    };
    if key < node.key.as_slice() {
        match remove(left, key, version) {
            Removed::NotFound => Removed::NotFound,
            Removed::Left(None) => Removed::Left(Some(right.clone())),
            Removed::Left(Some(left)) => {
                Removed::Left(Some(balance(&node.key, left, right.clone(), version)))
            }
        }
    } else {
        match remove(right, key, version) {
            Removed::NotFound => Removed::NotFound,
            Removed::Left(None) => Removed::Left(Some(left.clone())),
            Removed::Left(Some(right)) => {
                Removed::Left(Some(balance(&node.key, left.clone(), right, version)))
            }
        }
    }
}

/// An inner node of these two sides, rotated if one has become two levels
/// higher than the other.
fn balance(key: &[u8], left: Arc<Node>, right: Arc<Node>, version: u64) -> Arc<Node> {
    let (l, r) = (left.height, right.height);
    if l > r + 1 {
        if let Kind::Inner { left: a, right: b } = &left.kind {
            return match &b.kind {
                Kind::Inner {
                    left: b1,
                    right: b2,
                } if b.height > a.height => {
                    let lower = Node::inner(left.key.clone(), a.clone(), b1.clone(), version);
                    let upper = Node::inner(key.to_vec(), b2.clone(), right, version);
                    Node::inner(b.key.clone(), lower, upper, version)
                }
                _ => {
                    let upper = Node::inner(key.to_vec(), b.clone(), right, version);
                    Node::inner(left.key.clone(), a.clone(), upper, version)
                }
            };
        }
    }
    if r > l + 1 {
        if let Kind::Inner { left: a, right: b } = &right.kind {
            return match &a.kind {
                Kind::Inner {
                    left: a1,
                    right: a2,
                } if a.height > b.height => {
                    let lower = Node::inner(key.to_vec(), left, a1.clone(), version);
                    let upper = Node::inner(right.key.clone(), a2.clone(), b.clone(), version);
                    Node::inner(a.key.clone(), lower, upper, version)
                }
                _ => {
                    let lower = Node::inner(key.to_vec(), left, a.clone(), version);
                    Node::inner(right.key.clone(), lower, b.clone(), version)
                }
            };
        }
    }
    Node::inner(key.to_vec(), left, right, version)
}
