//! The steps as tracing spans name them: `follow`, `ledger`, `plan`, `prove`,
//! `submit`, `broadcast`. They are at debug level, and their fields are only
//! formatted when somebody listens.

use std::collections::BTreeMap;
use std::fmt;

use tern_chains::Sequence;
use tern_core::ledger::{EndKey, Item};

/// The packets among items, by the path they were sent on: `akash-a
/// transfer/channel-0 #7..#56`.
pub struct Packets<I>(pub I);

impl<'a, I: Iterator<Item = &'a Item> + Clone> fmt::Display for Packets<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut paths: BTreeMap<&EndKey, (Sequence, Sequence)> = BTreeMap::new();
        for item in self.0.clone() {
            let Some(packet) = item.packet() else {
                continue;
            };
            let sequence = packet.sequence;
            let (first, last) = paths.entry(&packet.src).or_insert((sequence, sequence));
            (*first, *last) = (sequence.min(*first), sequence.max(*last));
        }
        for (index, (path, (first, last))) in paths.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match first == last {
                true => write!(f, "{comma}{path} #{first}")?,
                false => write!(f, "{comma}{path} #{first}..#{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChainId, ChannelId, End, PortId};
    use tern_core::ledger::{ClientKey, PacketKey};

    use super::*;

    #[test]
    fn packets_are_named_by_path_with_the_first_and_the_last() {
        let packet = |channel: u64, sequence: u64| PacketKey {
            src: EndKey {
                chain: ChainId::from_string("akash-a"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
            },
            sequence: sequence.into(),
        };
        let refresh = Item::Refresh(ClientKey {
            chain: ChainId::from_string("akash-a"),
            client_id: "07-tendermint-0".parse().unwrap(),
        });
        let items = [
            Item::Recv(packet(0, 8)),
            Item::Recv(packet(0, 7)),
            refresh,
            Item::Ack(packet(3, 1)),
        ];
        assert_eq!(
            Packets(items.iter()).to_string(),
            "akash-a transfer/channel-0 #7..#8, akash-a transfer/channel-3 #1"
        );
        assert_eq!(Packets([].iter()).to_string(), "");
    }
}
