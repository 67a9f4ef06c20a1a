//! The packets of a transaction, and why there are none (pure).

use tern::words::quoted;
use tern_chains::{ChainId, Event, PacketId, TxHash};

use crate::connect::{BlockWithTxs, TxInBlock};

/// Of so many packets of a transaction at most the steps are shown.
pub const PACKETS_MAX: usize = 10;
/// So many kinds of messages are named.
const MESSAGES_NAMED_MAX: usize = 5;

/// What a transaction did with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Sent,
    Received,
    AckWritten,
    Acknowledged,
    TimedOut,
}

/// A packet of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxPacket {
    pub role: Role,
    pub id: PacketId,
}

/// Why a transaction has no packet to trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxError {
    #[error("tx {hash} is not on {}{}", joined(.searched), unsearched_text(.unsearched))]
    NotFound {
        hash: TxHash,
        searched: Vec<ChainId>,
        unsearched: Vec<Unsearched>,
    },
    #[error(
        "the index of {chain} says that tx {hash} is in block {height}, which does not have it"
    )]
    NotInBlock {
        hash: TxHash,
        chain: ChainId,
        height: u64,
    },
    #[error(
        "tx {hash} is in block {height} of {chain}, but it failed with code {code}, so it sent \
         nothing and its tokens are where they were: {}",
        quoted(.log)
    )]
    Failed {
        hash: TxHash,
        chain: ChainId,
        height: u64,
        code: u32,
        log: String,
    },
    #[error(
        "tx {hash} is in block {height} of {chain}, but it has no IBC packet. {}",
        messages_text(.messages)
    )]
    NoPacket {
        hash: TxHash,
        chain: ChainId,
        height: u64,
        messages: Vec<String>,
    },
}

/// A chain on which the transaction may still be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", unsearched_one(.chain, .why))]
pub struct Unsearched {
    pub chain: ChainId,
    pub why: WhyUnsearched,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyUnsearched {
    /// No node keeps an index of transactions.
    NoIndex,
    /// With what the node said.
    NoAnswer(String),
}

/// The packets of a transaction, each once, in the order of the events.
pub fn packets(events: &[Event]) -> Vec<TxPacket> {
    let mut packets: Vec<TxPacket> = Vec::new();
    for event in events {
        let (role, id) = match event {
            Event::SendPacket(packet) => (Role::Sent, packet.id()),
            Event::RecvPacket(id) => (Role::Received, id.clone()),
            Event::WriteAcknowledgement { packet, .. } => (Role::AckWritten, packet.id()),
            Event::AcknowledgePacket(id) => (Role::Acknowledged, id.clone()),
            Event::TimeoutPacket(id) => (Role::TimedOut, id.clone()),
            _ => continue,
        };
        let is_known =
            |known: &TxPacket| known.id == id && known.role.is_at_src() == role.is_at_src();
        if !packets.iter().any(is_known) {
            packets.push(TxPacket { role, id });
        }
    }
    packets
}

/// The transaction with this hash in its block, and its packets.
pub fn in_block(
    chain: &ChainId,
    block: &BlockWithTxs,
    hash: TxHash,
) -> Result<Vec<TxPacket>, TxError> {
    let height = block.height;
    let chain = chain.clone();
    let Some(tx) = block.txs.iter().find(|tx| tx.outcome.hash == hash) else {
        return Err(TxError::NotInBlock {
            hash,
            chain,
            height,
        });
    };
    if tx.outcome.code != 0 {
        return Err(TxError::Failed {
            hash,
            chain,
            height,
            code: tx.outcome.code,
            log: tx.outcome.log.clone(),
        });
    }
    let packets = packets(&tx.events);
    if packets.is_empty() {
        return Err(TxError::NoPacket {
            hash,
            chain,
            height,
            messages: message_names(tx),
        });
    }
    Ok(packets)
}

/// The last parts of the type names, each once.
fn message_names(tx: &TxInBlock) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for message in &tx.messages {
        let name = message.type_name.rsplit('.').next().unwrap_or_default();
        let is_named = names.iter().any(|named| named == name);
        if !is_named && names.len() < MESSAGES_NAMED_MAX {
            names.push(name.to_owned());
        }
    }
    names
}

impl Role {
    /// Whether the chain of the transaction is the packet's source.
    pub fn is_at_src(self) -> bool {
        matches!(self, Self::Sent | Self::Acknowledged | Self::TimedOut)
    }

    /// For JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
            Self::AckWritten => "ack_written",
            Self::Acknowledged => "acknowledged",
            Self::TimedOut => "timed_out",
        }
    }

    /// What the transaction did, as text after "It".
    pub fn verb(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "brought",
            Self::AckWritten => "answered",
            Self::Acknowledged => "confirmed",
            Self::TimedOut => "timed out",
        }
    }
}

fn joined(chains: &[ChainId]) -> String {
    let names: Vec<&str> = chains.iter().map(ChainId::as_str).collect();
    match names.as_slice() {
        [] => "a chain that could be searched".to_owned(),
        names => names.join(", "),
    }
}

