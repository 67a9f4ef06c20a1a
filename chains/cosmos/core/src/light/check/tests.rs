//! Headers seen elsewhere beside those of the chain.

use tern_chains::{ChainError, ChainId};

use super::*;
use crate::testing::{time, LightChain, ID};

fn origin() -> Origin {
    Origin {
        chain: ChainId::from_string(ID),
        node: "test".to_owned(),
    }
}

/// Two chains with the same validators up to height 7, which chose different
/// ones for height 8: their headers differ from height 7 on.
fn fork() -> (LightChain, LightChain) {
    let sets = |after: Vec<u8>| {
        let mut sets = vec![vec![1, 2, 3, 4]; 7];
        sets.extend(vec![after; 4]);
        LightChain::new(&sets)
    };
    (sets(vec![1, 2, 3, 4]), sets(vec![1, 2, 3, 5]))
}

fn seen(header: &Encoded) -> SeenHeader {
    SeenHeader::new(&origin(), header).unwrap()
}

#[test]
fn a_header_of_the_chain_is_the_same_whatever_it_was_verified_from() {
    let (chain, _) = fork();
    for trusted in [1, 5, 6] {
        let seen = seen(&chain.header(trusted, 7));
        assert_eq!(seen.height, 7);
        let checked = seen.compare(&origin(), chain.at(7));
        assert_eq!(checked.unwrap(), HeaderCheck::Same);
    }
}

#[test]
fn of_two_signed_headers_the_own_one_is_given_from_the_same_trusted_height() {
    let (chain, fork) = fork();
    for trusted in [2, 6] {
        let seen = seen(&fork.header(trusted, 7));
        let checked = seen.compare(&origin(), chain.at(7)).unwrap();
        let own = chain.header(trusted, 7);
        assert_eq!(checked, HeaderCheck::Conflicting { own });
    }
}

#[test]
fn a_node_cannot_make_up_a_conflict() {
    let (chain, _) = fork();
    let seen = seen(&chain.header(2, 7));
    let unverified = |block: &LightBlock| {
        let error = seen.compare(&origin(), block).unwrap_err();
        assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
    };
    // Validators of its own.
    unverified(LightChain::new(&vec![vec![5, 6, 7, 8]; 9]).at(7));
    // A header nobody signed.
    let mut forged = chain.at(7).clone();
    forged.signed.header.app_hash = vec![9; 32].try_into().unwrap();
    unverified(&forged);
    // A block of another height.
    unverified(chain.at(6));
}

#[test]
fn a_neighbour_needs_exactly_the_validators_that_were_trusted() {
    let chain = LightChain::new(&vec![vec![1, 2, 3, 4]; 9]);
    let other = LightChain::new(&vec![vec![1, 2, 3]; 9]);
    let next = seen(&chain.header(6, 7)).compare(&origin(), other.at(7));
    assert!(matches!(next, Err(ChainError::Unverified { .. })));
    // From further away enough of them do.
    let far = seen(&chain.header(2, 7)).compare(&origin(), other.at(7));
    assert!(matches!(far, Ok(HeaderCheck::Conflicting { .. })));
}

#[test]
fn what_no_validators_signed_is_not_evidence() {
    let (chain, fork) = fork();
    let mut header = Header::try_from(convert::any(&fork.header(2, 7))).unwrap();
    header.signed_header.header.app_hash = vec![9; 32].try_into().unwrap();
    let header = convert::encoded(header.into());
    let error = seen(&header).compare(&origin(), chain.at(7)).unwrap_err();
    assert!(matches!(error, ChainError::Malformed { .. }), "{error}");
}

#[test]
fn a_header_ahead_of_the_chain_conflicts_if_its_time_is_not() {
    let (chain, fork) = fork();
    let ahead = seen(&fork.header(2, 9));
    let not_yet = HeaderCheck::NotYet { height: 9 };
    let check = |chain: &LightChain| ahead.compare_with_lower(&origin(), chain.at(8)).unwrap();
    assert_eq!(check(&chain), not_yet);
    for later in [1, 4] {
        let sets = vec![vec![1, 2, 3, 4]; 9];
        let late = LightChain::with_times(&sets, |height| time(height + later));
        let own = late.header(2, 8);
        assert_eq!(check(&late), HeaderCheck::Conflicting { own });
    }
    // What the client trusts is not below the newest block: nothing can be said yet.
    let near = seen(&fork.header(8, 9));
    let checked = near.compare_with_lower(&origin(), chain.at(8)).unwrap();
    assert_eq!(checked, not_yet);
}

#[test]
fn what_is_no_header_of_this_chain_is_refused() {
    let (chain, _) = fork();
    let header = chain.header(2, 7);
    let mut elsewhere = origin();
    elsewhere.chain = ChainId::from_string("other-1");
    let mut no_header = header.clone();
    no_header.type_name = "/ibc.lightclients.tendermint.v1.Misbehaviour".to_owned();
    for (origin, header) in [(elsewhere, header), (origin(), no_header)] {
        let error = SeenHeader::new(&origin, &header).unwrap_err();
        assert!(matches!(error, ChainError::Malformed { .. }), "{error}");
    }
}
