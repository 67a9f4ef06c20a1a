//! What fits, by value.

use tern_chains::{BlockTime, Body, End, Timeout};
use tern_core::budget::Pauses;
use tern_core::ledger::{Change, PacketRecord, View};
use tern_core::plan::{Assignment, Paused, Plan};
use tern_core::policy::Policy;
use tern_core::statistics::Statistics;

use super::*;
use crate::engine::readiness::Readiness;
use crate::engine::reconcile::schedule::Reconciling;

fn end(chain: &str) -> EndKey {
    EndKey {
        chain: ChainId::from_string(chain),
        end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
    }
}

fn key(chain: &str, sequence: u64) -> PacketKey {
    PacketKey {
        src: end(chain),
        sequence: sequence.into(),
    }
}

fn record(chain: &str, sequence: u64, data: String) -> Change {
    let packet = Packet {
        src: end(chain).end,
        dst: end(chain).end,
        sequence: sequence.into(),
        timeout: Timeout::default(),
        body: Body::V1 {
            data: data.into_bytes(),
        },
    };
    let dst = match chain {
        "a-1" => "b-1",
        _ => "a-1",
    };
    let record = PacketRecord {
        sent: Some(7),
        received: (sequence == 2).then_some(9),
        ..PacketRecord::new(packet.id(), ChainId::from_string(dst))
    };
    let record = PacketRecord {
        packet: Some(packet),
        ..record
    };
    Change::Packet(key(chain, sequence), Some(Box::new(record)))
}

fn data(sender: &str, receiver: &str, denom: &str) -> String {
    format!(r#"{{"amount":"5","denom":"{denom}","receiver":"{receiver}","sender":"{sender}"}}"#)
}

/// Three packets from a-1, of which the second is received, and one from b-1.
fn view() -> View {
    let mut view = View::default();
    let packets = [
        record("a-1", 1, data("ada", "bob", "uakt")),
        record("a-1", 2, data("ada", "bea", "ukava")),
        record("a-1", 3, "not of a transfer".to_owned()),
        record("b-1", 1, data("bob", "ada", "uakt")),
    ];
    let channel = crate::engine::testing::open_channel("a-1", "b-1");
    for change in channel.iter().chain(&packets) {
        view.commit(change);
    }
    view
}

fn search_in(view: &View, search: &PacketSearch) -> FoundPackets {
    let clock = std::sync::Arc::new(|| BlockTime(0));
    let snapshot = Snapshot {
        view,
        plan: &Plan::default(),
        assignment: &Assignment::Everything,
        policy: &Policy::default(),
        pauses: &Pauses::new(),
        cleared: &BTreeSet::new(),
        paused: &Paused::default(),
        is_draining: false,
        readiness: &Readiness::default(),
        reconciling: &Reconciling::new(&Policy::default(), clock),
        chains: vec![],
        paths: vec![end("a-1"), end("b-1")],
        lanes: vec![],
        tasks: vec![],
        inputs: 0,
        in_progress: 0,
        statistics: &Statistics::default(),
    };
    snapshot.search(search)
}

/// The packets that fit, as chain and sequence.
fn found(search: PacketSearch) -> Vec<(String, u64)> {
    let search = PacketSearch {
        limit: 100,
        ..search
    };
    let found = search_in(&view(), &search);
    assert_eq!(found.fitting, found.packets.len());
    let packets = found.packets.iter().map(|found| &found.status.packet);
    let names = packets.map(|key| (key.src.chain.to_string(), key.sequence.as_u64()));
    names.collect()
}

fn of(chain: &str, sequences: &[u64]) -> Vec<(String, u64)> {
    let named = sequences
        .iter()
        .map(|sequence| (chain.to_owned(), *sequence));
    named.collect()
}

fn of_transfer(transfer: TransferSearch) -> PacketSearch {
    PacketSearch {
        transfer,
        ..PacketSearch::default()
    }
}

#[test]
fn everything_that_is_given_has_to_fit() {
    let all = [of("a-1", &[1, 2, 3]), of("b-1", &[1])].concat();
    assert_eq!(found(PacketSearch::default()), all);
    let of_chain = |chain: &str| PacketSearch {
        chain: Some(ChainId::from_string(chain)),
        ..PacketSearch::default()
    };
    assert_eq!(found(of_chain("b-1")), of("b-1", &[1]));
    assert_eq!(found(of_chain("c-1")), []);
    let first = PacketSearch {
        sequence: Some(1.into()),
        ..of_chain("a-1")
    };
    assert_eq!(found(first), of("a-1", &[1]));
    let received = PacketSearch {
        state: Some(PacketState::Received),
        ..PacketSearch::default()
    };
    assert_eq!(found(received.clone()), of("a-1", &[2]));
    let elsewhere = PacketSearch {
        channel: Some(ChannelId::new(9)),
        ..received
    };
    assert_eq!(found(elsewhere), []);
    let named = PacketSearch {
        keys: Some([key("b-1", 1), key("a-1", 9)].into()),
        ..PacketSearch::default()
    };
    assert_eq!(found(named), of("b-1", &[1]));
}

#[test]
fn a_transfer_is_found_by_who_sent_it_who_gets_it_and_what_it_is() {
    let sender = |name: &str| TransferSearch {
        sender: Some(name.to_owned()),
        ..TransferSearch::default()
    };
    assert_eq!(found(of_transfer(sender("ada"))), of("a-1", &[1, 2]));
    // Not a part of a name.
    assert_eq!(found(of_transfer(sender("ad"))), []);
    let to_bob = TransferSearch {
        receiver: Some("bob".to_owned()),
        ..sender("ada")
    };
    assert_eq!(found(of_transfer(to_bob)), of("a-1", &[1]));
    let akt = TransferSearch {
        denom: Some("uakt".to_owned()),
        ..TransferSearch::default()
    };
    let both = [of("a-1", &[1]), of("b-1", &[1])].concat();
    assert_eq!(found(of_transfer(akt)), both);
}

#[test]
fn a_part_is_told_and_how_many_there_are() {
    let part = PacketSearch {
        offset: 1,
        limit: 2,
        ..PacketSearch::default()
    };
    let found = search_in(&view(), &part);
    assert_eq!((found.fitting, found.looked_at, found.left_out), (4, 4, 0));
    let sequences = found
        .packets
        .iter()
        .map(|found| found.status.packet.sequence);
    assert_eq!(sequences.collect::<Vec<_>>(), [2.into(), 3.into()]);
    assert_eq!(found.packets[1].transfer, None);
}

#[test]
fn packets_whose_data_is_in_the_store_alone_are_said_to_be_left_out() {
    let mut view = view();
    view.evict(&key("a-1", 1));
    let by_sender = of_transfer(TransferSearch {
        sender: Some("ada".to_owned()),
        ..TransferSearch::default()
    });
    let by_sender = PacketSearch {
        limit: 9,
        ..by_sender
    };
    let found = search_in(&view, &by_sender);
    assert_eq!((found.fitting, found.looked_at, found.left_out), (1, 3, 1));
    let by_name = PacketSearch {
        sequence: Some(1.into()),
        limit: 9,
        ..PacketSearch::default()
    };
    let found = search_in(&view, &by_name);
    assert_eq!((found.fitting, found.looked_at, found.left_out), (2, 4, 0));
}

#[test]
fn what_a_sender_chose_is_shortened() {
    let long = "é".repeat(CHARS_MAX + 1);
    assert_eq!(shortened(&long), format!("{}…", "é".repeat(CHARS_MAX)));
    assert_eq!(shortened("ada"), "ada");
}
