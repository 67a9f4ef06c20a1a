//! What is planned for packets, and when.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use support::*;
use tern_chains::{BlockTime, ChannelState, Event, Ordering, Packet};
use tern_core::ledger::{Change, ClientKey, Fact, Finding, Item, View};
use tern_core::plan::{Pausable, Paused, Why};

fn sent_packet(packet: Packet, height: u64) -> Fact {
    event(&akash(), height, Event::SendPacket(packet))
}

/// Sets the newest height the client on `chain` has.
fn client_at(view: &mut tern_core::ledger::View, chain: &tern_chains::ChainId, height: u64) {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id(),
    };
    let mut record = view.client(&key).unwrap().clone();
    record.summary.latest_height = height;
    view.commit(&Change::Client(key, record));
}

#[test]
fn a_send_in_the_newest_block_is_proven_against_the_next_header() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Recv(key(1))]);
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!((route.height, route.update), (11, true));
}

/// An upgrade that began before the start is found in the chain's state (ibc-go v8).
#[test]
fn packets_under_way_are_relayed_while_their_channel_is_upgraded() {
    for (state, expected) in [
        (ChannelState::Flushing, vec![Item::Recv(key(1))]),
        (ChannelState::FlushComplete, vec![Item::Recv(key(1))]),
        (ChannelState::TryOpen, vec![]),
    ] {
        let mut view = open_channel(Ordering::Unordered);
        tell(&mut view, [sent(1, 5)]);
        for chain in [akash(), kava()] {
            let mut record = view.channel(&end(&chain)).unwrap().clone();
            record.state = state;
            view.commit(&Change::Channel(end(&chain), record));
        }
        assert_eq!(items(&plan_everything(&view)), expected, "{state}");
    }
}

#[test]
fn an_older_send_is_proven_against_the_newest_header_at_once() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 14)]);
    let plan = plan_everything(&view);
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!((route.height, route.update), (13, true));
}

#[test]
fn a_consensus_state_already_on_chain_is_used_without_an_update() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 14)]);
    client_at(&mut view, &kava(), 12);
    let plan = plan_everything(&view);
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!((route.height, route.update), (11, false));
}

#[test]
fn what_the_operator_has_paused_waits_and_says_so() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 14)]);
    for what in [
        Pausable::Chain(akash()),
        Pausable::Chain(kava()),
        Pausable::Path(key(1).src),
    ] {
        let mut paused = Paused::default();
        paused.pause(what.clone(), BlockTime(7));
        let plan = plan_paused(&view, &paused, false);
        assert_eq!(plan.batches, [], "{what}");
        let why: Vec<&Why> = plan.waits.iter().map(|wait| &wait.why).collect();
        assert_eq!(why, [&Why::Paused(what)]);
    }
    let plan = plan_paused(&view, &Paused::default(), false);
    assert_eq!(items(&plan), [Item::Recv(key(1))]);
}

#[test]
fn nothing_is_planned_while_the_engine_drains() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 14)]);
    let plan = plan_paused(&view, &Paused::default(), true);
    assert_eq!(plan.batches, []);
    assert_eq!(plan.waits[0].why, Why::Draining);
}

#[test]
fn receives_and_acks_for_one_client_share_a_batch() {
    let mut view = open_channel(Ordering::Unordered);
    // A packet from kava, received and acknowledged on akash in block 11.
    let back = packet(9, 0);
    tell(
        &mut view,
        [
            sent(1, 11),
            event(&kava(), 5, Event::SendPacket(back.clone())),
            event(
                &akash(),
                11,
                Event::WriteAcknowledgement {
                    packet: back,
                    ack: b"ok".to_vec(),
                },
            ),
            block_end(&akash(), 11),
        ],
    );
    let plan = plan_everything(&view);
    assert_eq!(plan.batches.len(), 1);
    assert_eq!(plan.batches[0].dst, kava());
    assert_eq!(plan.batches[0].work.len(), 2);
}

