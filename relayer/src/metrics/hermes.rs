//! The same figures by the names that Hermes gives them, so that its boards and alerts go on
//! working: `crates/telemetry/src/state.rs` of Hermes 1.13. Where Hermes counts what it
//! did itself, and Tern what blocks say, the figures are those of blocks.

use tern::engine::status::PathStatus;

use super::family::{Family, Labels};
use super::money::balances;
use super::paths::shown;
use crate::daemon::Observation;

pub fn families(observation: &Observation) -> Vec<Family> {
    let status = &observation.status;
    let shown = shown(observation);
    let now = observation.now.0 / 1_000_000_000;
    let backlog = || shown.iter().map(|path| (backlog_labels(path), *path));
    let packets = || shown.iter().map(|path| (packet_labels(path), *path));
    let queries = observation.nodes.iter().flat_map(|(chain, nodes)| {
        let requests = nodes.iter().flat_map(|node| &node.requests);
        let mut methods: std::collections::BTreeMap<&str, u64> = Default::default();
        for requests in requests {
            *methods.entry(&requests.method).or_default() += requests.ok + requests.errors;
        }
        let methods: Vec<_> = methods.into_iter().collect();
        methods.into_iter().map(move |(method, count)| {
            let labels = vec![
                ("chain", chain.to_string()),
                ("query_type", method.to_owned()),
            ];
            (labels, count)
        })
    });
    vec![
        Family::gauge(
            "backlog_size",
            "Total number of SendPacket events in the backlog",
            backlog().map(|(labels, path)| (labels, path.open_packets as f64)),
        ),
        Family::gauge(
            "backlog_oldest_sequence",
            "Sequence number of the oldest SendPacket event in the backlog",
            backlog().map(|(labels, path)| {
                let oldest = path.oldest.as_ref().map_or(0, |oldest| oldest.sequence);
                (labels, oldest as f64)
            }),
        ),
        Family::gauge(
            "backlog_oldest_timestamp",
            "Local timestamp for the oldest SendPacket event in the backlog",
            backlog().map(|(labels, path)| {
                let sent_at = path.oldest.as_ref().and_then(|oldest| oldest.sent_at);
                let seconds = sent_at.map_or(0, |time| time.0 / 1_000_000_000);
                (labels, seconds as f64)
            }),
        ),
        Family::gauge(
            "backlog_latest_update_timestamp",
            "Local timestamp for the last time the backlog metrics have been updated",
            backlog().map(|(labels, _)| (labels, now as f64)),
        ),
        Family::gauge(
            "wallet_balance",
            "The balance in each wallet that Hermes is using, per wallet, denom and chain",
            balances(observation),
        ),
        Family::counter(
            "send_packet_events",
            "Number of SendPacket events received",
            backlog().map(|(labels, path)| (labels, path.statistics.sent)),
        ),
        Family::counter(
            "receive_packets_confirmed",
            "Number of confirmed receive packets",
            packets().map(|(labels, path)| (labels, path.statistics.received)),
        ),
        Family::counter(
            "acknowledgment_packets_confirmed",
            "Number of confirmed acknowledgment packets",
            packets().map(|(labels, path)| (labels, path.statistics.acknowledged)),
        ),
        Family::counter(
            "timeout_packets_confirmed",
            "Number of confirmed timeout packets",
            packets().map(|(labels, path)| (labels, path.statistics.timed_out)),
        ),
        Family::counter(
            "messages_submitted",
            "Number of messages submitted to a specific chain",
            status.chains.iter().map(|chain| {
                (
                    vec![("chain", chain.chain.to_string())],
                    chain.counts.messages,
                )
            }),
        ),
        Family::counter("queries", "Number of queries submitted by Hermes", queries),
    ]
}

fn backlog_labels(path: &PathStatus) -> Labels {
    let channel = path.src.as_channel();
    let names = channel.map(|key| (key.channel_id.to_string(), key.port_id.to_string()));
    let (channel, port) = names.unwrap_or_default();
    vec![
        ("chain", path.src.chain.to_string()),
        ("counterparty", path.dst.chain.to_string()),
        ("channel", channel),
        ("port", port),
    ]
}

fn packet_labels(path: &PathStatus) -> Labels {
    let ends = [path.src.as_channel(), path.dst.as_channel()];
    let [src, dst] = ends.map(|key| {
        key.map(|key| (key.channel_id.to_string(), key.port_id.to_string()))
            .unwrap_or_default()
    });
    vec![
        ("src_chain", path.src.chain.to_string()),
        ("dst_chain", path.dst.chain.to_string()),
        ("src_channel", src.0),
        ("dst_channel", dst.0),
        ("src_port", src.1),
        ("dst_port", dst.1),
    ]
}
