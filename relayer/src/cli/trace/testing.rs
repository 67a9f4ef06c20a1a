//! Stories made by hand.

use tern_chains::{BlockTime, ChainId};
use tern_core::ledger::ChannelKey;

use super::story::{Missing, Place, State, Step, Story, Wait, What};

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
        rivals: vec![],
    }
}

pub fn story(steps: Vec<(What, &str, Result<Place, Missing>)>) -> Story {
    let step = |(what, chain, place)| Step {
        what,
        chain: ChainId::from_string(chain),
        place,
    };
    Story {
        src: end("akash-a"),
        dst: end("kava-a"),
        sequence: 7.into(),
        packet: None,
        steps: steps.into_iter().map(step).collect(),
        state: State::Waits(Wait::Recv),
    }
}
