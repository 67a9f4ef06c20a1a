//! The state of our packets, from the blocks of both chains (pure).

use std::collections::BTreeMap;

use tern_chains::{Block, End, Event, Packet, PacketId, Sequence};

use crate::cli::ack::Ack;
use crate::connect::ics20::Transfer;

/// Our packets on one channel.
///
/// They are recognised by the timeout timestamp, which differs from run to run. The
/// format of the data depends on the version of ICS-20.
pub struct Tracker {
    src: End,
    timeout_timestamp: u64,
    packets: BTreeMap<Sequence, PacketState>,
}

/// The heights of the events of one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PacketState {
    received: Option<u64>,
    ack: Option<Ack>,
    acknowledged: Option<u64>,
    timed_out: Option<u64>,
}

/// An event of one of our packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub sequence: Sequence,
    pub height: u64,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Sent,
    Received,
    /// `None`: the acknowledgement is not known (yet).
    Acknowledged(Option<Ack>),
    TimedOut,
}

/// The number of our packets in each state. Each packet is counted in exactly one
/// of the last five fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: usize,
    pub succeeded: usize,
    pub refused: usize,
    /// Acknowledged with an unknown result.
    pub unknown: usize,
    pub timed_out: usize,
    pub pending: usize,
}

impl Tracker {
    pub fn new(transfer: &Transfer) -> Self {
        Self {
            src: End::channel(&transfer.src_port, &transfer.src_channel),
            timeout_timestamp: transfer.timeout_timestamp,
            packets: BTreeMap::new(),
        }
    }

    /// The events of our packets in a block of the source chain.
    pub fn on_src(&mut self, block: &Block) -> Vec<Step> {
        let height = block.height;
        let steps = block.events.iter().filter_map(|event| match event {
            Event::SendPacket(packet) if self.is_ours(packet) => {
                self.packets.insert(packet.sequence, PacketState::default());
                Some((packet.sequence, What::Sent))
            }
            Event::AcknowledgePacket(id) => {
                let packet = self.get(id)?;
                packet.acknowledged = Some(height);
                Some((id.sequence, What::Acknowledged(packet.ack.clone())))
            }
            Event::TimeoutPacket(id) => {
                self.get(id)?.timed_out = Some(height);
                Some((id.sequence, What::TimedOut))
            }
            _ => None,
        });
        collect(height, steps)
    }

    /// The events of our packets in a block of the destination chain.
    pub fn on_dst(&mut self, block: &Block) -> Vec<Step> {
        let height = block.height;
        let steps = block.events.iter().filter_map(|event| match event {
            Event::RecvPacket(id) => {
                self.get(id)?.received = Some(height);
                Some((id.sequence, What::Received))
            }
            Event::WriteAcknowledgement { packet, ack } => {
                let state = self.get(&packet.id())?;
                state.ack = Some(Ack::read(ack));
                // The acknowledgement on the source may have been read first.
                state.acknowledged?;
                let ack = state.ack.clone();
                Some((packet.sequence, What::Acknowledged(ack)))
            }
            _ => None,
        });
        collect(height, steps)
    }

    /// Whether every packet is acknowledged or timed out. `sees_acks` is false if the
    /// destination is not read: then acknowledgements may stay unknown.
    pub fn is_done(&self, sees_acks: bool) -> bool {
        self.packets.values().all(|packet| {
            packet.timed_out.is_some()
                || packet.acknowledged.is_some() && (packet.ack.is_some() || !sees_acks)
        })
    }

    pub fn sequences(&self) -> impl Iterator<Item = Sequence> + '_ {
        self.packets.keys().copied()
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for packet in self.packets.values() {
            counts.received += usize::from(packet.received.is_some());
            let place = match (packet.timed_out, packet.acknowledged, &packet.ack) {
                (Some(_), ..) => &mut counts.timed_out,
                (None, Some(_), Some(Ack::Success)) => &mut counts.succeeded,
                (None, Some(_), Some(Ack::Error(_))) => &mut counts.refused,
                (None, Some(_), None) => &mut counts.unknown,
                (None, None, _) => &mut counts.pending,
            };
            *place += 1;
        }
        counts
    }

    fn is_ours(&self, packet: &Packet) -> bool {
        packet.timeout.timestamp_ns == self.timeout_timestamp && packet.src == self.src
    }

    fn get(&mut self, id: &PacketId) -> Option<&mut PacketState> {
        let same = id.src == self.src;
        same.then(|| self.packets.get_mut(&id.sequence)).flatten()
    }
}

