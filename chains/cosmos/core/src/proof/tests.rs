//! Proofs as an ibc-go v10 chain gave them: of a client state, and of the absence
//! of another, with the root of the next header.
//!
//! `recorded.txt` has path, value and `MerkleProof` of both, then the root; all
//! but the paths in hex.

use tern_chains::StorePath;

use super::*;

/// Both recorded paths are of client states.
fn path(text: &str) -> StorePath {
    let id = text
        .strip_prefix("clients/")
        .and_then(|rest| rest.strip_suffix("/clientState"));
    let path = StorePath::ClientState(id.unwrap().parse().unwrap());
    assert_eq!(path.to_string(), text);
    path
}

fn recorded() -> (Proven, Proven, Root) {
    let lines: Vec<&str> = include_str!("recorded.txt").lines().collect();
    let proven = |lines: &[&str]| {
        let value = hex::decode(lines[1]).unwrap();
        Proven {
            path: path(lines[0]),
            value: (!value.is_empty()).then_some(value),
            proof: Proof {
                bytes: hex::decode(lines[2]).unwrap(),
                height: Height::new(0, 152),
            },
            height: 151,
        }
    };
    let root = Root(hex::decode(lines[6]).unwrap());
    (proven(&lines[..3]), proven(&lines[3..6]), root)
}

#[test]
fn presence_and_absence_are_proven() {
    let (present, absent, root) = recorded();
    assert!(present.value.is_some() && absent.value.is_none());
    assert_eq!(verify(&present, &root), Ok(()));
    assert_eq!(verify(&absent, &root), Ok(()));
}

#[test]
fn nothing_else_is() {
    let (present, absent, root) = recorded();
    let other_root = Root(vec![7; 32]);
    let other_value = Proven {
        value: Some(b"something else".to_vec()),
        ..present.clone()
    };
    let other_path = Proven {
        path: absent.path.clone(),
        ..present.clone()
    };
    let denied = Proven {
        value: None,
        ..present.clone()
    };
    let claimed = Proven {
        value: present.value.clone(),
        ..absent.clone()
    };
    let empty = Proven {
        value: Some(vec![]),
        ..present.clone()
    };
    let mut no_proof = present.clone();
    no_proof.proof.bytes.clear();
    for (name, proven, root) in [
        ("another root", present, &other_root),
        ("absence under another root", absent, &other_root),
        ("another value", other_value, &root),
        ("another path", other_path, &root),
        ("a value denied", denied, &root),
        ("a value claimed", claimed, &root),
        ("an empty value", empty, &root),
        ("no proof", no_proof, &root),
    ] {
        assert!(verify(&proven, root).is_err(), "{name}");
    }
}