#[test]
fn a_packet_past_its_timeout_times_out_on_its_source() {
    let mut view = open_channel(Ordering::Unordered);
    tell(
        &mut view,
        [sent_packet(packet(1, 32), 11), block_end(&akash(), 11)],
    );
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
    tell(&mut view, [block_end(&kava(), 32)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), [Item::Timeout(key(1))]);
    // The header at 32 has the time; it proves the state before it.
    assert_eq!(plan.batches[0].dst, akash());
    assert_eq!(plan.batches[0].route.as_ref().unwrap().height, 31);
}

#[test]
fn a_packet_that_may_time_out_before_its_block_is_left_to_its_timeout() {
    // In a transaction with others it would fail them all.
    let mut view = open_channel(Ordering::Unordered);
    tell(
        &mut view,
        [sent_packet(packet(1, 32), 11), block_end(&akash(), 11)],
    );
    tell(&mut view, [block_end(&kava(), 21)]);
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
    tell(&mut view, [block_end(&kava(), 22)]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), []);
    assert_eq!(plan.waits[0].why, Why::TooLate(kava()));
}

#[test]
fn a_packet_that_can_no_longer_land_is_left_to_its_timeout() {
    let mut view = open_channel(Ordering::Unordered);
    let late = with_timeout_height(1, 12);
    tell(
        &mut view,
        [
            sent_packet(late, 11),
            block_end(&akash(), 11),
            block_end(&kava(), 11),
        ],
    );
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), []);
    assert_eq!(plan.waits[0].why, Why::TooLate(kava()));
    tell(&mut view, [block_end(&kava(), 12)]);
    assert_eq!(items(&plan_everything(&view)), [Item::Timeout(key(1))]);
}

#[test]
fn what_is_in_hand_or_in_flight_is_not_planned_again() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    let in_progress = BTreeSet::from([Item::Recv(key(1))]);
    let plan = plan_with(&view, &in_progress);
    assert_eq!(items(&plan), []);
    assert_eq!(plan.waits[0].why, Why::InFlight);
}

#[test]
fn ordered_packets_go_in_their_order_and_wait_for_the_one_in_flight() {
    let mut view = open_channel(Ordering::Ordered);
    tell(
        &mut view,
        [
            sent(3, 11),
            sent(1, 11),
            sent(2, 11),
            block_end(&akash(), 11),
        ],
    );
    let recv = |sequence| Item::Recv(key(sequence));
    assert_eq!(items(&plan_everything(&view)), [recv(1), recv(2), recv(3)]);
    let in_progress = BTreeSet::from([recv(1)]);
    let plan = plan_with(&view, &in_progress);
    assert_eq!(items(&plan), []);
    assert_eq!(plan.waits[1].why, Why::Predecessor);
}

#[test]
fn a_frozen_client_is_told_and_not_used_until_its_state_says_otherwise() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 11)]);
    let found = |view: &View, height, frozen| {
        let client = view.client(&client_on_kava()).unwrap();
        let mut summary = client.summary.clone();
        summary.frozen = frozen;
        Fact::Found {
            chain: kava(),
            height,
            finding: Finding::Client {
                client_id: client_id(),
                summary,
                consensus_time: client.updated,
            },
        }
    };
    // An event alone is a hint.
    let event = event(
        &kava(),
        11,
        Event::ClientFrozen {
            client_id: client_id(),
        },
    );
    tell(&mut view, [event]);
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
    let frozen = found(&view, 11, true);
    tell(&mut view, [frozen]);
    let plan = plan_everything(&view);
    assert_eq!(items(&plan), []);
    assert!(plan
        .waits
        .iter()
        .any(|wait| matches!(wait.why, Why::ClientFrozen { .. })));
    let thawed = found(&view, 20, false);
    tell(&mut view, [thawed]);
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
}

fn client_on_kava() -> ClientKey {
    ClientKey {
        chain: kava(),
        client_id: client_id(),
    }
}

