//! One path: is it served, how well, and at what price?

use maud::{html, Markup};
use tern::overview::{
    ChainOverview, ClientOverview, FeesOverview, PacketOverview, PathOverview, TxOverview,
};
use tern::words::{counted, grouped, quoted};
use tern_core::statistics::{Latency, Step};

use super::parts::{
    amount, link, mark, nothing, number, or_dash, packet_address, path_name, short_end, table,
    text, when, Tone,
};
use super::plots::{self, Unit};
use super::{actions, clients, paths, txs};

/// Open packets that are shown; the API has all of them.
const PACKETS: usize = 100;
/// Transactions that are shown.
const TXS: usize = 12;

/// What the view is made of.
pub struct Path<'a> {
    pub path: &'a PathOverview,
    /// Of its two clients those that are known.
    pub clients: &'a [ClientOverview],
    /// Its open packets.
    pub packets: &'a [PacketOverview],
    /// Of its packets.
    pub latencies: &'a [Latency],
    pub fees: &'a [FeesOverview],
    /// Of the newest transactions those with packets of it.
    pub txs: &'a [TxOverview],
    pub chains: &'a [ChainOverview],
    pub now: &'a str,
}

pub fn title(path: &PathOverview) -> String {
    path_name(path)
}

pub fn sections(of: &Path<'_>) -> Markup {
    html! {
        (head(of))
        (packets(of))
        (latencies(of))
        (clients(of))
        (fees(of))
        (newest_txs(of))
    }
}

fn head(of: &Path<'_>) -> Markup {
    let path = of.path;
    html! {
        section #head aria-labelledby="path-title" {
            p.above { a href="/" { "Overview" } " › Path" }
            h1 #path-title { (path_name(path)) }
            p { (paths::state(path))
                @if let Some(since) = &path.paused_since { " " (when(since, of.now)) }
                @if let Some(why) = &path.not_served { ": " (quoted(why)) }
            }
            dl.facts {
                dt { "From" } dd { (path.src.name) }
                dt { "To" } dd { (path.dst.name) }
                dt { "Connection" }
                dd { (connection(path)) }
                dt { "Ordering" } dd { (path.ordering) }
                dt { "A packet costs" }
                dd { (paths::cost(path)) }
                dt { "Last moved" }
                dd { (or_dash(path.last_moved.as_deref().map(|time| when(time, of.now)))) }
                dt { "Other way" }
                dd { (link(super::parts::path_address(&path.dst), &format!(
                    "{} → {}", short_end(&path.dst), short_end(&path.src)
                ))) }
            }
            (counts(path))
            (actions::of_path(path))
        }
    }
}

/// Both ends of its connection.
fn connection(path: &PathOverview) -> Markup {
    let ends = [&path.connection_on_src, &path.connection_on_dst];
    let named = ends.map(|end| end.as_deref().unwrap_or("not known"));
    html! { (named[0]) " → " (named[1]) }
}

fn counts(path: &PathOverview) -> Markup {
    let counts = [
        ("Pending", path.pending as u64),
        ("Sent", path.sent),
        ("Arrived", path.received),
        ("Confirmed", path.acknowledged),
        ("Timed out", path.timed_out),
        ("Messages saved", path.by_others),
    ];
    html! {
        dl.counts {
            @for (name, count) in counts {
                div { dt { (name) } dd { (grouped(count)) } }
            }
            div.wide { dt { "Ended by hour, last 24 h" } dd { (plots::sparkline(&path.ended_by_hour)) } }
        }
        p.note {
            "Counts since the start. Messages saved are receives, acknowledgements and timeouts \
             that another relayer paid for."
        }
    }
}

fn packets(of: &Path<'_>) -> Markup {
    let columns = [
        text("Packet"),
        text("State"),
        text("Sent"),
        text("Waits for"),
    ];
    let rows = of.packets.iter().take(PACKETS).map(|packet| {
        let name = format!("#{}", packet.sequence);
        vec![
            link(packet_address(&packet.src, packet.sequence), &name),
            html! { (state(&packet.state)) },
            or_dash(packet.sent_at.as_deref().map(|time| when(time, of.now))),
            html! { (quoted(&packet.waits_for)) },
        ]
    });
    let more = of.packets.len().saturating_sub(PACKETS);
    html! {
        section #packets aria-labelledby="packets-title" {
            h2 #packets-title { "Open packets" }
            @if of.packets.is_empty() {
                (nothing("No packet of this path is on its way. Those that are sent and have not ended are shown here."))
            } @else {
                (table("Packets that were sent and have not ended", &columns,
                    &rows.collect::<Vec<_>>()))
                @if more > 0 { p.note { "and " (counted(more as u64, "more packet")) } }
            }
        }
    }
}

