//! What a chain's blocks say of packets and of money. Pure.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use ibc_proto::cosmos::tx::v1beta1::{AuthInfo, TxBody, TxRaw};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use tendermint::abci::Event;
use tern_devnet::Committed;

/// The message the soak's own packets are sent with; everything else is the relayer's.
pub const TRANSFER: &str = "/ibc.applications.transfer.v1.MsgTransfer";
/// The messages that move a packet. One that moves none leaves no event.
const OF_PACKETS: [&str; 4] = [
    "/ibc.core.channel.v1.MsgRecvPacket",
    "/ibc.core.channel.v1.MsgAcknowledgement",
    "/ibc.core.channel.v1.MsgTimeout",
    "/ibc.core.channel.v1.MsgTimeoutOnClose",
];

/// What has become of the packets that a chain sent, and what the relayer paid on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub height: u64,
    pub sent: u64,
    pub acknowledged: u64,
    pub timed_out: u64,
    /// Sent, and neither acknowledged nor timed out.
    pub open: u64,
    /// The relayer's messages in blocks, and those of them that changed nothing.
    pub messages: u64,
    pub useless: u64,
    pub failed_txs: u64,
    pub fees: u128,
    /// The fees of failed transactions, and the useless messages' part of others.
    pub fees_wasted: u128,
}

impl Totals {
    pub fn ended(&self) -> u64 {
        self.acknowledged + self.timed_out
    }

    /// Both chains together; the height is the greater one.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            height: self.height.max(other.height),
            sent: self.sent + other.sent,
            acknowledged: self.acknowledged + other.acknowledged,
            timed_out: self.timed_out + other.timed_out,
            open: self.open + other.open,
            messages: self.messages + other.messages,
            useless: self.useless + other.useless,
            failed_txs: self.failed_txs + other.failed_txs,
            fees: self.fees + other.fees,
            fees_wasted: self.fees_wasted + other.fees_wasted,
        }
    }
}

/// Counts block by block.
#[derive(Debug, Default)]
pub struct Tally {
    totals: Totals,
    open: BTreeSet<u64>,
}

impl Tally {
    pub fn totals(&self) -> Totals {
        Totals {
            open: self.open.len() as u64,
            ..self.totals.clone()
        }
    }

    pub fn count(&mut self, height: u64, txs: &[Tx]) {
        self.totals.height = height;
        for tx in txs {
            for step in &tx.steps {
                self.step(*step);
            }
            if !tx.messages.iter().any(|kind| kind == TRANSFER) {
                self.pay(tx);
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Sent(sequence) => {
                self.totals.sent += 1;
                self.open.insert(sequence);
            }
            // Of a packet that is not open nothing ends: it would hide a lost one.
            Step::Acknowledged(sequence) => {
                self.totals.acknowledged += u64::from(self.open.remove(&sequence));
            }
            Step::TimedOut(sequence) => {
                self.totals.timed_out += u64::from(self.open.remove(&sequence));
            }
            Step::Received => {}
        }
    }

    fn pay(&mut self, tx: &Tx) {
        let all = tx.messages.len() as u64;
        let moving = tx.messages.iter();
        let moving = moving.filter(|kind| OF_PACKETS.contains(&kind.as_str()));
        let moving = moving.count() as u64;
        let useless = if tx.failed {
            all
        } else {
            moving.saturating_sub(tx.steps.len() as u64)
        };
        self.totals.messages += all;
        self.totals.useless += useless;
        self.totals.failed_txs += u64::from(tx.failed);
        self.totals.fees += tx.fee;
        self.totals.fees_wasted += tx.fee * u128::from(useless) / u128::from(all.max(1));
    }
}

/// What a transaction of a block was and did.
#[derive(Clone, Debug, Default)]
pub struct Tx {
    pub messages: Vec<String>,
    pub fee: u128,
    pub failed: bool,
    pub steps: Vec<Step>,
}

/// A packet's step: by sequence where the packet is this chain's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Sent(u64),
    Received,
    Acknowledged(u64),
    TimedOut(u64),
}