fn collect(height: u64, steps: impl Iterator<Item = (Sequence, What)>) -> Vec<Step> {
    let steps = steps.map(|(sequence, what)| Step {
        sequence,
        height,
        what,
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{BlockTime, Body, ChannelId, Height, PortId, Timeout};

    const OURS: u64 = 1_700_000_000_000_000_123;

    fn tracker() -> Tracker {
        Tracker::new(&Transfer {
            src_port: "transfer".parse().unwrap(),
            src_channel: "channel-0".parse().unwrap(),
            denom: "uakt".to_owned(),
            amount: 1,
            sender: String::new(),
            receiver: String::new(),
            timeout_timestamp: OURS,
            memo: String::new(),
        })
    }

    fn packet(sequence: u64, timeout: u64) -> Packet {
        Packet {
            src: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(7)),
            sequence: sequence.into(),
            timeout: Timeout {
                height: Height::default(),
                timestamp_ns: timeout,
            },
            body: Body::V1 { data: vec![] },
        }
    }

    fn id(sequence: u64) -> PacketId {
        packet(sequence, OURS).id()
    }

    fn block(height: u64, events: Vec<Event>) -> Block {
        Block {
            height,
            time: BlockTime(0),
            events,
            txs: vec![],
        }
    }

    fn written(sequence: u64, ack: &str) -> Event {
        Event::WriteAcknowledgement {
            packet: packet(sequence, OURS),
            ack: ack.as_bytes().to_vec(),
        }
    }

    fn sent(sequences: &[u64]) -> Tracker {
        let mut tracker = tracker();
        let send = |sequence: &u64| Event::SendPacket(packet(*sequence, OURS));
        tracker.on_src(&block(10, sequences.iter().map(send).collect()));
        tracker
    }

    #[test]
    fn packets_of_others_are_ignored() {
        let mut tracker = tracker();
        let mut elsewhere = packet(3, OURS);
        elsewhere.src = End::channel(&PortId::transfer(), &ChannelId::new(1));
        let steps = tracker.on_src(&block(
            10,
            vec![
                Event::SendPacket(packet(1, OURS + 1)),
                Event::SendPacket(packet(2, OURS)),
                Event::SendPacket(elsewhere),
                Event::AcknowledgePacket(id(1)),
            ],
        ));
        assert_eq!(steps.len(), 1);
        assert_eq!((steps[0].sequence, &steps[0].what), (2.into(), &What::Sent));
        assert_eq!(tracker.sequences().collect::<Vec<_>>(), [2.into()]);
    }

    #[test]
    fn a_packet_is_done_when_it_is_acknowledged_and_the_result_is_known() {
        let mut tracker = sent(&[1]);
        tracker.on_dst(&block(
            20,
            vec![Event::RecvPacket(id(1)), written(1, r#"{"result":"AQ=="}"#)],
        ));
        assert!(!tracker.is_done(true));
        let steps = tracker.on_src(&block(12, vec![Event::AcknowledgePacket(id(1))]));
        assert_eq!(steps[0].what, What::Acknowledged(Some(Ack::Success)));
        assert!(tracker.is_done(true));
        let counts = tracker.counts();
        assert_eq!(
            (counts.received, counts.succeeded, counts.pending),
            (1, 1, 0)
        );
    }

    #[test]
    fn the_order_in_which_the_chains_are_read_does_not_matter() {
        let mut tracker = sent(&[1]);
        let steps = tracker.on_src(&block(12, vec![Event::AcknowledgePacket(id(1))]));
        assert_eq!(steps[0].what, What::Acknowledged(None));
        assert!(!tracker.is_done(true));
        assert!(tracker.is_done(false));
        assert_eq!(tracker.counts().unknown, 1);
        let steps = tracker.on_dst(&block(20, vec![written(1, r#"{"error":"ABCI code: 5"}"#)]));
        let refused = Ack::Error("ABCI code: 5".to_owned());
        assert_eq!(steps[0].what, What::Acknowledged(Some(refused)));
        assert!(tracker.is_done(true));
        assert_eq!((tracker.counts().refused, tracker.counts().unknown), (1, 0));
    }

    #[test]
    fn a_packet_is_done_when_it_is_timed_out() {
        let mut tracker = sent(&[1, 2]);
        tracker.on_src(&block(30, vec![Event::TimeoutPacket(id(2))]));
        assert!(!tracker.is_done(true));
        assert_eq!(
            (tracker.counts().timed_out, tracker.counts().pending),
            (1, 1)
        );
    }
}
