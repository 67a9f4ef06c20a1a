//! The ledger's invariants: idempotent, commuting, and done is done.

mod support;

use proptest::prelude::*;
use support::*;
use tern_chains::{ChannelId, Class, Coin, Deadline, Event, Ordering, TxHash, TxOutcome};
use tern_core::ledger::{
    apply, packet_of, Change, Done, EndKey, Entry, Fact, Intent, Item, PacketKey, PacketRecord,
    PacketState, Refusal, TxKey, TxRecord, View,
};
use tern_core::policy::Policy;

fn life(sequence: u64) -> Vec<Fact> {
    vec![
        sent(sequence, 11),
        received(sequence, 21),
        ack_written(sequence, 21),
        acknowledged(sequence, 14),
    ]
}

fn signed(items: Vec<Item>, timeout_height: u64) -> (TxKey, Intent) {
    let key = TxKey {
        chain: kava(),
        hash: TxHash([7; 32]),
    };
    let tx = TxRecord {
        signer: "kava1relayer".into(),
        account_sequence: 3,
        deadline: Deadline::Height(timeout_height),
        items,
        // One client update comes first.
        updates: 1,
        is_unasked: false,
        fee: 100,
        bytes: vec![1],
    };
    let intent = Intent::Signed {
        key: key.clone(),
        tx,
    };
    (key, intent)
}

fn outcome(code: u32) -> Fact {
    Fact::Outcome {
        chain: kava(),
        height: 12,
        outcome: TxOutcome {
            hash: TxHash([7; 32]),
            code,
            codespace: "sdk".into(),
            log: "why".into(),
            message_index: None,
            clients: vec![],
            client_messages: vec![],
            gas_wanted: 1,
            gas_used: 1,
        },
    }
}

proptest! {
    #[test]
    fn facts_of_packets_commute_and_may_come_twice(
        order in Just((1..=4u64).flat_map(life).chain((1..=4).flat_map(life)).collect::<Vec<_>>())
            .prop_shuffle(),
    ) {
        let mut in_order = open_channel(Ordering::Unordered);
        tell(&mut in_order, (1..=4).flat_map(life));
        let mut shuffled = open_channel(Ordering::Unordered);
        tell(&mut shuffled, order);
        for sequence in 1..=4 {
            let (a, b) = (in_order.packet(&key(sequence)), shuffled.packet(&key(sequence)));
            prop_assert_eq!(a.map(|r| (r.state(), r.done)), b.map(|r| (r.state(), r.done)));
        }
        prop_assert_eq!(shuffled.open_packets_of(&end(&akash()).into()).count(), 0);
    }

    #[test]
    fn a_prefix_of_facts_in_any_order_leaves_the_same_record(
        cut in 0usize..5,
        order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let facts = &life(1)[..cut.min(4)];
        let mut in_order = open_channel(Ordering::Unordered);
        tell(&mut in_order, facts.iter().cloned());
        let mut shuffled = open_channel(Ordering::Unordered);
        tell(&mut shuffled, order.iter().filter_map(|at| facts.get(*at)).cloned());
        let done = in_order.packet(&key(1)).is_some_and(|record| record.done.is_some());
        prop_assert!(done || in_order.packet(&key(1)) == shuffled.packet(&key(1)));
    }
}

#[test]
fn applying_a_fact_twice_changes_nothing() {
    let mut view = open_channel(Ordering::Unordered);
    for fact in life(1).into_iter().chain([block_end(&akash(), 11)]) {
        tell(&mut view, [fact.clone()]);
        assert_eq!(apply(&view, &Policy::default(), &fact.into()), vec![]);
    }
}

#[test]
fn a_finished_packet_stays_finished_and_forgets_its_data() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, life(1));
    tell(&mut view, [sent(1, 11)]);
    let record = view.packet(&key(1)).unwrap();
    assert_eq!(record.done, Some((14, Done::Acknowledged)));
    assert_eq!(record.packet, None);
    assert_eq!(record.state(), PacketState::Done);
}

