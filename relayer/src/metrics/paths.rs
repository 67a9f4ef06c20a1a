//! Metrics of paths and of the steps of their packets.

use tern::engine::status::{ClientStatus, PathStatus};
use tern::overview::{is_served, paths_by_trouble, used_clients};
use tern_core::statistics::Step;

use super::family::{Family, Labels};
use super::PATHS_MAX;
use crate::daemon::Observation;

pub fn families(observation: &Observation) -> Vec<Family> {
    let status = &observation.status;
    let shown = shown(observation);
    let paths = || shown.iter().map(|path| (labels(path), *path));
    let oldest = || paths().filter_map(|(labels, path)| Some((labels, path.oldest.as_ref()?)));
    let clients = used_clients(status);
    let clients = || {
        let clients = clients.iter().take(PATHS_MAX);
        clients.map(|client| (client_labels(client), *client))
    };
    let latencies = || {
        let latencies = status.latencies.iter();
        latencies.map(|latency| {
            let labels = vec![
                ("src_chain", latency.src.to_string()),
                ("dst_chain", latency.dst.to_string()),
                ("step", step(latency.step).to_owned()),
            ];
            (labels, latency)
        })
    };
    let left_out = status.paths.len() - shown.len();
    vec![
        Family::gauge(
            "tern_paths_left_out",
            "Paths that are not served, or beyond the most that have series of their own.",
            [(vec![], left_out as f64)],
        ),
        Family::gauge(
            "tern_path_pending_packets",
            "Packets that were sent and have not ended.",
            paths().map(|(labels, path)| (labels, path.open_packets as f64)),
        ),
        Family::gauge(
            "tern_path_oldest_packet_time_seconds",
            "Time of the send of the oldest pending packet, in seconds since 1970.",
            oldest().filter_map(|(labels, oldest)| Some((labels, oldest.sent_at?.0 as f64 / 1e9))),
        ),
        Family::gauge(
            "tern_path_oldest_packet_sequence",
            "Sequence of the oldest pending packet.",
            oldest().map(|(labels, oldest)| (labels, oldest.sequence as f64)),
        ),
        Family::gauge(
            "tern_path_last_moved_time_seconds",
            "Time of the newest block with a receive, an acknowledgement or a timeout, in \
             seconds since 1970.",
            paths().filter_map(|(labels, path)| {
                Some((labels, path.statistics.last_moved?.0 as f64 / 1e9))
            }),
        ),
        Family::counter(
            "tern_path_packets",
            "Steps of packets in blocks since the start, by whomever.",
            paths().flat_map(|(labels, path)| {
                let counts = &path.statistics;
                let steps = [
                    ("sent", counts.sent),
                    ("received", counts.received),
                    ("acknowledged", counts.acknowledged),
                    ("timed_out", counts.timed_out),
                ];
                steps.map(|(step, count)| {
                    let mut labels = labels.clone();
                    labels.push(("step", step.to_owned()));
                    (labels, count)
                })
            }),
        ),
        Family::counter(
            "tern_path_saved_messages",
            "Receives, acknowledgements and timeouts that another relayer paid for.",
            paths().map(|(labels, path)| (labels, path.statistics.by_others)),
        ),
        Family::histogram(
            "tern_step_seconds",
            "What the steps of packets took by block times.",
            latencies().map(|(labels, latency)| (labels, latency.seconds.clone())),
        ),
        Family::histogram(
            "tern_step_blocks",
            "What the steps of packets took in blocks of the chain where they end.",
            latencies().map(|(labels, latency)| (labels, latency.blocks.clone())),
        ),
        Family::gauge(
            "tern_client_expires_time_seconds",
            "When the client expires, in seconds since 1970.",
            clients()
                .filter(|(_, client)| client.expires.0 < u64::MAX)
                .map(|(labels, client)| (labels, client.expires.0 as f64 / 1e9)),
        ),
        Family::gauge(
            "tern_client_trusting_period_seconds",
            "The trusting period of the client.",
            clients().map(|(labels, client)| (labels, client.trusting_period.as_secs_f64())),
        ),
        Family::gauge(
            "tern_client_frozen",
            "Whether the client is frozen.",
            clients().map(|(labels, client)| (labels, f64::from(u8::from(client.is_frozen)))),
        ),
    ]
}

/// The paths with series of their own: served ones, those with trouble first.
pub fn shown(observation: &Observation) -> Vec<&PathStatus> {
    let paths = paths_by_trouble(&observation.status, observation.now);
    let served = paths.into_iter().filter(|path| is_served(path));
    served.take(PATHS_MAX).collect()
}

fn labels(path: &PathStatus) -> Labels {
    let (src, dst) = (path.src.as_channel(), path.dst.as_channel());
    let channel = |key: &tern_core::ledger::ChannelKey| key.channel_id.to_string();
    let port = src.as_ref().map(|key| key.port_id.to_string());
    vec![
        ("src_chain", path.src.chain.to_string()),
        ("src_port", port.unwrap_or_default()),
        ("src_channel", src.as_ref().map(channel).unwrap_or_default()),
        ("dst_chain", path.dst.chain.to_string()),
        ("dst_channel", dst.as_ref().map(channel).unwrap_or_default()),
    ]
}

fn client_labels(client: &ClientStatus) -> Labels {
    vec![
        ("chain", client.client.chain.to_string()),
        ("client", client.client.client_id.to_string()),
        ("of", client.of.to_string()),
    ]
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Receive => "receive",
        Step::Acknowledge => "acknowledge",
        Step::TimeOut => "time_out",
    }
}
