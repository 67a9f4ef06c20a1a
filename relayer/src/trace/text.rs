//! The way of a packet as people read it (pure): what was sent, one time line over all
//! hops, what became of it, and what it waits for.

use tern::words::{counted, quoted, rfc3339_millis, wrapped};
use tern_chains::{BlockTime, Packet, Timeout};

use super::hops::{Cause, Hops, Unfollowed};
use super::ics20::Tokens;
use super::outcome::{outcome, Outcome, Refund};
use super::packet_trace::{
    since_last, Missing, PacketTrace, Place, State, Step, StepKind, Tx, Wait,
};
use crate::ack::Ack;
use crate::path::clear_command;

const INDENT: usize = 4;

/// Everything that is said of a packet and its hops.
pub fn lines(hops: &Hops) -> Vec<String> {
    let mut lines = head(hops);
    lines.push(String::new());
    lines.extend(time_line(hops));
    lines.push(String::new());
    lines.extend(ending(hops));
    lines
}

fn head(hops: &Hops) -> Vec<String> {
    let mut lines = Vec::new();
    let tokens = |trace: &PacketTrace| trace.packet.as_ref().and_then(Tokens::of);
    if let Some(first) = tokens(&hops.first) {
        let last = tokens(hops.last());
        let last = last.as_ref().unwrap_or(&first);
        let receiver = last.forward().map(|forward| forward.receiver);
        let receiver = receiver.unwrap_or_else(|| last.receiver.clone());
        let text = format!("{} from {} to {receiver}", first.amount(), first.sender);
        lines.extend(wrapped(&text, 0, INDENT));
    }
    for trace in hops.traces() {
        let text = format!("{} -> {}, packet #{}", trace.src, trace.dst, trace.sequence);
        lines.extend(wrapped(&text, 0, INDENT));
    }
    lines
}

fn time_line(hops: &Hops) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last_tx = None;
    let steps = hops.steps();
    let all: Vec<&Step> = steps.iter().map(|(_, step)| *step).collect();
    for (index, (hop, step)) in steps.iter().enumerate() {
        let Some(title) = title(hops, *hop, step) else {
            continue;
        };
        let place = match &step.place {
            Ok(place) => place_text(place, since_last(&all, index)),
            Err(missing) => missing_text(missing),
        };
        lines.extend(wrapped(&format!("{title}: {place}"), 0, INDENT));
        let Ok(place) = &step.place else { continue };
        let tx = place.tx.as_ref();
        lines.extend(match tx {
            Some(tx) if last_tx == Some(tx.hash) => detail("in the same tx"),
            Some(tx) => tx_lines(tx, step.kind == StepKind::Sent),
            None => detail("not in a tx: done by the chain in begin-block or end-block"),
        });
        last_tx = tx.map(|tx| tx.hash);
        for tx in &place.competing_txs {
            let why = match tx.code {
                0 => "without effect, because the step was already done",
                _ => "which failed",
            };
            lines.extend(detail(&format!("also tried, {why}:")));
            lines.extend(tx_lines(tx, false));
        }
    }
    lines
}

/// What a step is to the sender; `None` if the step before says it.
pub fn title(hops: &Hops, hop: usize, step: &Step) -> Option<String> {
    let trace = hops.traces().nth(hop)?;
    let cause = hop.checked_sub(1).and_then(|at| hops.next.get(at));
    let is_first = cause.is_none();
    let is_transfer = trace.packet.as_ref().and_then(Tokens::of).is_some();
    let (src, dst) = (&trace.src.chain, &trace.dst.chain);
    let title = match &step.kind {
        StepKind::Sent => match cause.map(|hop| hop.cause) {
            None => format!("Sent from {src}"),
            Some(Cause::Forwarded) => format!("Sent on from {src} to {dst}"),
            Some(Cause::SentAgain) => format!("Sent again from {src} to {dst}"),
        },
        StepKind::ClientUpdated {
            client_id,
            of,
            consensus_height,
        } => format!(
            "{client_id} on {} has height {consensus_height} of {of}",
            step.chain
        ),
        StepKind::Received => format!("Arrived on {dst}"),
        StepKind::AckWritten(Some(Ack::Error(reason))) => match hops.next.get(hop) {
            Some(_) => format!("Sent back by {dst}: {}", quoted(reason)),
            None => format!("Refused by {dst}: {}", quoted(reason)),
        },
        StepKind::AckWritten(_) if is_same_tx(trace) => return None,
        StepKind::AckWritten(_) => format!("Answered by {dst}"),
        StepKind::Acknowledged if matches!(trace.ack(), Some(Ack::Error(_))) => {
            match (is_transfer, is_first) {
                (true, true) => format!("Returned to you on {src}"),
                (true, false) => format!("Returned to {src}"),
                (false, _) => format!("Refusal confirmed on {src}"),
            }
        }
        StepKind::Acknowledged => format!("Confirmed on {src}"),
        StepKind::TimedOut => match (is_transfer, is_first) {
            (true, true) => format!("Timed out, returned to you on {src}"),
            (true, false) => format!("Timed out, returned to {src}"),
            (false, _) => format!("Timed out on {src}"),
        },
        StepKind::Settled => format!("Confirmed or returned on {src}"),
    };
    Some(title)
}

