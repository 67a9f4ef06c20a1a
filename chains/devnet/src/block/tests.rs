//! The light client verifier accepts every header, adjacent or skipping, and
//! rejects every changed one.

use std::time::Duration;

use tendermint::block::signed_header::SignedHeader;
use tendermint_light_client_verifier::options::Options;
use tendermint_light_client_verifier::types::{TrustedBlockState, UntrustedBlockState};
use tendermint_light_client_verifier::{ProdVerifier, Verdict, Verifier};

use super::*;
use crate::validators::Validators;

const CHAIN: &str = "light-7";

fn time(second: i64) -> Time {
    Time::from_unix_timestamp(1_700_000_000 + second, 5).expect("in range")
}

fn signers(seed: u64, count: usize) -> std::sync::Arc<Signers> {
    let validators = Validators::new(CHAIN, seed, count).expect("validators");
    validators.at(1).clone()
}

fn blocks(validators: &Signers, count: i64) -> Vec<Committed> {
    let chain = CHAIN.parse().expect("a chain id");
    let mut blocks: Vec<Committed> = Vec::new();
    for number in 1..=count {
        let before = Before {
            last: blocks.last(),
            app_hash: [number as u8; 32],
        };
        let txs = vec![vec![number as u8; 70_000]; (number % 3) as usize];
        let limits = Limits::default();
        let sealed = seal(&chain, [validators; 2], &limits, &before, time(number), txs);
        let (block, id, commit) = sealed.expect("a block");
        blocks.push(Committed {
            results: vec![ExecTxResult::default(); block.data.len()],
            app_hash: [number as u8 + 1; 32],
            block,
            id,
            commit,
            validator_updates: Vec::new(),
        });
    }
    blocks
}

fn verdict(validators: &Signers, trusted: &Committed, header: &Header, commit: &Commit) -> Verdict {
    let options = Options {
        trust_threshold: Default::default(),
        trusting_period: Duration::from_secs(1000),
        clock_drift: Duration::from_secs(1),
    };
    let signed = SignedHeader::new(header.clone(), commit.clone()).expect("a header");
    let untrusted = UntrustedBlockState {
        signed_header: &signed,
        validators: &validators.set,
        next_validators: Some(&validators.set),
    };
    let known = &trusted.block.header;
    let trusted = TrustedBlockState {
        chain_id: &CHAIN.parse().expect("a chain id"),
        header_time: known.time,
        height: known.height,
        next_validators: &validators.set,
        next_validators_hash: known.next_validators_hash,
    };
    ProdVerifier::default().verify_update_header(untrusted, trusted, &options, time(500))
}

#[test]
fn the_verifier_accepts_every_header() {
    for count in [1, 4, 180] {
        let validators = signers(3, count);
        let blocks = blocks(&validators, 6);
        for (index, trusted) in blocks.iter().enumerate() {
            for block in &blocks[index + 1..] {
                let verdict = verdict(&validators, trusted, &block.block.header, &block.commit);
                assert_eq!(verdict, Verdict::Success);
            }
        }
    }
}

#[test]
fn a_changed_header_is_refused() {
    let validators = signers(3, 4);
    let blocks = blocks(&validators, 3);
    let mut header = blocks[2].block.header.clone();
    header.app_hash = vec![9; 32].try_into().expect("a hash");
    let verdict = verdict(&validators, &blocks[0], &header, &blocks[2].commit);
    assert!(matches!(verdict, Verdict::Invalid(_)), "{verdict:?}");
}

#[test]
fn blocks_hold_together() {
    let validators = signers(3, 2);
    let blocks = blocks(&validators, 3);
    for pair in blocks.windows(2) {
        let (before, after) = (&pair[0], &pair[1].block);
        assert_eq!(after.header.last_block_id, Some(before.id));
        assert_eq!(after.last_commit.as_ref(), Some(&before.commit));
        assert_eq!(before.id.hash, before.block.header.hash());
    }
    // A block of two parts, and another seed with other keys.
    assert_eq!(blocks[1].id.part_set_header.total, 3);
    let others = signers(4, 2);
    assert_ne!(others.hash, validators.hash);
    assert!(Validators::new(CHAIN, 3, 181).is_err());
}