#[test]
fn an_update_with_an_old_header_does_not_make_a_client_look_young() {
    let mut view = open_channel(Ordering::Unordered);
    let ends = |height| [block_end(&akash(), height), block_end(&kava(), height)];
    tell(&mut view, ends(340_000));
    // Somebody submits a header that is older than a third of the trusting period.
    let update = Event::ClientUpdated {
        client_id: client_id(),
        consensus_heights: vec![3],
    };
    tell(&mut view, [event(&kava(), 340_000, update)]);
    let mut summary = view.client(&client_on_kava()).unwrap().summary.clone();
    assert_eq!(summary.latest_height, 3);
    summary.latest_height = 3;
    let state = Fact::Found {
        chain: kava(),
        height: 340_001,
        finding: Finding::Client {
            client_id: client_id(),
            summary,
            consensus_time: BlockTime(3 * SECOND),
        },
    };
    tell(&mut view, [state]);
    let refresh = Item::Refresh(client_on_kava());
    assert!(items(&plan_everything(&view)).contains(&refresh));
}

#[test]
fn a_client_height_far_above_its_chain_is_not_built_upon() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), block_end(&akash(), 12)]);
    client_at(&mut view, &kava(), 1_000_000_000);
    let plan = plan_everything(&view);
    let route = plan.batches[0].route.as_ref().unwrap();
    assert_eq!(
        (route.height, route.proof_height, route.update),
        (11, 12, true)
    );
}

#[test]
fn a_client_is_refreshed_after_a_third_of_its_trusting_period() {
    let mut view = open_channel(Ordering::Unordered);
    tell(
        &mut view,
        [block_end(&akash(), 300_000), block_end(&kava(), 300_000)],
    );
    assert_eq!(items(&plan_everything(&view)), []);
    tell(&mut view, [block_end(&kava(), 340_000)]);
    let refresh = Item::Refresh(ClientKey {
        chain: kava(),
        client_id: client_id(),
    });
    assert_eq!(items(&plan_everything(&view)), [refresh]);
}

#[test]
fn a_client_that_packets_update_is_not_refreshed_besides() {
    let mut view = open_channel(Ordering::Unordered);
    let sent = sent_packet(with_timeout_height(1, 1_000_000), 299_990);
    tell(
        &mut view,
        [
            sent,
            block_end(&akash(), 300_000),
            block_end(&kava(), 340_000),
        ],
    );
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
}

/// Packets 1 and 2 acknowledged on kava in blocks 12 and 13, while the receive of
/// packet 9 is on its way there; the client on akash was client_heights to `client`.
fn steady_traffic(client: u64) -> (tern_core::ledger::View, BTreeSet<Item>) {
    let mut view = open_channel(Ordering::Unordered);
    let sends = [1, 2, 9].map(|sequence| sent(sequence, 11));
    tell(&mut view, sends);
    tell(
        &mut view,
        [
            block_end(&akash(), 15),
            ack_written(1, 12),
            block_end(&kava(), 12),
        ],
    );
    client_at(&mut view, &akash(), client);
    (view, BTreeSet::from([Item::Recv(key(9))]))
}

fn acks_planned(view: &tern_core::ledger::View, in_progress: &BTreeSet<Item>) -> Vec<(u64, usize)> {
    let plan = plan_with(view, in_progress);
    let batches = plan.batches.iter().filter(|batch| batch.dst == akash());
    let header = |route: &tern_core::plan::Route| route.height + 1;
    batches
        .map(|batch| (header(batch.route.as_ref().unwrap()), batch.work.len()))
        .collect()
}

#[test]
fn under_steady_traffic_acks_share_an_update_for_every_second_block() {
    // The last update was two blocks before the header to come: it goes.
    let (view, in_progress) = steady_traffic(11);
    assert_eq!(acks_planned(&view, &in_progress), [(13, 1)]);
    // One block before: it waits for the next block's, and they go together.
    let (mut view, in_progress) = steady_traffic(12);
    assert_eq!(acks_planned(&view, &in_progress), []);
    let plan = plan_with(&view, &in_progress);
    assert!(plan.waits.iter().any(|wait| wait.why == Why::AwaitingBatch));
    tell(&mut view, [ack_written(2, 13), block_end(&kava(), 13)]);
    assert_eq!(acks_planned(&view, &in_progress), [(14, 2)]);
    // Others are on their way: the update they dispatch has not included yet.
    let on_the_way = BTreeSet::from([Item::Recv(key(9)), Item::Ack(key(1))]);
    assert_eq!(acks_planned(&view, &on_the_way), []);
}

