//! Plans follow the height rules of each chain's kind, and none of their own.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use support::*;
use tern_chains::{ChainId, Event, HeightRules, Ordering};
use tern_core::ledger::{Item, View};
use tern_core::plan::{Plan, Why};

/// State of h is proven at h, a block is final three blocks later.
const ATTESTED: HeightRules = HeightRules {
    proof_lag: 0,
    finality_lag: 3,
};

/// Both chains with the rules of one kind.
fn plan_by(rules: HeightRules, view: &View) -> Plan {
    let rules: BTreeMap<ChainId, HeightRules> = [(akash(), rules), (kava(), rules)].into();
    plan_under(view, &BTreeSet::new(), &rules)
}

#[test]
fn a_send_is_proven_at_its_own_height_where_headers_have_their_own_root() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    let heights = |rules| {
        let plan = plan_by(rules, &view);
        let route = plan.batches[0].route.clone().unwrap();
        (route.height, route.proof_height)
    };
    assert_eq!(heights(TENDERMINT), (11, 12));
    assert_eq!(heights(ATTESTED), (11, 11));
}

#[test]
fn a_timeout_is_proven_at_the_first_height_past_it() {
    let mut view = open_channel(Ordering::Unordered);
    let send = event(&akash(), 11, Event::SendPacket(packet(1, 12)));
    tell(
        &mut view,
        [send, block_end(&akash(), 11), block_end(&kava(), 12)],
    );
    for (rules, height) in [(TENDERMINT, 11), (ATTESTED, 12)] {
        let plan = plan_by(rules, &view);
        assert_eq!(items(&plan), [Item::Timeout(key(1))]);
        let route = plan.batches[0].route.as_ref().unwrap();
        assert_eq!((route.height, route.proof_height), (height, 12));
    }
}

#[test]
fn blocks_that_are_not_final_yet_count_against_a_timeout_height() {
    let mut view = open_channel(Ordering::Unordered);
    // The final head is 11. Where blocks are final three later, block 14 may be
    // there already, and 15 is the first that could receive.
    let send = event(&akash(), 11, Event::SendPacket(with_timeout_height(1, 15)));
    tell(
        &mut view,
        [send, block_end(&akash(), 11), block_end(&kava(), 11)],
    );
    assert_eq!(items(&plan_by(TENDERMINT, &view)), [Item::Recv(key(1))]);
    let plan = plan_by(ATTESTED, &view);
    assert_eq!(items(&plan), []);
    assert_eq!(plan.waits[0].why, Why::TooLate(kava()));
}
