//! Which clients, connections and channels are read from state. Pure.

use std::collections::BTreeSet;

use tern_chains::{
    ChainId, ChannelEnd, ChannelId, ClientId, ConnectionEnd, ConnectionId, End, Event, PortId,
};
use tern_core::ledger::{Finding, View};

/// The identifiers of one chain whose records the ledger already has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    clients: BTreeSet<ClientId>,
    connections: BTreeSet<ConnectionId>,
    channels: BTreeSet<(PortId, ChannelId)>,
    /// Clients of a type that can be read, and whose state could not.
    unreadable: BTreeSet<ClientId>,
    /// Clients of which an event has said something that their state must confirm.
    to_confirm: BTreeSet<ClientId>,
}

/// Most clients whose state is read at a time to confirm what events said. Default 100:
/// the others are read the next times.
const CONFIRMED_MAX: usize = 100;

impl Known {
    /// The clients to be read next.
    pub fn to_look_at(&self) -> BTreeSet<ClientId> {
        self.to_confirm
            .iter()
            .take(CONFIRMED_MAX)
            .cloned()
            .collect()
    }

    /// These were read.
    pub fn looked_at(&mut self, ids: &BTreeSet<ClientId>, findings: &[Finding]) {
        self.to_confirm.retain(|id| !ids.contains(id));
        self.note_frozen(findings);
    }

    fn note_frozen(&mut self, findings: &[Finding]) {
        for finding in findings {
            match finding {
                Finding::Client {
                    client_id, summary, ..
                } if summary.frozen => drop(self.to_confirm.insert(client_id.clone())),
                _ => {}
            }
        }
    }

    /// What a block's events say of clients has to be confirmed.
    fn note_events(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::ClientUpdated { client_id, .. } if self.clients.contains(client_id) => {
                    self.to_confirm.insert(client_id.clone());
                }
                _ => {}
            }
        }
    }

    /// These clients were to be read. Those that are not among the findings although
    /// their type can be read were perhaps lied about.
    pub fn read_clients(
        &mut self,
        wanted: &BTreeSet<ClientId>,
        findings: &[Finding],
        reads: impl Fn(&ClientId) -> bool,
    ) {
        let found = |id: &ClientId| {
            let mut findings = findings.iter();
            findings.any(
                |finding| matches!(finding, Finding::Client { client_id, .. } if client_id == id),
            )
        };
        for id in wanted {
            if reads(id) && !found(id) {
                self.unreadable.insert(id.clone());
            } else {
                self.unreadable.remove(id);
            }
        }
    }

    /// The clients that the chain has. Those of a type that can be read and that are
    /// not known were left out by an earlier run.
    pub fn listed_clients(&mut self, all: Vec<ClientId>, reads: impl Fn(&ClientId) -> bool) {
        let left_out = all
            .into_iter()
            .filter(|id| reads(id) && !self.clients.contains(id));
        self.unreadable.extend(left_out);
    }

    /// Whether a client could not be read, and with it what is on it.
    pub fn is_incomplete(&self) -> bool {
        !self.unreadable.is_empty()
    }

    pub fn of(view: &View, chain: &ChainId) -> Self {
        let clients = || view.clients().filter(|(key, _)| key.chain == *chain);
        let frozen = clients().filter(|(_, record)| record.summary.frozen);
        let frozen = frozen.map(|(key, _)| key.client_id.clone());
        let connections = view.connections().filter(|(key, _)| key.chain == *chain);
        let channels = view.channels().filter(|(key, _)| key.chain == *chain);
        Self {
            clients: clients().map(|(key, _)| key.client_id.clone()).collect(),
            connections: connections
                .map(|(key, _)| key.connection_id.clone())
                .collect(),
            channels: channels
                .map(|(key, _)| (key.port_id.clone(), key.channel_id.clone()))
                .collect(),
            unreadable: BTreeSet::new(),
            to_confirm: frozen.collect(),
        }
    }

    /// What was found is not read again because something names it.
    pub fn add(&mut self, findings: &[Finding]) {
        self.note_frozen(findings);
        for finding in findings {
            match finding {
                Finding::Client { client_id, .. } => {
                    self.clients.insert(client_id.clone());
                }
                Finding::Connection { connection_id, .. } => {
                    self.connections.insert(connection_id.clone());
                }
                Finding::Channel { key, .. } => {
                    self.channels
                        .insert((key.port_id.clone(), key.channel_id.clone()));
                }
                Finding::Trusted(_)
                | Finding::HeaderChecked { .. }
                | Finding::RevisionEnds { .. }
                | Finding::Received { .. }
                | Finding::NotReceived { .. }
                | Finding::NotAcknowledged { .. }
                | Finding::Settled { .. }
                | Finding::NotSettled { .. } => {}
            }
        }
    }
}

