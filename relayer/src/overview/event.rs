//! What just happened on a chain, as shown while it happens.

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, Event, PacketId};
use tern_core::ledger::{Fact, Head};
use utoipa::ToSchema;

use crate::words::rfc3339;

/// One thing that a block said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventOverview {
    /// `sent`, `received`, `ack_written`, `acknowledged`, `timed_out`, `client_updated`,
    /// `client_frozen`, `tx` or `block`, which comes after all others of its block.
    pub kind: String,
    pub chain: String,
    pub height: u64,
    /// Block time; a transaction's is that of the block, which comes later.
    pub time: Option<String>,
    pub packet: Option<PacketName>,
    pub client: Option<String>,
    /// Of a transaction, whoever sent it.
    pub tx: Option<String>,
    /// Why the transaction failed.
    pub failed: Option<String>,
}

/// A packet by its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PacketName {
    /// On its source, such as `transfer/channel-0`.
    pub src: String,
    /// On its destination.
    pub dst: String,
    pub sequence: u64,
}

impl EventOverview {
    /// `None` for what is read from state and not said by a block.
    pub fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::Event { chain, head, event } => Self::of_event(chain, *head, event),
            Fact::Outcome {
                chain,
                height,
                outcome,
            } => Some(Self {
                tx: Some(outcome.hash.to_string()),
                failed: (outcome.code != 0).then(|| outcome.log.clone()),
                time: None,
                ..Self::new("tx", chain, *height)
            }),
            Fact::BlockEnd { chain, head } => Some(Self::at("block", chain, *head)),
            Fact::Found { .. } => None,
        }
    }

    fn of_event(chain: &ChainId, head: Head, event: &Event) -> Option<Self> {
        let packet = |kind, id: &PacketId| Self {
            packet: Some(PacketName {
                src: id.src.to_string(),
                dst: id.dst.to_string(),
                sequence: id.sequence.as_u64(),
            }),
            ..Self::at(kind, chain, head)
        };
        let client = |kind, id: &tern_chains::ClientId| Self {
            client: Some(id.to_string()),
            ..Self::at(kind, chain, head)
        };
        match event {
            Event::SendPacket(sent) => Some(packet("sent", &sent.id())),
            Event::RecvPacket(id) => Some(packet("received", id)),
            Event::WriteAcknowledgement { packet: of, .. } => Some(packet("ack_written", &of.id())),
            Event::AcknowledgePacket(id) => Some(packet("acknowledged", id)),
            Event::TimeoutPacket(id) => Some(packet("timed_out", id)),
            Event::ClientUpdated { client_id, .. } => Some(client("client_updated", client_id)),
            Event::ClientFrozen { client_id } => Some(client("client_frozen", client_id)),
            Event::FeesOffered { .. }
            | Event::ClientChanged { .. }
            | Event::ConnectionChanged { .. }
            | Event::ChannelChanged { .. } => None,
        }
    }

    fn at(kind: &str, chain: &ChainId, head: Head) -> Self {
        Self {
            time: Some(rfc3339(head.time)),
            ..Self::new(kind, chain, head.height)
        }
    }

    fn new(kind: &str, chain: &ChainId, height: u64) -> Self {
        Self {
            kind: kind.to_owned(),
            chain: chain.to_string(),
            height,
            time: None,
            packet: None,
            client: None,
            tx: None,
            failed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChannelId, End, PortId, TxHash, TxOutcome};

    use super::*;

    fn chain() -> ChainId {
        ChainId::from_string("kava-1")
    }

    fn head() -> Head {
        Head {
            height: 7,
            time: BlockTime(1_600_000_000_000_000_000),
        }
    }

    #[test]
    fn a_packet_is_named_by_its_ends() {
        let end = |number| End::channel(&PortId::transfer(), &ChannelId::new(number));
        let received = Fact::Event {
            chain: chain(),
            head: head(),
            event: Event::RecvPacket(PacketId {
                src: end(3),
                dst: end(4),
                sequence: 9.into(),
            }),
        };
        let shown = EventOverview::of(&received).unwrap();
        let packet = shown.packet.unwrap();
        assert_eq!((shown.kind.as_str(), shown.height), ("received", 7));
        assert_eq!(shown.time.as_deref(), Some("2020-09-13T12:26:40Z"));
        let ends = (packet.src.as_str(), packet.dst.as_str(), packet.sequence);
        assert_eq!(ends, ("transfer/channel-3", "transfer/channel-4", 9));
    }

    #[test]
    fn a_transaction_that_failed_says_why() {
        let outcome = |code| TxOutcome {
            hash: TxHash([0xAB; 32]),
            code,
            codespace: "sdk".into(),
            log: "out of gas".into(),
            message_index: None,
            clients: vec![],
            client_messages: vec![],
            gas_wanted: 1,
            gas_used: 1,
        };
        let shown = |code| {
            EventOverview::of(&Fact::Outcome {
                chain: chain(),
                height: 7,
                outcome: outcome(code),
            })
        };
        assert_eq!(shown(11).unwrap().failed.as_deref(), Some("out of gas"));
        let succeeded = shown(0).unwrap();
        assert_eq!(
            (succeeded.failed, succeeded.tx),
            (None, Some("AB".repeat(32)))
        );
    }
}
