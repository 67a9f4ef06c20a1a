//! What a scenario came to, read from the chains' blocks and never from what Tern says:
//! packets sent, ended and lost, and fees that bought nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::chain::TestChain;
use crate::history::attribute;
use crate::network::Network;
use crate::wait;

/// For a node that is there.
const RESULTS_LIMIT: Duration = Duration::from_secs(30);

/// The messages of packets (ICS-04), and the event of one that had an effect.
const PACKET_MESSAGES: [(&str, &str); 4] = [
    ("/ibc.core.channel.v1.MsgRecvPacket", "recv_packet"),
    (
        "/ibc.core.channel.v1.MsgAcknowledgement",
        "acknowledge_packet",
    ),
    ("/ibc.core.channel.v1.MsgTimeout", "timeout_packet"),
    ("/ibc.core.channel.v1.MsgTimeoutOnClose", "timeout_packet"),
];

/// The packets of all chains, and what one relayer has paid for them; each block is read
/// once.
pub struct Books {
    accounts: Vec<Account>,
}

/// One chain.
struct Account {
    /// Who relays.
    payer: String,
    /// The newest block that was read.
    height: u64,
    /// Sent from here and not ended: port, channel, sequence.
    open: BTreeSet<[String; 3]>,
}

/// What happened in some blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sent: usize,
    /// Acknowledged or timed out.
    pub ended: usize,
    pub timed_out: usize,
    /// Fees of the relayer's transactions, in the smallest unit of each chain's denom.
    pub fees: u128,
    /// Fees of those that failed, and the share of messages about packets that had no
    /// effect.
    pub fees_wasted: u128,
    /// The relayer's transactions that failed in a block.
    pub failed: usize,
    /// Its messages about packets, and those of them without effect.
    pub messages: usize,
    pub useless: usize,
    /// Client updates it paid for.
    pub updates: usize,
}

impl Books {
    /// From here on. `key` is the relayer's.
    pub fn open(network: &Network, key: &str) -> Result<Self> {
        let accounts = network.chains.iter().map(|chain| {
            Ok(Account {
                payer: network.address(chain.spec.id, key)?,
                height: chain.height()?,
                open: BTreeSet::new(),
            })
        });
        Ok(Self {
            accounts: accounts.collect::<Result<_>>()?,
        })
    }

    /// Reads the blocks since the last time, prints a line, and fails if a packet has not
    /// ended.
    pub fn close(&mut self, chains: &[TestChain], what: &str) -> Result<Counts> {
        let counts = self.read(chains)?;
        let open = self.accounts.iter().map(|account| account.open.len());
        let lost: usize = open.sum();
        println!("{what}: {counts}, lost {lost}");
        ensure!(lost == 0, "{what}: {lost} packets have not ended");
        Ok(counts)
    }

    /// Reads the blocks since the last time.
    pub fn read(&mut self, chains: &[TestChain]) -> Result<Counts> {
        let mut counts = Counts::default();
        for (account, chain) in self.accounts.iter_mut().zip(chains) {
            let newest = chain.height()?;
            for height in account.height + 1..=newest {
                // A node has the results of its newest block a moment after the block.
                let query = format!("/block_results?height={height}");
                let mut results = wait::until("the results of a block", RESULTS_LIMIT, || {
                    Ok(chain.rpc(&query).ok())
                })?;
                let Value::Array(txs) = results["txs_results"].take() else {
                    continue;
                };
                for tx in &txs {
                    account.read(tx, chain.spec.denom, &mut counts)?;
                }
            }
            account.height = newest;
        }
        Ok(counts)
    }
}

impl Account {
    fn read(&mut self, tx: &Value, denom: &str, counts: &mut Counts) -> Result<()> {
        let code = tx["code"].as_u64().context("a result without a code")?;
        let events = tx["events"].as_array().map(Vec::as_slice);
        let events = events.unwrap_or_default();
        if code == 0 {
            self.packets(events, counts)?;
        }
        let paid = events.iter().filter(|event| event["type"] == "tx");
        let mut paid = paid.filter(|event| attribute(event, "fee_payer") == Some(&self.payer));
        let Some(fee) = paid.find_map(|event| attribute(event, "fee")) else {
            return Ok(());
        };
        let fee: u128 = match fee.strip_suffix(denom) {
            Some(amount) => amount.parse()?,
            None => {
                ensure!(fee.is_empty(), "a fee in another denom: {fee}");
                0
            }
        };
        counts.fees += fee;
        if code != 0 {
            counts.failed += 1;
            counts.fees_wasted += fee;
            return Ok(());
        }
        let Messages {
            all,
            useless,
            updates,
        } = Messages::of(events);
        counts.messages += all;
        counts.useless += useless;
        counts.updates += updates;
        if all > 0 {
            counts.fees_wasted += fee * useless as u128 / all as u128;
        }
        Ok(())
    }

