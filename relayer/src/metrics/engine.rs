//! Metrics of the engine: what needs a person, chains, queues, lanes, tasks, transactions.

use std::collections::BTreeMap;

use tern::engine::status::Following;
use tern::overview::{NeedKind, Overview, Severity};

use super::family::{Family, Labels};
use crate::daemon::Observation;

pub fn families(observation: &Observation, overview: &Overview) -> Vec<Family> {
    let status = &observation.status;
    let chains = || status.chains.iter();
    let of = |chain: &tern_chains::ChainId| -> Labels { vec![("chain", chain.to_string())] };
    let heads = || chains().filter_map(move |chain| Some((of(&chain.chain), chain.head?)));
    let lanes = || status.lanes.iter();
    let of_lane = |lane: &tern::engine::status::LaneStatus| -> Labels {
        vec![
            ("chain", lane.chain.to_string()),
            ("account", lane.address.clone()),
        ]
    };
    let version = vec![("version", overview.version.clone())];
    vec![
        Family::gauge("tern_info", "The version of the relayer.", [(version, 1.0)]),
        Family::gauge(
            "tern_needs",
            "Things that need a person (severity act) or a look (watch), by kind.",
            needs(overview),
        ),
        Family::gauge(
            "tern_chain_following",
            "Whether the chain is followed up to its newest block.",
            chains().map(|chain| {
                let is_ready = chain.following == Following::Ready;
                (of(&chain.chain), f64::from(u8::from(is_ready)))
            }),
        ),
        Family::gauge(
            "tern_chain_height",
            "Height of the newest followed block.",
            heads().map(|(labels, head)| (labels, head.height as f64)),
        ),
        Family::gauge(
            "tern_chain_block_time_seconds",
            "Time of the newest followed block, in seconds since 1970.",
            heads().map(|(labels, head)| (labels, head.time.0 as f64 / 1e9)),
        ),
        Family::gauge(
            "tern_chain_blocks_behind",
            "Blocks that the nodes have and that are not read yet.",
            overview.chains.iter().map(|chain| {
                let labels = vec![("chain", chain.chain.clone())];
                (labels, chain.blocks_behind as f64)
            }),
        ),
        Family::counter(
            "tern_txs",
            "Transactions that ended, by how and why.",
            status.tx_counts.iter().map(|count| {
                let labels = vec![
                    ("chain", count.chain.to_string()),
                    ("outcome", count.end.to_string()),
                    ("reason", count.reason.clone()),
                ];
                (labels, count.count)
            }),
        ),
        Family::counter(
            "tern_messages",
            "Messages in transactions that succeeded.",
            chains().map(|chain| (of(&chain.chain), chain.counts.messages)),
        ),
        Family::counter(
            "tern_client_updates",
            "Client updates in transactions that succeeded.",
            chains().map(|chain| (of(&chain.chain), chain.counts.client_updates)),
        ),
        Family::counter(
            "tern_messages_second",
            "Messages that were paid for although another relayer had come first.",
            chains().map(|chain| (of(&chain.chain), chain.counts.came_second)),
        ),
        Family::gauge(
            "tern_lane_batches",
            "Batches between plan and broadcast, by signing account.",
            lanes().map(|lane| (of_lane(lane), lane.batches as f64)),
        ),
        Family::gauge(
            "tern_lane_txs_in_flight",
            "Signed transactions that are in no block yet, by signing account.",
            lanes().map(|lane| (of_lane(lane), lane.txs_in_flight as f64)),
        ),
        Family::gauge(
            "tern_engine_queue",
            "Inputs that wait for the engine.",
            [(vec![], status.inputs as f64)],
        ),
        Family::gauge(
            "tern_engine_queue_max",
            "Most inputs that wait for the engine; those who send more wait.",
            [(vec![], status.inputs_max as f64)],
        ),
        Family::gauge(
            "tern_tasks",
            "Tasks that run, by what they do.",
            tasks(&status.tasks),
        ),
        Family::gauge(
            "tern_memory_packets",
            "Records of packets in memory.",
            [(vec![], status.memory.packets.records as f64)],
        ),
    ]
}

/// A series for every kind and severity, so that an alert sees it go.
fn needs(overview: &Overview) -> Vec<(Labels, f64)> {
    let severities = [(Severity::Act, "act"), (Severity::Watch, "watch")];
    let kinds = NeedKind::ALL.into_iter().flat_map(|kind| {
        severities.map(|(severity, name)| {
            let needs = overview.needs.iter();
            let same = needs.filter(|need| (need.kind, need.severity) == (kind, severity));
            let labels = vec![
                ("kind", kind.name().to_owned()),
                ("severity", name.to_owned()),
            ];
            (labels, same.count() as f64)
        })
    });
    kinds.collect()
}

/// Counted by the first word of their names.
fn tasks(names: &[String]) -> Vec<(Labels, f64)> {
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for name in names {
        let kind = name.split(' ').next().unwrap_or_default();
        *counts.entry(kind).or_default() += 1.0;
    }
    let counts = counts.into_iter();
    counts
        .map(|(kind, count)| (vec![("kind", kind.to_owned())], count))
        .collect()
}
