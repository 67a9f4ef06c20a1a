//! The rules of one section of the configuration.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use tern_chains::{ChannelId, Coin};

use super::{Glob, List};

/// Rules for all chains, or for one. An empty list admits all; a limit of `None` is
/// that for all chains, or no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of channels at either end of a path.
    pub ports: List,
    pub channels: List,
    pub connections: List,
    pub clients: List,
    /// The ids of the chains at the other end.
    pub counterparty_chains: List,
    /// Of the clients over which somebody else begins a connection, where it is begun: over one
    /// that fits it is opened to the end. Empty: no such connection is.
    pub finish_connections: Vec<Glob>,
    /// Of the end at which somebody else begins a channel: where one fits, it is opened to the
    /// end. Empty: no such channel is.
    pub finish_channels: Vec<Glob>,
    /// Of transfers (ICS-20), as their packets have them.
    pub senders: List,
    pub receivers: List,
    pub denoms: List,
    /// Packets sent from channels of a chain.
    pub excluded_sequences: Sequences,
    /// What has to be offered for the receipt of packets that are sent from channels of a
    /// chain (ICS-29).
    pub min_recv_fees: MinFees,
    /// A client with a shorter trusting period would have to be updated so often
    /// that it is paid for nothing.
    pub trusting_period_min: Option<Duration>,
    /// The longest memo and receiver of a transfer: gas grows with them.
    pub memo_bytes_max: Option<usize>,
    pub receiver_bytes_max: Option<usize>,
}

/// Sequences of packets by the channel they are sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences(BTreeMap<ChannelId, Vec<RangeInclusive<u64>>>);

/// The least fees by the channel that packets are sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinFees(Vec<(Glob, Vec<Coin>)>);

impl MinFees {
    /// For each channel whose name fits: coins of which one has to be offered.
    pub fn new(channels: impl IntoIterator<Item = (Glob, Vec<Coin>)>) -> Self {
        Self(channels.into_iter().collect())
    }

    /// Coins of which none is offered and one should be.
    pub(super) fn missing(&self, channel: &ChannelId, offered: &[Coin]) -> Option<&[Coin]> {
        let is_offered = |least: &Coin| {
            let mut offered = offered.iter();
            offered.any(|coin| coin.denom == least.denom && coin.amount >= least.amount)
        };
        let of_channel = self.0.iter();
        let mut of_channel = of_channel.filter(|(glob, _)| glob.matches(channel.as_str()));
        let missing = of_channel.find(|(_, least)| !least.iter().any(is_offered));
        missing.map(|(_, least)| least.as_slice())
    }
}

/// Amounts as people read them.
pub(super) fn amounts(coins: &[Coin], separator: &str) -> String {
    if coins.is_empty() {
        return "nothing".to_owned();
    }
    let coins = coins.iter();
    let coins: Vec<_> = coins
        .map(|coin| format!("{}{}", coin.amount, coin.denom))
        .collect();
    coins.join(separator)
}

impl Rules {
    pub(super) fn has_transfer_lists(&self) -> bool {
        let lists = [&self.senders, &self.receivers, &self.denoms];
        lists.into_iter().any(|list| !list.is_empty())
    }
}

impl Sequences {
    pub fn new(ranges: impl IntoIterator<Item = (ChannelId, Vec<RangeInclusive<u64>>)>) -> Self {
        Self(ranges.into_iter().collect())
    }

    pub(super) fn contains(&self, channel: &ChannelId, sequence: u64) -> bool {
        let ranges = self.0.get(channel).into_iter().flatten();
        ranges.into_iter().any(|range| range.contains(&sequence))
    }
}
