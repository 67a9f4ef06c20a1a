//! What a chain committed for its clients, read.

use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use tern_chains::{ChainError, ChainId, Proof};

use super::*;

const LAST: u64 = 40;

fn origin() -> Origin {
    Origin {
        chain: ChainId::from_string("akash-2"),
        node: "test".to_owned(),
    }
}

fn any<T: Message + Name>(state: &T) -> Any {
    Any {
        type_url: T::type_url(),
        value: state.encode_to_vec(),
    }
}

/// As ibc-go commits it: without what a client chooses for itself.
fn client(revision: u64, height: u64) -> Any {
    any(&ClientState {
        chain_id: format!("akash-{revision}"),
        latest_height: Some(RawHeight {
            revision_number: revision,
            revision_height: height,
        }),
        ..ClientState::default()
    })
}

fn consensus() -> Any {
    any(&ConsensusState::default())
}

fn proven(values: [Option<Any>; 2]) -> Vec<Proven> {
    let (paths, height) = upgrade_paths(LAST);
    let both = paths.into_iter().zip(values);
    both.map(|(path, value)| Proven {
        value: value.map(|any| any.encode_to_vec()),
        proof: Proof {
            bytes: path.to_string().into_bytes(),
            height: Height::new(2, LAST),
        },
        path,
        height,
    })
    .collect()
}

#[test]
fn the_states_are_read_and_proven_one_height_before_the_last() {
    assert_eq!(upgrade_paths(LAST).1, LAST - 1);
    let values = proven([Some(client(3, 1)), Some(consensus())]);
    let upgrade = client_upgrade(&origin(), LAST, values).unwrap().unwrap();
    assert_eq!(upgrade.client_state, convert::encoded(client(3, 1)));
    assert_eq!(upgrade.consensus_state, convert::encoded(consensus()));
    let proofs = [upgrade.proof_client, upgrade.proof_consensus];
    assert_eq!(
        proofs.map(|proof| String::from_utf8(proof.bytes).unwrap()),
        [
            "upgradedIBCState/40/upgradedClient",
            "upgradedIBCState/40/upgradedConsState"
        ]
    );
}

#[test]
fn without_a_client_state_nothing_is_planned() {
    let values = proven([None, None]);
    assert_eq!(client_upgrade(&origin(), LAST, values).unwrap(), None);
}

#[test]
fn states_that_no_client_takes_are_refused() {
    for (name, values) in [
        ("no consensus state", [Some(client(3, 1)), None]),
        (
            "the height it has",
            [Some(client(2, LAST)), Some(consensus())],
        ),
        (
            "an older revision",
            [Some(client(1, 99)), Some(consensus())],
        ),
        ("swapped", [Some(consensus()), Some(client(3, 1))]),
    ] {
        let error = client_upgrade(&origin(), LAST, proven(values)).unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{name}");
    }
}

#[test]
fn an_upgrade_within_the_revision_goes_above_the_last_height() {
    let values = proven([Some(client(2, LAST + 1)), Some(consensus())]);
    assert!(client_upgrade(&origin(), LAST, values).unwrap().is_some());
}
