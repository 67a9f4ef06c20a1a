//! What a chain's blocks say, from a height on: the only clock of a measure.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tendermint::Time;
use tern_e2e::{attribute, wait};

use crate::environment::{Endpoint, HeaderTime};

const BLOCK_LIMIT: Duration = Duration::from_secs(30);

/// Reads each block once, straight from the node.
pub struct BlockReader<'a> {
    endpoint: &'a Endpoint,
    /// The newest block when this was begun.
    pub begin: u64,
    pub blocks: Vec<BlockSeen>,
}

/// A block, reduced to what is measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockSeen {
    pub height: u64,
    pub txs: Vec<TxSeen>,
    pub packets: Vec<PacketSeen>,
    /// Names of handshake events, such as `channel_open_confirm`.
    pub handshakes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TxSeen {
    pub payer: String,
    pub succeeded: bool,
    pub gas_used: u64,
    pub client_updates: usize,
}

/// A packet took a step on this chain.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketSeen {
    pub step: Step,
    /// At the packet's source, wherever this was seen.
    pub src_channel: String,
    pub sequence: u64,
}

/// The steps of ICS-04 that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Sent,
    Received,
    Acknowledged,
    TimedOut,
}

impl<'a> BlockReader<'a> {
    /// Of all blocks after the newest.
    pub fn from_now(endpoint: &'a Endpoint) -> Result<Self> {
        Ok(Self {
            endpoint,
            begin: endpoint.height()?,
            blocks: Vec::new(),
        })
    }

    /// Reads what is new.
    pub fn read(&mut self) -> Result<()> {
        let newest = self.endpoint.height()?;
        let last = self.blocks.last().map_or(self.begin, |block| block.height);
        for height in last + 1..=newest {
            let results = self
                .endpoint
                .rpc(&format!("/block_results?height={height}"))?;
            self.blocks.push(block(height, &results)?);
        }
        Ok(())
    }

    /// When a block was committed, in seconds since 1970, by a header's time.
    pub fn committed(&self, height: u64) -> Result<f64> {
        let says = match self.endpoint.header_time {
            HeaderTime::OfTheLastCommit => height + 1,
            HeaderTime::OfItself => height,
        };
        let path = format!("/header?height={says}");
        let header = wait::until("a header", BLOCK_LIMIT, || {
            Ok(self.endpoint.rpc(&path).ok())
        })?;
        let time = header["header"]["time"].as_str();
        Ok(seconds(time.context("a header without a time")?.parse()?))
    }

    pub fn count(&self, step: Step, src_channels: &[String]) -> usize {
        let packets = self.blocks.iter().flat_map(|block| &block.packets);
        packets
            .filter(|packet| packet.step == step && src_channels.contains(&packet.src_channel))
            .count()
    }

    /// The first height with a handshake event of this name.
    pub fn handshake(&self, name: &str) -> Option<u64> {
        let has = |block: &&BlockSeen| block.handshakes.iter().any(|event| event == name);
        self.blocks.iter().find(has).map(|block| block.height)
    }
}

/// A chain's or the machine's time, in seconds since 1970.
pub fn seconds(time: Time) -> f64 {
    time.unix_timestamp_nanos() as f64 / 1e9
}

fn block(height: u64, results: &Value) -> Result<BlockSeen> {
    let mut seen = BlockSeen {
        height,
        ..BlockSeen::default()
    };
    for tx in results["txs_results"].as_array().into_iter().flatten() {
        let events = tx["events"].as_array().map_or(&[][..], Vec::as_slice);
        let of_kind = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
        let payer = of_kind("tx").find_map(|event| attribute(event, "fee_payer"));
        let succeeded = tx["code"] == 0;
        let gas = tx["gas_used"].as_str().unwrap_or("0");
        seen.txs.push(TxSeen {
            payer: payer.unwrap_or_default().to_owned(),
            succeeded,
            gas_used: gas.parse().context("gas_used is not a number")?,
            client_updates: of_kind("update_client").count(),
        });
        if succeeded {
            seen.packets.extend(events.iter().filter_map(packet));
            seen.handshakes.extend(events.iter().filter_map(handshake));
        }
    }
    Ok(seen)
}

fn packet(event: &Value) -> Option<PacketSeen> {
    let step = match event["type"].as_str()? {
        "send_packet" => Step::Sent,
        "recv_packet" => Step::Received,
        "acknowledge_packet" => Step::Acknowledged,
        "timeout_packet" => Step::TimedOut,
        _ => return None,
    };
    Some(PacketSeen {
        step,
        src_channel: attribute(event, "packet_src_channel")?.to_owned(),
        sequence: attribute(event, "packet_sequence")?.parse().ok()?,
    })
}

fn handshake(event: &Value) -> Option<String> {
    let kind = event["type"].as_str()?;
    let is = kind.contains("_open_") || kind == "create_client";
    is.then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, attributes: &[(&str, &str)]) -> Value {
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        json!({ "type": kind, "attributes": attributes })
    }

    #[test]
    fn a_block_is_reduced_to_txs_packets_and_handshakes() {
        let packet = [
            ("packet_src_channel", "channel-3"),
            ("packet_sequence", "9"),
        ];
        let results = json!({ "txs_results": [{
            "code": 0,
            "gas_used": "70000",
            "events": [
                event("tx", &[("fee_payer", "kava1r")]),
                event("update_client", &[]),
                event("recv_packet", &packet),
                event("channel_open_try", &[]),
            ],
        }, {
            "code": 5,
            "gas_used": "100",
            "events": [event("tx", &[("fee_payer", "kava1r")]), event("recv_packet", &packet)],
        }]});
        let seen = block(4, &results).unwrap();
        assert_eq!(seen.txs.len(), 2);
        assert_eq!(seen.txs[0].payer, "kava1r");
        assert_eq!(
            (seen.txs[0].gas_used, seen.txs[0].client_updates),
            (70000, 1)
        );
        assert_eq!(seen.packets.len(), 1, "a failed tx moves no packet");
        assert_eq!(seen.packets[0].step, Step::Received);
        assert_eq!(seen.handshakes, ["channel_open_try"]);
    }
}