#[test]
fn finished_packets_are_forgotten_after_the_history() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, life(1));
    tell(&mut view, [block_end(&akash(), 500)]);
    assert!(view.packet(&key(1)).is_some());
    tell(&mut view, [block_end(&akash(), 550)]);
    assert!(view.packet(&key(1)).is_none());
}

#[test]
fn packets_to_chains_that_are_not_followed_are_not_kept() {
    let mut view = View::default();
    for change in only_akash() {
        view.commit(&change);
    }
    tell(&mut view, [sent(1, 11)]);
    assert_eq!(view.open_packets_of(&end(&akash()).into()).count(), 0);
}

fn only_akash() -> Vec<Change> {
    let full = open_channel(Ordering::Unordered);
    let channel = full.channel(&end(&akash())).unwrap().clone();
    vec![
        Change::Head(akash(), head(10)),
        Change::Channel(end(&akash()), channel),
    ]
}

#[test]
fn an_intent_ends_with_the_outcome_of_its_tx() {
    let mut view = open_channel(Ordering::Unordered);
    let item = Item::Recv(key(1));
    let (_, fact) = signed(vec![item.clone()], 30);
    tell(&mut view, [Entry::from(sent(1, 11)), fact.into()]);
    assert!(view.intent(&item).is_some());
    tell(&mut view, [outcome(0)]);
    assert!(view.intent(&item).is_none() && view.failure(&item).is_none());
}

#[test]
fn an_intent_ends_when_the_timeout_height_has_passed() {
    let mut view = open_channel(Ordering::Unordered);
    let item = Item::Recv(key(1));
    let (_, fact) = signed(vec![item.clone()], 30);
    tell(
        &mut view,
        [Entry::from(fact), block_end(&kava(), 29).into()],
    );
    assert!(view.intent(&item).is_some());
    tell(&mut view, [block_end(&kava(), 30)]);
    assert!(view.intent(&item).is_none());
}

/// Packets 1 to `last`, and their receives in a transaction until height 30.
fn receives(view: &mut View, last: u64) -> (TxKey, Vec<Item>) {
    tell(view, (1..=last).map(|sequence| sent(sequence, 11)));
    let items: Vec<Item> = (1..=last).map(|number| Item::Recv(key(number))).collect();
    let (tx, fact) = signed(items.clone(), 30);
    tell(view, [fact]);
    (tx, items)
}

fn together(view: &View, items: &[Item]) -> Vec<Option<usize>> {
    let failures = items.iter().map(|item| view.failure(item));
    let together = failures.map(|failure| failure.and_then(|failure| failure.together_max));
    together.collect()
}

#[test]
fn items_of_a_failed_tx_travel_in_halves_and_later() {
    let mut view = open_channel(Ordering::Unordered);
    let (_, items) = receives(&mut view, 4);
    tell(&mut view, [outcome(5)]);
    assert_eq!(together(&view, &items), [Some(2); 4]);
    let failure = view.failure(&items[0]).unwrap();
    assert!(failure.not_before > 10 && failure.refusals == 1);
    let (_, fact) = signed(items[..2].to_vec(), 30);
    tell(&mut view, [Entry::from(fact), outcome(5).into()]);
    let expected = [Some(1), Some(1), Some(2), Some(2)];
    assert_eq!(together(&view, &items), expected);
}

#[test]
fn of_a_failed_tx_only_the_item_waits_whose_message_the_chain_names() {
    let mut view = open_channel(Ordering::Unordered);
    let (_, items) = receives(&mut view, 3);
    let Fact::Outcome {
        chain,
        height,
        mut outcome,
    } = outcome(5)
    else {
        unreachable!()
    };
    // The first message is the client update.
    outcome.message_index = Some(2);
    let named = Fact::Outcome {
        chain,
        height,
        outcome,
    };
    tell(&mut view, [named]);
    assert_eq!(together(&view, &items), [None, Some(1), None]);
    assert!(view.failure(&items[0]).is_none());
}

