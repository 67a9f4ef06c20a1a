//! What is known of a chain goes over to its next revision.
//!
//! An upgrade that ends a revision leaves the chain's state as it is, and may begin its
//! heights anew. So clients, connections, channels and packets go on under the new id, as if
//! all that is known of them were from before the first block. Heads do not: the chain is
//! read anew. Transactions that were in no block can come into none any more.

use tern_chains::ChainId;

use super::{Change, EndKey, Item, PacketKey, PacketRecord, TxRecord};

/// Stands for every height of an earlier revision.
const BEFORE: u64 = 0;

impl Change {
    /// The record as it is once the chain `from` has become `to`; `None` if it is forgotten.
    pub fn over(self, from: &ChainId, to: &ChainId) -> Option<Self> {
        let over = |chain: &mut ChainId| {
            let is_it = *chain == *from;
            if is_it {
                *chain = to.clone();
            }
            is_it
        };
        let mut change = self;
        match &mut change {
            Self::Head(chain, _) | Self::RevisionEnd(chain, _) if *chain == *from => return None,
            Self::Tx(key, _) if key.chain == *from => return None,
            Self::Head(..) | Self::RevisionEnd(..) => {}
            Self::Client(key, record) => {
                if over(&mut key.chain) {
                    record.seen = BEFORE;
                }
            }
            Self::Connection(key, record) => {
                if over(&mut key.chain) {
                    record.seen = BEFORE;
                }
            }
            Self::Channel(key, record) => {
                if over(&mut key.chain) {
                    record.seen = BEFORE;
                }
            }
            Self::Packet(key, record) => {
                if let Some(record) = record {
                    packet_over(key, record, from, to);
                }
                over(&mut key.src.chain);
            }
            Self::Tx(_, Some(tx)) => tx_over(tx, from, to),
            Self::Tx(_, None) => {}
            Self::Trusted(chain, _) | Self::Paid(chain, ..) => {
                over(chain);
            }
            Self::Fees(key, _) => {
                over(&mut key.chain);
                if let Some(EndKey { chain, .. }) = &mut key.path {
                    over(chain);
                }
            }
            Self::FeesDay(key, _) => {
                over(&mut key.chain);
            }
            // Not stored: the client is updated again.
            Self::Processed(..) => return None,
            Self::SeenHeader(key, _) => {
                over(&mut key.client.chain);
            }
            Self::Evidence(client, evidence) => {
                over(&mut client.chain);
                if let Some(evidence) = evidence {
                    over(&mut evidence.seen.client.chain);
                }
            }
            Self::Failure(item, _) => item_over(item, from, to),
        }
        Some(change)
    }
}

fn packet_over(key: &PacketKey, record: &mut PacketRecord, from: &ChainId, to: &ChainId) {
    if key.src.chain == *from {
        record.sent = record.sent.map(|_| BEFORE);
        record.done = record.done.map(|(_, done)| (BEFORE, done));
    }
    if record.dst == *from {
        record.dst = to.clone();
        record.received = record.received.map(|_| BEFORE);
        if let Some(ack) = &mut record.ack {
            ack.height = BEFORE;
        }
    }
}

fn tx_over(tx: &mut TxRecord, from: &ChainId, to: &ChainId) {
    for item in &mut tx.items {
        item_over(item, from, to);
    }
}

