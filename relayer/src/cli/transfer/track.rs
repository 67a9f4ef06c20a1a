//! Our packets among those of a channel, and their states, as the ledger derives
//! them from the facts of both chains (pure).

use std::collections::BTreeMap;

use tern_chains::{ChainId, Event, Packet, PacketId, Sequence};
use tern_core::ledger::{apply, Done, EndKey, Fact, PacketKey, PacketRecord, View};
use tern_core::policy::Policy;

use crate::ack::Ack;

/// Our packets on one channel.
///
/// They are recognised by the timeout timestamp, which differs from run to run. The
/// format of the data depends on the version of ICS-20.
pub struct Tracker {
    src: EndKey,
    timeout_timestamp: u64,
    view: View,
    policy: Policy,
    /// With the content of the acknowledgement, which the ledger does not keep.
    ours: BTreeMap<Sequence, Option<Ack>>,
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
    /// `view` has the channel and the chains of the packets.
    pub fn new(src: EndKey, timeout_timestamp: u64, view: View) -> Self {
        Self {
            src,
            timeout_timestamp,
            view,
            // Finished packets are wanted until the end.
            policy: Policy {
                history_blocks: u64::MAX,
                ..Policy::default()
            },
            ours: BTreeMap::new(),
        }
    }

    /// The steps of our packets among the facts of a commit.
    pub fn on_facts(&mut self, facts: &[Fact]) -> Vec<Step> {
        facts.iter().filter_map(|fact| self.on_fact(fact)).collect()
    }

    fn on_fact(&mut self, fact: &Fact) -> Option<Step> {
        let Fact::Event { chain, head, event } = fact else {
            return None;
        };
        let (packet, what) = self.what(event)?;
        if packet.src != self.src.end || *chain != self.chain_of(event)? {
            return None;
        }
        for change in apply(&self.view, &self.policy, &fact.clone().into()) {
            self.view.commit(&change);
        }
        let sequence = packet.sequence;
        match (event, &what) {
            (Event::SendPacket(packet), _) => {
                if !self.is_ours(packet) {
                    return None;
                }
                self.ours.entry(sequence).or_default();
            }
            (Event::WriteAcknowledgement { ack, .. }, _) => {
                *self.ours.get_mut(&sequence)? = Some(Ack::read(ack));
                // The acknowledgement on the source may have been read first.
                self.done(sequence)?;
            }
            _ => {}
        }
        self.ours.contains_key(&sequence).then_some(Step {
            sequence,
            height: head.height,
            what: match what {
                What::Acknowledged(_) => What::Acknowledged(self.ours.get(&sequence)?.clone()),
                what => what,
            },
        })
    }

    /// The chain that an event of our packets is on. Both ends of a channel may have the same
    /// name, and packets of the other way the same sequences.
    fn chain_of(&self, event: &Event) -> Option<ChainId> {
        match event {
            Event::RecvPacket(_) | Event::WriteAcknowledgement { .. } => {
                Some(self.view.path(&self.src)?.dst.chain)
            }
            _ => Some(self.src.chain.clone()),
        }
    }

    /// What an event is to its packet.
    fn what(&self, event: &Event) -> Option<(PacketId, What)> {
        Some(match event {
            Event::SendPacket(packet) => (packet.id(), What::Sent),
            Event::RecvPacket(id) => (id.clone(), What::Received),
            Event::WriteAcknowledgement { packet, .. } => (packet.id(), What::Acknowledged(None)),
            Event::AcknowledgePacket(id) => (id.clone(), What::Acknowledged(None)),
            Event::TimeoutPacket(id) => (id.clone(), What::TimedOut),
            _ => return None,
        })
    }

    /// Whether every packet is acknowledged or timed out. `sees_acks` is false if the
    /// destination is not read: then acknowledgements may stay unknown.
    pub fn is_done(&self, sees_acks: bool) -> bool {
        self.ours.iter().all(|(sequence, ack)| {
            self.done(*sequence)
                .is_some_and(|done| done == Done::TimedOut || ack.is_some() || !sees_acks)
        })
    }

