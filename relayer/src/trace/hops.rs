//! The way of tokens over several chains: each hop is a packet that a chain sent on when
//! it received the one before (packet-forward-middleware), or again when it timed out.
//! Pure.

use tern_chains::{ChainId, Packet};
use tern_core::ledger::ChannelKey;

use super::ics20::{Forward, Tokens};
use super::packet_trace::{PacketTrace, State, Step, StepKind, Wait};

/// Packets of one way that are followed.
pub const HOPS_MAX: usize = 10;

/// A packet and those that were sent because of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hops {
    pub first: PacketTrace,
    /// In the order in which they were sent: each because of the one before.
    pub next: Vec<Hop>,
    /// Why the packet after the last one is not here, if there is one.
    pub unfollowed: Option<Unfollowed>,
}

/// A packet that was sent because of another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub cause: Cause,
    pub trace: PacketTrace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The packet before was received, and its memo says where to go on to.
    Forwarded,
    /// The packet before timed out, and the chain tries again.
    SentAgain,
}

/// Why the way is not followed further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfollowed {
    /// The next packet goes to a chain that is not configured.
    NotConfigured {
        src: ChannelKey,
        sequence: u64,
        dst: ChainId,
    },
    /// A chain on the way does not answer.
    NoAnswer {
        src: ChannelKey,
        sequence: u64,
        why: String,
    },
    /// The block that has the next packet cannot be read.
    BlockMissing { chain: ChainId },
    /// More than [`HOPS_MAX`], or the same packet once more.
    TooMany,
}

/// What comes after a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, as far as it is known by now.
    Nothing,
    /// This packet, sent on this chain.
    Packet {
        cause: Cause,
        chain: ChainId,
        packet: Packet,
    },
    /// One was sent, but the block with it cannot be read.
    Missing { chain: ChainId },
}

impl Hops {
    /// All packets, the first one first.
    pub fn traces(&self) -> impl DoubleEndedIterator<Item = &PacketTrace> {
        std::iter::once(&self.first).chain(self.next.iter().map(|hop| &hop.trace))
    }

    pub fn last(&self) -> &PacketTrace {
        self.next.last().map_or(&self.first, |hop| &hop.trace)
    }

    /// Whether this packet is one of them.
    pub fn has(&self, src: &ChannelKey, sequence: u64) -> bool {
        let mut traces = self.traces();
        traces.any(|trace| trace.src == *src && trace.sequence.as_u64() == sequence)
    }

    /// The packet that everything waits for now, and for what; `None` if all are done.
    /// A packet whose acknowledgement waits for the next hop is not it.
    pub fn waits(&self) -> Option<(&PacketTrace, Wait)> {
        let mut traces = self.traces().rev();
        traces.find_map(|trace| match trace.state {
            State::Waits(wait) => Some((trace, wait)),
            _ => None,
        })
    }

    /// All steps in their causal order: a chain acknowledges a packet that it sent on
    /// after the next hop is done. Each with its packet, counted from 0.
    pub fn steps(&self) -> Vec<(usize, &Step)> {
        let mut steps = Vec::new();
        self.add_steps(0, &mut steps);
        steps
    }

    fn add_steps<'a>(&'a self, index: usize, steps: &mut Vec<(usize, &'a Step)>) {
        let Some(trace) = self.traces().nth(index) else {
            return;
        };
        let cause_of_next = self.next.get(index).map(|hop| hop.cause);
        let received = |step: &Step| step.kind == StepKind::Received;
        let on_way = trace.steps.iter().position(received).map_or(0, |at| at + 1);
        let split = match cause_of_next {
            Some(Cause::Forwarded) => on_way,
            Some(Cause::SentAgain) | None => trace.steps.len(),
        };
        let (before, after) = trace.steps.split_at(split);
        steps.extend(before.iter().map(|step| (index, step)));
        if cause_of_next.is_some() {
            self.add_steps(index + 1, steps);
        }
        steps.extend(after.iter().map(|step| (index, step)));
    }
}