fn unsearched_text(unsearched: &[Unsearched]) -> String {
    let mut text = match unsearched {
        [] => ". If it was sent in the last seconds, try again in a moment. If it is of another \
               chain, add a [[chain]] section for that one"
            .to_owned(),
        _ => String::new(),
    };
    for unsearched in unsearched {
        text += &format!("; {unsearched}");
    }
    text
}

fn unsearched_one(chain: &ChainId, why: &WhyUnsearched) -> String {
    match why {
        WhyUnsearched::NoIndex => format!(
            "no node of {chain} keeps an index of transactions: configure one with \
             `indexer = \"kv\"`, or give chain, channel and sequence of the packet"
        ),
        WhyUnsearched::NoAnswer(why) => format!("{chain} does not answer: {}", quoted(why)),
    }
}

fn messages_text(messages: &[String]) -> String {
    match messages {
        [] => "Its messages cannot be read".to_owned(),
        names => format!("It has {}", quoted(&names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, Encoded, TxOutcome};

    use super::super::testing::transfer;
    use super::*;

    fn id(channel: &str, sequence: u64) -> PacketId {
        transfer(channel, sequence, "uakt", "kava1b", "").id()
    }

    fn block(code: u32, events: Vec<Event>) -> BlockWithTxs {
        let message = Encoded {
            type_name: "/cosmos.bank.v1beta1.MsgSend".to_owned(),
            bytes: vec![],
        };
        BlockWithTxs {
            height: 101,
            time: BlockTime(1),
            events: vec![],
            txs: vec![TxInBlock {
                outcome: TxOutcome {
                    hash: TxHash([1; 32]),
                    code,
                    codespace: String::new(),
                    log: "out of gas".to_owned(),
                    message_index: None,
                    clients: vec![],
                    client_messages: vec![],
                    gas_wanted: 9,
                    gas_used: 7,
                },
                signer: None,
                messages: vec![message.clone(), message],
                events,
            }],
        }
    }

    fn found(code: u32, events: Vec<Event>, hash: u8) -> Result<Vec<TxPacket>, TxError> {
        let chain = ChainId::from_string("akash-a");
        in_block(&chain, &block(code, events), TxHash([hash; 32]))
    }

    #[test]
    fn every_packet_of_a_transaction_is_found_once_with_what_became_of_it() {
        let answered = transfer("channel-4", 3, "uakt", "kava1b", "");
        let events = vec![
            Event::RecvPacket(id("channel-0", 7)),
            Event::SendPacket(transfer("channel-3", 1, "uakt", "osmo1c", "")),
            Event::WriteAcknowledgement {
                packet: transfer("channel-0", 7, "uakt", "kava1b", ""),
                ack: vec![],
            },
            Event::AcknowledgePacket(id("channel-1", 5)),
            Event::WriteAcknowledgement {
                packet: answered.clone(),
                ack: vec![],
            },
            Event::TimeoutPacket(id("channel-1", 6)),
        ];
        let packets = found(0, events, 1).unwrap();
        let roles: Vec<_> = packets.iter().map(|packet| packet.role).collect();
        let expected = [
            Role::Received,
            Role::Sent,
            Role::Acknowledged,
            Role::AckWritten,
            Role::TimedOut,
        ];
        assert_eq!(roles, expected);
        assert_eq!(packets[3].id, answered.id());
    }

    #[test]
    fn a_transaction_without_packets_says_why() {
        let failed = found(11, vec![], 1).unwrap_err();
        assert!(
            failed.to_string().contains("failed with code 11"),
            "{failed}"
        );
        assert!(failed.to_string().ends_with("out of gas"), "{failed}");
        let other = found(0, vec![], 1).unwrap_err();
        assert!(
            other.to_string().ends_with("no IBC packet. It has MsgSend"),
            "{other}"
        );
        assert!(matches!(
            found(0, vec![], 2),
            Err(TxError::NotInBlock { .. })
        ));
    }

    #[test]
    fn a_transaction_that_is_nowhere_says_what_to_do() {
        let chain = ChainId::from_string;
        let error = |unsearched| TxError::NotFound {
            hash: TxHash([1; 32]),
            searched: vec![chain("akash-a"), chain("kava-a")],
            unsearched,
        };
        let text = error(vec![]).to_string();
        assert!(
            text.contains("is not on akash-a, kava-a. If it was sent"),
            "{text}"
        );
        let why = WhyUnsearched::NoIndex;
        let no_index = Unsearched {
            chain: chain("osmosis-1"),
            why,
        };
        let text = error(vec![no_index]).to_string();
        assert!(
            text.contains("no node of osmosis-1 keeps an index"),
            "{text}"
        );
        let why = WhyUnsearched::NoAnswer("connection refused".to_owned());
        let no_answer = Unsearched {
            chain: chain("osmosis-1"),
            why,
        };
        let text = error(vec![no_answer]).to_string();
        assert!(
            text.ends_with("osmosis-1 does not answer: connection refused"),
            "{text}"
        );
    }
}
