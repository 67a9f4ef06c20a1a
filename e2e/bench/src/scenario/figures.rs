//! Figures that several scenarios have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::measure::{Figure, Unit};
use crate::proxy::{Call, Protocol};
use crate::session::Relayed;

/// From the last send's commit to the last acknowledgement's.
pub fn time(relayed: &Relayed) -> Figure {
    let seconds = relayed.acknowledged - relayed.sent;
    Figure::new("last send to last ack", Unit::Seconds, seconds)
}

/// From the first send to the last acknowledgement, on the source.
pub fn blocks(relayed: &Relayed) -> Figure {
    let first = relayed.records.iter().map(|record| record.sent).min();
    let last = relayed
        .records
        .iter()
        .filter_map(|record| record.acknowledged);
    let blocks = last.max().unwrap_or_default() - first.unwrap_or_default();
    Figure::new("first send to last ack", Unit::Blocks, blocks as f64)
}

/// Transactions, client updates and gas of the relayer.
pub fn cost(relayed: &Relayed, packets: usize) -> Vec<Figure> {
    let packets = packets as f64;
    let txs = &relayed.txs;
    let updates: usize = txs.iter().map(|tx| tx.client_updates).sum();
    let gas: u64 = txs.iter().map(|tx| tx.gas_used).sum();
    let failed = txs.iter().filter(|tx| !tx.succeeded).count();
    vec![
        Figure::new("txs", Unit::Count, txs.len() as f64),
        Figure::new("txs that failed", Unit::Count, failed as f64),
        Figure::new("client updates", Unit::Count, updates as f64),
        Figure::new("gas a packet", Unit::Gas, gas as f64 / packets),
    ]
}

/// Requests for each packet: in all, then by method.
pub fn requests(relayed: &Relayed, packets: usize) -> Vec<Figure> {
    let packets = packets as f64;
    let each = |name: String, count: usize| Figure::new(name, Unit::Count, count as f64 / packets);
    let of = |protocol: Protocol| move |call: &&Call| call.connection.protocol == protocol;
    let rpc = relayed.calls.iter().filter(of(Protocol::Rpc)).count();
    let grpc = relayed.calls.iter().filter(of(Protocol::Grpc)).count();
    let mut figures = vec![
        each("requests a packet".to_owned(), rpc + grpc),
        each("RPC requests a packet".to_owned(), rpc),
        each("gRPC requests a packet".to_owned(), grpc),
        each(
            "connections a packet".to_owned(),
            relayed.counts.connections,
        ),
        each(
            "WebSocket messages a packet".to_owned(),
            relayed.counts.frames,
        ),
        each("KiB a packet".to_owned(), relayed.counts.bytes / 1024),
    ];
    let mut methods: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &relayed.calls {
        *methods.entry(short(&call.method)).or_default() += 1;
    }
    let mut methods: Vec<_> = methods.into_iter().collect();
    methods.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let methods = methods.into_iter();
    figures.extend(methods.map(|(method, count)| each(format!("· {method}"), count)));
    figures
}

/// Every call, with the time since the load was sent, and every packet's heights.
pub fn time_line(relayed: &Relayed) -> String {
    let mut text = calls(&relayed.calls, relayed.began);
    for record in &relayed.records {
        let _ = writeln!(text, "{record:?}");
    }
    text
}

/// A line for each call, with the time since `began`.
pub fn calls(calls: &[Call], began: Instant) -> String {
    let mut text = String::new();
    for call in calls {
        let since = call.at.saturating_duration_since(began);
        let (connection, method) = (call.connection, short(&call.method));
        let _ = writeln!(
            text,
            "{:>9.3} s  {:<10} {:<5} #{:<4} {method}",
            since.as_secs_f64(),
            connection.chain,
            format!("{:?}", connection.protocol).to_lowercase(),
            connection.number
        );
    }
    text
}

/// From the process' start to the first transaction it hands to a node.
pub fn first_tx(relayed: &Relayed) -> Result<Figure> {
    let is_broadcast = |call: &&Call| call.method.starts_with("broadcast_tx");
    let first = relayed.calls.iter().find(is_broadcast);
    let first = first.context("nothing was broadcast")?;
    let first = first.at.saturating_duration_since(relayed.began);
    let name = "start to first tx sent";
    Ok(Figure::new(name, Unit::Seconds, first.as_secs_f64()))
}

/// A gRPC method without its package.
fn short(method: &str) -> &str {
    let service = |path: &str| path.rfind('.').map(|dot| dot + 1);
    match method.strip_prefix('/').and_then(service) {
        Some(begin) => &method[begin + 1..],
        None => method,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grpc_method_is_named_by_service_and_method() {
        assert_eq!(
            short("/cosmos.tx.v1beta1.Service/Simulate"),
            "Service/Simulate"
        );
        assert_eq!(short("block_results"), "block_results");
    }
}
