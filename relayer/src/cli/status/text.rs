//! An overview as text, for a terminal of 80 columns.

use tern::overview::{
    ChainOverview, ChainState, ClientOverview, EndOverview, Need, Overview, PathOverview, Severity,
    TxOverview, WalletOverview,
};
use tern::words::{self, counted, grouped, shortened, span, time_of_day, wrapped};

use crate::output::layout;

/// What is said where paths would be.
pub const NO_PATH: &str = "No path is served yet: `tern channel open` opens a channel.";
/// Rows of a table, unless all are wanted.
const ROWS: usize = 10;

pub fn text(overview: &Overview, all: bool) -> String {
    let rows = if all { usize::MAX } else { ROWS };
    let parts = [
        overview.verdict.clone(),
        needs(&overview.needs),
        chains(&overview.chains),
        paths(overview, rows),
        wallets(&overview.wallets),
        clients(&overview.clients, rows),
        txs(&overview.txs, rows),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn needs(needs: &[Need]) -> String {
    needs.iter().map(need).collect::<Vec<_>>().join("\n")
}

/// What is wrong, since when, and what to do.
pub fn need(need: &Need) -> String {
    // Both marks end in the same column.
    let (mark, first) = match need.severity {
        Severity::Act => ("!!", 0),
        Severity::Watch => ("!", 1),
    };
    let since = need.since.as_deref().map(time_of_day);
    let since = since.map(|time| format!(" (since {time} UTC)"));
    let since = since.unwrap_or_default();
    let said = format!("{mark} {}: {}{since}", need.subject, need.what);
    let mut lines = wrapped(&said, first, 3);
    lines.extend(wrapped(&format!("→ {}", need.action), 3, 5));
    lines.join("\n")
}

fn chains(chains: &[ChainOverview]) -> String {
    let rows = chains.iter().map(|chain| {
        let state = match chain.state {
            ChainState::Following => "following",
            ChainState::CatchingUp => "catching up",
            ChainState::Down => "DOWN",
        };
        let well = chain.nodes.iter().filter(|node| node.is_well).count();
        let lag = match chain.blocks_behind {
            0 => String::new(),
            behind => grouped(behind),
        };
        [
            shortened(&chain.chain, 20),
            state.to_owned(),
            or_dash(chain.height.map(grouped)),
            or_dash(chain.block_age_seconds.map(span)),
            lag,
            format!("{well}/{}", chain.nodes.len()),
            paid(chain),
        ]
    });
    let header = [
        "CHAIN",
        "STATE",
        "HEIGHT",
        "AGE",
        "BEHIND",
        "NODES",
        "PAID IN 24 H",
    ];
    layout(header, &rows.collect::<Vec<_>>())
}

fn paid(chain: &ChainOverview) -> String {
    let paid = chain.paid_day.as_ref();
    or_dash(paid.map(|paid| chain.money().said(paid)))
}

fn paths(overview: &Overview, max: usize) -> String {
    let served = overview.paths.iter().filter(|path| path.is_served);
    let rows = served.clone().take(max).map(|path| {
        let age = path.oldest.as_ref().and_then(|oldest| oldest.age_seconds);
        [
            shortened(&name(path), 46),
            grouped(path.pending),
            or_dash(age.map(span)),
            or_dash(path.last_moved.as_deref().map(time_of_day)),
            grouped(
                path.ended_by_hour
                    .iter()
                    .map(|count| u64::from(*count))
                    .sum::<u64>(),
            ),
        ]
    });
    let header = ["PATH", "PENDING", "OLDEST", "LAST", "24 H"];
    let mut text = match served.clone().next() {
        Some(_) => layout(header, &rows.collect::<Vec<_>>()),
        None => NO_PATH.to_owned(),
    };
    for path in served.clone().take(max) {
        if let Some(oldest) = &path.oldest {
            let said = format!(
                "{} #{}: {}",
                short_end(&path.src),
                oldest.sequence,
                oldest.waits_for
            );
            text += &format!("\n{}", wrapped(&said, 2, 4).join("\n"));
        }
    }
    let left_out = [
        more(served.clone().count(), max, "path"),
        not_served(overview, served.count()),
    ];
    left_out
        .into_iter()
        .flatten()
        .fold(text, |text, line| format!("{text}\n{line}"))
}

fn not_served(overview: &Overview, served: usize) -> Option<String> {
    let count = overview.paths.len() - served;
    (count > 0).then(|| {
        let paths = counted(count as u64, "path");
        let is = if count == 1 { "is" } else { "are" };
        format!("  {paths} {is} not served: `tern status --json` says why")
    })
}

fn wallets(wallets: &[WalletOverview]) -> String {
    if wallets.is_empty() {
        return String::new();
    }
    let rows = wallets.iter().map(|wallet| {
        let amount = wallet.amount.as_ref();
        let amount = amount.map(|amount| wallet.money().said(amount));
        [
            shortened(&wallet.chain, 20),
            short_address(&wallet.address),
            amount.unwrap_or_else(|| "not known".to_owned()),
            or_dash(wallet.days_left.map(words::days)),
        ]
    });
    layout(
        ["WALLET ON", "ADDRESS", "HAS", "LASTS"],
        &rows.collect::<Vec<_>>(),
    )
}

/// Begin and end of an address: enough to tell it from others.
fn short_address(address: &str) -> String {
    const BEGIN: usize = 14;
    const END: usize = 6;
    match address.chars().count() {
        0..=20 => shortened(address, 20),
        count => {
            let begin: String = address.chars().take(BEGIN).collect();
            let end: String = address.chars().skip(count - END).collect();
            format!("{begin}…{end}")
        }
    }
}

fn clients(clients: &[ClientOverview], max: usize) -> String {
    if clients.is_empty() {
        return String::new();
    }
    let rows = clients.iter().take(max).map(|client| {
        let expires = match (client.is_frozen, client.expires_in_seconds) {
            (true, _) => "FROZEN".to_owned(),
            (false, Some(0)) => "EXPIRED".to_owned(),
            (false, Some(seconds)) => format!("in {}", span(seconds)),
            (false, None) => "never".to_owned(),
        };
        [
            shortened(&format!("{} {}", client.chain, client.client), 40),
            shortened(&client.of, 16),
            expires,
        ]
    });
    let text = layout(["CLIENT", "OF", "EXPIRES"], &rows.collect::<Vec<_>>());
    match more(clients.len(), max, "client") {
        Some(line) => format!("{text}\n{line}"),
        None => text,
    }
}

fn txs(txs: &[TxOverview], max: usize) -> String {
    if txs.is_empty() {
        return String::new();
    }
    let rows = txs.iter().take(max).map(|tx| {
        [
            time_of_day(&tx.signed_at).to_owned(),
            shortened(&tx.chain, 14),
            shortened(&tx.hash, 9),
            shortened(&tx.what, 32),
            tx.state.clone(),
        ]
    });
    layout(
        ["SIGNED", "ON", "TX", "WHAT IT DOES", "STATE"],
        &rows.collect::<Vec<_>>(),
    )
}

/// `akash-a channel-0 → kava-a channel-0`.
pub fn name(path: &PathOverview) -> String {
    format!("{} → {}", short_end(&path.src), short_end(&path.dst))
}

/// Without the port of transfers, which most channels have.
fn short_end(end: &EndOverview) -> String {
    match (end.port.as_deref(), &end.channel) {
        (Some("transfer"), Some(channel)) => format!("{} {channel}", end.chain),
        _ => end.name.clone(),
    }
}

pub fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

fn more(count: usize, max: usize, noun: &str) -> Option<String> {
    let more = count.checked_sub(max).filter(|more| *more > 0)?;
    Some(format!(
        "  and {}: `tern status --all`",
        counted(more as u64, &format!("more {noun}"))
    ))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn end(chain: &str, channel: &str) -> EndOverview {
        EndOverview {
            chain: chain.to_owned(),
            port: Some("transfer".to_owned()),
            channel: Some(channel.to_owned()),
            name: format!("{chain} transfer/{channel}"),
        }
    }

    /// One chain that is down, and a path to it.
    pub fn overview() -> Overview {
        let reason = "connection refused by http://127.0.0.1:26657 while asking for the status";
        Overview {
            at: "2026-11-30T12:00:00Z".to_owned(),
            started: "2026-11-30T11:00:00Z".to_owned(),
            version: "0.1.0".to_owned(),
            verdict: "1 thing needs you".to_owned(),
            needs: vec![Need {
                severity: Severity::Act,
                kind: tern::overview::NeedKind::ChainDown,
                subject: "osmosis-1".to_owned(),
                what: format!("no node answers: {reason}"),
                since: Some("2026-11-30T11:58:00Z".to_owned()),
                action: "`tern health` looks at each node".to_owned(),
            }],
            chains: vec![ChainOverview {
                days_left: Some(3.25),
                paused_since: None,
                chain: "osmosis-1".to_owned(),
                state: ChainState::Down,
                reason: Some(reason.to_owned()),
                height: Some(61_234_567),
                block_time: None,
                block_age_seconds: Some(130),
                blocks_behind: 12,
                nodes: vec![],
                fee_denom: Some("uosmo".to_owned()),
                fee_unit: Some(tern::overview::UnitOverview {
                    symbol: "OSMO".to_owned(),
                    exponent: 6,
                }),
                paid_hour: None,
                paid_hour_max: None,
                paid_day: Some("123456789".to_owned()),
                paid_day_max: None,
                paused: vec![],
            }],
            paths: vec![PathOverview {
                connection_on_src: None,
                connection_on_dst: None,
                cost: vec![],
                paused_since: None,
                src: end("akashnet-2", "channel-184"),
                dst: end("osmosis-1", "channel-1"),
                client_on_src: "07-tendermint-3".to_owned(),
                client_on_dst: Some("07-tendermint-4".to_owned()),
                ordering: "unordered".to_owned(),
                is_served: true,
                not_served: None,
                pending: 14,
                oldest: Some(tern::overview::OldestOverview {
                    sequence: 1_234,
                    sent_at: None,
                    age_seconds: Some(400),
                    waits_for: "osmosis-1 is not followed up to its newest block yet".to_owned(),
                    is_held: true,
                }),
                last_moved: Some("2026-11-30T11:57:00Z".to_owned()),
                sent: 0,
                received: 0,
                acknowledged: 0,
                timed_out: 0,
                by_others: 0,
                ended_by_hour: vec![7; 24],
            }],
            wallets: vec![WalletOverview {
                chain: "osmosis-1".to_owned(),
                address: "osmo1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0x".to_owned(),
                denom: None,
                unit: None,
                amount: None,
                error: Some("no answer".to_owned()),
                days_left: Some(3.25),
            }],
            clients: vec![],
            txs: vec![],
        }
    }

    #[test]
    fn what_needs_a_person_comes_first_and_all_fits_a_terminal() {
        let text = text(&overview(), false);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{text}");
        let expected = "\
1 thing needs you

!! osmosis-1: no node answers: connection refused by http://127.0.0.1:26657
   while asking for the status (since 11:58:00 UTC)
   → `tern health` looks at each node

CHAIN      STATE  HEIGHT      AGE    BEHIND  NODES  PAID IN 24 H
osmosis-1  DOWN   61,234,567  2 min  12      0/0    123.456789 OSMO

PATH                                          PENDING  OLDEST  LAST      24 H
akashnet-2 channel-184 → osmosis-1 channel-1  14       6 min   11:57:00  168
  akashnet-2 channel-184 #1234: osmosis-1 is not followed up to its newest block
    yet

WALLET ON  ADDRESS                HAS        LASTS
osmosis-1  osmo1q2w3e4r5t…8k9l0x  not known  3.2 d";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_paths_it_says_how_to_get_one() {
        let mut overview = overview();
        overview.paths.clear();
        assert!(text(&overview, false).contains(NO_PATH));
    }

    #[test]
    fn rows_that_are_left_out_are_counted() {
        let mut overview = overview();
        overview.paths = vec![overview.paths[0].clone(); 13];
        overview.paths[12].is_served = false;
        let text = text(&overview, false);
        assert!(
            text.contains("  and 2 more paths: `tern status --all`"),
            "{text}"
        );
        assert!(text.contains("  1 path is not served"), "{text}");
    }
}
