//! Traces for tests.

use tern_chains::{BlockTime, ChainId};
use tern_core::ledger::ChannelKey;

use super::packet_trace::{Missing, PacketTrace, Place, State, Step, StepKind, Wait};

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
        state: State::Waits(Wait::Recv),
        waits_in_daemon: None,
    }
}
