//! What is planned after a chain has refused something.

mod support;

use support::*;
use tern_chains::{Class, Ordering};
use tern_core::ledger::{Intent, Item, Refusal, View};
use tern_core::plan::Why;

/// Packets 1 to `last`, whose receives have failed together and may travel with
/// `together_max` at most; their wait is over.
fn failed_together(ordering: Ordering, last: u64, together_max: usize) -> View {
    let mut view = open_channel(ordering);
    tell(&mut view, (1..=last).map(|sequence| sent(sequence, 11)));
    let refusal = Refusal {
        class: Class::Rejected,
        reason: "out of gas".into(),
        culprit: None,
        together_max: Some(together_max),
    };
    let failed = Intent::Failed {
        chain: kava(),
        items: (1..=last).map(|number| Item::Recv(key(number))).collect(),
        refusal,
    };
    tell(&mut view, [failed]);
    tell(&mut view, [block_end(&akash(), 20), block_end(&kava(), 20)]);
    view
}

fn sizes(view: &View) -> Vec<usize> {
    let batches = plan_everything(view).batches.into_iter();
    batches.map(|batch| batch.work.len()).collect()
}

#[test]
fn what_failed_together_is_planned_in_groups_that_are_small_enough() {
    assert_eq!(sizes(&failed_together(Ordering::Unordered, 10, 5)), [5, 5]);
    assert_eq!(
        sizes(&failed_together(Ordering::Unordered, 3, 1)),
        [1, 1, 1]
    );
}

#[test]
fn what_has_not_failed_goes_before_it_and_together() {
    let mut view = failed_together(Ordering::Unordered, 4, 2);
    tell(
        &mut view,
        [sent(8, 20), sent(9, 20), block_end(&akash(), 21)],
    );
    let batches = plan_everything(&view).batches;
    let first: Vec<Item> = batches[0]
        .work
        .iter()
        .map(|work| work.item.clone())
        .collect();
    assert_eq!(first, [8, 9].map(|number| Item::Recv(key(number))));
    assert_eq!(batches.len(), 3);
}

#[test]
fn of_an_ordered_channel_the_first_that_failed_goes_alone() {
    assert_eq!(sizes(&failed_together(Ordering::Ordered, 4, 2)), [1]);
}

#[test]
fn a_received_packet_of_an_ordered_channel_does_not_hold_up_those_after_it() {
    let mut view = open_channel(Ordering::Ordered);
    tell(&mut view, [sent(1, 11), sent(2, 11), received(1, 12)]);
    tell(&mut view, [block_end(&akash(), 12), block_end(&kava(), 12)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Recv(key(2))]);
    let acknowledged = plan
        .waits
        .iter()
        .find(|wait| wait.item == Item::Ack(key(1)));
    assert_eq!(
        acknowledged.map(|wait| &wait.why),
        Some(&Why::AckNotWritten)
    );
}