/// The packet that was sent because of this one.
pub fn next(trace: &PacketTrace) -> Next {
    let Some(tokens) = trace.packet.as_ref().and_then(Tokens::of) else {
        return Next::Nothing;
    };
    if trace.state == State::TimedOut {
        let is_again = |sent: &&Packet| is_same_way(sent, trace, &tokens);
        return found(trace, Cause::SentAgain, trace.caused.iter().find(is_again));
    }
    let Some(forward) = tokens.forward() else {
        return Next::Nothing;
    };
    let is_forward = |sent: &&Packet| is_forward(sent, &forward);
    let next = found(
        trace,
        Cause::Forwarded,
        trace.caused.iter().find(is_forward),
    );
    let received = trace.step(|kind| *kind == StepKind::Received);
    match (received.map(|step| &step.place), &next) {
        (Some(Err(_)), Next::Nothing) => Next::Missing {
            chain: trace.dst.chain.clone(),
        },
        _ => next,
    }
}

fn found(trace: &PacketTrace, cause: Cause, packet: Option<&Packet>) -> Next {
    let chain = match cause {
        Cause::Forwarded => &trace.dst.chain,
        Cause::SentAgain => &trace.src.chain,
    };
    match packet {
        Some(packet) => Next::Packet {
            cause,
            chain: chain.clone(),
            packet: packet.clone(),
        },
        None => Next::Nothing,
    }
}

/// Whether a packet is the one that the memo asks for.
fn is_forward(sent: &Packet, forward: &Forward) -> bool {
    let is_end = sent.src.as_channel() == Some((&forward.port, &forward.channel));
    is_end && Tokens::of(sent).is_some_and(|tokens| tokens.receiver == forward.receiver)
}

