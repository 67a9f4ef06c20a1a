//! One packet: where is it, why there, and what comes next? A time line over all its hops.

use maud::{html, Markup};
use tern::overview::{ChainOverview, Money, TxOverview};
use tern::words::{counted, grouped, quoted, rfc3339, rfc3339_millis};
use tern_chains::ChainId;
use tern_core::ledger::ChannelKey;

use super::parts::{address, amount, commands, exact, hash, segment, when, Tone};
use crate::ack::Ack;
use crate::trace::hops::Hops;
use crate::trace::ics20::Tokens;
use crate::trace::outcome::{outcome, Outcome};
use crate::trace::packet_trace::{
    since_last, Missing, PacketTrace, Place, Step, StepKind, Tx, Wait,
};
use crate::trace::text;

/// What the view is made of.
pub struct Packet<'a> {
    pub hops: &'a Hops,
    /// The accounts that this relayer signs with.
    pub ours: &'a [String],
    /// The newest transactions of this relayer: they are known with their fees.
    pub txs: &'a [TxOverview],
    /// With what fees are paid in.
    pub chains: &'a [ChainOverview],
    pub now: &'a str,
}

impl Packet<'_> {
    /// What fees are paid in on a chain.
    fn money(&self, chain: &ChainId) -> Money<'_> {
        let mut chains = self.chains.iter();
        let chain = chains.find(|of| of.chain == chain.as_str());
        chain.map(|chain| chain.money()).unwrap_or_default()
    }

    /// The tokens, in the unit of the chain that sends them if they are its own.
    fn said(&self, tokens: &Tokens) -> String {
        let money = self.money(&self.hops.first.src.chain);
        match money.denom {
            Some(denom) if denom == tokens.denom => money.said(&tokens.amount),
            _ => tokens.amount(),
        }
    }
}

/// `akash-a channel-0 #7`.
pub fn title(src: &ChannelKey, sequence: u64) -> String {
    format!("{} {} #{sequence}", src.chain, src.channel_id)
}

pub fn sections(of: &Packet<'_>) -> Markup {
    let first = &of.hops.first;
    let tokens = first.packet.as_ref().and_then(Tokens::of);
    html! {
        section #packet aria-labelledby="packet-title" {
            p.above {
                a href="/" { "Overview" } " › "
                a href={ "/paths/" (segments(&first.src)) } { (first.src.chain) " " (first.src.channel_id) }
                " › Packet"
            }
            h1 #packet-title {
                @match &tokens {
                    Some(tokens) => { (of.said(tokens)) " from " (first.src.chain) " to " (last_chain(of.hops)) },
                    None => (title(&first.src, first.sequence.as_u64())),
                }
            }
            (result(of))
            (facts(of, tokens.as_ref()))
        }
        section #way aria-labelledby="way-title" {
            h2 #way-title { "Its way" }
            (way(of))
        }
    }
}

/// Where the tokens go in the end.
fn last_chain(hops: &Hops) -> &ChainId {
    &hops.last().dst.chain
}

/// What became of it, in one sentence.
fn result(of: &Packet<'_>) -> Markup {
    let tone = match outcome(of.hops) {
        Outcome::Arrived { .. } => Tone::Well,
        Outcome::Refused { .. } => Tone::Act,
        Outcome::TimedOut { .. } => Tone::Watch,
        Outcome::Unknown | Outcome::Underway => Tone::Quiet,
    };
    html! {
        div #result .result.(tone.class()) {
            p { strong { (text::outcome_text(of.hops)) } }
            @if let Some(unfollowed) = &of.hops.unfollowed {
                p { (text::unfollowed_text(unfollowed)) }
            }
        }
    }
}

fn facts(of: &Packet<'_>, tokens: Option<&Tokens>) -> Markup {
    let hops = of.hops;
    let last = hops.last().packet.as_ref().and_then(Tokens::of);
    let receiver = last.as_ref().or(tokens).map(|tokens| {
        let forward = tokens.forward().map(|forward| forward.receiver);
        forward.unwrap_or_else(|| tokens.receiver.clone())
    });
    html! {
        dl.facts {
            @if let Some(tokens) = tokens {
                dt { "Amount" }
                dd { span title={ (quoted(&tokens.amount)) " " (quoted(&tokens.denom)) } { (of.said(tokens)) } }
                dt { "From" } dd { (address(&quoted(&tokens.sender))) }
            }
            @if let Some(receiver) = receiver { dt { "To" } dd { (address(&quoted(&receiver))) } }
            @for trace in hops.traces() {
                dt { "Packet" }
                dd {
                    a href={ "/packets/" (segments(&trace.src)) "/" (trace.sequence) } {
                        "#" (trace.sequence)
                    }
                    " over " (trace.src) " → " (trace.dst)
                }
            }
        }
    }
}

fn segments(end: &ChannelKey) -> String {
    let parts = [
        end.chain.as_str(),
        end.port_id.as_str(),
        end.channel_id.as_str(),
    ];
    parts.map(segment).join("/")
}

