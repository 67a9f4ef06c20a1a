//! An event of a packet in a block, with its transaction (pure).

use tern_chains::{Event, Packet, PacketId};

use super::packet_trace::{Place, Tx};
use crate::connect::packet_proof::PacketProof;
use crate::connect::{BlockWithTxs, TxInBlock};

/// Packets that are looked at of those that one message sent.
const CAUSED_MAX: usize = 32;

/// An event that was found in a block.
#[derive(Clone, Debug, PartialEq)]
pub struct LocatedEvent {
    pub place: Place,
    pub event: Event,
    /// The height that the proof in the message is checked at, if there is a proof.
    pub proof_height: Option<u64>,
    /// Packets that the application sent for the same message.
    pub caused: Vec<Packet>,
}

/// Finds the first event of the block that `is_wanted` accepts.
pub fn locate_event(
    block: &BlockWithTxs,
    id: &PacketId,
    is_wanted: impl Fn(&Event) -> bool,
) -> Option<LocatedEvent> {
    let in_tx = block.txs.iter().enumerate().find_map(|(index, tx)| {
        let event = tx.events.iter().find(|event| is_wanted(event))?;
        Some((Some(index), event))
    });
    let outside = || block.events.iter().find(|event| is_wanted(event));
    let (index, event) = in_tx.or_else(|| Some((None, outside()?)))?;
    let its_tx = index.and_then(|index| block.txs.get(index));
    let proof = its_tx.and_then(|tx| proof_of(tx, id));
    let url = proof.as_ref().map(|(url, _)| *url);
    let competing = block.txs.iter().enumerate().filter(|(other, tx)| {
        Some(*other) != index && url.is_some() && proof_of(tx, id).map(|(url, _)| url) == url
    });
    Some(LocatedEvent {
        place: Place {
            height: block.height,
            time: block.time,
            tx: its_tx.map(summary),
            competing_txs: competing.map(|(_, tx)| summary(tx)).collect(),
        },
        event: event.clone(),
        proof_height: proof.and_then(|(_, height)| height),
        caused: its_tx.map(|tx| caused(tx, event)).unwrap_or_default(),
    })
}

/// The packets sent between this event and the next message that brings something of
/// another packet: an application is called after its packet's event.
fn caused(tx: &TxInBlock, event: &Event) -> Vec<Packet> {
    let of = brought(event);
    let after = tx.events.iter().skip_while(|other| *other != event).skip(1);
    let of_message = after.take_while(|other| {
        let other = brought(other);
        other.is_none() || other == of
    });
    let sent = of_message.filter_map(|other| match other {
        Event::SendPacket(packet) => Some(packet.clone()),
        _ => None,
    });
    sent.take(CAUSED_MAX).collect()
}

/// The packet that a message is about, if the event is the first one of such a message.
fn brought(event: &Event) -> Option<&PacketId> {
    match event {
        Event::RecvPacket(id) | Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => Some(id),
        _ => None,
    }
}

fn summary(tx: &TxInBlock) -> Tx {
    Tx {
        hash: tx.outcome.hash,
        signer: tx.signer.clone(),
        messages: tx.messages.len(),
        code: tx.outcome.code,
        log: tx.outcome.log.clone(),
        gas_used: tx.outcome.gas_used,
        gas_wanted: tx.outcome.gas_wanted,
    }
}

/// The type URL and the proof height of the message that has a proof for the
/// packet.
fn proof_of<'a>(tx: &'a TxInBlock, id: &PacketId) -> Option<(&'a str, Option<u64>)> {
    tx.messages.iter().find_map(|message| {
        let proof = PacketProof::decode(message)?;
        proof
            .is_about(id)
            .then_some((message.type_name.as_str(), proof.height))
    })
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, Encoded, End, PortId, TxHash};

    use super::*;
    use crate::connect::packet_proof::recv_message;
    use crate::trace::testing::{outcome, transfer};

    fn id(sequence: u64) -> PacketId {
        PacketId {
            src: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(7)),
            sequence: sequence.into(),
        }
    }

    fn recv(sequence: u64, proof_height: u64) -> Encoded {
        recv_message(&id(sequence), proof_height)
    }

    fn tx(number: u8, code: u32, messages: Vec<Encoded>, events: Vec<Event>) -> TxInBlock {
        TxInBlock {
            outcome: outcome(number, code),
            signer: Some(format!("kava{number}")),
            messages,
            events,
        }
    }

    fn block(events: Vec<Event>, txs: Vec<TxInBlock>) -> BlockWithTxs {
        BlockWithTxs {
            height: 548,
            time: BlockTime(1),
            events,
            txs,
        }
    }

    fn is_recv(event: &Event) -> bool {
        *event == Event::RecvPacket(id(7))
    }

    #[test]
    fn an_event_is_located_with_its_transaction_and_proof_height() {
        let received = |sequence| vec![Event::RecvPacket(id(sequence))];
        let block = block(
            vec![],
            vec![
                tx(1, 0, vec![recv(6, 90)], received(6)),
                tx(2, 0, vec![recv(6, 90), recv(7, 102)], received(7)),
            ],
        );
        let located = locate_event(&block, &id(7), is_recv).unwrap();
        let tx = located.place.tx.unwrap();
        assert_eq!(
            (located.place.height, located.proof_height),
            (548, Some(102))
        );
        assert_eq!((tx.hash, tx.messages), (TxHash([2; 32]), 2));
        assert_eq!(located.place.competing_txs, []);
    }

    #[test]
    fn other_transactions_with_the_same_message_in_the_block_are_listed() {
        let block = block(
            vec![],
            vec![
                tx(1, 5, vec![recv(7, 101)], vec![]),
                tx(2, 0, vec![recv(7, 102)], vec![Event::RecvPacket(id(7))]),
                tx(3, 0, vec![recv(7, 102)], vec![]),
                tx(4, 0, vec![recv(8, 102)], vec![]),
            ],
        );
        let located = locate_event(&block, &id(7), is_recv).unwrap();
        let codes: Vec<_> = located
            .place
            .competing_txs
            .iter()
            .map(|tx| tx.code)
            .collect();
        assert_eq!(codes, [5, 0]);
    }

    #[test]
    fn packets_that_a_message_caused_are_told_from_those_of_its_neighbours() {
        let send = |sequence| Event::SendPacket(transfer("channel-3", sequence, "uakt", "c", ""));
        let events = vec![
            Event::RecvPacket(id(6)),
            send(1),
            Event::RecvPacket(id(7)),
            send(2),
            Event::AcknowledgePacket(id(4)),
            send(3),
        ];
        let block = block(vec![], vec![tx(1, 0, vec![], events)]);
        let caused = locate_event(&block, &id(7), is_recv).unwrap().caused;
        let sequences: Vec<_> = caused
            .iter()
            .map(|packet| packet.sequence.as_u64())
            .collect();
        assert_eq!(sequences, [2]);
    }

    #[test]
    fn an_event_outside_of_transactions_has_no_transaction() {
        let block = block(
            vec![Event::RecvPacket(id(7))],
            vec![tx(1, 0, vec![], vec![])],
        );
        let located = locate_event(&block, &id(7), is_recv).unwrap();
        assert_eq!((located.place.tx, located.proof_height), (None, None));
        assert_eq!(locate_event(&block, &id(8), |_| false), None);
    }
}