/// Whether a packet takes the same tokens the same way again.
fn is_same_way(sent: &Packet, trace: &PacketTrace, tokens: &Tokens) -> bool {
    let is_end = sent.src == trace.src.end();
    is_end && Tokens::of(sent).is_some_and(|again| again.receiver == tokens.receiver)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{place, trace, transfer};
    use super::*;
    use crate::ack::Ack;

    const MEMO: &str =
        r#"{"forward":{"receiver":"osmo1c","port":"transfer","channel":"channel-3"}}"#;

    /// A packet that kava has received and sent on as these.
    fn received(memo: &str, caused: Vec<Packet>) -> PacketTrace {
        PacketTrace {
            packet: Some(transfer("channel-0", 7, "uakt", "pfm", memo)),
            caused,
            state: State::Waits(Wait::AckNotWritten),
            ..trace(vec![
                (StepKind::Sent, "akash-a", Ok(place(101, 10.0))),
                (StepKind::Received, "kava-a", Ok(place(548, 12.0))),
            ])
        }
    }

    fn sequence(next: &Next) -> Option<u64> {
        match next {
            Next::Packet { packet, .. } => Some(packet.sequence.as_u64()),
            _ => None,
        }
    }

    #[test]
    fn the_packet_that_the_memo_asks_for_is_the_next_hop() {
        let caused = vec![
            transfer("channel-4", 1, "uakt", "osmo1c", ""),
            transfer("channel-3", 2, "uakt", "osmo1x", ""),
            transfer("channel-3", 3, "uakt", "osmo1c", ""),
        ];
        let next = next(&received(MEMO, caused));
        assert_eq!(sequence(&next), Some(3));
        let Next::Packet { cause, chain, .. } = next else {
            panic!("no packet");
        };
        assert_eq!((cause, chain.as_str()), (Cause::Forwarded, "kava-a"));
    }

    #[test]
    fn a_packet_that_nobody_asked_for_is_no_hop() {
        let caused = || vec![transfer("channel-3", 3, "uakt", "osmo1c", "")];
        assert_eq!(next(&received("", caused())), Next::Nothing);
        assert_eq!(next(&received("hello", caused())), Next::Nothing);
        assert_eq!(next(&received(MEMO, vec![])), Next::Nothing);
    }

    #[test]
    fn a_block_that_cannot_be_read_hides_the_next_hop() {
        let missing = crate::trace::packet_trace::Missing {
            height: Some(548),
            why: "pruned".to_owned(),
        };
        let hidden = |memo| PacketTrace {
            steps: trace(vec![(StepKind::Received, "kava-a", Err(missing.clone()))]).steps,
            ..received(memo, vec![])
        };
        let chain = ChainId::from_string("kava-a");
        assert_eq!(next(&hidden(MEMO)), Next::Missing { chain });
        assert_eq!(next(&hidden("")), Next::Nothing);
    }

    #[test]
    fn a_packet_that_timed_out_may_be_sent_again() {
        let timed_out = |caused| PacketTrace {
            state: State::TimedOut,
            ..received("", caused)
        };
        let again = next(&timed_out(vec![
            transfer("channel-0", 8, "uakt", "other", ""),
            transfer("channel-0", 9, "uakt", "pfm", ""),
        ]));
        assert_eq!(sequence(&again), Some(9));
        assert!(matches!(
            again,
            Next::Packet { cause: Cause::SentAgain, chain, .. } if chain.as_str() == "akash-a"
        ));
        assert_eq!(next(&timed_out(vec![])), Next::Nothing);
    }

    fn hop(cause: Cause, state: State, kinds: Vec<StepKind>) -> Hop {
        let steps = kinds
            .into_iter()
            .map(|kind| (kind, "kava-a", Ok(place(1, 1.0))));
        Hop {
            cause,
            trace: PacketTrace {
                state,
                ..trace(steps.collect())
            },
        }
    }

    #[test]
    fn steps_are_in_causal_order_over_hops_and_attempts() {
        let ended = || State::Acknowledged(Some(Ack::Success));
        let written = || StepKind::AckWritten(Some(Ack::Success));
        let way = |kinds| hop(Cause::Forwarded, ended(), kinds).trace;
        let hops = Hops {
            first: way(vec![
                StepKind::Sent,
                StepKind::Received,
                written(),
                StepKind::Acknowledged,
            ]),
            next: vec![
                hop(
                    Cause::Forwarded,
                    State::TimedOut,
                    vec![StepKind::Sent, StepKind::TimedOut],
                ),
                hop(
                    Cause::SentAgain,
                    ended(),
                    vec![StepKind::Sent, StepKind::Received, StepKind::Acknowledged],
                ),
            ],
            unfollowed: None,
        };
        let order: Vec<_> = hops
            .steps()
            .iter()
            .map(|(hop, step)| (*hop, step.kind.clone()))
            .collect();
        let expected = [
            (0, StepKind::Sent),
            (0, StepKind::Received),
            (1, StepKind::Sent),
            (1, StepKind::TimedOut),
            (2, StepKind::Sent),
            (2, StepKind::Received),
            (2, StepKind::Acknowledged),
            (0, written()),
            (0, StepKind::Acknowledged),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn what_everything_waits_for_is_the_last_hop_that_is_not_done() {
        let wait = |wait| State::Waits(wait);
        let hops = |first, second| Hops {
            first: hop(Cause::Forwarded, first, vec![]).trace,
            next: vec![hop(Cause::Forwarded, second, vec![])],
            unfollowed: None,
        };
        let waits = |hops: &Hops| hops.waits().map(|(_, wait)| wait);
        let second_pending = hops(wait(Wait::AckNotWritten), wait(Wait::Recv));
        assert_eq!(waits(&second_pending), Some(Wait::Recv));
        let done = || State::Acknowledged(Some(Ack::Success));
        assert_eq!(waits(&hops(wait(Wait::Ack), done())), Some(Wait::Ack));
        assert_eq!(waits(&hops(done(), done())), None);
    }
}
