//! The ways of packets, put together from both chains' blocks. Pure.

use std::collections::BTreeMap;

use crate::blocks::{BlockSeen, PacketSeen, Step};

/// A packet from the block that sent it to the one that ended it: heights, those
/// of the destination for `received`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRecord {
    pub sequence: u64,
    pub sent: u64,
    pub received: Option<u64>,
    pub acknowledged: Option<u64>,
}

impl PacketRecord {
    /// Blocks of the source from the send to the acknowledgement.
    pub fn blocks(&self) -> Option<u64> {
        Some(self.acknowledged? - self.sent)
    }
}

/// The records of all packets sent on these channels in these blocks of the source,
/// by channel and sequence.
pub fn packet_records(
    src: &[BlockSeen],
    dst: &[BlockSeen],
    src_channels: &[String],
) -> Vec<PacketRecord> {
    let mut records: BTreeMap<(&str, u64), PacketRecord> = BTreeMap::new();
    for (sent, packet) in steps(src, Step::Sent) {
        if src_channels.contains(&packet.src_channel) {
            let record = PacketRecord {
                sequence: packet.sequence,
                sent,
                received: None,
                acknowledged: None,
            };
            records.insert((&packet.src_channel, packet.sequence), record);
        }
    }
    for (height, packet) in steps(dst, Step::Received) {
        if let Some(record) = records.get_mut(&(packet.src_channel.as_str(), packet.sequence)) {
            record.received.get_or_insert(height);
        }
    }
    for (height, packet) in steps(src, Step::Acknowledged) {
        if let Some(record) = records.get_mut(&(packet.src_channel.as_str(), packet.sequence)) {
            record.acknowledged.get_or_insert(height);
        }
    }
    records.into_values().collect()
}

fn steps(blocks: &[BlockSeen], step: Step) -> impl Iterator<Item = (u64, &PacketSeen)> {
    let packets = blocks.iter().flat_map(|block| {
        let packets = block.packets.iter();
        packets.map(move |packet| (block.height, packet))
    });
    packets.filter(move |(_, packet)| packet.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(height: u64, packets: &[(Step, &str, u64)]) -> BlockSeen {
        let packets = packets.iter().map(|(step, channel, sequence)| PacketSeen {
            step: *step,
            src_channel: (*channel).to_owned(),
            sequence: *sequence,
        });
        BlockSeen {
            height,
            packets: packets.collect(),
            ..BlockSeen::default()
        }
    }

    #[test]
    fn a_trip_joins_the_steps_of_both_chains() {
        let src = [
            block(
                10,
                &[(Step::Sent, "channel-0", 1), (Step::Sent, "channel-0", 2)],
            ),
            block(13, &[(Step::Acknowledged, "channel-0", 1)]),
        ];
        let dst = [block(55, &[(Step::Received, "channel-0", 1)])];
        let records = packet_records(&src, &dst, &["channel-0".to_owned()]);
        assert_eq!(records.len(), 2);
        assert_eq!(
            (records[0].received, records[0].blocks()),
            (Some(55), Some(3))
        );
        assert_eq!((records[1].received, records[1].blocks()), (None, None));
    }

    #[test]
    fn other_channels_and_older_packets_are_left_out() {
        let src = [
            block(
                10,
                &[
                    (Step::Sent, "channel-1", 1),
                    (Step::Acknowledged, "channel-0", 7),
                ],
            ),
            block(11, &[(Step::Sent, "channel-0", 8)]),
        ];
        let records = packet_records(&src, &[], &["channel-0".to_owned()]);
        assert_eq!(records.iter().map(|t| t.sequence).collect::<Vec<_>>(), [8]);
    }
}
