//! The way of a packet as JSON (pure).

use serde_json::{json, Map, Value};
use tern::engine::describe;
use tern::words::rfc3339_millis;
use tern_chains::{BlockTime, Timeout};

use super::by_sender::BySender;
use super::by_tx::TxTrace;
use super::hops::{Cause, Hops, Unfollowed};
use super::outcome::{outcome, Outcome, Refund};
use super::packet_trace::{PacketTrace, State, Step, StepKind, Tx, Wait};
use super::sent::ListedPacket;
use super::text::{outcome_text, trace_commands, unfollowed_text, waits};
use crate::ack::Ack;
use crate::path::end_json;

/// The packet, what became of it, and the packets that were sent because of it.
pub fn document(hops: &Hops) -> Value {
    let mut document = packet(&hops.first);
    let next = hops.next.iter().map(|hop| {
        let cause = match hop.cause {
            Cause::Forwarded => "forwarded",
            Cause::SentAgain => "sent_again",
        };
        let mut document = packet(&hop.trace);
        document["cause"] = json!(cause);
        document
    });
    document["hops"] = next.collect();
    document["outcome"] = outcome_json(hops);
    if let Some(unfollowed) = &hops.unfollowed {
        document["unfollowed"] = unfollowed_json(unfollowed);
    }
    document
}

/// A transaction and the ways of its packets.
pub fn tx_document(trace: &TxTrace) -> Value {
    let packets = trace.packets.iter().map(|packet| {
        let role = packet.role.name();
        match &packet.result {
            Ok(hops) => {
                let mut document = document(hops);
                document["in_tx"] = json!(role);
                document
            }
            Err(error) => json!({
                "in_tx": role, "packet": packet.id.to_string(), "error": error,
            }),
        }
    });
    let unsearched = trace.unsearched.iter();
    json!({
        "tx": {
            "hash": trace.hash.to_string(),
            "chain_id": trace.chain.as_str(),
            "height": trace.height,
        },
        "packets": packets.collect::<Vec<_>>(),
        "packets_left": trace.packets_left,
        "chains_not_searched": unsearched
            .map(|unsearched| unsearched.chain.as_str())
            .collect::<Vec<_>>(),
    })
}

/// The packets of a sender; the first one with its way.
pub fn sender_document(found: &BySender) -> Vec<Value> {
    let mut list: Vec<Value> = found.packets.iter().map(ListedPacket::json).collect();
    if let (Some(newest), Some(first)) = (&found.newest, list.first_mut()) {
        match newest {
            Ok(hops) => first["trace"] = document(hops),
            Err(error) => first["trace_error"] = json!(describe(error)),
        }
    }
    list
}

fn packet(trace: &PacketTrace) -> Value {
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
            time => json!(rfc3339_millis(BlockTime(time))),
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
        document["carried_by"] = json!(trace_commands(trace, wait));
        if let Some(wait) = &trace.waits_in_daemon {
            document["waits_in_daemon_for"] = json!(wait.to_string());
        }
    }
    document
}

fn outcome_json(hops: &Hops) -> Value {
    let mut fields = Map::new();
    let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    let mut add_refund = None;
    match outcome(hops) {
        Outcome::Arrived { at, is_confirmed } => {
            add("result", json!("arrived"));
            add("chain_id", json!(at.as_str()));
            add("confirmed", json!(is_confirmed));
        }
        Outcome::Refused { by, reason, refund } => {
            add("result", json!("refused"));
            add("chain_id", json!(by.as_ref().map(|by| by.as_str())));
            add("reason", json!(reason));
            add_refund = Some(refund);
        }
        Outcome::TimedOut { at, refund } => {
            add("result", json!("timed_out"));
            add("chain_id", json!(at.as_str()));
            add_refund = Some(refund);
        }
        Outcome::Unknown => add("result", json!("unknown")),
        Outcome::Underway => add("result", json!("underway")),
    }
    if let Some(refund) = add_refund {
        add("refund", refund_json(&refund));
    }
    add("text", json!(outcome_text(hops)));
    Value::Object(fields)
}

fn refund_json(refund: &Refund) -> Value {
    match refund {
        Refund::Returned { chain, to, tx } => json!({
            "state": "returned",
            "chain_id": chain.as_str(),
            "receiver": to,
            "tx": tx.map(|hash| hash.to_string()),
        }),
        Refund::Returning { chain } => json!({
            "state": "returning", "chain_id": chain.as_str(),
        }),
        Refund::Kept { chain } => json!({ "state": "kept", "chain_id": chain.as_str() }),
    }
}

fn unfollowed_json(unfollowed: &Unfollowed) -> Value {
    let mut document = json!({ "text": unfollowed_text(unfollowed) });
    match unfollowed {
        Unfollowed::NotConfigured { src, sequence, dst } => {
            document["why"] = json!("not_configured");
            document["src"] = end_json(src);
            document["sequence"] = json!(sequence);
            document["dst_chain_id"] = json!(dst.as_str());
        }
        Unfollowed::NoAnswer { src, sequence, .. } => {
            document["why"] = json!("no_answer");
            document["src"] = end_json(src);
            document["sequence"] = json!(sequence);
        }
        Unfollowed::BlockMissing { .. } => document["why"] = json!("block_missing"),
        Unfollowed::TooMany => document["why"] = json!("too_many_hops"),
    }
    document
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
            document["time"] = json!(rfc3339_millis(place.time));
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
