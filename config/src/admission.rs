//! The rules about what is served: `[policy.admission]` for all chains, and
//! `[chain.admission]` for one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::{Deserializer, Error};
use serde::Deserialize;

use crate::field;

/// Rules about paths, clients and packets. By default all is served that is between
/// the configured chains and made as relayers make it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdmissionConfig {
    /// Of channels, such as `transfer` and `icahost`.
    pub ports: ListConfig,
    /// Such as `channel-0`.
    pub channels: ListConfig,
    /// Such as `connection-0`.
    pub connections: ListConfig,
    /// Such as `07-tendermint-0`. A client that is allowed by its full name is fed
    /// whatever it looks like.
    pub clients: ListConfig,
    /// Ids of the chains at the other end.
    pub counterparty_chains: ListConfig,
    /// Clients over which connections that somebody else has begun are opened to the end, such
    /// as `07-tendermint-0` or `*`: those of the chain where they are begun. Default: none.
    #[serde(deserialize_with = "patterns")]
    pub finish_connections: Vec<String>,
    /// Ports on which channels that somebody else has begun are opened to the end, such as
    /// `icacontroller-*`. Default: none.
    #[serde(deserialize_with = "patterns")]
    pub finish_channels: Vec<String>,
    /// Addresses in transfers.
    pub senders: ListConfig,
    pub receivers: ListConfig,
    /// Denoms in transfers, as packets have them: `uakt`, `transfer/channel-0/uakt`.
    pub denoms: ListConfig,
    /// Packets that are not relayed, by the channel they are sent from.
    #[serde(deserialize_with = "sequences")]
    pub excluded_sequences: BTreeMap<String, Vec<RangeInclusive<u64>>>,
    /// What senders have to offer for the receipt of a packet (ICS-29), by the channel that it
    /// is sent from: one of these coins at least, such as `{ "channel-0" = ["50uakt"] }`. `*`
    /// stands for any text. A packet that offers less is not relayed.
    #[serde(deserialize_with = "min_fees")]
    pub min_recv_fees: BTreeMap<String, Vec<CoinConfig>>,
    /// A client with a shorter trusting period is not fed. Default: 1h.
    #[serde(deserialize_with = "field::some_duration")]
    pub trusting_period_min: Option<Duration>,
    /// Maximum number of bytes of a transfer's memo. Default: 32768.
    pub memo_bytes_max: Option<usize>,
    /// Maximum number of bytes of a transfer's receiver. Default: 2048.
    pub receiver_bytes_max: Option<usize>,
}

/// What is allowed and what is denied. `*` stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListConfig {
    /// If not empty, nothing else is served.
    #[serde(deserialize_with = "patterns")]
    pub allow: Vec<String>,
    /// Not served even if it is allowed.
    #[serde(deserialize_with = "patterns")]
    pub deny: Vec<String>,
}

fn patterns<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    let patterns = Vec::<String>::deserialize(input)?;
    match patterns.iter().find(|pattern| pattern.trim().is_empty()) {
        Some(_) => Err(D::Error::custom(
            "an entry is empty: write what is meant, or `*` for everything",
        )),
        None => Ok(patterns),
    }
}

/// An amount of a denom, such as `50uakt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinConfig {
    pub amount: u128,
    pub denom: String,
}

fn min_fees<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<BTreeMap<String, Vec<CoinConfig>>, D::Error> {
    let channels = BTreeMap::<String, Vec<String>>::deserialize(input)?;
    let coins = |(channel, texts): (String, Vec<String>)| {
        if channel.trim().is_empty() || texts.is_empty() {
            return Err(D::Error::custom(
                "an entry is empty: write a channel, or `*` for every one, and its coins",
            ));
        }
        let coins = texts.iter().map(|text| {
            let (amount, denom) = field::coin(text).ok_or_else(|| {
                let reason = format!("`{text}` is not an amount of a denom, such as `50uakt`");
                D::Error::custom(reason)
            })?;
            Ok(CoinConfig { amount, denom })
        });
        Ok((channel, coins.collect::<Result<_, _>>()?))
    };
    channels.into_iter().map(coins).collect()
}

/// A sequence, or two with `-` between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    One(u64),
    Text(String),
}

fn sequences<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<BTreeMap<String, Vec<RangeInclusive<u64>>>, D::Error> {
    let channels = BTreeMap::<String, Vec<Entry>>::deserialize(input)?;
    let ranges = |(channel, entries): (String, Vec<Entry>)| {
        if let Err(error) = channel.parse::<tern_chains::ChannelId>() {
            return Err(D::Error::custom(error));
        }
        let ranges: Result<_, _> = entries.iter().map(range).collect();
        Ok((channel, ranges.map_err(D::Error::custom)?))
    };
    channels.into_iter().map(ranges).collect()
}

fn range(entry: &Entry) -> Result<RangeInclusive<u64>, String> {
    let text = match entry {
        Entry::One(sequence) => return Ok(*sequence..=*sequence),
        Entry::Text(text) => text,
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let both = first.trim().parse().ok().zip(last.trim().parse().ok());
    both.filter(|(first, last): &(u64, u64)| first <= last)
        .map(|(first, last)| first..=last)
        .ok_or_else(|| format!("`{text}` is not a sequence or a range such as `10-20`"))
}