#[test]
fn items_of_a_tx_that_dies_twice_in_no_block_travel_in_halves() {
    let mut view = open_channel(Ordering::Unordered);
    let (_, items) = receives(&mut view, 4);
    tell(&mut view, [block_end(&kava(), 30)]);
    assert_eq!(together(&view, &items), [None; 4]);
    // It is tried again at once.
    assert!(view.failure(&items[0]).unwrap().not_before <= 30);
    let (_, again) = signed(items.clone(), 50);
    tell(
        &mut view,
        [Entry::from(again), block_end(&kava(), 50).into()],
    );
    assert_eq!(together(&view, &items), [Some(2); 4]);
    assert_eq!(view.failure(&items[0]).unwrap().refusals, 0);
}

#[test]
fn nothing_is_remembered_of_failures_of_a_packet_that_is_done() {
    let mut view = open_channel(Ordering::Unordered);
    let (tx, items) = receives(&mut view, 2);
    tell(&mut view, [received(1, 12), acknowledged(1, 13)]);
    // It was overtaken, and is refused afterwards.
    let refusal = Refusal::of(Class::Rejected, "redundant".into());
    tell(&mut view, [Intent::Refused { key: tx, refusal }]);
    assert!(view.failure(&items[0]).is_none());
    assert!(view.failure(&items[1]).is_some());
}

#[test]
fn only_the_named_culprit_of_a_refusal_waits() {
    let mut view = open_channel(Ordering::Unordered);
    let (tx, items) = receives(&mut view, 2);
    let [bad, good] = [items[0].clone(), items[1].clone()];
    let refusal = Refusal {
        class: Class::Rejected,
        reason: "no".into(),
        culprit: Some(bad.clone()),
        together_max: None,
    };
    tell(&mut view, [Intent::Refused { key: tx, refusal }]);
    assert_eq!(view.failure(&bad).map(|failure| failure.refusals), Some(1));
    assert!(view.failure(&good).is_none() && view.intent(&good).is_none());
}

#[test]
fn records_read_back_from_the_store_as_they_were_written() {
    let mut stored = Vec::new();
    for change in changes_of_open_channel(Ordering::Unordered) {
        stored.push(serde_json::to_string(&change).unwrap());
    }
    let mut view = open_channel(Ordering::Unordered);
    let (_, tx) = signed(vec![Item::Recv(key(1))], 30);
    for fact in life(1)
        .into_iter()
        .take(3)
        .map(Entry::from)
        .chain([tx.into()])
    {
        for change in apply(&view, &Policy::default(), &fact) {
            view.commit(&change);
            stored.push(serde_json::to_string(&change).unwrap());
        }
    }
    let mut read = View::default();
    for line in &stored {
        read.commit(&serde_json::from_str(line).unwrap());
    }
    assert_eq!(read, view);
}

/// Packets with data, sent in one block.
fn flood(view: &mut View, sequences: std::ops::RangeInclusive<u64>) {
    tell(view, sequences.map(|sequence| sent(sequence, 11)));
}

/// Keeps memory within `max`, as the engine does after each commit.
fn trim(view: &mut View, max: usize) {
    for key in view.to_evict(max, |_| false) {
        view.evict(&key);
    }
}

fn in_memory(view: &View) -> Vec<u64> {
    let open = view.open_packets_of(&end(&akash()).into());
    open.map(|(sequence, _)| sequence.as_u64()).collect()
}

#[test]
fn a_flood_leaves_memory_from_its_end_and_comes_back_from_its_start() {
    let mut view = open_channel(Ordering::Unordered);
    flood(&mut view, 1..=10);
    let whole = view.clone();
    trim(&mut view, 4);
    assert_eq!(in_memory(&view), [1, 2, 3, 4]);
    // Room is made: two end, and the next come down.
    tell(&mut view, [acknowledged(1, 14), acknowledged(2, 14)]);
    assert_eq!(view.to_load(4), [key(5), key(6)]);
    for key in view.to_load(4) {
        let record = whole.packet(&key).unwrap().clone();
        view.commit(&Change::Packet(key, Some(Box::new(record))));
    }
    assert_eq!(in_memory(&view), [3, 4, 5, 6]);
    assert_eq!(view.to_load(4), []);
    // What is sent now waits behind those on the evicted.
    tell(&mut view, [acknowledged(3, 15), sent(11, 15)]);
    trim(&mut view, 4);
    assert_eq!(in_memory(&view), [4, 5, 6]);
    let evicted = view.evicted_packets_of(&end(&akash()).into());
    let evicted: Vec<u64> = evicted.map(|(sequence, _)| sequence.as_u64()).collect();
    assert_eq!(evicted, [7, 8, 9, 10, 11]);
}

