//! A packet trace as text and as JSON.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{json, Value};
use tern_chains::{BlockTime, Packet, Timeout};

use super::packet_trace::{Missing, PacketTrace, Place, State, Step, StepKind, Tx, Wait};
use crate::cli::ack::Ack;
use crate::cli::path::{end_json, PathArgs};
use crate::output;

/// Width of the column with the names of the steps.
const NAME_CHARS: usize = 16;

pub fn text(trace: &PacketTrace, path: &PathArgs) -> anyhow::Result<()> {
    output::line(lines(trace, path).join("\n"))
}

pub fn json(trace: &PacketTrace, path: &PathArgs) -> anyhow::Result<()> {
    let steps = trace.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| step_json(step, trace.since_last(index)));
    let mut document = json!({
        "src": end_json(&trace.src),
        "dst": end_json(&trace.dst),
        "sequence": trace.sequence,
        "steps": steps.collect::<Vec<_>>(),
        "state": state_name(&trace.state),
    });
    if let Some(packet) = &trace.packet {
        let Timeout {
            height,
            timestamp_ns,
        } = packet.timeout;
        let height = (!height.is_zero()).then(|| height.to_string());
        document["timeout_height"] = json!(height);
        document["timeout_time"] = match timestamp_ns {
            0 => Value::Null,
            time => json!(clock(BlockTime(time))),
        };
        document["data"] = match serde_json::from_slice::<Value>(packet.data()) {
            Ok(data) => data,
            Err(_) => json!(hex::encode(packet.data())),
        };
    }
    if let State::Acknowledged(Some(ack)) = &trace.state {
        document["ack"] = ack_json(ack);
    }
    if let Some((seconds, blocks)) = trace.round_trip().filter(|_| trace.is_done()) {
        document["seconds"] = json!(seconds);
        document["blocks"] = json!(blocks);
    }
    if let State::Waits(wait) = trace.state {
        document["waits_for"] = json!(waits(trace, wait));
        document["carried_by"] = json!(relay_commands(wait, path));
        if let Some(wait) = &trace.waits_in_daemon {
            document["waits_in_daemon_for"] = json!(wait.to_string());
        }
    }
    output::json(&document)
}

fn lines(trace: &PacketTrace, path: &PathArgs) -> Vec<String> {
    let mut lines = vec![format!(
        "{} -> {}, packet #{}",
        trace.src, trace.dst, trace.sequence
    )];
    lines.extend(trace.packet.as_ref().and_then(tokens));
    lines.push(String::new());
    let mut last_tx = None;
    for (index, step) in trace.steps.iter().enumerate() {
        let (name, step_details) = name_and_details(&step.kind);
        let (place, known_place) = match &step.place {
            Ok(place) => (
                place_text(step, place, trace.since_last(index)),
                Some(place),
            ),
            Err(missing) => (missing_text(step, missing), None),
        };
        lines.push(format!("{name:NAME_CHARS$}{place}{step_details}"));
        let Some(place) = known_place else { continue };
        let tx = place.tx.as_ref();
        let tx_line = match tx {
            Some(tx) if last_tx == Some(tx.hash) => "in the same tx".to_owned(),
            Some(tx) => tx_text(tx),
            None => "not in a tx: done by the chain in begin-block or end-block".to_owned(),
        };
        lines.push(format!("{:NAME_CHARS$}{tx_line}", ""));
        last_tx = tx.map(|tx| tx.hash);
        lines.extend(place.competing_txs.iter().map(competing_tx_text));
    }
    lines.push(String::new());
    lines.extend(ending(trace, path));
    lines
}

/// The content of an ICS-20 packet.
fn tokens(packet: &Packet) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokens {
        amount: String,
        denom: String,
        sender: String,
        receiver: String,
    }
    let tokens: Tokens = serde_json::from_slice(packet.data()).ok()?;
    let Tokens {
        amount,
        denom,
        sender,
        receiver,
    } = tokens;
    Some(format!("{amount} {denom} from {sender} to {receiver}"))
}

/// The name and the details of a step.
fn name_and_details(kind: &StepKind) -> (&'static str, String) {
    match kind {
        StepKind::Sent => ("sent", String::new()),
        StepKind::ClientUpdated {
            client_id,
            of,
            consensus_height,
        } => {
            let details = format!(": {client_id} has height {consensus_height} of {of}");
            ("client updated", details)
        }
        StepKind::Received => ("received", String::new()),
        StepKind::AckWritten(None) => ("ack written", String::new()),
        StepKind::AckWritten(Some(Ack::Success)) => ("ack written", ": success".to_owned()),
        StepKind::AckWritten(Some(Ack::Error(text))) => ("ack written", format!(": error: {text}")),
        StepKind::Acknowledged => ("acknowledged", String::new()),
        StepKind::TimedOut => ("timed out", String::new()),
        StepKind::Settled => ("settled", ": acknowledged or timed out".to_owned()),
    }
}

fn place_text(step: &Step, place: &Place, since: (Option<f64>, Option<u64>)) -> String {
    let mut text = format!("block {} of {}", place.height, step.chain);
    match since {
        (None, _) => text += &format!(", {}", clock(place.time)),
        (Some(seconds), blocks) => {
            text += &format!(", {seconds:+.1} s");
            if let Some(blocks) = blocks.filter(|blocks| *blocks > 0) {
                text += &format!(", +{}", counted(blocks, "block"));
            }
        }
    }
    text
}