#[test]
fn an_ack_does_not_wait_when_no_other_is_coming_nor_for_ever() {
    let (view, _) = steady_traffic(12);
    assert_eq!(acks_planned(&view, &BTreeSet::new()), [(13, 1)]);
    let (mut view, in_progress) = steady_traffic(12);
    tell(&mut view, [block_end(&akash(), 40)]);
    assert_eq!(acks_planned(&view, &in_progress), [(13, 1)]);
}

#[test]
fn acks_ride_with_a_receive_for_their_client() {
    let (mut view, in_progress) = steady_traffic(12);
    // A packet from kava in its newest block needs the header after it.
    let back = packet(9, 0);
    tell(
        &mut view,
        [
            event(&kava(), 13, Event::SendPacket(back)),
            block_end(&kava(), 13),
        ],
    );
    assert_eq!(acks_planned(&view, &in_progress), [(14, 2)]);
}

/// A random moment in the life of a packet.
#[derive(Clone, Debug)]
struct Moment {
    steps: usize,
    in_progress: bool,
    timeout_s: u64,
}

fn moment() -> impl Strategy<Value = Moment> {
    (0usize..5, any::<bool>(), prop_oneof![Just(0u64), 10u64..40]).prop_map(
        |(steps, in_progress, timeout_s)| Moment {
            steps,
            in_progress,
            timeout_s,
        },
    )
}

proptest! {
    #[test]
    fn every_open_packet_is_planned_once_or_waits_for_a_reason(
        moments in proptest::collection::vec(moment(), 1..40),
        ordered in any::<bool>(),
        heads in (11u64..40, 11u64..40),
    ) {
        let ordering = if ordered { Ordering::Ordered } else { Ordering::Unordered };
        let mut view = open_channel(ordering);
        let mut in_progress = BTreeSet::new();
        for (moment, sequence) in moments.iter().zip(1u64..) {
            let life = [
                sent_packet(packet(sequence, moment.timeout_s), 11),
                received(sequence, 11),
                ack_written(sequence, 11),
                acknowledged(sequence, 11),
            ];
            tell(&mut view, life.into_iter().take(moment.steps));
            if moment.in_progress {
                in_progress.extend(Item::of_packet(&key(sequence)));
            }
        }
        tell(&mut view, [block_end(&akash(), heads.0), block_end(&kava(), heads.1)]);
        let plan = plan_with(&view, &in_progress);

        let planned = items(&plan);
        let distinct: BTreeSet<_> = planned.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), planned.len());
        prop_assert!(distinct.is_disjoint(&in_progress));
        let told = |item: &Item| {
            distinct.contains(item) || plan.waits.iter().any(|wait| wait.item == *item)
        };
        for (sequence, _) in view.open_packets_of(&end(&akash()).into()) {
            prop_assert!(Item::of_packet(&key(sequence.as_u64())).iter().any(told));
        }
        for batch in &plan.batches {
            let route = batch.route.as_ref().unwrap();
            let head = view.head(&route.src).unwrap().height;
            prop_assert!(route.height <= head && route.height + 1 >= 11);
        }
    }
}

#[test]
fn what_was_overtaken_since_it_was_planned_is_known() {
    use tern_core::plan::packet::is_overtaken;
    let [recv, ack, timeout] = Item::of_packet(&key(1));
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent_packet(packet(1, 30), 11)]);
    assert!(![&recv, &ack, &timeout]
        .map(|item| is_overtaken(&view, item))
        .contains(&true));
    tell(&mut view, [block_end(&kava(), 30)]);
    assert!(is_overtaken(&view, &recv) && !is_overtaken(&view, &timeout));
    tell(&mut view, [received(1, 21)]);
    assert!(is_overtaken(&view, &timeout) && !is_overtaken(&view, &ack));
    tell(&mut view, [acknowledged(1, 14)]);
    assert!(is_overtaken(&view, &ack));
}
