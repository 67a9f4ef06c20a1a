//! What a search found: packets and paths.

mod query;

use maud::{html, Markup};
use tern::overview::{Money, PacketOverview, PathOverview};
use tern::words::{counted, quoted, rfc3339};
use tern_chains::Sequence;
use tern_core::ledger::ChannelKey;

use super::parts::{
    hash, link, mark, nothing, or_dash, packet_address, short_end, table, text, when, Tone,
};
use super::{packet, path, paths};
use crate::trace::sent::{ListedPacket, ListedState};

pub use query::Query;

/// Rows of a list.
const ROWS: usize = 100;

/// What there is for a text.
#[derive(Default)]
pub struct Results {
    pub paths: Vec<PathOverview>,
    /// Of a transaction, or in several chains with a channel of that name.
    pub packets: Vec<(ChannelKey, Sequence)>,
    /// Open packets, as the engine has them.
    pub open: Vec<PacketOverview>,
    /// The newest ones that an address sent, as the chains have them.
    pub sent: Vec<ListedPacket>,
    /// Why something could not be looked for.
    pub reason: Option<String>,
}

impl Results {
    fn is_empty(&self) -> bool {
        self.paths.is_empty()
            && self.packets.is_empty()
            && self.open.is_empty()
            && self.sent.is_empty()
    }
}

pub fn sections(query: &str, found: &Results, now: &str) -> Markup {
    html! {
        section #found aria-labelledby="found-title" {
            h1 #found-title { "Search" }
            @if query.trim().is_empty() {
                (help())
            } @else {
                @if found.is_empty() { p { "Nothing is found for " q { (quoted(query)) } "." } }
                @if let Some(reason) = &found.reason { p #reason { (quoted(reason)) } }
                (packets(&found.packets))
                (open(&found.open, now))
                (sent(&found.sent, now))
                (matching(&found.paths, now))
                @if found.is_empty() { (help()) }
            }
        }
    }
}

fn packets(packets: &[(ChannelKey, Sequence)]) -> Markup {
    html! {
        @if !packets.is_empty() {
            h2 { (counted(packets.len() as u64, "packet")) }
            ul.hits {
                @for (src, sequence) in packets.iter().take(ROWS) {
                    li {
                        a href=(packet::address_of(src, sequence.as_u64())) {
                            (packet::title(src, sequence.as_u64()))
                        }
                    }
                }
            }
        }
    }
}

fn open(packets: &[PacketOverview], now: &str) -> Markup {
    let columns = [
        text("Packet"),
        text("State"),
        text("Amount"),
        text("Sent"),
        text("Waits for"),
    ];
    let rows = packets.iter().take(ROWS).map(|packet| {
        let name = format!("{} #{}", short_end(&packet.src), packet.sequence);
        let transfer = packet.transfer.as_ref();
        vec![
            link(packet_address(&packet.src, packet.sequence), &name),
            path::state(&packet.state),
            or_dash(transfer.map(|transfer| {
                html! {
                    (Money { denom: Some(&transfer.denom), unit: None }.said(&transfer.amount))
                }
            })),
            or_dash(packet.sent_at.as_deref().map(|time| when(time, now))),
            html! { (quoted(&packet.waits_for)) },
        ]
    });
    html! {
        @if !packets.is_empty() {
            h2 { "On the way" }
            (table("Packets that have not ended", &columns, &rows.collect::<Vec<_>>()))
        }
    }
}

fn sent(packets: &[ListedPacket], now: &str) -> Markup {
    let columns = [
        text("Packet"),
        text("State"),
        text("Sent"),
        text("Transaction"),
    ];
    let rows = packets.iter().take(ROWS).map(|listed| {
        let of = &listed.sent;
        let src = of.packet.src.as_channel();
        let sequence = of.packet.sequence.as_u64();
        let name = format!("{} {} #{sequence}", of.chain, of.packet.src);
        let address = src.map(|(port_id, channel_id)| {
            let src = ChannelKey {
                chain: of.chain.clone(),
                port_id: port_id.clone(),
                channel_id: channel_id.clone(),
            };
            packet::address_of(&src, sequence)
        });
        vec![
            link(address, &name),
            listed_state(listed.state),
            or_dash(listed.time.map(|(time, _)| when(&rfc3339(time), now))),
            hash(&of.tx.to_string()),
        ]
    });
    html! {
        @if !packets.is_empty() {
            h2 { "Sent by this address" }
            (table("The newest first", &columns, &rows.collect::<Vec<_>>()))
        }
    }
}

fn listed_state(state: ListedState) -> Markup {
    match state {
        ListedState::Sent => mark(Tone::Quiet, "Sent"),
        ListedState::Arrived => mark(Tone::Quiet, "Arrived"),
        ListedState::Confirmed => mark(Tone::Well, "Confirmed"),
        ListedState::Returned => mark(Tone::Watch, "Returned to you"),
        ListedState::Done => mark(Tone::Well, "Ended"),
        ListedState::Unknown => mark(Tone::Watch, "not known"),
    }
}

fn matching(all: &[PathOverview], now: &str) -> Markup {
    let shown = all.get(..all.len().min(ROWS)).unwrap_or_default();
    html! {
        @if !all.is_empty() {
            h2 { (counted(all.len() as u64, "path")) }
            (paths::rows("Those with trouble first", shown, now))
        }
    }
}

fn help() -> Markup {
    html! {
        (nothing("What can be searched for:"))
        ul.hits {
            li { "the hash of a transaction: 64 digits" }
            li { "an address that sent or received: " code { "akash1…" } }
            li { "a packet: " code { "channel-7 #1234" } " or " code { "akash-a channel-7/1234" } }
            li { "a chain, a channel, a port or a client, or a part of its name" }
            li { "the denom of open packets, as they have it" }
        }
    }
}