/// What has to be read: what has changed, and what is named for the first time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub clients: BTreeSet<ClientId>,
    pub connections: BTreeSet<ConnectionId>,
    pub channels: BTreeSet<(PortId, ChannelId)>,
}

impl Wanted {
    pub fn of(events: &[Event], known: &mut Known) -> Self {
        known.note_events(events);
        let mut wanted = Self::default();
        for event in events {
            wanted.add(event, known);
        }
        wanted
    }

    fn add(&mut self, event: &Event, known: &Known) {
        match event {
            Event::SendPacket(packet) => self.add_end(&packet.src, known),
            Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => {
                self.add_end(&id.src, known);
            }
            Event::RecvPacket(id) => self.add_end(&id.dst, known),
            Event::WriteAcknowledgement { packet, .. } => {
                self.add_end(&packet.dst, known);
            }
            Event::ClientChanged { client_id } | Event::ClientFrozen { client_id } => {
                self.clients.insert(client_id.clone());
            }
            Event::ConnectionChanged { connection_id } => {
                self.connections.insert(connection_id.clone());
            }
            Event::ChannelChanged {
                port_id,
                channel_id,
            } => {
                self.channels.insert((port_id.clone(), channel_id.clone()));
            }
            // Its packet is sent in the same block, or was before.
            Event::FeesOffered { .. } => {}
            // Read with others, some blocks later.
            Event::ClientUpdated { .. } => {}
        }
    }

    fn add_end(&mut self, end: &End, known: &Known) {
        let channel = end.as_channel();
        let channel = channel.map(|(port, channel)| (port.clone(), channel.clone()));
        self.channels
            .extend(channel.filter(|channel| !known.channels.contains(channel)));
    }

