//! Channels of which one end is closed, and the packets on them.

mod support;

use support::*;
use tern_chains::{ChainId, ChannelState, Ordering};
use tern_core::ledger::{
    Change, Goal, HandshakeProgress, HandshakeRequest, HandshakeStep, Item, View,
};
use tern_core::plan::handshake::{completed, Completed};
use tern_core::plan::{Action, Assignment, Plan, Why};

/// The chain's end is closed in the block at this height.
fn close(view: &mut View, chain: &ChainId, height: u64) {
    let mut record = view.channel(&end(chain)).unwrap().clone();
    record.state = ChannelState::Closed;
    record.seen = height;
    view.commit(&Change::Channel(end(chain), record));
    tell(view, [block_end(chain, height)]);
}

fn confirm(chain: &ChainId) -> Item {
    Item::Channel {
        end: end(chain),
        step: HandshakeStep::ChanCloseConfirm,
    }
}

fn why(plan: &Plan, item: &Item) -> Option<Why> {
    let wait = plan.waits.iter().find(|wait| wait.item == *item)?;
    Some(wait.why.clone())
}

fn request() -> HandshakeRequest {
    HandshakeRequest {
        a: akash(),
        b: kava(),
        goal: Goal::Close(end(&akash())),
        progress: HandshakeProgress::default(),
        only: None,
    }
}

#[test]
fn the_other_end_of_a_closed_channel_is_closed_once_with_a_proof_of_the_first() {
    let mut view = open_channel(Ordering::Unordered);
    assert_eq!(items(&plan_everything(&view)), []);
    close(&mut view, &akash(), 11);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [confirm(&kava())]);
    assert_eq!(plan.batches[0].dst, kava());
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!((&route.src, route.height), (&akash(), 11));
    close(&mut view, &kava(), 12);
    assert_eq!(items(&plan_everything(&view)), []);
}

#[test]
fn acknowledgements_go_before_the_end_is_closed_that_takes_them() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 5), ack_written(1, 8)]);
    close(&mut view, &kava(), 11);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Ack(key(1))]);
    assert_eq!(why(&plan, &confirm(&akash())), Some(Why::PacketsFirst));
    tell(&mut view, [acknowledged(1, 12), block_end(&akash(), 12)]);
    assert_eq!(items(&plan_everything(&view)), [confirm(&akash())]);
}

#[test]
fn packets_to_a_closed_end_time_out_whatever_their_timeout_is() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 5)]);
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
    close(&mut view, &kava(), 13);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [confirm(&akash()), Item::Timeout(key(1))]);
    let timeout = &plan.batches[1];
    assert!(matches!(
        timeout.work[0].action,
        Action::TimeoutOnClose { .. }
    ));
    let route = timeout.route.as_ref().unwrap();
    assert_eq!((&timeout.dst, route.height), (&akash(), 13));
}

#[test]
fn the_timeout_of_an_ordered_packet_closes_its_channel_by_itself() {
    let mut view = open_channel(Ordering::Ordered);
    tell(&mut view, [sent(1, 5), sent(2, 5)]);
    close(&mut view, &kava(), 13);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Timeout(key(1))]);
    assert_eq!(why(&plan, &confirm(&akash())), Some(Why::PacketsFirst));
}

#[test]
fn what_was_sent_from_a_closed_end_is_not_received_but_times_out_once_the_other_is_closed() {
    let mut view = open_channel(Ordering::Ordered);
    tell(&mut view, [sent(1, 5)]);
    close(&mut view, &akash(), 11);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [confirm(&kava())]);
    let waits = why(&plan, &Item::Recv(key(1)));
    assert_eq!(waits, Some(Why::ChannelNotOpen(akash())));
    close(&mut view, &kava(), 12);
    assert_eq!(items(&plan_everything(&view)), [Item::Timeout(key(1))]);
}

#[test]
fn a_command_closes_both_ends_of_a_channel_that_is_not_served() {
    let mut view = open_channel(Ordering::Unordered);
    let plan = |view: &View, requests: &[HandshakeRequest]| {
        items(&plan_assigned(view, &Assignment::nothing(), requests))
    };
    let init = Item::Handshake {
        a: akash(),
        b: kava(),
        step: HandshakeStep::ChanCloseInit,
    };
    assert_eq!(plan(&view, &[request()]), [init]);
    close(&mut view, &akash(), 11);
    assert_eq!(plan(&view, &[]), []);
    assert_eq!(plan(&view, &[request()]), [confirm(&kava())]);
    assert_eq!(completed(&view, &request()), None);
    close(&mut view, &kava(), 12);
    assert_eq!(plan(&view, &[request()]), []);
    let closed = Completed::Closed {
        a: end(&akash()),
        b: end(&kava()),
    };
    assert_eq!(completed(&view, &request()), Some(closed));
}

#[test]
fn where_the_other_end_is_closed_already_a_command_closes_its_own_with_a_proof_of_that() {
    let mut view = open_channel(Ordering::Unordered);
    close(&mut view, &kava(), 11);
    let plan = plan_assigned(&view, &Assignment::nothing(), &[request()]);
    assert_eq!(items(&plan), [confirm(&akash())]);
}
