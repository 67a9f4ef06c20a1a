//! After any writes and deletions, every key has a proof at every version, which
//! verifies against the root of that version only.

use std::collections::BTreeMap;

use ics23::commitment_proof::Proof as Ics23;
use ics23::{iavl_spec, tendermint_spec, HostFunctionsManager};
use proptest::prelude::*;

use super::*;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug)]
enum Write {
    Set(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    Commit,
}

/// Few and short keys, so that writes collide.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..6, 1..4)
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let value = prop::collection::vec(any::<u8>(), 1..6);
    let write = prop_oneof![
        5 => (key(), value).prop_map(|(key, value)| Write::Set(key, value)),
        3 => key().prop_map(Write::Remove),
        1 => Just(Write::Commit),
    ];
    prop::collection::vec(write, 1..120)
}

fn verify(proof: &Proof, key: &[u8], store: &[u8], root: &[u8]) -> bool {
    let Some(Ics23::Exist(exists)) = &proof.in_root.proof else {
        return false;
    };
    let (iavl, simple) = (iavl_spec(), tendermint_spec());
    let store_root = exists.value.clone();
    let (key, root) = (key.to_vec(), root.to_vec());
    let in_store = match &proof.value {
        Some(value) => ics23::verify_membership::<HostFunctionsManager>(
            &proof.in_store,
            &iavl,
            &store_root,
            &key,
            value,
        ),
        None => ics23::verify_non_membership::<HostFunctionsManager>(
            &proof.in_store,
            &iavl,
            &store_root,
            &key,
        ),
    };
    in_store
        && ics23::verify_membership::<HostFunctionsManager>(
            &proof.in_root,
            &simple,
            &root,
            store,
            &store_root,
        )
}

proptest! {
    #[test]
    fn every_version_proves_every_key(writes in writes(), absent in prop::collection::vec(key(), 8)) {
        let mut state = Multistore::new(&["acc", "bank", "ibc", "transfer", "upgrade"]);
        let mut model = Model::new();
        let mut kept: Vec<(Multistore, Model)> = Vec::new();
        state.set_version(1);
        for write in writes.into_iter().chain([Write::Commit]) {
            match write {
                Write::Set(key, value) => {
                    state.store_mut("ibc").set(key.clone(), value.clone());
                    model.insert(key, value);
                }
                Write::Remove(key) => {
                    let was_there = model.remove(&key).is_some();
                    prop_assert_eq!(state.store_mut("ibc").remove(&key), was_there);
                }
                Write::Commit => {
                    kept.push((state.clone(), model.clone()));
                    state.set_version(kept.len() as u64 + 1);
                }
            }
        }
        for (state, model) in &kept {
            let tree = state.store("ibc");
            let entries = tree.iter_from(b"").map(|(k, v)| (k.to_vec(), v.to_vec()));
            prop_assert!(entries.eq(model.clone()));
            let root = state.root();
            for key in model.keys().chain(&absent) {
                prop_assert_eq!(tree.get(key), model.get(key).map(Vec::as_slice));
                let before = model.range::<Vec<u8>, _>(..key.clone()).next_back();
                prop_assert_eq!(tree.before(key).map(|(key, _)| key), before.map(|(key, _)| key.as_slice()));
                let Some(proof) = state.prove("ibc", key) else {
                    prop_assert!(model.is_empty());
                    continue;
                };
                prop_assert_eq!(proof.value.as_ref(), model.get(key));
                prop_assert!(verify(&proof, key, b"ibc", &root));
                prop_assert!(!verify(&proof, key, b"ibc", &[7; 32]));
                prop_assert!(!verify(&proof, key, b"bank", &root));
                let mut lie = proof.clone();
                lie.value = match lie.value { Some(_) => None, None => Some(vec![1]) };
                prop_assert!(!verify(&lie, key, b"ibc", &root));
            }
        }
    }
}

#[test]
fn the_tree_stays_balanced_over_a_long_run() {
    let mut tree = Tree::default();
    for number in 0u32..10_000 {
        tree.set(number.to_be_bytes(), [1]);
        if number >= 1000 {
            assert!(tree.remove(&(number - 1000).to_be_bytes()));
        }
    }
    let root = tree.root().expect("a thousand entries are left");
    assert_eq!(root.size, 1000);
    // An AVL tree of n leaves is at most 1.44 log2(n) high.
    assert!(root.height <= 15, "height {}", root.height);
}

#[test]
fn one_leaf_hashes_as_iavl_does() {
    use sha2::{Digest, Sha256};
    let mut tree = Tree::default();
    tree.set_version(1);
    tree.set("key", "value");
    // height 0, size 1, version 1 as signed varints, then key and value hash.
    let mut bytes = vec![0, 2, 2, 3];
    bytes.extend(b"key");
    bytes.push(32);
    bytes.extend(Sha256::digest("value"));
    assert_eq!(tree.hash(), <[u8; 32]>::from(Sha256::digest(bytes)));
}