    pub fn sequences(&self) -> impl Iterator<Item = Sequence> + '_ {
        self.ours.keys().copied()
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (sequence, ack) in &self.ours {
            let record = self.record(*sequence);
            counts.received += usize::from(record.is_some_and(|record| record.received.is_some()));
            let place = match (self.done(*sequence), ack) {
                (Some(Done::TimedOut), _) => &mut counts.timed_out,
                (Some(_), Some(Ack::Success)) => &mut counts.succeeded,
                (Some(_), Some(Ack::Error(_))) => &mut counts.refused,
                (Some(_), None) => &mut counts.unknown,
                (None, _) => &mut counts.pending,
            };
            *place += 1;
        }
        counts
    }

    fn record(&self, sequence: Sequence) -> Option<&PacketRecord> {
        self.view.packet(&PacketKey {
            src: self.src.clone(),
            sequence,
        })
    }

    fn done(&self, sequence: Sequence) -> Option<Done> {
        Some(self.record(sequence)?.done?.1)
    }

    fn is_ours(&self, packet: &Packet) -> bool {
        packet.timeout.timestamp_ns == self.timeout_timestamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tern_chains::{
        BlockTime, Body, ChannelId, ChannelState, ConnectionId, End, Height, Ordering, PortId,
        Timeout,
    };
    use tern_core::ledger::{ChannelKey, ChannelRecord, Head};

    const OURS: u64 = 1_700_000_000_000_000_123;

    fn chain(name: &str) -> ChainId {
        ChainId::from_string(name)
    }

    fn tracker() -> Tracker {
        let src = ChannelKey {
            chain: chain("a-1"),
            port_id: PortId::transfer(),
            channel_id: ChannelId::new(0),
        };
        let end = ChannelRecord {
            state: ChannelState::Open,
            ordering: Ordering::Unordered,
            version: "ics20-1".to_owned(),
            connection_id: ConnectionId::new(0),
            client_id: "07-tendermint-0".parse().unwrap(),
            counterparty_chain: chain("b-1"),
            counterparty_port_id: PortId::transfer(),
            counterparty_channel_id: Some(ChannelId::new(7)),
            seen: 1,
        };
        let view = super::super::route_view(&src, &end, head(9), head(19));
        Tracker::new(src.into(), OURS, view)
    }

    fn head(height: u64) -> Head {
        Head {
            height,
            time: BlockTime(0),
        }
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

    fn on(chain_id: &str, height: u64, events: Vec<Event>) -> Vec<Fact> {
        let fact = |event| Fact::Event {
            chain: chain(chain_id),
            head: head(height),
            event,
        };
        events.into_iter().map(fact).collect()
    }

    fn on_src(height: u64, events: Vec<Event>) -> Vec<Fact> {
        on("a-1", height, events)
    }

    fn on_dst(height: u64, events: Vec<Event>) -> Vec<Fact> {
        on("b-1", height, events)
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
        tracker.on_facts(&on_src(10, sequences.iter().map(send).collect()));
        tracker
    }

    #[test]
    fn packets_of_others_are_ignored() {
        let mut tracker = tracker();
        let mut elsewhere = packet(3, OURS);
        elsewhere.src = End::channel(&PortId::transfer(), &ChannelId::new(1));
        let steps = tracker.on_facts(&on_src(
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
    fn packets_of_the_other_way_with_the_same_names_are_ignored() {
        let mut tracker = sent(&[1]);
        let steps = tracker.on_facts(&on_src(
            11,
            vec![
                Event::RecvPacket(id(1)),
                written(1, r#"{"error":"ABCI code: 5"}"#),
            ],
        ));
        assert_eq!(steps, []);
        let steps = tracker.on_facts(&on_dst(21, vec![Event::AcknowledgePacket(id(1))]));
        assert_eq!(steps, []);
        assert!(!tracker.is_done(false));
        assert_eq!(
            (tracker.counts().received, tracker.counts().pending),
            (0, 1)
        );
    }

    #[test]
    fn a_packet_is_done_when_it_is_acknowledged_and_the_result_is_known() {
        let mut tracker = sent(&[1]);
        tracker.on_facts(&on_dst(
            20,
            vec![Event::RecvPacket(id(1)), written(1, r#"{"result":"AQ=="}"#)],
        ));
        assert!(!tracker.is_done(true));
        let steps = tracker.on_facts(&on_src(12, vec![Event::AcknowledgePacket(id(1))]));
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
        let steps = tracker.on_facts(&on_src(12, vec![Event::AcknowledgePacket(id(1))]));
        assert_eq!(steps[0].what, What::Acknowledged(None));
        assert!(!tracker.is_done(true));
        assert!(tracker.is_done(false));
        assert_eq!(tracker.counts().unknown, 1);
        let steps = tracker.on_facts(&on_dst(20, vec![written(1, r#"{"error":"ABCI code: 5"}"#)]));
        let refused = Ack::Error("ABCI code: 5".to_owned());
        assert_eq!(steps[0].what, What::Acknowledged(Some(refused)));
        assert!(tracker.is_done(true));
        assert_eq!((tracker.counts().refused, tracker.counts().unknown), (1, 0));
    }

    #[test]
    fn a_packet_is_done_when_it_is_timed_out() {
        let mut tracker = sent(&[1, 2]);
        tracker.on_facts(&on_src(30, vec![Event::TimeoutPacket(id(2))]));
        assert!(!tracker.is_done(true));
        assert_eq!(
            (tracker.counts().timed_out, tracker.counts().pending),
            (1, 1)
        );
    }
}
