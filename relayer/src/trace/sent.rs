//! The packets of one sender: which ones they are, and what became of each by three
//! values of state (pure).

use std::time::Duration;

use serde_json::{json, Value};
use tern_chains::{acknowledgement_commitment, BlockTime, ChainId, Event, Packet, TxHash};

use super::ics20::Tokens;
use crate::connect::IndexedTx;

/// What ibc-go's applications write when all went well.
const SUCCESS: &[u8] = br#"{"result":"AQ=="}"#;

/// The same below the fee middleware (ICS-29), where no relayer has told its address.
const SUCCESS_WITH_FEES: &[u8] = br#"{"app_acknowledgement":"eyJyZXN1bHQiOiJBUT09In0=","forward_relayer_address":"","underlying_app_success":true}"#;

/// Errors of ibc-go's applications have a code and nothing else that differs; those of the
/// SDK and of ICS-20 are below this.
const ERROR_CODES: std::ops::Range<u32> = 1..128;

/// A packet of the sender.
#[derive(Clone, Debug, PartialEq)]
pub struct SentPacket {
    pub chain: ChainId,
    pub packet: Packet,
    pub tx: TxHash,
    pub height: u64,
}

/// A packet with what is shown of it in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPacket {
    pub sent: SentPacket,
    pub state: ListedState,
    /// Of its block, and since then until the newest block of its chain.
    pub time: Option<(BlockTime, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedState {
    Sent,
    Arrived,
    Confirmed,
    Returned,
    /// Confirmed or returned: the other chain cannot be asked.
    Done,
    /// Its chain cannot be asked.
    Unknown,
}

/// What the chains have of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Whether the source has its commitment.
    pub commitment: bool,
    /// Of the destination; `None` if it cannot be asked.
    pub on_dst: Option<StoredOnDst>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredOnDst {
    pub is_received: bool,
    /// The commitment of the acknowledgement.
    pub ack: Option<Vec<u8>>,
}

pub fn state(stored: &Stored) -> ListedState {
    match (stored.commitment, &stored.on_dst) {
        (true, Some(dst)) if dst.is_received => ListedState::Arrived,
        (true, _) => ListedState::Sent,
        (false, None) => ListedState::Done,
        (false, Some(dst)) => match &dst.ack {
            Some(ack) if is_success(ack) => ListedState::Confirmed,
            Some(ack) if is_error(ack) => ListedState::Returned,
            // Of another application: only the blocks tell.
            Some(_) => ListedState::Done,
            None if dst.is_received => ListedState::Done,
            None => ListedState::Returned,
        },
    }
}

fn is_success(commitment: &[u8]) -> bool {
    let mut acks = [SUCCESS, SUCCESS_WITH_FEES].into_iter();
    acks.any(|ack| acknowledgement_commitment(ack) == commitment)
}

/// Whether it is the commitment of an error as ibc-go writes it.
fn is_error(commitment: &[u8]) -> bool {
    ERROR_CODES.clone().any(|code| {
        let text = format!("ABCI code: {code}: error handling packet: see events for details");
        let ack = json!({ "error": text }).to_string();
        acknowledgement_commitment(ack.as_bytes()) == commitment
    })
}

/// The packets that this address sent with a transaction, the last one first.
pub fn packets_of(chain: &ChainId, found: &IndexedTx, sender: &str) -> Vec<SentPacket> {
    let tx = &found.tx;
    let is_relayed = |event: &Event| {
        matches!(
            event,
            Event::RecvPacket(_) | Event::AcknowledgePacket(_) | Event::TimeoutPacket(_)
        )
    };
    let is_signed = tx.signer.as_deref() == Some(sender) && !tx.events.iter().any(is_relayed);
    let sent = tx.events.iter().rev().filter_map(|event| match event {
        Event::SendPacket(packet) => Some(packet),
        _ => None,
    });
    let is_of_sender = |packet: &&Packet| match Tokens::of(packet) {
        Some(tokens) => tokens.sender == sender,
        None => is_signed,
    };
    let of_sender = sent.filter(is_of_sender).map(|packet| SentPacket {
        chain: chain.clone(),
        packet: packet.clone(),
        tx: tx.outcome.hash,
        height: found.height,
    });
    of_sender.collect()
}

impl ListedState {
    pub fn text(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Arrived => "Arrived",
            Self::Confirmed => "Confirmed",
            Self::Returned => "Returned to you",
            Self::Done => "Done",
            Self::Unknown => "not known",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Arrived => "arrived",
            Self::Confirmed => "confirmed",
            Self::Returned => "returned",
            Self::Done => "done",
            Self::Unknown => "unknown",
        }
    }
}

