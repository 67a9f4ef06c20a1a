//! Traces and packets for tests.

use tern_chains::{
    BlockTime, Body, ChainId, ChannelId, End, Packet, PortId, Timeout, TxHash, TxOutcome,
};
use tern_core::ledger::ChannelKey;

use super::packet_trace::{Missing, PacketTrace, Place, State, Step, StepKind, Tx, Wait};

pub fn end(chain: &str) -> ChannelKey {
    ChannelKey {
        chain: ChainId::from_string(chain),
        port_id: "transfer".parse().unwrap(),
        channel_id: "channel-0".parse().unwrap(),
    }
}

pub fn place(height: u64, seconds: f64) -> Place {
    Place {
        height,
        time: BlockTime((seconds * 1e9) as u64),
        tx: None,
        competing_txs: vec![],
    }
}

/// A place with a transaction of this number.
pub fn place_in_tx(height: u64, seconds: f64, number: u8) -> Place {
    let tx = Tx {
        hash: TxHash([number; 32]),
        signer: Some(format!("signer{number}")),
        messages: 1,
        code: 0,
        log: String::new(),
        gas_used: 7,
        gas_wanted: 9,
    };
    Place {
        tx: Some(tx),
        ..place(height, seconds)
    }
}

pub fn trace(steps: Vec<(StepKind, &str, Result<Place, Missing>)>) -> PacketTrace {
    let step = |(kind, chain, place)| Step {
        kind,
        chain: ChainId::from_string(chain),
        place,
    };
    PacketTrace {
        src: end("akash-a"),
        dst: end("kava-a"),
        sequence: 7.into(),
        packet: None,
        steps: steps.into_iter().map(step).collect(),
        caused: vec![],
        state: State::Waits(Wait::Recv),
        waits_in_daemon: None,
    }
}

/// A packet with 100 of a denom, sent on this channel by `akash1a`.
pub fn transfer(channel: &str, sequence: u64, denom: &str, receiver: &str, memo: &str) -> Packet {
    let channel: ChannelId = channel.parse().unwrap();
    let data = serde_json::json!({
        "amount": "100", "denom": denom, "sender": "akash1a", "receiver": receiver, "memo": memo,
    });
    Packet {
        src: End::channel(&PortId::transfer(), &channel),
        dst: End::channel(&PortId::transfer(), &ChannelId::new(9)),
        sequence: sequence.into(),
        timeout: Timeout::default(),
        body: Body::V1 {
            data: data.to_string().into_bytes(),
        },
    }
}

/// The outcome of the transaction of this number.
pub fn outcome(number: u8, code: u32) -> TxOutcome {
    TxOutcome {
        hash: TxHash([number; 32]),
        code,
        codespace: String::new(),
        log: String::new(),
        message_index: None,
        clients: vec![],
        client_messages: vec![],
        gas_wanted: 9,
        gas_used: 7,
    }
}