    fn packets(&mut self, events: &[Value], counts: &mut Counts) -> Result<()> {
        for event in events {
            let kind = event["type"].as_str().unwrap_or_default();
            if !["send_packet", "acknowledge_packet", "timeout_packet"].contains(&kind) {
                continue;
            }
            let names = ["packet_src_port", "packet_src_channel", "packet_sequence"];
            let packet = names.map(|name| attribute(event, name).unwrap_or_default().to_owned());
            if kind == "send_packet" {
                counts.sent += 1;
                self.open.insert(packet);
                continue;
            }
            if self.open.remove(&packet) {
                counts.ended += 1;
                counts.timed_out += usize::from(kind == "timeout_packet");
            }
        }
        Ok(())
    }
}

/// The messages of a transaction that succeeded.
#[derive(Debug, Default, PartialEq, Eq)]
struct Messages {
    /// About packets.
    all: usize,
    /// Of these, without an effect: somebody else's came first.
    useless: usize,
    updates: usize,
}

impl Messages {
    fn of(events: &[Value]) -> Self {
        let mut messages = Self::default();
        for event in events.iter().filter(|event| event["type"] == "message") {
            let action = attribute(event, "action");
            if action == Some("/ibc.core.client.v1.MsgUpdateClient") {
                messages.updates += 1;
            }
            let mut kinds = PACKET_MESSAGES.iter();
            let Some((_, effect)) = kinds.find(|(name, _)| action == Some(name)) else {
                continue;
            };
            messages.all += 1;
            let index = attribute(event, "msg_index");
            let mut effects = events.iter().filter(|event| event["type"] == *effect);
            if !effects.any(|event| attribute(event, "msg_index") == index) {
                messages.useless += 1;
            }
        }
        messages
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            ended,
            timed_out,
            fees,
            fees_wasted,
            failed,
            messages,
            useless,
            updates,
        } = self;
        write!(
            f,
            "packets sent {sent}, ended {ended} ({timed_out} timed out); fees {fees}, wasted \
             {fees_wasted} ({failed} failed transactions, {useless} of {messages} messages \
             without effect); client updates {updates}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, attributes: &[(&str, &str)]) -> Value {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(key, value)| json!({ "key": key, "value": value }));
        json!({ "type": kind, "attributes": attributes.collect::<Vec<_>>() })
    }

    fn account() -> Account {
        Account {
            payer: "akash1me".to_owned(),
            height: 0,
            open: BTreeSet::new(),
        }
    }

    fn packet(kind: &str, sequence: &str) -> Value {
        let packet = [
            ("packet_src_port", "transfer"),
            ("packet_src_channel", "channel-0"),
            ("packet_sequence", sequence),
            ("msg_index", "1"),
        ];
        event(kind, &packet)
    }

    fn read(account: &mut Account, code: u64, events: Vec<Value>) -> Counts {
        let mut counts = Counts::default();
        let tx = json!({ "code": code, "events": events });
        account.read(&tx, "uakt", &mut counts).unwrap();
        counts
    }

    #[test]
    fn a_packet_is_open_until_it_is_acknowledged_or_times_out() {
        let mut account = account();
        let sent = ["1", "2", "3"].map(|sequence| packet("send_packet", sequence));
        assert_eq!(read(&mut account, 0, sent.to_vec()).sent, 3);
        let ends = [
            packet("acknowledge_packet", "1"),
            packet("timeout_packet", "3"),
        ];
        // One that failed has no effect.
        assert_eq!(read(&mut account, 5, ends.to_vec()).ended, 0);
        let counts = read(&mut account, 0, ends.to_vec());
        assert_eq!((counts.ended, counts.timed_out), (2, 1));
        assert_eq!(account.open.len(), 1);
    }

    #[test]
    fn what_bought_nothing_is_wasted_by_the_message() {
        let fee = |payer| event("tx", &[("fee", "300uakt"), ("fee_payer", payer)]);
        let message = |action, index| event("message", &[("action", action), ("msg_index", index)]);
        let update = message("/ibc.core.client.v1.MsgUpdateClient", "0");
        let receive = |index| message("/ibc.core.channel.v1.MsgRecvPacket", index);
        let events = |payer| {
            let events = [
                fee(payer),
                update.clone(),
                receive("1"),
                receive("2"),
                receive("3"),
            ];
            [&events[..], &[packet("recv_packet", "7")]].concat()
        };
        let counts = read(&mut account(), 0, events("akash1me"));
        assert_eq!((counts.fees, counts.fees_wasted), (300, 200));
        assert_eq!((counts.messages, counts.useless, counts.updates), (3, 2, 1));
        assert_eq!(
            read(&mut account(), 0, events("akash1other")),
            Counts::default()
        );
        let failed = read(&mut account(), 11, vec![fee("akash1me")]);
        assert_eq!(
            (failed.fees, failed.fees_wasted, failed.failed),
            (300, 300, 1)
        );
    }
}
