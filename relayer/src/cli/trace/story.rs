//! What happened to one packet, step by step (pure).

use tern_chains::{BlockTime, ChainId, ClientId, Packet, Sequence, TxHash};
use tern_core::ledger::ChannelKey;

use crate::cli::ack::Ack;

/// A packet's way, as far as the chains tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    pub src: ChannelKey,
    pub dst: ChannelKey,
    pub sequence: Sequence,
    /// Data and timeouts, if a block that has them could be read.
    pub packet: Option<Packet>,
    /// In the order of the protocol.
    pub steps: Vec<Step>,
    pub state: State,
}

/// Something that happened to the packet, or for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub what: What,
    pub chain: ChainId,
    pub place: Result<Place, Missing>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Sent,
    /// The client has got the consensus state the next step's proof is checked
    /// against.
    ClientUpdated {
        client_id: ClientId,
        of: ChainId,
        consensus_height: u64,
    },
    Received,
    /// `None`: it is not known what it says.
    AckWritten(Option<Ack>),
    Acknowledged,
    TimedOut,
    /// Acknowledged or timed out: the chain has forgotten the packet, and the
    /// block that says which cannot be read.
    Settled,
}

/// Where a step happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub height: u64,
    pub time: BlockTime,
    /// `None` outside of transactions: begin- or end-block.
    pub tx: Option<Tx>,
    /// Other transactions of the block that tried the same.
    pub rivals: Vec<Tx>,
}

/// A transaction and how it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Tx {
    pub hash: TxHash,
    pub signer: Option<String>,
    pub messages: usize,
    /// 0 is success.
    pub code: u32,
    pub log: String,
    pub gas_used: u64,
    pub gas_wanted: u64,
}

/// A step that happened, and cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its block, if that much is known.
    pub height: Option<u64>,
    pub why: String,
}

/// Where the packet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `None`: it is not known what the acknowledgement says.
    Acknowledged(Option<Ack>),
    TimedOut,
    /// Done, and the block that says how cannot be read.
    Settled,
    Waits(Wait),
}

/// What a packet under way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// To be received.
    Recv,
    /// It was not received in time: for the proof of that on the source.
    Timeout,
    /// For the application on the destination, which takes its time.
    AckNotWritten,
    /// For the acknowledgement to be brought to the source.
    Ack,
}

impl Story {
    /// Seconds and blocks from a step back to the nearest one before it whose
    /// place is known: blocks only on the same chain.
    pub fn since_last(&self, index: usize) -> (Option<f64>, Option<u64>) {
        let Some(Ok(place)) = self.steps.get(index).map(|step| &step.place) else {
            return (None, None);
        };
        let chain = &self.steps[index].chain;
        let before = || {
            let steps = self.steps[..index].iter().rev();
            steps.filter_map(|step| Some((&step.chain, step.place.as_ref().ok()?)))
        };
        let seconds = before()
            .next()
            .map(|(_, last)| seconds(last.time, place.time));
        let blocks = before()
            .find(|(of, _)| *of == chain)
            .map(|(_, last)| place.height.saturating_sub(last.height));
        (seconds, blocks)
    }

    /// Whether nothing more can happen to the packet.
    pub fn is_done(&self) -> bool {
        !matches!(self.state, State::Waits(_))
    }

    /// Seconds and source blocks from the send to the end.
    pub fn round_trip(&self) -> Option<(f64, u64)> {
        let first = self.steps.first()?.place.as_ref().ok()?;
        let last = self.steps.last()?.place.as_ref().ok()?;
        let blocks = last.height.saturating_sub(first.height);
        Some((seconds(first.time, last.time), blocks))
    }
}

/// To the millisecond. Clocks of two chains may differ: it can be less than
/// nothing.
fn seconds(from: BlockTime, to: BlockTime) -> f64 {
    let nanoseconds = i128::from(to.0) - i128::from(from.0);
    (nanoseconds / 1_000_000) as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::super::testing::{place, story};
    use super::*;

    #[test]
    fn times_are_from_step_to_step_and_blocks_on_the_same_chain() {
        let story = story(vec![
            (What::Sent, "akash-a", Ok(place(101, 10.0))),
            (What::Received, "kava-a", Ok(place(548, 12.5))),
            (What::AckWritten(None), "kava-a", Ok(place(549, 13.0))),
            (What::Acknowledged, "akash-a", Ok(place(104, 14.0))),
        ]);
        let between: Vec<_> = (0..4).map(|index| story.since_last(index)).collect();
        assert_eq!(
            between,
            [
                (None, None),
                (Some(2.5), None),
                (Some(0.5), Some(1)),
                (Some(1.0), Some(3)),
            ]
        );
        assert_eq!(story.round_trip(), Some((4.0, 3)));
    }

    #[test]
    fn a_step_that_cannot_be_told_is_stepped_over() {
        let missing = Missing {
            height: None,
            why: "pruned".to_owned(),
        };
        let story = story(vec![
            (What::Sent, "akash-a", Ok(place(101, 10.0))),
            (What::Received, "kava-a", Err(missing)),
            (What::Acknowledged, "akash-a", Ok(place(104, 14.0))),
        ]);
        assert_eq!(story.since_last(1), (None, None));
        assert_eq!(story.since_last(2), (Some(4.0), Some(3)));
    }
}
