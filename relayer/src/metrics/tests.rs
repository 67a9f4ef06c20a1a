//! The names of metrics, and the files that use them.

use std::collections::{BTreeMap, BTreeSet};

use tern::engine::status::{MemoryStatus, Status};
use tern_chains::BlockTime;
use tern_core::plan::Assignment;

use super::*;

const ALERTS: &str = include_str!("../../../examples/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../../examples/monitoring/grafana.json");

/// Of a relayer that knows nothing yet.
fn observation() -> Observation {
    Observation {
        status: Status {
            is_draining: false,
            assignment: Assignment::Everything,
            chains: vec![],
            paths: vec![],
            packets: vec![],
            clients: vec![],
            lanes: vec![],
            fees: vec![],
            fees_by_day: vec![],
            tasks: vec!["follow kava-1".into(), "follow akash-1".into()],
            inputs: 0,
            inputs_max: 256,
            memory: MemoryStatus::default(),
            txs: vec![],
            tx_counts: vec![],
            latencies: vec![],
        },
        nodes: BTreeMap::new(),
        wallets: vec![],
        now: BlockTime(1_600_000_000_000_000_000),
        started: BlockTime(0),
    }
}

fn names() -> BTreeSet<String> {
    let families = families(&observation());
    families.iter().flat_map(Family::names).collect()
}

/// The names of Tern's metrics in a text.
fn used(text: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let words = text.split(|letter: char| !is_name(letter));
    let names = words.filter(|word| word.starts_with("tern_"));
    names.map(str::to_owned).collect()
}

#[test]
fn every_metric_that_alerts_and_dashboard_name_exists() {
    let names = names();
    for (file, text) in [("alerts.yml", ALERTS), ("grafana.json", DASHBOARD)] {
        let used = used(text);
        assert!(used.len() > 10, "{file}: {used:?}");
        let unknown: Vec<_> = used.difference(&names).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    serde_json::from_str::<serde_json::Value>(DASHBOARD).unwrap();
}

#[test]
fn the_names_of_hermes_are_there() {
    let names = names();
    for name in [
        "backlog_size",
        "backlog_oldest_sequence",
        "backlog_oldest_timestamp",
        "backlog_latest_update_timestamp",
        "wallet_balance",
        "send_packet_events_total",
        "receive_packets_confirmed_total",
        "acknowledgment_packets_confirmed_total",
        "timeout_packets_confirmed_total",
        "messages_submitted_total",
        "queries_total",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn no_name_is_there_twice() {
    let families = families(&observation());
    let names = families.iter().map(|family| family.name);
    assert_eq!(names.collect::<BTreeSet<_>>().len(), families.len());
}

#[test]
fn tasks_are_counted_by_what_they_do() {
    let text = text(&observation()).unwrap();
    assert!(text.contains("tern_tasks{kind=\"follow\"} 2.0"), "{text}");
}