fn item_over(item: &mut Item, from: &ChainId, to: &ChainId) {
    let chains: Vec<&mut ChainId> = match item {
        Item::Recv(packet) | Item::Ack(packet) | Item::Timeout(packet) => {
            vec![&mut packet.src.chain]
        }
        Item::Refresh(client) | Item::Upgrade(client) | Item::Misbehaviour(client) => {
            vec![&mut client.chain]
        }
        Item::Handshake { a, b, .. } => vec![a, b],
        Item::Connection { end, .. } => vec![&mut end.chain],
        Item::Channel { end, .. } => vec![&mut end.chain],
    };
    for chain in chains.into_iter().filter(|chain| **chain == *from) {
        *chain = to.clone();
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, Deadline, End, PacketId, PortId, TxHash};

    use super::*;
    use crate::ledger::{Acknowledgement, Done, Head, TxKey, View};

    fn chain(id: &str) -> ChainId {
        ChainId::from_string(id)
    }

    fn over(change: Change) -> Option<Change> {
        change.over(&chain("akash-1"), &chain("akash-2"))
    }

    fn head(id: &str) -> Change {
        let time = BlockTime(7);
        Change::Head(chain(id), Head { height: 500, time })
    }

    fn packet(src: &str, dst: &str) -> (PacketKey, PacketRecord) {
        let end = End::channel(&PortId::transfer(), &ChannelId::new(0));
        let id = PacketId {
            src: end.clone(),
            dst: end,
            sequence: 3.into(),
        };
        let record = PacketRecord {
            sent: Some(400),
            received: Some(410),
            ack: Some(Acknowledgement {
                height: 410,
                bytes: vec![1],
            }),
            done: Some((420, Done::Acknowledged)),
            ..PacketRecord::new(id.clone(), chain(dst))
        };
        (View::key_on_src(&chain(src), &id), record)
    }

    #[test]
    fn the_head_is_forgotten_and_that_of_another_chain_stays() {
        assert_eq!(over(head("akash-1")), None);
        assert_eq!(over(head("kava-1")), Some(head("kava-1")));
    }

    #[test]
    fn of_a_packet_the_steps_on_the_upgraded_chain_were_before_its_first_block() {
        let (key, record) = packet("akash-1", "kava-1");
        let Some(Change::Packet(key, Some(record))) =
            over(Change::Packet(key, Some(Box::new(record))))
        else {
            panic!("the packet is forgotten");
        };
        assert_eq!(key.src.chain, chain("akash-2"));
        assert_eq!(record.dst, chain("kava-1"));
        assert_eq!(record.sent, Some(0));
        assert_eq!(record.received, Some(410));
        assert_eq!(record.done, Some((0, Done::Acknowledged)));

        let (key, record) = packet("kava-1", "akash-1");
        let Some(Change::Packet(key, Some(record))) =
            over(Change::Packet(key, Some(Box::new(record))))
        else {
            panic!("the packet is forgotten");
        };
        assert_eq!(key.src.chain, chain("kava-1"));
        assert_eq!(record.dst, chain("akash-2"));
        assert_eq!(record.sent, Some(400));
        assert_eq!(record.received, Some(0));
        assert_eq!(record.ack.map(|ack| ack.height), Some(0));
    }

    #[test]
    fn a_transaction_on_the_upgraded_chain_is_dead_and_one_for_its_packets_is_not() {
        let (packet, _) = packet("akash-1", "kava-1");
        let tx = |on: &str| {
            let key = TxKey {
                chain: chain(on),
                hash: TxHash([1; 32]),
            };
            let record = TxRecord {
                signer: "me".to_owned(),
                account_sequence: 4,
                deadline: Deadline::Height(600),
                items: vec![Item::Recv(packet.clone())],
                updates: 1,
                is_unasked: false,
                fee: 5,
                bytes: vec![9],
            };
            Change::Tx(key, Some(record))
        };
        assert_eq!(over(tx("akash-1")), None);
        let Some(Change::Tx(_, Some(record))) = over(tx("kava-1")) else {
            panic!("the transaction is forgotten");
        };
        let [Item::Recv(packet)] = &*record.items else {
            panic!("{:?}", record.items);
        };
        assert_eq!(packet.src.chain, chain("akash-2"));
    }

    #[test]
    fn the_newest_revision_before_a_new_one_is_found() {
        let mut view = View::default();
        for id in ["akash-1", "akash-3", "kava-5"] {
            view.commit(&head(id));
        }
        let earlier = |id: &str| view.earlier_revision(&chain(id)).map(ChainId::as_str);
        assert_eq!(earlier("akash-4"), Some("akash-3"));
        assert_eq!(earlier("akash-2"), Some("akash-1"));
        assert_eq!(earlier("akash-3"), None, "it is followed");
        assert_eq!(earlier("akash-x"), None);
    }
}