/// Whether the destination answered the packet at once.
fn is_same_tx(trace: &PacketTrace) -> bool {
    let received = trace.step(|kind| *kind == StepKind::Received);
    let written = trace.step(|kind| matches!(kind, StepKind::AckWritten(_)));
    match (
        received.map(|step| &step.place),
        written.map(|step| &step.place),
    ) {
        (Some(Ok(received)), Some(Ok(written))) => {
            let hash = |place: &Place| place.tx.as_ref().map(|tx| tx.hash);
            received.height == written.height && hash(received) == hash(written)
        }
        _ => false,
    }
}

fn detail(text: &str) -> Vec<String> {
    wrapped(text, INDENT, INDENT)
}

fn place_text(place: &Place, (seconds, blocks): (Option<f64>, Option<u64>)) -> String {
    let mut text = format!("block {}, {}", place.height, rfc3339_millis(place.time));
    if let Some(seconds) = seconds {
        text += &format!(", {seconds:+.1} s");
    }
    if let Some(blocks) = blocks.filter(|blocks| *blocks > 0) {
        text += &format!(", +{}", counted(blocks, "block"));
    }
    text
}

fn missing_text(missing: &Missing) -> String {
    let place = match missing.height {
        Some(height) => format!("block {height}"),
        None => "unknown block".to_owned(),
    };
    format!("{place}, details not known: {}", missing.why)
}

fn tx_lines(tx: &Tx, is_send: bool) -> Vec<String> {
    let signer = tx.signer.as_deref().unwrap_or("an unknown account");
    let by = if is_send { "by" } else { "relayed by" };
    let outcome = match tx.code {
        0 => String::new(),
        code => format!(", failed with code {code}: {}", quoted(&tx.log)),
    };
    let details = format!(
        "{}, gas {} of {}{outcome}",
        counted(tx.messages as u64, "message"),
        tx.gas_used,
        tx.gas_wanted
    );
    let lines = [format!("tx {}", tx.hash), format!("{by} {signer}"), details];
    lines.iter().flat_map(|line| detail(line)).collect()
}

/// What became of it, and what comes next.
fn ending(hops: &Hops) -> Vec<String> {
    let mut lines = wrapped(&outcome_text(hops), 0, 0);
    let mut add = |text: String| lines.extend(wrapped(&text, 0, INDENT));
    if let Some(unfollowed) = &hops.unfollowed {
        add(unfollowed_text(unfollowed));
    }
    let Some((trace, wait)) = hops.waits() else {
        return lines;
    };
    // What is not followed waits elsewhere.
    if wait != Wait::AckNotWritten || hops.unfollowed.is_none() {
        add(format!("Waiting {}", waits(trace, wait)));
    }
    for waiting in waiting_for_hop(hops) {
        add(format!(
            "{} confirms packet #{} to {} only when the next hop is done",
            waiting.dst.chain, waiting.sequence, waiting.src.chain
        ));
    }
    match &trace.waits_in_daemon {
        Some(wait) => add(format!("In the running daemon: {wait}")),
        None => {
            let commands = relay_commands(hops);
            if !commands.is_empty() {
                let commands = commands.iter().map(|command| format!("`{command}`"));
                let commands: Vec<_> = commands.collect();
                add(format!("To relay it, run {}", commands.join(" or ")));
            }
        }
    }
    lines
}

/// Packets whose acknowledgement waits for a later hop.
pub fn waiting_for_hop(hops: &Hops) -> impl Iterator<Item = &PacketTrace> {
    let with_next = hops.next.len() + usize::from(hops.unfollowed.is_some());
    let waits = |trace: &&PacketTrace| trace.state == State::Waits(Wait::AckNotWritten);
    hops.traces().take(with_next).filter(waits)
}

