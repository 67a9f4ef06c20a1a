//! The ways of packets, put together from both chains' blocks. Pure.

use std::collections::BTreeMap;

use crate::journal::{BlockSeen, Step};

/// A packet from the block that sent it to the one that ended it: heights, those
/// of the destination for `received`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    pub sequence: u64,
    pub sent: u64,
    pub received: Option<u64>,
    pub acknowledged: Option<u64>,
}

impl Trip {
    /// Blocks of the source from the send to the acknowledgement.
    pub fn blocks(&self) -> Option<u64> {
        Some(self.acknowledged? - self.sent)
    }
}

/// The trips of all packets sent in these blocks of the source, by sequence.
pub fn trips(src: &[BlockSeen], dst: &[BlockSeen], src_channel: &str) -> Vec<Trip> {
    let mut trips = BTreeMap::new();
    let steps = |blocks: &[BlockSeen], step: Step| -> Vec<(u64, u64)> {
        let of = blocks.iter().flat_map(|block| {
            let packets = block.packets.iter();
            packets.map(move |packet| (block.height, packet))
        });
        let of = of.filter(|(_, packet)| packet.step == step && packet.src_channel == src_channel);
        of.map(|(height, packet)| (height, packet.sequence))
            .collect()
    };
    for (sent, sequence) in steps(src, Step::Sent) {
        let trip = Trip {
            sequence,
            sent,
            received: None,
            acknowledged: None,
        };
        trips.insert(sequence, trip);
    }
    for (height, sequence) in steps(dst, Step::Received) {
        if let Some(trip) = trips.get_mut(&sequence) {
            trip.received.get_or_insert(height);
        }
    }
    for (height, sequence) in steps(src, Step::Acknowledged) {
        if let Some(trip) = trips.get_mut(&sequence) {
            trip.acknowledged.get_or_insert(height);
        }
    }
    trips.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::PacketSeen;

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
        let trips = trips(&src, &dst, "channel-0");
        assert_eq!(trips.len(), 2);
        assert_eq!((trips[0].received, trips[0].blocks()), (Some(55), Some(3)));
        assert_eq!((trips[1].received, trips[1].blocks()), (None, None));
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
        let trips = trips(&src, &[], "channel-0");
        assert_eq!(trips.iter().map(|t| t.sequence).collect::<Vec<_>>(), [8]);
    }
}