#[test]
fn what_is_in_flight_or_not_wholly_known_stays_in_memory() {
    let mut view = open_channel(Ordering::Unordered);
    flood(&mut view, 1..=3);
    let (_, intent) = signed(vec![Item::Recv(key(3))], 30);
    tell(&mut view, [Entry::from(intent), received(9, 21).into()]);
    trim(&mut view, 1);
    assert_eq!(in_memory(&view), [3, 9]);
}

#[test]
fn a_finished_packet_on_the_shelf_is_forgotten_after_the_history() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, life(1));
    view.evict(&key(1));
    assert!(view.packet(&key(1)).is_none());
    let end = block_end(&akash(), 550);
    let changes = apply(&view, &Policy::default(), &end.clone().into());
    assert!(changes.contains(&Change::Packet(key(1), None)));
    tell(&mut view, [end]);
    let changes = apply(&view, &Policy::default(), &block_end(&akash(), 600).into());
    assert_eq!(changes.len(), 1, "{changes:?}");
}

#[test]
fn each_fact_of_a_packet_names_its_record() {
    let view = open_channel(Ordering::Unordered);
    for fact in life(7) {
        assert_eq!(packet_of(&view, &fact), Some(key(7)));
    }
    assert_eq!(packet_of(&view, &block_end(&akash(), 11)), None);
}

/// Packets of another channel of akash, which is open at both ends.
fn second_channel(view: &mut View) -> EndKey {
    for (here, there) in [(akash(), kava()), (kava(), akash())] {
        let mut record = view.channel(&end(&here)).unwrap().clone();
        record.counterparty_chain = there;
        record.counterparty_channel_id = Some(ChannelId::new(1));
        let mut key = end(&here);
        key.channel_id = ChannelId::new(1);
        view.commit(&Change::Channel(key, record));
    }
    let mut key = end(&akash());
    key.channel_id = ChannelId::new(1);
    key.into()
}

fn sent_on(end: &EndKey, sequence: u64) -> Fact {
    let mut packet = packet(sequence, 0);
    packet.src = end.end.clone();
    packet.dst = end.end.clone();
    event(&akash(), 11, Event::SendPacket(packet))
}

#[test]
fn packets_that_never_end_do_not_keep_another_channels_from_memory() {
    let mut view = open_channel(Ordering::Unordered);
    // All of memory.
    flood(&mut view, 1..=10);
    let other = second_channel(&mut view);
    tell(&mut view, (1..=8).map(|sequence| sent_on(&other, sequence)));
    for sequence in 1..=8 {
        let src = other.clone();
        view.evict(&PacketKey {
            src,
            sequence: sequence.into(),
        });
    }
    // Half of it is the second channel's, and the first gives it back.
    let loaded = view.to_load(10);
    assert_eq!(loaded.len(), 5);
    assert!(loaded.iter().all(|key| key.src == other), "{loaded:?}");
    tell(&mut view, (1..=5).map(|sequence| sent_on(&other, sequence)));
    trim(&mut view, 10);
    assert_eq!(in_memory(&view), [1, 2, 3, 4, 5]);
}

