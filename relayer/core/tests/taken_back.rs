//! What a node has said wrongly is taken back by what is found later.

mod support;

use support::*;
use tern_chains::{
    BlockTime, ChainId, Encoded, GivenHeader, NewClient, Ordering, TrustOrigin, TrustedHeader,
};
use tern_core::ledger::{Done, Fact, Finding, Item, View};

fn found(chain: ChainId, height: u64, finding: Finding) -> Fact {
    Fact::Found {
        chain,
        height,
        finding,
    }
}

fn not_received(height: u64) -> Fact {
    let packet = packet(1, 0).id();
    found(kava(), height, Finding::NotReceived { packet })
}

fn not_acknowledged(height: u64) -> Fact {
    let packet = packet(1, 0).id();
    found(kava(), height, Finding::NotAcknowledged { packet })
}

fn not_settled(height: u64) -> Fact {
    let packet = packet(1, 0).id();
    found(akash(), height, Finding::NotSettled { packet })
}

/// A packet that was received in block 20 of kava, with its acknowledgement.
fn received_and_acknowledged() -> View {
    let mut view = open_channel(Ordering::Unordered);
    tell(
        &mut view,
        [sent(1, 11), received(1, 20), ack_written(1, 20)],
    );
    view
}

fn planned(view: &mut View) -> Vec<Item> {
    tell(view, [block_end(&akash(), 40), block_end(&kava(), 40)]);
    items(&plan_everything(view))
}

#[test]
fn a_packet_that_was_not_received_after_all_is_relayed_again() {
    let mut view = received_and_acknowledged();
    tell(&mut view, [not_received(25)]);
    let record = view.packet(&key(1)).unwrap();
    assert_eq!((record.received, &record.ack), (None, &None));
    assert_eq!(planned(&mut view), [Item::Recv(key(1))]);
}

#[test]
fn what_was_found_before_the_event_does_not_make_it_look_older() {
    let mut view = open_channel(Ordering::Unordered);
    let id = packet(1, 0).id();
    let on_list = found(kava(), 21, Finding::Received { packet: id });
    tell(&mut view, [sent(1, 11), on_list, received(1, 22)]);
    // Proven by the state before the event.
    tell(&mut view, [not_received(21)]);
    assert_eq!(view.packet(&key(1)).unwrap().received, Some(22));
}

#[test]
fn nothing_is_kept_of_a_packet_that_was_only_said_to_be_received() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [received(1, 20)]);
    assert!(view.packet(&key(1)).is_some());
    tell(&mut view, [not_received(25)]);
    assert!(view.packet(&key(1)).is_none());
}

#[test]
fn what_was_so_before_the_block_that_changed_it_takes_nothing_back() {
    let mut view = received_and_acknowledged();
    let before = view.clone();
    tell(&mut view, [not_received(19), not_acknowledged(19)]);
    assert_eq!(view, before);
    tell(&mut view, [acknowledged(1, 14)]);
    let done = view.clone();
    tell(&mut view, [not_settled(13)]);
    assert_eq!(view, done);
}

#[test]
fn another_acknowledgement_than_the_known_one_is_looked_for_anew() {
    let mut view = received_and_acknowledged();
    tell(&mut view, [not_acknowledged(25)]);
    let record = view.packet(&key(1)).unwrap();
    assert_eq!((record.received, &record.ack), (Some(20), &None));
    tell(&mut view, [ack_written(1, 22)]);
    assert_eq!(planned(&mut view), [Item::Ack(key(1))]);
}

#[test]
fn a_packet_that_has_not_ended_after_all_is_relayed() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11), acknowledged(1, 14)]);
    assert_eq!(planned(&mut view), []);
    // Its data left memory when it ended; its block is found again.
    tell(&mut view, [not_settled(40), sent(1, 11)]);
    assert_eq!(planned(&mut view), [Item::Recv(key(1))]);
    // And it can end as any other.
    tell(&mut view, [received(1, 41), acknowledged(1, 42)]);
    assert_eq!(planned(&mut view), []);
    tell(
        &mut view,
        [block_end(&akash(), 1_000), block_end(&akash(), 1_050)],
    );
    assert_eq!(view.packet(&key(1)), None);
}

#[test]
fn an_end_that_was_said_too_early_is_not_what_is_taken_back_once_the_packet_has_ended() {
    let mut view = received_and_acknowledged();
    tell(&mut view, [acknowledged(1, 14), acknowledged(1, 26)]);
    // Found before the block of the real end was read.
    tell(&mut view, [not_settled(17)]);
    let done = view.packet(&key(1)).unwrap().done;
    assert_eq!(done, Some((26, Done::Acknowledged)));
    assert_eq!(planned(&mut view), []);
    // By the height it has really ended at it is forgotten.
    let blocks = [block_end(&akash(), 1_000), block_end(&akash(), 1_050)];
    tell(&mut view, blocks);
    assert_eq!(view.packet(&key(1)), None);
}

fn trusted(height: u64, origin: TrustOrigin) -> Fact {
    let state = || Encoded {
        type_name: "state".into(),
        bytes: vec![],
    };
    let header = TrustedHeader {
        client: NewClient {
            client_state: state(),
            consensus_state: state(),
            height,
        },
        hash: vec![7; 32],
        time: BlockTime(height),
        origin,
    };
    found(kava(), height, Finding::Trusted(Box::new(header)))
}

#[test]
fn an_older_trusted_header_takes_nothing_back_unless_trust_begins_anew() {
    let mut view = View::default();
    let height = |view: &View| view.trusted(&kava()).map(|header| header.client.height);
    let agreed = || TrustOrigin::Nodes { agreed: 2 };
    tell(&mut view, [trusted(20, agreed()), trusted(10, agreed())]);
    assert_eq!(height(&view), Some(20));
    let given = GivenHeader {
        height: 5,
        hash: vec![7; 32],
    };
    tell(&mut view, [trusted(5, TrustOrigin::Given(given))]);
    assert_eq!(height(&view), Some(5));
}