/// What became of the packet, in one sentence.
pub fn outcome_text(hops: &Hops) -> String {
    let first = &hops.first;
    let tokens = first.packet.as_ref().and_then(Tokens::of);
    let yours = tokens.map(|tokens| format!("your {}", tokens.amount()));
    match outcome(hops) {
        Outcome::Arrived { at, is_confirmed } => match (is_confirmed, first.round_trip()) {
            (true, Some((seconds, blocks))) => format!(
                "Arrived on {at} and confirmed, {seconds:.1} s and {} after it was sent",
                counted(blocks, "block")
            ),
            (true, None) => format!("Arrived on {at} and confirmed"),
            (false, _) => format!("Arrived on {at}"),
        },
        Outcome::Refused { by, reason, refund } => {
            let by = by.map_or_else(|| "a chain further on".to_owned(), |by| by.to_string());
            let refund = refund_text(yours, &refund);
            format!("Arrived but refused by {by}: {}{refund}", quoted(&reason))
        }
        Outcome::TimedOut { at, refund } => {
            format!("Not arrived on {at} in time{}", refund_text(yours, &refund))
        }
        Outcome::Unknown => {
            "Ended: confirmed or returned, but the blocks that say which are gone".to_owned()
        }
        Outcome::Underway => match first.step(|kind| *kind == StepKind::Received) {
            Some(_) if hops.unfollowed.is_some() => "Arrived, and sent on".to_owned(),
            _ => "On its way".to_owned(),
        },
    }
}

/// Where the tokens are, as the end of a sentence; empty for packets of another kind.
fn refund_text(yours: Option<String>, refund: &Refund) -> String {
    let Some(yours) = yours else {
        return String::new();
    };
    match refund {
        Refund::Returned { chain, to, tx } => {
            let to = to
                .as_ref()
                .map(|to| format!(" to {to}"))
                .unwrap_or_default();
            let tx = tx.map(|hash| format!(" in tx {hash}")).unwrap_or_default();
            format!("; {yours} came back{to} on {chain}{tx}")
        }
        Refund::Returning { chain } => {
            format!("; {yours} will come back on {chain} once it learns of that")
        }
        Refund::Kept { chain } => format!("; {yours} stayed on {chain}"),
    }
}

pub fn unfollowed_text(unfollowed: &Unfollowed) -> String {
    match unfollowed {
        Unfollowed::NotConfigured { src, sequence, dst } => format!(
            "It went on as packet #{sequence} over {src} to {dst}, which is not configured: \
             add a [[chain]] section to follow it there"
        ),
        Unfollowed::NoAnswer { src, sequence, why } => format!(
            "It went on as packet #{sequence} over {src}, which cannot be followed now: {}",
            quoted(why)
        ),
        Unfollowed::BlockMissing { chain } => {
            format!("It was to be sent on from {chain}, but the block that says how cannot be read")
        }
        Unfollowed::TooMany => {
            "It went on, but its way has too many hops to be followed further".to_owned()
        }
    }
}

/// What a packet waits for, as text that follows "waiting".
pub fn waits(trace: &PacketTrace, wait: Wait) -> String {
    let (src, dst) = (&trace.src.chain, &trace.dst.chain);
    match wait {
        Wait::Recv => {
            let until = trace.packet.as_ref().and_then(timeout);
            let until = until.map(|until| format!(" before {until}"));
            format!("to be received on {dst}{}", until.unwrap_or_default())
        }
        Wait::Timeout => {
            format!("for the timeout on {src}: the packet was not received on {dst} in time")
        }
        Wait::AckNotWritten => {
            format!("for the application on {dst} to write the acknowledgement")
        }
        Wait::Ack => format!("for the acknowledgement to be relayed to {src}"),
    }
}

/// The commands that relay what everything waits for; none if a relayer cannot help.
fn relay_commands(hops: &Hops) -> Vec<String> {
    match hops.waits() {
        Some((trace, wait)) => trace_commands(trace, wait),
        None => vec![],
    }
}

/// The commands that relay a packet; none if a relayer cannot help.
pub fn trace_commands(trace: &PacketTrace, wait: Wait) -> Vec<String> {
    let end = &trace.src;
    match wait {
        Wait::AckNotWritten => vec![],
        Wait::Recv | Wait::Timeout | Wait::Ack => vec![
            "tern start".to_owned(),
            clear_command(end.chain.as_str(), &end.channel_id, &end.port_id),
        ],
    }
}

fn timeout(packet: &Packet) -> Option<String> {
    let Timeout {
        height,
        timestamp_ns,
    } = packet.timeout;
    let height = (!height.is_zero()).then(|| format!("block {}", height.height));
    let time = match timestamp_ns {
        0 => None,
        time => Some(rfc3339_millis(BlockTime(time))),
    };
    let both: Vec<String> = height.into_iter().chain(time).collect();
    (!both.is_empty()).then(|| both.join(" and before "))
}

#[cfg(test)]
mod tests;
