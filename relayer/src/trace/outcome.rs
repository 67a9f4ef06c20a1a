//! What became of the tokens of a packet, over all its hops (pure).

use tern_chains::{ChainId, TxHash};

use super::hops::{Hops, Unfollowed};
use super::ics20::Tokens;
use super::packet_trace::{State, StepKind};
use crate::ack::Ack;

/// What became of a packet, as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The last chain has taken it. `is_confirmed`: the first chain knows.
    Arrived { at: ChainId, is_confirmed: bool },
    /// The last chain, or one after it that is not configured, has refused it.
    Refused {
        /// `None`: a chain that is not configured.
        by: Option<ChainId>,
        reason: String,
        refund: Refund,
    },
    /// It did not arrive on this chain in time.
    TimedOut { at: ChainId, refund: Refund },
    /// It is acknowledged or timed out, and the blocks that say which are gone.
    Unknown,
    /// It is on its way.
    Underway,
}

/// Where the tokens are after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refund {
    /// The sender has them back.
    Returned {
        chain: ChainId,
        /// Of a transfer of tokens.
        to: Option<String>,
        tx: Option<TxHash>,
    },
    /// They are on the way back to the sender.
    Returning { chain: ChainId },
    /// The sender's chain was told that all went well: they stay on this chain.
    Kept { chain: ChainId },
}

pub fn outcome(hops: &Hops) -> Outcome {
    let last = hops.last();
    if last.state == State::TimedOut {
        return Outcome::TimedOut {
            at: last.dst.chain.clone(),
            refund: refund(hops),
        };
    }
    match (last.ack(), &last.state) {
        (Some(Ack::Error(reason)), _) => Outcome::Refused {
            by: match hops.unfollowed {
                None => Some(last.dst.chain.clone()),
                Some(_) => None,
            },
            reason: reason.clone(),
            refund: refund(hops),
        },
        (Some(Ack::Success), _) => Outcome::Arrived {
            at: match &hops.unfollowed {
                Some(Unfollowed::NotConfigured { dst, .. }) => dst.clone(),
                _ => last.dst.chain.clone(),
            },
            is_confirmed: matches!(hops.first.state, State::Acknowledged(_)),
        },
        (None, State::Waits(_)) => Outcome::Underway,
        (None, _) => Outcome::Unknown,
    }
}

/// A chain gives tokens back in the transaction that brings it the failure.
fn refund(hops: &Hops) -> Refund {
    let first = &hops.first;
    let chain = first.src.chain.clone();
    match first.state {
        State::Waits(_) => return Refund::Returning { chain },
        State::Acknowledged(Some(Ack::Success)) => {
            let chain = hops.last().src.chain.clone();
            return Refund::Kept { chain };
        }
        State::Acknowledged(_) | State::TimedOut | State::Settled => {}
    }
    let is_end = |kind: &StepKind| matches!(kind, StepKind::Acknowledged | StepKind::TimedOut);
    let place = first.step(is_end).and_then(|step| step.place.as_ref().ok());
    let tokens = first.packet.as_ref().and_then(Tokens::of);
    Refund::Returned {
        chain,
        to: tokens.map(|tokens| tokens.sender),
        tx: place.and_then(|place| place.tx.as_ref()).map(|tx| tx.hash),
    }
}

#[cfg(test)]
mod tests {
    use tern_core::ledger::ChannelKey;

    use super::super::hops::{Cause, Hop};
    use super::super::packet_trace::{PacketTrace, Wait};
    use super::super::testing::{end, place_in_tx, trace, transfer};
    use super::*;

    fn error() -> Ack {
        Ack::Error("no such account".to_owned())
    }

    fn packet(state: State, steps: Vec<StepKind>) -> PacketTrace {
        let steps = steps
            .into_iter()
            .map(|kind| (kind, "akash-a", Ok(place_in_tx(101, 1.0, 5))));
        PacketTrace {
            packet: Some(transfer("channel-0", 7, "uakt", "kava1b", "")),
            state,
            ..trace(steps.collect())
        }
    }

    fn alone(first: PacketTrace) -> Hops {
        Hops {
            first,
            next: vec![],
            unfollowed: None,
        }
    }