#[test]
fn what_cannot_be_moved_for_now_leaves_memory_to_what_can() {
    let mut view = open_channel(Ordering::Unordered);
    flood(&mut view, 1..=6);
    let refusal = Refusal {
        class: Class::Rejected,
        reason: "poison".into(),
        culprit: None,
        together_max: None,
    };
    // Refused so often that they wait for long.
    let items: Vec<Item> = (1..=4).map(|number| Item::Recv(key(number))).collect();
    for _ in 0..6 {
        let (chain, items, refusal) = (kava(), items.clone(), refusal.clone());
        tell(
            &mut view,
            [Intent::Failed {
                chain,
                items,
                refusal,
            }],
        );
    }
    let admission = Policy::default().admission;
    let parked = view.to_park(10, &admission, |_| false);
    assert_eq!(parked.len(), 4, "memory is more than half full");
    for (key, until) in parked {
        view.park(&key, until);
    }
    assert_eq!(in_memory(&view), [5, 6]);
    // They do not wait in front of the others, and are not forgotten.
    flood(&mut view, 7..=9);
    trim(&mut view, 4);
    assert_eq!(in_memory(&view), [5, 6, 7, 8]);
    let src = end(&akash()).into();
    assert_eq!(view.evicted_packets_of(&src).count(), 5);
    for number in 5..=9 {
        view.evict(&key(number));
    }
    assert!(view.has_open_packets(&src), "none is in memory");
    flood(&mut view, 5..=8);
    trim(&mut view, 4);
    view.unpark();
    assert!(view
        .to_load(100)
        .iter()
        .all(|key| key.sequence.as_u64() > 4));
    // Their time comes.
    tell(&mut view, [block_end(&kava(), 100)]);
    view.unpark();
    assert!(view.to_load(100).contains(&key(1)));
}

#[test]
fn a_client_is_ours_if_a_transaction_of_ours_created_it() {
    let mut view = open_channel(Ordering::Unordered);
    let client = tern_core::ledger::ClientKey {
        chain: kava(),
        client_id: client_id(),
    };
    let Fact::Outcome {
        chain,
        height,
        mut outcome,
    } = outcome(0)
    else {
        unreachable!()
    };
    outcome.clients = vec![client_id()];
    let created = Fact::Outcome {
        chain,
        height,
        outcome,
    };
    // Somebody else's transaction.
    tell(&mut view, [created.clone()]);
    assert!(!view.client(&client).unwrap().is_ours);
    let (_, ours) = signed(vec![], 30);
    tell(&mut view, [Entry::from(ours), created.into()]);
    assert!(view.client(&client).unwrap().is_ours);
}

#[test]
fn what_is_offered_for_a_packet_is_kept_from_its_send_on_and_only_grows() {
    let offered = |amounts: &[(u128, &str)]| {
        let recv = amounts.iter().map(|(amount, denom)| Coin {
            denom: (*denom).to_owned(),
            amount: *amount,
        });
        let offered = Event::FeesOffered {
            src: packet(1, 100).src,
            sequence: 1.into(),
            recv: recv.collect(),
        };
        event(&akash(), 11, offered)
    };
    let kept = |facts: &[Fact]| {
        let mut view = open_channel(Ordering::Unordered);
        tell(&mut view, facts.iter().cloned());
        let record = view.packet(&key(1));
        record.map(|record| record.recv_fees.clone())
    };
    let (first, second) = (
        offered(&[(5, "uakt")]),
        offered(&[(7, "uakt"), (1, "usdx")]),
    );
    // Offered for the next packet, which may never be sent.
    assert_eq!(kept(std::slice::from_ref(&first)), None);
    let sent = sent(1, 11);
    assert_eq!(kept(std::slice::from_ref(&sent)), Some(vec![]));
    let in_order = kept(&[sent.clone(), first.clone(), second.clone()]).unwrap();
    assert_eq!(
        in_order.iter().map(|coin| coin.amount).collect::<Vec<_>>(),
        [7, 1]
    );
    assert_eq!(kept(&[sent.clone(), second, first]), Some(in_order));
    assert_eq!(
        packet_of(&open_channel(Ordering::Unordered), &offered(&[])),
        Some(key(1))
    );

    let denoms: Vec<String> = (0..20).map(|number| format!("denom{number}")).collect();
    let many: Vec<(u128, &str)> = denoms.iter().map(|denom| (1, denom.as_str())).collect();
    let kept = kept(&[sent, offered(&many)]).unwrap();
    assert_eq!(kept.len(), PacketRecord::OFFERED_MAX);
}