impl ListedPacket {
    pub fn row(&self) -> [String; 6] {
        let packet = &self.sent.packet;
        let channel = packet.src.as_channel();
        let amount = Tokens::of(packet).map(|tokens| tokens.amount());
        [
            self.sent.chain.to_string(),
            channel.map_or_else(String::new, |(_, channel)| channel.to_string()),
            format!("#{}", packet.sequence),
            amount.unwrap_or_else(|| "-".to_owned()),
            self.state.text().to_owned(),
            self.time
                .map_or_else(|| "-".to_owned(), |(_, age)| age_text(age)),
        ]
    }

    pub fn json(&self) -> Value {
        let packet = &self.sent.packet;
        let (port, channel) = packet.src.as_channel().unzip();
        let tokens = Tokens::of(packet);
        json!({
            "chain_id": self.sent.chain.as_str(),
            "port_id": port.map(|port| port.as_str()),
            "channel_id": channel.map(|channel| channel.as_str()),
            "sequence": packet.sequence,
            "amount": tokens.as_ref().map(|tokens| &tokens.amount),
            "denom": tokens.as_ref().map(|tokens| &tokens.denom),
            "receiver": tokens.as_ref().map(|tokens| &tokens.receiver),
            "state": self.state.name(),
            "tx": self.sent.tx.to_string(),
            "height": self.sent.height,
            "time": self.time.map(|(time, _)| tern::words::rfc3339_millis(time)),
            "age_seconds": self.time.map(|(_, age)| age.as_secs()),
        })
    }
}

/// The largest unit is enough.
fn age_text(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{outcome, transfer};
    use super::*;
    use crate::connect::TxInBlock;

    fn stored(commitment: bool, is_received: bool, ack: Option<&[u8]>) -> Stored {
        let ack = ack.map(|ack| acknowledgement_commitment(ack).to_vec());
        Stored {
            commitment,
            on_dst: Some(StoredOnDst { is_received, ack }),
        }
    }

    #[test]
    fn three_values_of_state_say_where_a_packet_is() {
        let failed: &[u8] =
            br#"{"error":"ABCI code: 5: error handling packet: see events for details"}"#;
        let other: &[u8] = br#"{"result":"c3dhcHBlZA=="}"#;
        for (stored, expected) in [
            (stored(true, false, None), ListedState::Sent),
            (stored(true, true, None), ListedState::Arrived),
            (stored(true, true, Some(SUCCESS)), ListedState::Arrived),
            (stored(false, true, Some(SUCCESS)), ListedState::Confirmed),
            (
                stored(false, true, Some(SUCCESS_WITH_FEES)),
                ListedState::Confirmed,
            ),
            (stored(false, true, Some(failed)), ListedState::Returned),
            (stored(false, true, Some(other)), ListedState::Done),
            (stored(false, false, None), ListedState::Returned),
            (
                Stored {
                    commitment: true,
                    on_dst: None,
                },
                ListedState::Sent,
            ),
            (Stored::default(), ListedState::Done),
        ] {
            assert_eq!(state(&stored), expected, "{stored:?}");
        }
    }

    fn tx(signer: &str, events: Vec<Event>) -> IndexedTx {
        IndexedTx {
            height: 101,
            tx: TxInBlock {
                outcome: outcome(1, 0),
                signer: Some(signer.to_owned()),
                messages: vec![],
                events,
            },
        }
    }

    fn sequences(tx: &IndexedTx, sender: &str) -> Vec<u64> {
        let packets = packets_of(&ChainId::from_string("akash-a"), tx, sender);
        packets
            .iter()
            .map(|sent| sent.packet.sequence.as_u64())
            .collect()
    }

    #[test]
    fn packets_of_others_in_a_transaction_are_not_the_senders() {
        let send = |sequence| Event::SendPacket(transfer("channel-0", sequence, "uakt", "b", ""));
        let sent = tx("akash1a", vec![send(7), send(8)]);
        assert_eq!(sequences(&sent, "akash1a"), [8, 7]);
        assert_eq!(sequences(&sent, "akash1other"), [0; 0]);
    }

    #[test]
    fn a_packet_of_another_application_is_of_who_signed_it_unless_it_was_relayed() {
        let mut packet = transfer("channel-0", 7, "uakt", "b", "");
        packet.body = tern_chains::Body::V1 {
            data: b"hello".to_vec(),
        };
        let send = Event::SendPacket(packet.clone());
        assert_eq!(
            sequences(&tx("akash1a", vec![send.clone()]), "akash1a"),
            [7]
        );
        assert_eq!(
            sequences(&tx("akash1a", vec![send.clone()]), "akash1b"),
            [0; 0]
        );
        let relayed = vec![Event::RecvPacket(packet.id()), send];
        assert_eq!(sequences(&tx("akash1a", relayed), "akash1a"), [0; 0]);
    }

    #[test]
    fn an_age_has_one_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(age_text(Duration::from_secs(seconds)), text);
        }
    }
}