    /// The connections that channels go through.
    pub fn add_beneath_channels<'a>(
        &mut self,
        ends: impl Iterator<Item = &'a ChannelEnd>,
        known: &Known,
    ) {
        let hops = ends.flat_map(|end| &end.connection_hops);
        let new = hops.filter(|id| !known.connections.contains(id));
        self.connections.extend(new.cloned());
    }

    /// The clients that connections trust.
    pub fn add_beneath_connections<'a>(
        &mut self,
        ends: impl Iterator<Item = &'a ConnectionEnd>,
        known: &Known,
    ) {
        let clients = ends.map(|end| &end.client_id);
        let new = clients.filter(|id| !known.clients.contains(id));
        self.clients.extend(new.cloned());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tern_chains::{
        BlockTime, Body, ChannelCounterparty, ChannelState, ClientSummary, ConnectionCounterparty,
        ConnectionState, Ordering, Packet, Timeout,
    };
    use tern_core::ledger::ChannelKey;

    use super::*;
    use crate::engine::testing::open_channel;

    fn client(number: u64) -> ClientId {
        format!("07-tendermint-{number}").parse().unwrap()
    }

    fn channel(number: u64) -> (PortId, ChannelId) {
        (PortId::transfer(), ChannelId::new(number))
    }

    fn end(number: u64) -> End {
        let (port, channel) = channel(number);
        End::channel(&port, &channel)
    }

    /// From channel 1 of its source to channel 2 of its destination.
    fn packet() -> Packet {
        Packet {
            src: end(1),
            dst: end(2),
            sequence: 3.into(),
            timeout: Timeout::default(),
            body: Body::V1 { data: vec![] },
        }
    }

    fn connection_end(of_client: u64) -> ConnectionEnd {
        ConnectionEnd {
            state: ConnectionState::Open,
            client_id: client(of_client),
            counterparty: ConnectionCounterparty {
                client_id: client(9),
                connection_id: None,
                prefix: vec![],
            },
            versions: vec![],
            delay_period_ns: 0,
        }
    }

    fn channel_end(over: u64) -> ChannelEnd {
        ChannelEnd {
            state: ChannelState::Open,
            ordering: Ordering::Unordered,
            counterparty: ChannelCounterparty {
                port_id: PortId::transfer(),
                channel_id: None,
            },
            connection_hops: vec![ConnectionId::new(over)],
            version: String::new(),
        }
    }

    /// Client 0, connection 0 and channel 0, as they are found.
    fn findings() -> [Finding; 3] {
        let (port_id, channel_id) = channel(0);
        [
            Finding::Client {
                client_id: client(0),
                summary: ClientSummary {
                    chain_id: ChainId::from_string("kava-1"),
                    latest_height: 9,
                    trusting_period: Duration::from_secs(60),
                    frozen: false,
                    flaws: vec![],
                },
                consensus_time: BlockTime(0),
            },
            Finding::Connection {
                connection_id: ConnectionId::new(0),
                end: connection_end(0),
            },
            Finding::Channel {
                key: ChannelKey {
                    chain: ChainId::from_string("akash-1"),
                    port_id,
                    channel_id,
                },
                end: channel_end(0),
            },
        ]
    }

    fn known() -> Known {
        let mut known = Known::default();
        known.add(&findings());
        known
    }

    fn channels(event: Event) -> BTreeSet<(PortId, ChannelId)> {
        Wanted::of(&[event], &mut known()).channels
    }

    #[test]
    fn a_client_that_an_earlier_run_left_out_is_missed() {
        let id = |text: &str| text.parse::<ClientId>().unwrap();
        let reads = |id: &ClientId| id.as_str().starts_with("07-tendermint-");
        let mut known = Known::default();
        known.clients.insert(id("07-tendermint-0"));
        known.listed_clients(vec![id("07-tendermint-0"), id("06-solomachine-1")], reads);
        assert!(!known.is_incomplete());
        known.listed_clients(vec![id("07-tendermint-0"), id("07-tendermint-2")], reads);
        assert!(known.is_incomplete());
    }

    #[test]
    fn a_client_of_a_known_type_that_cannot_be_read_leaves_the_picture_incomplete() {
        let id = |text: &str| text.parse::<ClientId>().unwrap();
        let reads = |id: &ClientId| id.as_str().starts_with("07-tendermint-");
        let mut known = Known::default();
        known.read_clients(&[id("06-solomachine-1")].into(), &[], reads);
        assert!(!known.is_incomplete(), "nobody reads that type");
        known.read_clients(&[id("07-tendermint-1")].into(), &[], reads);
        assert!(known.is_incomplete());
        let found = Finding::Client {
            client_id: id("07-tendermint-1"),
            summary: ClientSummary {
                chain_id: ChainId::from_string("kava-1"),
                latest_height: 1,
                trusting_period: Duration::from_secs(1),
                frozen: false,
                flaws: vec![],
            },
            consensus_time: BlockTime(0),
        };
        known.read_clients(&[id("07-tendermint-1")].into(), &[found], reads);
        assert!(!known.is_incomplete());
    }

    #[test]
    fn an_event_of_a_packet_names_the_channel_at_its_own_end() {
        let at_src = BTreeSet::from([channel(1)]);
        assert_eq!(channels(Event::SendPacket(packet())), at_src);
        assert_eq!(channels(Event::AcknowledgePacket(packet().id())), at_src);
        assert_eq!(channels(Event::TimeoutPacket(packet().id())), at_src);
        let at_dst = BTreeSet::from([channel(2)]);
        assert_eq!(channels(Event::RecvPacket(packet().id())), at_dst);
        let written = Event::WriteAcknowledgement {
            packet: packet(),
            ack: vec![],
        };
        assert_eq!(channels(written), at_dst);
    }

    #[test]
    fn a_channel_that_is_known_is_not_read_for_its_packets() {
        let sent = Packet {
            src: end(0),
            ..packet()
        };
        assert!(channels(Event::SendPacket(sent)).is_empty());
    }

    #[test]
    fn a_packet_between_clients_names_no_channel() {
        let sent = Packet {
            src: End::Client {
                client_id: client(1),
            },
            ..packet()
        };
        let wanted = Wanted::of(&[Event::SendPacket(sent)], &mut known());
        assert_eq!(wanted, Wanted::default());
    }

    #[test]
    fn what_has_changed_is_read_again_although_it_is_known() {
        let (port_id, channel_id) = channel(0);
        let events = [
            Event::ClientChanged {
                client_id: client(0),
            },
            Event::ConnectionChanged {
                connection_id: ConnectionId::new(0),
            },
            Event::ChannelChanged {
                port_id,
                channel_id,
            },
        ];
        let expected = Wanted {
            clients: [client(0)].into(),
            connections: [ConnectionId::new(0)].into(),
            channels: [channel(0)].into(),
        };
        assert_eq!(Wanted::of(&events, &mut known()), expected);
    }

    #[test]
    fn a_client_that_was_updated_is_read_some_blocks_later_and_with_others() {
        let mut known = known();
        let updated = |number| Event::ClientUpdated {
            client_id: client(number),
            consensus_heights: vec![7],
        };
        // Client 0 is known, 5 is not.
        let wanted = Wanted::of(&[updated(0), updated(0), updated(5)], &mut known);
        assert_eq!(wanted, Wanted::default());
        let ids = known.to_look_at();
        assert_eq!(ids, [client(0)].into());
        known.looked_at(&ids, &[found(false)]);
        assert!(known.to_look_at().is_empty());
    }

    #[test]
    fn a_client_is_frozen_if_its_state_says_so_and_is_read_again() {
        let mut known = known();
        let frozen = Event::ClientFrozen {
            client_id: client(0),
        };
        let wanted = Wanted::of(&[frozen], &mut known);
        assert_eq!(wanted.clients, [client(0)].into());
        known.add(&[found(true)]);
        let ids = known.to_look_at();
        assert_eq!(ids, [client(0)].into());
        known.looked_at(&ids, &[found(true)]);
        assert_eq!(known.to_look_at(), [client(0)].into());
        known.looked_at(&ids, &[found(false)]);
        assert!(known.to_look_at().is_empty());
    }

    /// What the state of client 0 says.
    fn found(frozen: bool) -> Finding {
        Finding::Client {
            client_id: client(0),
            summary: ClientSummary {
                chain_id: ChainId::from_string("b-1"),
                latest_height: 7,
                trusting_period: Duration::from_secs(60),
                frozen,
                flaws: vec![],
            },
            consensus_time: BlockTime(0),
        }
    }

    #[test]
    fn what_is_beneath_a_new_channel_is_read_unless_it_is_known() {
        let mut wanted = Wanted::default();
        wanted.add_beneath_channels([channel_end(0), channel_end(4)].iter(), &known());
        assert_eq!(wanted.connections, [ConnectionId::new(4)].into());
        wanted.add_beneath_connections([connection_end(0), connection_end(6)].iter(), &known());
        assert_eq!(wanted.clients, [client(6)].into());
    }

    #[test]
    fn only_records_of_the_chain_itself_are_known() {
        let mut view = View::default();
        for change in open_channel("akash-1", "kava-1") {
            view.commit(&change);
        }
        let known = Known::of(&view, &ChainId::from_string("akash-1"));
        assert_eq!(known.channels, [channel(0)].into());
        let of_another = Known::of(&view, &ChainId::from_string("juno-1"));
        assert_eq!(of_another, Known::default());
    }
}