    fn with_next(first: State, second: State) -> Hops {
        let second = PacketTrace {
            src: end("kava-a"),
            dst: end("osmosis-a"),
            ..packet(second, vec![])
        };
        Hops {
            next: vec![Hop {
                cause: Cause::Forwarded,
                trace: second,
            }],
            ..alone(packet(first, vec![StepKind::Acknowledged]))
        }
    }

    fn returned() -> Refund {
        Refund::Returned {
            chain: ChainId::from_string("akash-a"),
            to: Some("akash1a".to_owned()),
            tx: Some(TxHash([5; 32])),
        }
    }

    fn returning() -> Refund {
        let chain = ChainId::from_string("akash-a");
        Refund::Returning { chain }
    }

    #[test]
    fn a_refused_packet_says_where_the_tokens_came_back() {
        let state = State::Acknowledged(Some(error()));
        let refused = alone(packet(state, vec![StepKind::Acknowledged]));
        let expected = Outcome::Refused {
            by: Some(ChainId::from_string("kava-a")),
            reason: "no such account".to_owned(),
            refund: returned(),
        };
        assert_eq!(outcome(&refused), expected);
    }

    #[test]
    fn a_refusal_that_is_not_relayed_yet_has_nothing_returned() {
        let written = vec![StepKind::AckWritten(Some(error()))];
        let refused = alone(packet(State::Waits(Wait::Ack), written));
        let Outcome::Refused { refund, .. } = outcome(&refused) else {
            panic!("not refused");
        };
        assert_eq!(refund, returning());
    }

    #[test]
    fn a_packet_that_timed_out_is_returned() {
        let timed_out = alone(packet(State::TimedOut, vec![StepKind::TimedOut]));
        let expected = Outcome::TimedOut {
            at: ChainId::from_string("kava-a"),
            refund: returned(),
        };
        assert_eq!(outcome(&timed_out), expected);
    }

    #[test]
    fn what_the_last_hop_says_counts_and_the_first_one_has_the_refund() {
        let done = || State::Acknowledged(Some(Ack::Success));
        let failed = || State::Acknowledged(Some(error()));
        let at = || ChainId::from_string("osmosis-a");
        let arrived = |is_confirmed| Outcome::Arrived {
            at: at(),
            is_confirmed,
        };
        assert_eq!(outcome(&with_next(done(), done())), arrived(true));
        let waits = || State::Waits(Wait::Ack);
        assert_eq!(outcome(&with_next(waits(), done())), arrived(false));
        let refused = |refund| Outcome::Refused {
            by: Some(at()),
            reason: "no such account".to_owned(),
            refund,
        };
        assert_eq!(outcome(&with_next(waits(), failed())), refused(returning()));
        assert_eq!(outcome(&with_next(failed(), failed())), refused(returned()));
        let on_way = with_next(State::Waits(Wait::AckNotWritten), State::Waits(Wait::Recv));
        assert_eq!(outcome(&on_way), Outcome::Underway);
        let kept = Refund::Kept {
            chain: ChainId::from_string("kava-a"),
        };
        assert_eq!(outcome(&with_next(done(), failed())), refused(kept));
        let late = with_next(failed(), State::TimedOut);
        let expected = Outcome::TimedOut {
            at: at(),
            refund: returned(),
        };
        assert_eq!(outcome(&late), expected);
    }

    #[test]
    fn behind_a_chain_that_is_not_configured_the_acknowledgement_tells() {
        let unfollowed = |state| Hops {
            unfollowed: Some(Unfollowed::NotConfigured {
                src: ChannelKey { ..end("kava-a") },
                sequence: 3,
                dst: ChainId::from_string("osmosis-a"),
            }),
            ..alone(packet(state, vec![StepKind::Acknowledged]))
        };
        let done = State::Acknowledged(Some(Ack::Success));
        let arrived = Outcome::Arrived {
            at: ChainId::from_string("osmosis-a"),
            is_confirmed: true,
        };
        assert_eq!(outcome(&unfollowed(done)), arrived);
        let failed = State::Acknowledged(Some(error()));
        assert!(matches!(
            outcome(&unfollowed(failed)),
            Outcome::Refused { by: None, .. }
        ));
        let waits = State::Waits(Wait::AckNotWritten);
        assert_eq!(outcome(&unfollowed(waits)), Outcome::Underway);
    }
}
