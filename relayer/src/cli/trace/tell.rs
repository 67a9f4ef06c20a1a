//! A story in words and as a document.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{json, Value};
use tern_chains::{BlockTime, Packet, TimeoutHeight};

use super::story::{Missing, Place, State, Step, Story, Tx, Wait, What};
use crate::cli::ack::Ack;
use crate::cli::path::{end_json, PathArgs};
use crate::output;

/// Room for the names of the steps.
const NAME_CHARS: usize = 16;

pub fn text(story: &Story, path: &PathArgs) -> anyhow::Result<()> {
    output::line(lines(story, path).join("\n"))
}

pub fn json(story: &Story, path: &PathArgs) -> anyhow::Result<()> {
    let steps = story.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| step_json(step, story.since_last(index)));
    let mut document = json!({
        "src": end_json(&story.src),
        "dst": end_json(&story.dst),
        "sequence": story.sequence,
        "steps": steps.collect::<Vec<_>>(),
        "state": state_name(&story.state),
    });
    if let Some(packet) = &story.packet {
        document["timeout_height"] = match packet.timeout_height {
            TimeoutHeight::At(height) => json!(height.to_string()),
            TimeoutHeight::Never => Value::Null,
        };
        let timestamp = packet.timeout_timestamp.nanoseconds();
        document["timeout_time"] = match timestamp {
            0 => Value::Null,
            time => json!(clock(BlockTime(time))),
        };
        document["data"] = match serde_json::from_slice::<Value>(&packet.data) {
            Ok(data) => data,
            Err(_) => json!(hex::encode(&packet.data)),
        };
    }
    if let State::Acknowledged(Some(ack)) = &story.state {
        document["ack"] = ack_json(ack);
    }
    if let Some((seconds, blocks)) = story.round_trip().filter(|_| story.is_done()) {
        document["seconds"] = json!(seconds);
        document["blocks"] = json!(blocks);
    }
    if let State::Waits(wait) = story.state {
        document["waits_for"] = json!(waits(story, wait));
        document["carried_by"] = json!(carriers(wait, path));
    }
    output::json(&document)
}

fn lines(story: &Story, path: &PathArgs) -> Vec<String> {
    let mut lines = vec![format!(
        "{} -> {}, packet #{}",
        story.src, story.dst, story.sequence
    )];
    lines.extend(story.packet.as_ref().and_then(tokens));
    lines.push(String::new());
    let mut last_tx = None;
    for (index, step) in story.steps.iter().enumerate() {
        let (name, more) = named(&step.what);
        let (place, details) = match &step.place {
            Ok(place) => (
                told_place(step, place, story.since_last(index)),
                Some(place),
            ),
            Err(missing) => (told_missing(step, missing), None),
        };
        lines.push(format!("{name:NAME_CHARS$}{place}{more}"));
        let Some(place) = details else { continue };
        let tx = place.tx.as_ref();
        let told = match tx {
            Some(tx) if last_tx == Some(tx.hash) => "in the same tx".to_owned(),
            Some(tx) => told_tx(tx),
            None => "in no tx: the chain's own doing".to_owned(),
        };
        lines.push(format!("{:NAME_CHARS$}{told}", ""));
        last_tx = tx.map(|tx| tx.hash);
        lines.extend(place.rivals.iter().map(told_rival));
    }
    lines.push(String::new());
    lines.extend(ending(story, path));
    lines
}

/// What an ICS-20 packet carries.
fn tokens(packet: &Packet) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokens {
        amount: String,
        denom: String,
        sender: String,
        receiver: String,
    }
    let tokens: Tokens = serde_json::from_slice(&packet.data).ok()?;
    let Tokens {
        amount,
        denom,
        sender,
        receiver,
    } = tokens;
    Some(format!("{amount} {denom} from {sender} to {receiver}"))
}

/// A step's name, and what else there is to say of it.
fn named(what: &What) -> (&'static str, String) {
    match what {
        What::Sent => ("sent", String::new()),
        What::ClientUpdated {
            client_id,
            of,
            consensus_height,
        } => {
            let more = format!(": {client_id} has block {consensus_height} of {of}");
            ("client updated", more)
        }
        What::Received => ("received", String::new()),
        What::AckWritten(None) => ("ack written", String::new()),
        What::AckWritten(Some(Ack::Success)) => ("ack written", ": success".to_owned()),
        What::AckWritten(Some(Ack::Error(text))) => ("ack written", format!(": error: {text}")),
        What::Acknowledged => ("acknowledged", String::new()),
        What::TimedOut => ("timed out", String::new()),
        What::Settled => ("settled", ": acknowledged or timed out".to_owned()),
    }
}