fn missing_text(step: &Step, missing: &Missing) -> String {
    let place = match missing.height {
        Some(height) => format!("block {height} of {}", step.chain),
        None => format!("unknown block of {}", step.chain),
    };
    format!("{place}, details not known: {}", missing.why)
}

fn tx_text(tx: &Tx) -> String {
    let signer = tx.signer.as_deref().unwrap_or("an unknown account");
    let outcome = match tx.code {
        0 => String::new(),
        code => format!(", failed with code {code}: {}", tx.log),
    };
    format!(
        "tx {} by {signer}, {}, gas {} of {}{outcome}",
        tx.hash,
        counted(tx.messages as u64, "message"),
        tx.gas_used,
        tx.gas_wanted
    )
}

fn competing_tx_text(tx: &Tx) -> String {
    let why = match tx.code {
        0 => " (without effect, the step was already done)",
        _ => "",
    };
    format!("{:NAME_CHARS$}also tried: {}{why}", "", tx_text(tx))
}

fn ending(trace: &PacketTrace, path: &PathArgs) -> Vec<String> {
    let duration = match trace.round_trip() {
        Some((seconds, blocks)) => format!(
            ", {seconds:.1} s and {} after the send",
            counted(blocks, "block")
        ),
        None => String::new(),
    };
    match &trace.state {
        State::Acknowledged(Some(Ack::Success)) => {
            vec![format!("done: acknowledged with success{duration}")]
        }
        State::Acknowledged(Some(Ack::Error(text))) => {
            vec![format!(
                "done: refused by {}{duration}: {text}",
                trace.dst.chain
            )]
        }
        State::Acknowledged(None) => vec![format!("done: acknowledged{duration}")],
        State::TimedOut => vec![format!("done: timed out{duration}")],
        State::Settled => vec!["done: acknowledged or timed out".to_owned()],
        State::Waits(wait) => {
            let mut lines = vec![format!("pending: waiting {}", waits(trace, *wait))];
            if let Some(wait) = &trace.waits_in_daemon {
                lines.push(format!("in the running daemon: {wait}"));
                return lines;
            }
            let relay_commands = relay_commands(*wait, path);
            if !relay_commands.is_empty() {
                let commands = relay_commands.iter().map(|command| format!("`{command}`"));
                let commands: Vec<_> = commands.collect();
                lines.push(format!("to relay it, run {}", commands.join(" or ")));
            }
            lines
        }
    }
}

/// What a packet waits for, as text that follows "waiting".
fn waits(trace: &PacketTrace, wait: Wait) -> String {
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

/// The commands that relay the packet; none if a relayer cannot help.
fn relay_commands(wait: Wait, path: &PathArgs) -> Vec<String> {
    match wait {
        Wait::AckNotWritten => vec![],
        Wait::Recv | Wait::Timeout | Wait::Ack => {
            vec!["tern start".to_owned(), path.clear_command()]
        }
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
        time => Some(clock(BlockTime(time))),
    };
    let both: Vec<String> = height.into_iter().chain(time).collect();
    (!both.is_empty()).then(|| both.join(" and before "))
}

fn step_json(step: &Step, (seconds, blocks): (Option<f64>, Option<u64>)) -> Value {
    let mut document = json!({ "step": step_name(&step.kind), "chain_id": step.chain.as_str() });
    match &step.kind {
        StepKind::ClientUpdated {
            client_id,
            consensus_height,
            ..
        } => {
            document["client_id"] = json!(client_id.as_str());
            document["consensus_height"] = json!(consensus_height);
        }
        StepKind::AckWritten(Some(ack)) => document["ack"] = ack_json(ack),
        _ => {}
    }
    match &step.place {
        Ok(place) => {
            document["height"] = json!(place.height);
            document["time"] = json!(clock(place.time));
            document["seconds_since_last"] = json!(seconds);
            document["blocks_since_last"] = json!(blocks);
            document["tx"] = json!(place.tx.as_ref().map(tx_json));
            if !place.competing_txs.is_empty() {
                let txs = place.competing_txs.iter().map(tx_json);
                document["rivals"] = txs.collect();
            }
        }
        Err(missing) => {
            document["height"] = json!(missing.height);
            document["missing"] = json!(missing.why);
        }
    }
    document
}

fn tx_json(tx: &Tx) -> Value {
    json!({
        "hash": tx.hash.to_string(),
        "signer": tx.signer,
        "messages": tx.messages,
        "code": tx.code,
        "log": tx.log,
        "gas_used": tx.gas_used,
        "gas_wanted": tx.gas_wanted,
    })
}

fn ack_json(ack: &Ack) -> Value {
    match ack {
        Ack::Success => json!({ "success": true }),
        Ack::Error(text) => json!({ "success": false, "error": text }),
    }
}

fn step_name(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Sent => "sent",
        StepKind::ClientUpdated { .. } => "client_updated",
        StepKind::Received => "received",
        StepKind::AckWritten(_) => "ack_written",
        StepKind::Acknowledged => "acknowledged",
        StepKind::TimedOut => "timed_out",
        StepKind::Settled => "settled",
    }
}

fn state_name(state: &State) -> &'static str {
    match state {
        State::Acknowledged(_) => "acknowledged",
        State::TimedOut => "timed_out",
        State::Settled => "settled",
        State::Waits(Wait::Recv) => "waits_for_recv",
        State::Waits(Wait::Timeout) => "waits_for_timeout",
        State::Waits(Wait::AckNotWritten) => "waits_for_application",
        State::Waits(Wait::Ack) => "waits_for_ack",
    }
}

fn clock(time: BlockTime) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time.0);
    humantime::format_rfc3339_millis(time).to_string()
}

fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