/// The transactions of a block.
pub fn read(block: &Committed) -> Result<Vec<Tx>> {
    let txs = block.block.data.iter().zip(&block.results);
    let txs = txs.map(|(bytes, result)| {
        let raw = TxRaw::decode(bytes.as_slice())?;
        let body = TxBody::decode(raw.body_bytes.as_slice())?;
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice())?;
        let coins = auth.fee.map(|fee| fee.amount).unwrap_or_default();
        let amounts = coins.iter().map(|coin| coin.amount.parse::<u128>());
        let steps: Result<Vec<Option<Step>>> = result.events.iter().map(step).collect();
        Ok(Tx {
            messages: body.messages.into_iter().map(|any| any.type_url).collect(),
            fee: amounts.sum::<Result<u128, _>>()?,
            failed: result.code.is_err(),
            steps: steps?.into_iter().flatten().collect(),
        })
    });
    let txs: Result<Vec<Tx>> = txs.collect();
    txs.with_context(|| format!("block {}", block.height()))
}

fn step(event: &Event) -> Result<Option<Step>> {
    let sequence = || {
        let mut attributes = event.attributes.iter();
        let found = attributes.find(|attribute| attribute.key_bytes() == b"packet_sequence");
        let found = found.and_then(|attribute| attribute.value_str().ok()?.parse().ok());
        found.with_context(|| format!("{} without a sequence", event.kind))
    };
    Ok(match event.kind.as_str() {
        "send_packet" => Some(Step::Sent(sequence()?)),
        "recv_packet" => Some(Step::Received),
        "acknowledge_packet" => Some(Step::Acknowledged(sequence()?)),
        "timeout_packet" => Some(Step::TimedOut(sequence()?)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: &str = "/ibc.core.client.v1.MsgUpdateClient";
    const RECEIVE: &str = OF_PACKETS[0];
    const ACKNOWLEDGE: &str = OF_PACKETS[1];

    fn tx(messages: &[&str], fee: u128, steps: &[Step]) -> Tx {
        Tx {
            messages: messages.iter().map(|kind| (*kind).to_owned()).collect(),
            fee,
            failed: false,
            steps: steps.to_vec(),
        }
    }

    fn totals(txs: &[Tx]) -> Totals {
        let mut tally = Tally::default();
        tally.count(7, txs);
        tally.totals()
    }

    #[test]
    fn packets_are_open_until_they_end() {
        let sent = tx(&[TRANSFER; 3], 9, &[1, 2, 3].map(Step::Sent));
        let ended = [Step::Acknowledged(1), Step::TimedOut(3)];
        let ended = tx(&[ACKNOWLEDGE, OF_PACKETS[2]], 4, &ended);
        let totals = totals(&[sent, ended]);
        assert_eq!((totals.sent, totals.ended(), totals.open), (3, 2, 1));
        assert_eq!((totals.acknowledged, totals.timed_out), (1, 1));
    }

    #[test]
    fn an_end_that_comes_twice_hides_no_other_packet() {
        let sent = tx(&[TRANSFER; 2], 0, &[1, 2].map(Step::Sent));
        let twice = tx(&[ACKNOWLEDGE; 2], 0, &[Step::Acknowledged(1); 2]);
        let totals = totals(&[sent, twice]);
        assert_eq!((totals.ended(), totals.open), (1, 1));
    }

    #[test]
    fn only_the_relayers_fees_count() {
        let sent = tx(&[TRANSFER], 1_000, &[Step::Sent(1)]);
        let received = tx(&[UPDATE, RECEIVE], 10, &[Step::Received]);
        let totals = totals(&[sent, received]);
        assert_eq!((totals.fees, totals.fees_wasted), (10, 0));
        assert_eq!((totals.messages, totals.useless), (2, 0));
    }

    #[test]
    fn a_message_that_moves_nothing_is_wasted_with_its_part_of_the_fee() {
        let half = tx(&[UPDATE, RECEIVE, RECEIVE, RECEIVE], 100, &[Step::Received]);
        let totals = totals(&[half]);
        assert_eq!((totals.useless, totals.fees_wasted), (2, 50));
    }

    #[test]
    fn a_failed_transaction_is_wasted_as_a_whole() {
        let failed = Tx {
            failed: true,
            ..tx(&[UPDATE, RECEIVE], 100, &[])
        };
        let totals = totals(&[failed]);
        assert_eq!((totals.failed_txs, totals.useless), (1, 2));
        assert_eq!(totals.fees_wasted, 100);
    }

    #[test]
    fn two_chains_add_up() {
        let one = totals(&[tx(&[TRANSFER], 0, &[Step::Sent(1)])]);
        let both = one.and(&one);
        assert_eq!((both.sent, both.open, both.height), (2, 2, 7));
    }
}