fn told_place(step: &Step, place: &Place, since: (Option<f64>, Option<u64>)) -> String {
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

fn told_missing(step: &Step, missing: &Missing) -> String {
    let place = match missing.height {
        Some(height) => format!("block {height} of {}", step.chain),
        None => format!("some block of {}", step.chain),
    };
    format!("{place}, which cannot be told: {}", missing.why)
}

fn told_tx(tx: &Tx) -> String {
    let signer = tx.signer.as_deref().unwrap_or("an unknown account");
    let went = match tx.code {
        0 => String::new(),
        code => format!(", failed with code {code}: {}", tx.log),
    };
    format!(
        "tx {} by {signer}, {}, gas {} of {}{went}",
        tx.hash,
        counted(tx.messages as u64, "message"),
        tx.gas_used,
        tx.gas_wanted
    )
}

fn told_rival(tx: &Tx) -> String {
    let why = match tx.code {
        0 => " (too late, without effect)",
        _ => "",
    };
    format!("{:NAME_CHARS$}tried, too: {}{why}", "", told_tx(tx))
}

fn ending(story: &Story, path: &PathArgs) -> Vec<String> {
    let took = match story.round_trip() {
        Some((seconds, blocks)) => format!(
            ", {seconds:.1} s and {} after the send",
            counted(blocks, "block")
        ),
        None => String::new(),
    };
    match &story.state {
        State::Acknowledged(Some(Ack::Success)) => {
            vec![format!("done: acknowledged as a success{took}")]
        }
        State::Acknowledged(Some(Ack::Error(text))) => {
            vec![format!(
                "done: refused by {}{took}: {text}",
                story.dst.chain
            )]
        }
        State::Acknowledged(None) => vec![format!("done: acknowledged{took}")],
        State::TimedOut => vec![format!("done: timed out{took}")],
        State::Settled => vec!["done: acknowledged or timed out".to_owned()],
        State::Waits(wait) => {
            let mut lines = vec![format!("under way: it waits {}", waits(story, *wait))];
            let carriers = carriers(*wait, path);
            if !carriers.is_empty() {
                let commands = carriers.iter().map(|command| format!("`{command}`"));
                let commands: Vec<_> = commands.collect();
                lines.push(format!("carried by {}", commands.join(" or ")));
            }
            lines
        }
    }
}

/// What a packet waits for, in words that follow "it waits".
fn waits(story: &Story, wait: Wait) -> String {
    let (src, dst) = (&story.src.chain, &story.dst.chain);
    match wait {
        Wait::Recv => {
            let until = story.packet.as_ref().and_then(timeout);
            let until = until.map(|until| format!(" before {until} there"));
            format!("to be received on {dst}{}", until.unwrap_or_default())
        }
        Wait::Timeout => {
            format!("to be timed out on {src}: it was not received on {dst} in time")
        }
        Wait::AckNotWritten => {
            format!("for the application on {dst} to write the acknowledgement")
        }
        Wait::Ack => format!("for its acknowledgement to be brought to {src}"),
    }
}

/// The commands that would carry it; none if no relayer can.
fn carriers(wait: Wait, path: &PathArgs) -> Vec<String> {
    match wait {
        Wait::AckNotWritten => vec![],
        Wait::Recv | Wait::Timeout | Wait::Ack => {
            vec!["tern start".to_owned(), path.clear_command()]
        }
    }
}

fn timeout(packet: &Packet) -> Option<String> {
    let height = match packet.timeout_height {
        TimeoutHeight::At(height) => Some(format!("block {}", height.revision_height())),
        TimeoutHeight::Never => None,
    };
    let time = match packet.timeout_timestamp.nanoseconds() {
        0 => None,
        time => Some(clock(BlockTime(time))),
    };
    let both: Vec<String> = height.into_iter().chain(time).collect();
    (!both.is_empty()).then(|| both.join(" and "))
}

fn step_json(step: &Step, (seconds, blocks): (Option<f64>, Option<u64>)) -> Value {
    let mut document = json!({ "step": step_name(&step.what), "chain_id": step.chain.as_str() });
    match &step.what {
        What::ClientUpdated {
            client_id,
            consensus_height,
            ..
        } => {
            document["client_id"] = json!(client_id.as_str());
            document["consensus_height"] = json!(consensus_height);
        }
        What::AckWritten(Some(ack)) => document["ack"] = ack_json(ack),
        _ => {}
    }
    match &step.place {
        Ok(place) => {
            document["height"] = json!(place.height);
            document["time"] = json!(clock(place.time));
            document["seconds_since_last"] = json!(seconds);
            document["blocks_since_last"] = json!(blocks);
            document["tx"] = json!(place.tx.as_ref().map(tx_json));
            if !place.rivals.is_empty() {
                let rivals = place.rivals.iter().map(tx_json);
                document["rivals"] = rivals.collect();
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

fn step_name(what: &What) -> &'static str {
    match what {
        What::Sent => "sent",
        What::ClientUpdated { .. } => "client_updated",
        What::Received => "received",
        What::AckWritten(_) => "ack_written",
        What::Acknowledged => "acknowledged",
        What::TimedOut => "timed_out",
        What::Settled => "settled",
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

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