/// A packet's state as people say it.
pub fn state(state: &str) -> Markup {
    match state {
        "sent" => mark(Tone::Quiet, "Sent"),
        "received" => mark(Tone::Quiet, "Arrived, not answered yet"),
        "ack_written" => mark(Tone::Quiet, "Arrived"),
        "done" => mark(Tone::Well, "Ended"),
        _ => mark(Tone::Watch, "Its send was not seen"),
    }
}

fn latencies(of: &Path<'_>) -> Markup {
    let steps = [
        (Step::Receive, "From sent to arrived"),
        (Step::Acknowledge, "From arrived to confirmed"),
        (Step::TimeOut, "From sent to timed out"),
    ];
    let of_step = |step: Step| of.latencies.iter().find(|latency| latency.step == step);
    html! {
        section #latency aria-labelledby="latency-title" {
            h2 #latency-title { "Latency" }
            @if of.latencies.is_empty() {
                (nothing("No packet has moved since the start. How long packets take is shown here."))
            } @else {
                p.note { "Since the start." }
                div.plots {
                    @for (step, name) in steps {
                        @if let Some(latency) = of_step(step) { (self::latency(name, latency)) }
                    }
                }
            }
        }
    }
}

fn latency(name: &str, latency: &Latency) -> Markup {
    let seconds = &latency.seconds;
    let blocks = &latency.blocks;
    let said = |share: f64| {
        let seconds = seconds
            .quantile(share)
            .map(|value| Unit::Seconds.value(value));
        let blocks = blocks
            .quantile(share)
            .map(|value| Unit::Blocks.value(value));
        seconds
            .zip(blocks)
            .map(|(seconds, blocks)| format!("{seconds}, {blocks}"))
    };
    html! {
        div.plot {
            h3 { (name) }
            dl.facts {
                dt { "Half within" } dd { (or_dash(said(0.5).map(|said| html! { (said) }))) }
                dt { "95 % within" } dd { (or_dash(said(0.95).map(|said| html! { (said) }))) }
            }
            (plots::histogram(&format!("{name}, by time"), seconds, Unit::Seconds))
            (plots::histogram(&format!("{name}, by blocks"), blocks, Unit::Blocks))
        }
    }
}

fn clients(of: &Path<'_>) -> Markup {
    html! {
        section #clients aria-labelledby="clients-title" {
            h2 #clients-title { "Clients under it" }
            @if of.clients.is_empty() {
                (nothing("Its clients are not read yet."))
            } @else {
                (clients::list("Light clients of this path", of.clients, of.now))
            }
        }
    }
}

fn fees(of: &Path<'_>) -> Markup {
    let columns = [
        text("Purpose"),
        text("Chain"),
        number("Paid"),
        number("Messages"),
        number("A message"),
        text("Last paid"),
    ];
    let rows = of.fees.iter().map(|fees| {
        let money = fees.money();
        vec![
            html! { (super::fees::purpose(&fees.purpose)) },
            html! { (fees.chain) },
            amount(&fees.amount, money),
            html! { (grouped(fees.messages)) },
            or_dash(super::fees::each(fees).map(|each| amount(&each, money))),
            when(&fees.last_paid, of.now),
        ]
    });
    html! {
        section #fees aria-labelledby="fees-title" {
            h2 #fees-title { "Fees" }
            @if of.fees.is_empty() {
                (nothing("Nothing was paid for this path yet."))
            } @else {
                (table("Paid for this path since the store was made", &columns,
                    &rows.collect::<Vec<_>>()))
            }
        }
    }
}

fn newest_txs(of: &Path<'_>) -> Markup {
    html! {
        section #txs aria-labelledby="txs-title" {
            h2 #txs-title { "Transactions" }
            @if of.txs.is_empty() {
                (nothing("None of the newest transactions has a packet of this path. Those that have are shown here."))
            } @else {
                (txs::table("The newest with packets of this path", of.txs.iter().take(TXS), of.chains, of.now))
            }
        }
    }
}
