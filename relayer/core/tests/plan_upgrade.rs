//! Clients of a chain that has ended its revision.

mod support;

use std::time::Duration;

use support::*;
use tern_chains::{BlockTime, ChainId, ClientSummary, Ordering};
use tern_core::ledger::{ClientKey, Fact, Finding, Item, View};
use tern_core::plan::{Action, Why};

/// The last height of akash's revision; its newest block is the one before.
const LAST: u64 = 11;

fn client_on_kava() -> ClientKey {
    ClientKey {
        chain: kava(),
        client_id: client_id(),
    }
}

fn upgrade() -> Item {
    Item::Upgrade(client_on_kava())
}

/// The chain says that it ends its revision.
fn at_its_end() -> View {
    let mut view = open_channel(Ordering::Unordered);
    let end = Fact::Found {
        chain: akash(),
        height: LAST - 1,
        finding: Finding::RevisionEnds { last_height: LAST },
    };
    tell(&mut view, [end]);
    view
}

/// The client on kava is of this chain and at this height.
fn client_is(view: &mut View, chain_id: &str, latest_height: u64) {
    let finding = Finding::Client {
        client_id: client_id(),
        summary: ClientSummary {
            chain_id: ChainId::from_string(chain_id),
            latest_height,
            trusting_period: Duration::from_secs(1_000_000),
            frozen: false,
            flaws: vec![],
        },
        consensus_time: BlockTime(SECOND),
    };
    let found = Fact::Found {
        chain: kava(),
        height: 10,
        finding,
    };
    tell(view, [found]);
}

#[test]
fn a_client_is_brought_to_the_last_height_and_upgraded_in_one_transaction() {
    let plan = plan_everything(&at_its_end());
    assert_eq!(items(&plan), [upgrade()]);
    let batch = &plan.batches[0];
    assert!(batch.atomic);
    assert_eq!(batch.dst, kava());
    let route = batch.route.as_ref().unwrap();
    assert_eq!(
        (route.height, route.proof_height, route.update),
        (LAST - 1, LAST, true)
    );
    let action = Action::UpgradeClient { last_height: LAST };
    assert_eq!(batch.work[0].action, action);
}

#[test]
fn a_client_that_is_at_the_last_height_is_not_updated_besides() {
    let mut view = at_its_end();
    client_is(&mut view, "akash-1", LAST);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [upgrade()]);
    assert!(!plan.batches[0].route.as_ref().unwrap().update);
}

#[test]
fn packets_of_the_last_block_are_proven_by_the_last_header() {
    let mut view = at_its_end();
    tell(&mut view, [sent(1, LAST - 1)]);
    let plan = plan_everything(&view);
    let batch = plan.batches.iter().find(|batch| !batch.atomic).unwrap();
    assert_eq!(batch.route.as_ref().unwrap().proof_height, LAST);
    assert_eq!(batch.work[0].item, Item::Recv(key(1)));
}

#[test]
fn a_client_that_was_upgraded_or_has_passed_the_end_is_left_alone() {
    let mut view = at_its_end();
    client_is(&mut view, "akash-2", 1);
    assert_eq!(items(&plan_everything(&view)), []);
    let mut view = at_its_end();
    client_is(&mut view, "akash-1", LAST + 1);
    assert_eq!(items(&plan_everything(&view)), []);
}

#[test]
fn a_chain_that_goes_on_in_its_revision_has_not_ended_it() {
    let mut view = at_its_end();
    tell(&mut view, [block_end(&akash(), LAST)]);
    assert_eq!(items(&plan_everything(&view)), []);
    assert_eq!(view.revision_end(&akash()), None);
}

#[test]
fn an_upgrade_that_is_in_progress_is_not_planned_again() {
    let plan = plan_with(&at_its_end(), &[upgrade()].into());
    assert_eq!(items(&plan), []);
    assert!(plan
        .waits
        .iter()
        .any(|wait| wait.item == upgrade() && wait.why == Why::InFlight));
}