/// The address of a packet's view.
pub fn address_of(src: &ChannelKey, sequence: u64) -> String {
    format!("/packets/{}/{sequence}", segments(src))
}

fn way(of: &Packet<'_>) -> Markup {
    let steps = of.hops.steps();
    let all: Vec<&Step> = steps.iter().map(|(_, step)| *step).collect();
    let mut last_tx = None;
    let mut items = Vec::new();
    for (index, (hop, step)) in steps.iter().enumerate() {
        let Some(title) = text::title(of.hops, *hop, step) else {
            continue;
        };
        let place = step.place.as_ref().ok();
        let tx = place.and_then(|place| place.tx.as_ref());
        let is_same = tx.is_some_and(|tx| last_tx == Some(tx.hash));
        items.push((
            kind(of.hops, *hop, step),
            html! {
                h3 { (title) }
                @match &step.place {
                    Ok(place) => (self::place(of, step, place, since_last(&all, index), is_same)),
                    Err(missing) => (self::missing(missing)),
                }
            },
        ));
        last_tx = tx.map(|tx| tx.hash);
    }
    let next = next(of.hops);
    let last = items.len().checked_sub(1).filter(|_| next.is_some());
    html! {
        ol.way {
            @for (index, (kind, item)) in items.iter().enumerate() {
                li.(kind) .before-next[Some(index) == last] { (item) }
            }
            @if let Some(next) = next { li.next { (next) } }
        }
    }
}

/// How a step is drawn.
fn kind(hops: &Hops, hop: usize, step: &Step) -> &'static str {
    let is_refused = hops
        .traces()
        .nth(hop)
        .is_some_and(|trace| matches!(trace.ack(), Some(Ack::Error(_))));
    match &step.kind {
        StepKind::ClientUpdated { .. } => "minor",
        StepKind::TimedOut => "act",
        StepKind::AckWritten(_) | StepKind::Acknowledged if is_refused => "act",
        _ => "major",
    }
}

/// Block, time, and the transaction.
fn place(
    of: &Packet<'_>,
    step: &Step,
    place: &Place,
    (seconds, blocks): (Option<f64>, Option<u64>),
    is_same_tx: bool,
) -> Markup {
    let time = rfc3339(place.time);
    html! {
        p {
            "Block " (grouped(place.height)) " of " (step.chain) ", "
            time datetime=(time) title=(rfc3339_millis(place.time)) { (exact(&time)) }
            " (" (when(&time, of.now)) ")"
            @if let Some(seconds) = seconds { ", " (format!("{seconds:+.1} s")) }
            @if let Some(blocks) = blocks.filter(|blocks| *blocks > 0) {
                ", +" (counted(blocks, "block"))
            }
        }
        @match &place.tx {
            Some(_) if is_same_tx => p.note { "In the same transaction." },
            Some(tx) => (self::tx(of, step, tx, step.kind == StepKind::Sent)),
            None => p.note { "Done by the chain itself, not in a transaction." },
        }
        @for tx in &place.competing_txs {
            p.note {
                @match tx.code {
                    0 => "Also tried, without effect, because the step was already done:",
                    _ => "Also tried, which failed:",
                }
            }
            (self::tx(of, step, tx, false))
        }
    }
}

fn tx(of: &Packet<'_>, step: &Step, tx: &Tx, is_send: bool) -> Markup {
    let id = tx.hash.to_string();
    let fee = of
        .txs
        .iter()
        .find(|ours| ours.hash == id)
        .map(|ours| ours.fee.as_str());
    let money = of.money(&step.chain);
    html! {
        dl.facts {
            dt { "Transaction" } dd { (hash(&id)) }
            dt { @if is_send { "Sent by" } @else { "Relayed by" } }
            dd { (signer(of, tx.signer.as_deref(), is_send)) }
            dt { "Gas" }
            dd {
                (grouped(tx.gas_used)) " of " (grouped(tx.gas_wanted)) ", for "
                (counted(tx.messages as u64, "message"))
            }
            @if let Some(fee) = fee { dt { "Fee" } dd { (amount(fee, money)) } }
            @if tx.code != 0 {
                dt { "Failed" } dd { "with code " (tx.code) ": " (quoted(&tx.log)) }
            }
        }
    }
}

fn signer(of: &Packet<'_>, signer: Option<&str>, is_send: bool) -> Markup {
    let Some(signer) = signer else {
        return html! { "an unknown account" };
    };
    let is_ours = of.ours.iter().any(|ours| ours == signer);
    html! {
        @if is_ours { "this relayer, " } @else if !is_send { "another relayer, " }
        (address(&quoted(signer)))
    }
}

fn missing(missing: &Missing) -> Markup {
    html! {
        p {
            @match missing.height {
                Some(height) => { "Block " (grouped(height)) },
                None => "In a block that is not known",
            }
            ". Its details are not known: " (quoted(&missing.why))
        }
    }
}

