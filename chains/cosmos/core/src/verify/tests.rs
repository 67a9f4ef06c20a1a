//! One verification step, by value.

use super::*;
use crate::testing::{set, time, LightChain, ID, TRUSTING_PERIOD};

/// Verifies `block` from what is known at `from`, `seconds` after the block.
fn step(chain: &LightChain, from: u64, block: &LightBlock, seconds: u64) -> Step {
    let known = &chain.at(from).signed.header;
    let next = chain.at(from + 1).validators.clone();
    let hash = known.next_validators_hash;
    let trusted = Trusted::new(known.height, known.time, next, hash).unwrap();
    let options = Options {
        trust_threshold: Default::default(),
        trusting_period: TRUSTING_PERIOD,
        clock_drift: Duration::from_secs(10),
    };
    let now = time(block.height() + seconds);
    verify(&ID.parse().unwrap(), &trusted, block, &options, now)
}

fn stable(blocks: usize) -> LightChain {
    LightChain::new(&vec![vec![1, 2, 3, 4]; blocks + 1])
}

#[test]
fn the_same_validators_are_believed_over_any_distance() {
    let chain = stable(9);
    assert_eq!(step(&chain, 1, chain.at(2), 1), Step::Verified);
    assert_eq!(step(&chain, 1, chain.at(9), 1), Step::Verified);
}

#[test]
fn strangers_are_believed_only_one_block_on() {
    let mut sets = vec![vec![1, 2, 3, 4]; 3];
    sets.extend(vec![vec![5, 6, 7, 8]; 7]);
    let chain = LightChain::new(&sets);
    assert_eq!(step(&chain, 1, chain.at(9), 1), Step::Bisect { pivot: 5 });
    assert_eq!(step(&chain, 1, chain.at(4), 1), Step::Bisect { pivot: 2 });
    assert_eq!(step(&chain, 3, chain.at(4), 1), Step::Verified);
}

#[test]
fn a_state_older_than_the_trusting_period_is_worthless() {
    let chain = stable(3);
    let period = TRUSTING_PERIOD.as_secs();
    let since = time(1 + period);
    let late = step(&chain, 1, chain.at(2), period);
    assert_eq!(late, Step::Expired { since });
    assert_eq!(step(&chain, 1, chain.at(2), period - 2), Step::Verified);
}

#[test]
fn a_header_that_was_changed_is_invalid() {
    let chain = stable(3);
    let mut block = chain.at(3).clone();
    block.signed.header.app_hash = vec![9; 32].try_into().unwrap();
    assert!(matches!(step(&chain, 1, &block, 1), Step::Invalid { .. }));
    let mut block = chain.at(3).clone();
    block.validators = Arc::new(set(&[1, 2, 3]));
    assert!(matches!(step(&chain, 1, &block, 1), Step::Invalid { .. }));
    let mut block = chain.at(3).clone();
    block.signed.commit.signatures.truncate(2);
    assert!(matches!(step(&chain, 1, &block, 1), Step::Invalid { .. }));
}

#[test]
fn validators_must_be_those_of_the_hash() {
    let hash = set(&[1, 2, 3]).hash();
    let height = Height::from(7u32);
    let wrong = Trusted::new(height, time(7), Arc::new(set(&[1, 2])), hash);
    assert!(wrong.is_none());
    let right = Trusted::new(height, time(7), Arc::new(set(&[3, 2, 1])), hash);
    assert!(right.is_some());
}

#[test]
fn a_first_header_needs_its_own_validators_signatures() {
    let chain = stable(2);
    let id = ID.parse().unwrap();
    assert_eq!(verify_alone(&id, chain.at(1)), Ok(()));
    let other = verify_alone(&"other-1".parse().unwrap(), chain.at(1));
    assert!(other.unwrap_err().contains("light-1"));
    let mut block = chain.at(1).clone();
    for signature in &mut block.signed.commit.signatures[..2] {
        *signature = tendermint::block::CommitSig::BlockIdFlagAbsent;
    }
    assert!(verify_alone(&id, &block).is_err());
}
