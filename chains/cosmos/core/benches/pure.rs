//! What reading a block's events and checking a proof cost.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use tendermint::abci::Event;
use tern_chains::{ChainId, Height, Proof, Proven, Root, StorePath};
use tern_cosmos_core::{decode_or_warn, verify_proof as verify};

const EVENTS: u64 = 1_000;

/// As ibc-go v10 writes it, an ICS-20 transfer inside.
fn send_packet(sequence: u64) -> Event {
    let data = r#"{"amount":"1","denom":"uakt","memo":"","receiver":"kava1","sender":"akash1"}"#;
    let sequence = sequence.to_string();
    let attributes = [
        ("packet_data_hex", hex::encode(data)),
        ("packet_timeout_height", "0-0".to_owned()),
        ("packet_timeout_timestamp", "1700000000000000001".to_owned()),
        ("packet_sequence", sequence),
        ("packet_src_port", "transfer".to_owned()),
        ("packet_src_channel", "channel-3".to_owned()),
        ("packet_dst_port", "transfer".to_owned()),
        ("packet_dst_channel", "channel-141".to_owned()),
        ("packet_channel_ordering", "ORDER_UNORDERED".to_owned()),
        ("connection_id", "connection-0".to_owned()),
        ("msg_index", "0".to_owned()),
    ];
    Event::new(
        "send_packet",
        attributes.map(|(key, value)| (key, value, true)),
    )
}

fn events(criterion: &mut Criterion) {
    let chain = ChainId::from_string("akash-1");
    let events: Vec<Event> = (1..=EVENTS).map(send_packet).collect();
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("1,000 send_packet decoded", |bencher| {
        bencher.iter(|| {
            let facts = events.iter().filter_map(|e| decode_or_warn(&chain, 7, e));
            facts.count()
        });
    });
    group.finish();
}

/// As an ibc-go v10 chain gave it: a client state in a store of IAVL.
fn recorded() -> (Proven, Root) {
    let lines: Vec<&str> = include_str!("../src/proof/recorded.txt").lines().collect();
    let bytes = |line: usize| hex::decode(lines[line]).expect("hex");
    let proven = Proven {
        path: StorePath::ClientState("07-tendermint-0".parse().expect("an id")),
        value: Some(bytes(1)),
        proof: Proof {
            bytes: bytes(2),
            height: Height::new(0, 152),
        },
        height: 151,
    };
    (proven, Root(bytes(6)))
}

fn proofs(criterion: &mut Criterion) {
    let (proven, root) = recorded();
    criterion.bench_function("a proof checked", |bencher| {
        bencher.iter(|| verify(&proven, &root).expect("a valid proof"));
    });
}

criterion_group!(benches, events, proofs);
criterion_main!(benches);