/// What it waits for, and why; nothing once all is done.
fn next(hops: &Hops) -> Option<Markup> {
    let (trace, wait) = hops.waits()?;
    let hop = hops.traces().position(|of| of == trace)?;
    let title = match wait {
        Wait::Recv => format!("Arrives on {}", trace.dst.chain),
        Wait::Timeout => format!("Returns on {}", trace.src.chain),
        Wait::AckNotWritten => format!("Answered by {}", trace.dst.chain),
        Wait::Ack => format!("Confirmed on {}", trace.src.chain),
    };
    Some(html! {
        h3 { "Next: " (title) }
        p { "Waiting " (text::waits(trace, wait)) "." }
        @for waiting in text::waiting_for_hop(hops) {
            p.note {
                (waiting.dst.chain) " confirms packet #" (waiting.sequence) " to "
                (waiting.src.chain) " only when the next hop is done."
            }
        }
        (reason(trace, wait, hop))
    })
}

/// What this relayer does about it.
fn reason(trace: &PacketTrace, wait: Wait, hop: usize) -> Markup {
    html! {
        @match &trace.waits_in_daemon {
            Some(why) => p #why { "In this relayer: " (quoted(&why.to_string())) "." },
            None if wait == Wait::AckNotWritten => {},
            None => {
                p #why {
                    "This relayer does not relay it"
                    @if hop > 0 { ": it is another hop" }
                    ". "
                    @for (index, command) in text::trace_commands(trace, wait).iter().enumerate() {
                        @if index == 0 { "To relay it, run " } @else { " or " }
                        (commands(&format!("`{command}`")))
                    }
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::NOW;
    use super::*;
    use crate::trace::packet_trace::State;
    use crate::trace::testing::{self, end, place_in_tx, trace, transfer};

    fn shown(first: PacketTrace) -> String {
        let hops = Hops {
            first,
            next: vec![],
            unfollowed: None,
        };
        let of = Packet {
            hops: &hops,
            ours: &["signer5".to_owned()],
            txs: &[],
            chains: &[],
            now: NOW,
        };
        sections(&of).into_string()
    }

    fn sent(receiver: &str) -> PacketTrace {
        PacketTrace {
            packet: Some(transfer("channel-0", 7, "uakt", receiver, "")),
            ..trace(vec![(
                StepKind::Sent,
                "akash-a",
                Ok(place_in_tx(101, 10.0, 3)),
            )])
        }
    }

    #[test]
    fn a_packet_on_its_way_says_what_comes_next_and_why() {
        let markup = shown(sent("kava1b"));
        for said in [
            "100 uakt from akash-a to kava-a",
            "On its way",
            "Sent from akash-a",
            "Next: Arrives on kava-a",
            "tern packet clear akash-a channel-0",
            "href=\"/paths/akash-a/transfer/channel-0\"",
        ] {
            assert!(markup.contains(said), "no {said} in {markup}");
        }
    }

    #[test]
    fn one_that_is_refused_says_by_whom_and_where_the_tokens_are() {
        let refused = Ack::Error("no such account".to_owned());
        let steps = vec![
            (StepKind::Sent, "akash-a", Ok(place_in_tx(101, 10.0, 3))),
            (StepKind::Received, "kava-a", Ok(place_in_tx(548, 12.5, 5))),
            (
                StepKind::AckWritten(Some(refused.clone())),
                "kava-a",
                Ok(place_in_tx(548, 12.5, 5)),
            ),
            (
                StepKind::Acknowledged,
                "akash-a",
                Ok(place_in_tx(104, 14.0, 6)),
            ),
        ];
        let markup = shown(PacketTrace {
            packet: sent("kava1b").packet,
            state: State::Acknowledged(Some(refused)),
            ..trace(steps)
        });
        for said in [
            "Arrived but refused by kava-a: no such account; your 100 uakt came back",
            "Returned to you on akash-a",
            "this relayer, ",
            "another relayer, ",
            "In the same transaction",
        ] {
            assert!(markup.contains(said), "no {said} in {markup}");
        }
        assert!(!markup.contains("Next:"), "{markup}");
    }

    #[test]
    fn what_a_sender_writes_stays_text() {
        let markup = shown(sent("<script>x</script>"));
        assert!(!markup.contains("<script>"), "{markup}");
        assert!(markup.contains("&lt;script&gt;"), "{markup}");
    }

    #[test]
    fn a_step_without_a_block_is_told_as_such() {
        let missing = Missing {
            height: None,
            why: "pruned".to_owned(),
        };
        let steps = vec![
            (StepKind::Sent, "akash-a", Err(missing)),
            (StepKind::Settled, "akash-a", Ok(testing::place(9, 1.0))),
        ];
        let markup = shown(PacketTrace {
            state: State::Settled,
            ..trace(steps)
        });
        assert!(markup.contains("not known: pruned"), "{markup}");
        assert!(markup.contains("Done by the chain itself"), "{markup}");
        assert_eq!(title(&end("akash-a"), 7), "akash-a channel-0 #7");
    }
}
