//! Proofs (ICS-23) that a node makes up. An input is a proof alone; path, value and
//! root are those of an ibc-go chain. Whatever the proof: no other value is proven,
//! nor that there is none, nor that there is one where there is none.

use tern_chains::{Height, Proof, Proven, Root, StorePath};
use tern_cosmos_core::verify_proof;

/// What `chains/cosmos/core/src/proof/recorded.txt` has: path, value and proof of a
/// client state, the same of the absence of another, and the root.
const RECORDED: &str = include_str!("../../../chains/cosmos/core/src/proof/recorded.txt");

#[test]
fn proofs() {
    let lines: Vec<&str> = RECORDED.lines().collect();
    let bytes = |line: usize| hex(lines[line]);
    let (value, root) = (bytes(1), Root(bytes(6)));
    let (present, absent) = (path(lines[0]), path(lines[3]));
    // The recorded proofs prove what they should, or nothing here means anything.
    let proven = |path: &StorePath, value: Option<&[u8]>, proof: &[u8]| {
        let proven = Proven {
            path: path.clone(),
            value: value.map(<[u8]>::to_vec),
            proof: Proof {
                bytes: proof.to_vec(),
                height: Height::new(0, 152),
            },
            height: 151,
        };
        verify_proof(&proven, &root)
    };
    assert_eq!(proven(&present, Some(&value), &bytes(2)), Ok(()));
    assert_eq!(proven(&absent, None, &bytes(5)), Ok(()));
    let mut other = value.clone();
    other[9] ^= 1;
    tern_fuzz::run("proofs", |proof| {
        for (what, path, value) in [
            ("another value", &present, Some(&other[..])),
            ("a shorter value", &present, Some(&value[1..])),
            ("an empty value", &present, Some(&[][..])),
            ("that there is no value", &present, None),
            ("a value where there is none", &absent, Some(&value[..])),
        ] {
            assert!(proven(path, value, proof).is_err(), "proven: {what}");
        }
        // Of these each may be proven, by one proof at most.
        let is = proven(&present, Some(&value), proof).is_ok();
        let is_not = proven(&absent, None, proof).is_ok();
        assert!(!(is && is_not));
        // Nothing is proven under another root.
        let elsewhere = Proven {
            path: present.clone(),
            value: Some(value.clone()),
            proof: Proof {
                bytes: proof.to_vec(),
                height: Height::new(0, 152),
            },
            height: 151,
        };
        assert!(verify_proof(&elsewhere, &Root(vec![7; 32])).is_err());
    });
}

fn path(text: &str) -> StorePath {
    let id = text.strip_prefix("clients/").expect("a client's path");
    let id = id.strip_suffix("/clientState").expect("of its state");
    StorePath::ClientState(id.parse().expect("an identifier"))
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    digits.map(|two| byte(two).expect("hex")).collect()
}
