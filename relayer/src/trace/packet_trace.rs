//! The steps of one packet and its state (pure).

use tern::engine::status::PacketWait;
use tern_chains::{BlockTime, ChainId, ClientId, Packet, Sequence, TxHash};
use tern_core::ledger::ChannelKey;

use crate::ack::Ack;

/// The steps of a packet, as far as the chains can show them.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketTrace {
    pub src: ChannelKey,
    pub dst: ChannelKey,
    pub sequence: Sequence,
    /// Data and timeouts; `None` if no block that has them could be read.
    pub packet: Option<Packet>,
    /// In the order of the protocol.
    pub steps: Vec<Step>,
    /// Packets that the application sent for the message that brought this one or timed
    /// it out.
    pub caused: Vec<Packet>,
    pub state: State,
    /// What a pending packet waits for in the daemon of this home folder, if there is
    /// one.
    pub waits_in_daemon: Option<PacketWait>,
}

/// An event of the packet, or a client update for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub kind: StepKind,
    pub chain: ChainId,
    pub place: Result<Place, Missing>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    Sent,
    /// The client received the consensus state that the proof of the next step is
    /// checked against.
    ClientUpdated {
        client_id: ClientId,
        of: ChainId,
        consensus_height: u64,
    },
    Received,
    /// `None`: the result is not known.
    AckWritten(Option<Ack>),
    Acknowledged,
    TimedOut,
    /// Acknowledged or timed out: the commitment is deleted, and the block that
    /// says which cannot be read.
    Settled,
}

/// The block and the transaction of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub height: u64,
    pub time: BlockTime,
    /// `None` for an event of begin-block or end-block.
    pub tx: Option<Tx>,
    /// Other transactions of the block with a message for the same step.
    pub competing_txs: Vec<Tx>,
}

/// A transaction and its outcome.
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

/// A step whose block or event cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The height of its block, if known.
    pub height: Option<u64>,
    pub why: String,
}

/// The state of the packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `None`: the result in the acknowledgement is not known.
    Acknowledged(Option<Ack>),
    TimedOut,
    /// Acknowledged or timed out; the block that says which cannot be read.
    Settled,
    Waits(Wait),
}

/// What a pending packet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The packet must be received.
    Recv,
    /// The packet was not received in time: the timeout must be relayed to the source.
    Timeout,
    /// The application on the destination must write the acknowledgement.
    AckNotWritten,
    /// The acknowledgement must be relayed to the source.
    Ack,
}

impl PacketTrace {
    /// Seconds and blocks between a step and the nearest earlier step with a known
    /// place. Blocks are counted between steps on the same chain only.
    pub fn since_last(&self, index: usize) -> (Option<f64>, Option<u64>) {
        let steps: Vec<&Step> = self.steps.iter().collect();
        since_last(&steps, index)
    }

    /// The step of this kind.
    pub fn step(&self, is_wanted: impl Fn(&StepKind) -> bool) -> Option<&Step> {
        self.steps.iter().find(|step| is_wanted(&step.kind))
    }

    /// The result in the acknowledgement, if one is written and known.
    pub fn ack(&self) -> Option<&Ack> {
        let written = self.steps.iter().find_map(|step| match &step.kind {
            StepKind::AckWritten(ack) => ack.as_ref(),
            _ => None,
        });
        written.or(match &self.state {
            State::Acknowledged(ack) => ack.as_ref(),
            _ => None,
        })
    }

    /// Whether the packet is acknowledged or timed out.
    pub fn is_done(&self) -> bool {
        !matches!(self.state, State::Waits(_))
    }

    /// Seconds and source blocks from the first step to the last.
    pub fn round_trip(&self) -> Option<(f64, u64)> {
        let first = self.steps.first()?.place.as_ref().ok()?;
        let last = self.steps.last()?.place.as_ref().ok()?;
        let blocks = last.height.saturating_sub(first.height);
        Some((seconds(first.time, last.time), blocks))
    }
}

/// Seconds and blocks between a step and the nearest step before it with a known place.
/// Blocks are counted between steps on the same chain only.
pub fn since_last(steps: &[&Step], index: usize) -> (Option<f64>, Option<u64>) {
    let Some(Ok(place)) = steps.get(index).map(|step| &step.place) else {
        return (None, None);
    };
    let chain = &steps[index].chain;
    let before = || {
        let steps = steps[..index].iter().rev();
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

/// Seconds with milliseconds. They can be negative, because the clocks of two
/// chains may differ.
fn seconds(from: BlockTime, to: BlockTime) -> f64 {
    let nanoseconds = i128::from(to.0) - i128::from(from.0);
    (nanoseconds / 1_000_000) as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::super::testing::{place, trace};
    use super::*;

    #[test]
    fn seconds_count_between_steps_and_blocks_on_the_same_chain() {
        let trace = trace(vec![
            (StepKind::Sent, "akash-a", Ok(place(101, 10.0))),
            (StepKind::Received, "kava-a", Ok(place(548, 12.5))),
            (StepKind::AckWritten(None), "kava-a", Ok(place(549, 13.0))),
            (StepKind::Acknowledged, "akash-a", Ok(place(104, 14.0))),
        ]);
        let since_last: Vec<_> = (0..4).map(|index| trace.since_last(index)).collect();
        assert_eq!(
            since_last,
            [
                (None, None),
                (Some(2.5), None),
                (Some(0.5), Some(1)),
                (Some(1.0), Some(3)),
            ]
        );
        assert_eq!(trace.round_trip(), Some((4.0, 3)));
    }

    #[test]
    fn a_step_with_an_unknown_place_is_skipped() {
        let missing = Missing {
            height: None,
            why: "pruned".to_owned(),
        };
        let trace = trace(vec![
            (StepKind::Sent, "akash-a", Ok(place(101, 10.0))),
            (StepKind::Received, "kava-a", Err(missing)),
            (StepKind::Acknowledged, "akash-a", Ok(place(104, 14.0))),
        ]);
        assert_eq!(trace.since_last(1), (None, None));
        assert_eq!(trace.since_last(2), (Some(4.0), Some(3)));
    }
}
