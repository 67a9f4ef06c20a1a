//! What the pure core costs: facts applied, and plans made.

use criterion::{criterion_group, criterion_main, BatchSize, Criterion, Throughput};
use tern_chains::Ordering;
use tern_core::ledger::{Fact, View};

#[path = "../tests/support/mod.rs"]
mod support;

use support::{
    ack_written, acknowledged, block_end, open_channel, plan_everything, received, sent,
};

const LIVES: u64 = 1_000;

/// Every fact of a packet's life, block by block.
fn lives(packets: u64) -> Vec<Fact> {
    let each = |fact: fn(u64, u64) -> Fact, height| (1..=packets).map(move |n| fact(n, height));
    let mut facts: Vec<Fact> = each(sent, 11).collect();
    facts.push(block_end(&support::akash(), 11));
    facts.extend(each(received, 12));
    facts.extend(each(ack_written, 12));
    facts.push(block_end(&support::kava(), 12));
    facts.extend(each(acknowledged, 13));
    facts.push(block_end(&support::akash(), 13));
    facts
}

/// A channel with so many packets sent and nothing done about them.
fn pending(packets: u64) -> View {
    let mut view = open_channel(Ordering::Unordered);
    support::tell(&mut view, (1..=packets).map(|n| sent(n, 9)));
    view
}

fn ledger(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(LIVES));
    let (empty, facts) = (open_channel(Ordering::Unordered), lives(LIVES));
    group.bench_function("1,000 packets from send to acknowledgement", |bencher| {
        let setup = || (empty.clone(), facts.clone());
        let live = |(mut view, facts): (View, Vec<Fact>)| {
            support::tell(&mut view, facts);
            view
        };
        bencher.iter_batched(setup, live, BatchSize::LargeInput);
    });
    group.finish();
}

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(20);
    for packets in [1_000, 10_000, 100_000] {
        let view = pending(packets);
        group.throughput(Throughput::Elements(packets));
        group.bench_function(format!("{packets} pending"), |bencher| {
            bencher.iter(|| plan_everything(&view));
        });
    }
    group.finish();
}

criterion_group!(benches, ledger, plan);
criterion_main!(benches);
