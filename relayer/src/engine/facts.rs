//! What a chain's blocks and state say, as facts for the ledger, in the order
//! in which they are applied.

use tern_chains::{Block, ChainId, Event};
use tern_core::ledger::{Fact, Finding, Head};

/// A block that was followed: the state that its events name comes first, then
/// its events, the outcome of its transactions, and its end, which moves the
/// cursor. What is offered for a packet comes after its send: on chain it is paid before.
pub fn of_block(chain: &ChainId, block: Block, findings: Vec<Finding>) -> Vec<Fact> {
    let head = head(&block);
    let mut facts: Vec<Fact> = found(chain, head.height, findings).collect();
    let is_offer = |event: &Event| matches!(event, Event::FeesOffered { .. });
    let (offers, events): (Vec<_>, Vec<_>) = block.events.into_iter().partition(is_offer);
    let events = events.into_iter().chain(offers);
    facts.extend(events.map(|event| of_event(chain, head, event)));
    facts.extend(block.txs.into_iter().map(|outcome| Fact::Outcome {
        chain: chain.clone(),
        height: head.height,
        outcome,
    }));
    facts.push(end(chain, head));
    facts
}

/// A chain whose state was read at `head` in place of its blocks. The end of the
/// block comes first: a packet is kept only for chains that have a head.
pub fn of_state(chain: &ChainId, head: Head, findings: Vec<Finding>) -> Vec<Fact> {
    let mut facts = vec![end(chain, head)];
    facts.extend(found(chain, head.height, findings));
    facts
}

/// State that was read at `height`.
pub fn found(
    chain: &ChainId,
    height: u64,
    findings: impl IntoIterator<Item = Finding>,
) -> impl Iterator<Item = Fact> {
    let chain = chain.clone();
    findings.into_iter().map(move |finding| Fact::Found {
        chain: chain.clone(),
        height,
        finding,
    })
}

pub fn of_event(chain: &ChainId, head: Head, event: Event) -> Fact {
    Fact::Event {
        chain: chain.clone(),
        head,
        event,
    }
}

pub fn head(block: &Block) -> Head {
    Head {
        height: block.height,
        time: block.time,
    }
}

fn end(chain: &ChainId, head: Head) -> Fact {
    Fact::BlockEnd {
        chain: chain.clone(),
        head,
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, End, PacketId, PortId, TxHash, TxOutcome};

    use super::*;

    const HEAD: Head = Head {
        height: 7,
        time: BlockTime(70),
    };

    fn chain() -> ChainId {
        ChainId::from_string("a-1")
    }

    fn packet(sequence: u64) -> PacketId {
        PacketId {
            src: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(1)),
            sequence: sequence.into(),
        }
    }

    fn outcome() -> TxOutcome {
        TxOutcome {
            hash: TxHash([1; 32]),
            code: 5,
            codespace: "sdk".into(),
            log: "out of gas".into(),
            message_index: None,
            clients: vec![],
            client_messages: vec![],
            gas_wanted: 2,
            gas_used: 3,
        }
    }

    #[test]
    fn a_block_is_its_findings_events_outcomes_and_end_in_this_order() {
        let finding = Finding::Received { packet: packet(1) };
        let events = [
            Event::RecvPacket(packet(1)),
            Event::AcknowledgePacket(packet(2)),
        ];
        let block = Block {
            height: HEAD.height,
            time: HEAD.time,
            events: events.to_vec(),
            txs: vec![outcome()],
        };
        let [first, second] = events;
        let expected = vec![
            Fact::Found {
                chain: chain(),
                height: 7,
                finding: finding.clone(),
            },
            of_event(&chain(), HEAD, first),
            of_event(&chain(), HEAD, second),
            Fact::Outcome {
                chain: chain(),
                height: 7,
                outcome: outcome(),
            },
            Fact::BlockEnd {
                chain: chain(),
                head: HEAD,
            },
        ];
        assert_eq!(of_block(&chain(), block, vec![finding]), expected);
    }

    #[test]
    fn what_is_offered_for_a_packet_comes_after_its_send() {
        let offer = Event::FeesOffered {
            src: packet(1).src,
            sequence: 1.into(),
            recv: vec![],
        };
        let events = [offer.clone(), Event::RecvPacket(packet(2))];
        let block = Block {
            height: HEAD.height,
            time: HEAD.time,
            events: events.to_vec(),
            txs: vec![],
        };
        let facts = of_block(&chain(), block, vec![]);
        let [_, received] = events;
        assert_eq!(facts[0], of_event(&chain(), HEAD, received));
        assert_eq!(facts[1], of_event(&chain(), HEAD, offer));
    }

    #[test]
    fn an_empty_block_moves_the_cursor() {
        let block = Block {
            height: HEAD.height,
            time: HEAD.time,
            events: vec![],
            txs: vec![],
        };
        let expected = vec![Fact::BlockEnd {
            chain: chain(),
            head: HEAD,
        }];
        assert_eq!(of_block(&chain(), block, vec![]), expected);
    }

    #[test]
    fn state_in_place_of_blocks_has_its_head_first() {
        let finding = Finding::Settled { packet: packet(1) };
        let expected = vec![
            Fact::BlockEnd {
                chain: chain(),
                head: HEAD,
            },
            Fact::Found {
                chain: chain(),
                height: 7,
                finding: finding.clone(),
            },
        ];
        assert_eq!(of_state(&chain(), HEAD, vec![finding]), expected);
    }
}
