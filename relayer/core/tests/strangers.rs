//! What strangers make on a chain costs nothing and changes nothing of others.

mod support;

use std::time::Duration;

use support::*;
use tern_chains::{
    ChannelId, ChannelState, ClientFlaw, ConnectionId, ConnectionState, End, Event, Ordering,
};
use tern_core::ledger::{
    Change, ChannelKey, ChannelRecord, ClientKey, ConnectionKey, ConnectionRecord, Item, View,
};

/// Of akash's stranger: another client of kava with a connection on it.
const STRANGE_CLIENT: &str = "07-tendermint-66";

fn strange_client() -> ClientKey {
    ClientKey {
        chain: akash(),
        client_id: STRANGE_CLIENT.parse().unwrap(),
    }
}

/// A stranger's client, as relayers make them, and a connection to it.
fn with_a_strangers_connection(view: &mut View, state: ConnectionState) {
    let ours = ClientKey {
        chain: akash(),
        client_id: client_id(),
    };
    let client = view.client(&ours).unwrap().clone();
    let connection = ConnectionRecord {
        state,
        client_id: strange_client().client_id,
        counterparty_chain: kava(),
        counterparty_client_id: STRANGE_CLIENT.parse().unwrap(),
        counterparty_connection_id: Some(ConnectionId::new(66)),
        delay_period_ns: 0,
        versions: vec![],
        seen: 1,
    };
    let key = ConnectionKey {
        chain: akash(),
        connection_id: ConnectionId::new(66),
    };
    view.commit(&Change::Client(strange_client(), client));
    view.commit(&Change::Connection(key, connection));
}

fn channel_on(key: &ChannelKey, client: &str, counterparty: u64) -> Change {
    let there = if key.chain == akash() {
        kava()
    } else {
        akash()
    };
    let record = ChannelRecord {
        state: ChannelState::Open,
        ordering: Ordering::Unordered,
        version: "ics20-1".into(),
        connection_id: ConnectionId::new(66),
        client_id: client.parse().unwrap(),
        counterparty_chain: there,
        counterparty_port_id: port(),
        counterparty_channel_id: Some(ChannelId::new(counterparty)),
        seen: 1,
    };
    Change::Channel(key.clone(), record)
}

fn channel_66(chain: tern_chains::ChainId) -> ChannelKey {
    ChannelKey {
        channel_id: ChannelId::new(66),
        ..end(&chain)
    }
}

/// A channel over the stranger's client that is open at both ends.
fn with_a_strangers_channel(view: &mut View) {
    with_a_strangers_connection(view, ConnectionState::Open);
    view.commit(&channel_on(&channel_66(akash()), STRANGE_CLIENT, 66));
    view.commit(&channel_on(&channel_66(kava()), "07-tendermint-0", 66));
}

/// The clients that are refreshed when it is time for all of them.
fn refreshed(view: &mut View) -> Vec<ClientKey> {
    let late = 340_000;
    tell(view, [block_end(&akash(), late), block_end(&kava(), late)]);
    let items = items(&plan_everything(view)).into_iter();
    let clients = items.filter_map(|item| match item {
        Item::Refresh(client) => Some(client),
        _ => None,
    });
    clients
        .filter(|client| *client == strange_client())
        .collect()
}

#[test]
fn a_client_without_an_open_path_is_not_refreshed() {
    for state in [ConnectionState::Init, ConnectionState::Open] {
        let mut view = open_channel(Ordering::Unordered);
        with_a_strangers_connection(&mut view, state);
        assert_eq!(refreshed(&mut view), []);
    }
}

#[test]
fn a_client_under_a_channel_that_only_one_chain_knows_is_not_refreshed() {
    let mut view = open_channel(Ordering::Unordered);
    with_a_strangers_connection(&mut view, ConnectionState::Open);
    view.commit(&channel_on(&channel_66(akash()), STRANGE_CLIENT, 0));
    assert_eq!(refreshed(&mut view), []);
}

#[test]
fn a_client_under_an_open_channel_is_refreshed_if_it_is_as_relayers_make_them() {
    let mut view = open_channel(Ordering::Unordered);
    with_a_strangers_channel(&mut view);
    assert_eq!(refreshed(&mut view), [strange_client()]);
    let spoil = |change: &dyn Fn(&mut tern_chains::ClientSummary)| {
        let mut view = open_channel(Ordering::Unordered);
        with_a_strangers_channel(&mut view);
        let mut client = view.client(&strange_client()).unwrap().clone();
        change(&mut client.summary);
        view.commit(&Change::Client(strange_client(), client));
        view
    };
    // Some minutes: it would be paid for again and again.
    let mut short = spoil(&|client| client.trusting_period = Duration::from_secs(600));
    assert_eq!(refreshed(&mut short), []);
    let mut flawed = spoil(&|client| client.flaws = vec![ClientFlaw::TrustLevel]);
    assert_eq!(refreshed(&mut flawed), []);
}

#[test]
fn packets_over_a_strangers_flawed_client_are_not_kept() {
    let mut view = open_channel(Ordering::Unordered);
    with_a_strangers_channel(&mut view);
    let mut client = view.client(&strange_client()).unwrap().clone();
    client.summary.flaws = vec![ClientFlaw::ProofSpecs];
    view.commit(&Change::Client(strange_client(), client));
    let mut packet = packet(1, 0);
    packet.src = channel_66(akash()).end();
    packet.dst = channel_66(kava()).end();
    tell(&mut view, [event(&akash(), 11, Event::SendPacket(packet))]);
    assert_eq!(view.open_packets_of(&channel_66(akash()).into()).count(), 0);
}

#[test]
fn a_channel_that_names_another_channels_end_as_its_own_changes_nothing_there() {
    let mut view = open_channel(Ordering::Unordered);
    tell(&mut view, [sent(1, 11)]);
    // On kava, over a client of its own making, a stranger opens a channel that says
    // that akash's channel 0 is its other end, and receives there what it likes.
    view.commit(&channel_on(&channel_66(kava()), STRANGE_CLIENT, 0));
    let mut id = packet(1, 0).id();
    id.dst = channel_66(kava()).end();
    let mut forged = packet(1, 0);
    forged.dst = id.dst.clone();
    let ack = b"forged".to_vec();
    tell(
        &mut view,
        [
            event(&kava(), 12, Event::RecvPacket(id)),
            event(
                &kava(),
                12,
                Event::WriteAcknowledgement {
                    packet: forged,
                    ack,
                },
            ),
            block_end(&akash(), 12),
            block_end(&kava(), 12),
        ],
    );
    let record = view.packet(&key(1)).unwrap();
    assert_eq!((record.received, &record.ack), (None, &None));
    assert_eq!(items(&plan_everything(&view)), [Item::Recv(key(1))]);
}

#[test]
fn an_event_whose_ends_are_not_each_others_counterparties_is_not_believed() {
    let mut view = open_channel(Ordering::Unordered);
    let elsewhere = |mut packet: tern_chains::Packet| {
        packet.dst = End::channel(&port(), &ChannelId::new(66));
        packet
    };
    tell(&mut view, [sent(1, 11)]);
    let acknowledged = Event::AcknowledgePacket(elsewhere(packet(1, 0)).id());
    let sent = Event::SendPacket(elsewhere(packet(2, 0)));
    tell(
        &mut view,
        [event(&akash(), 12, acknowledged), event(&akash(), 12, sent)],
    );
    assert_eq!(view.packet(&key(1)).unwrap().done, None);
    assert_eq!(view.packet(&key(2)), None);
}

#[test]
fn a_chain_that_has_another_id_after_an_upgrade_is_the_counterparty_under_that_id() {
    let mut view = open_channel(Ordering::Unordered);
    let client = ClientKey {
        chain: akash(),
        client_id: client_id(),
    };
    let mut summary = view.client(&client).unwrap().summary.clone();
    summary.chain_id = tern_chains::ChainId::from_string("kava-2");
    let found = tern_core::ledger::Fact::Found {
        chain: akash(),
        height: 12,
        finding: tern_core::ledger::Finding::Client {
            client_id: client_id(),
            summary: summary.clone(),
            consensus_time: tern_chains::BlockTime(12 * SECOND),
        },
    };
    tell(&mut view, [found]);
    let of_channel = &view.channel(&end(&akash())).unwrap().counterparty_chain;
    assert_eq!(of_channel, &summary.chain_id);
    let of_connections = view.connections().filter(|(key, _)| key.chain == akash());
    let of_connections = of_connections.map(|(_, record)| &record.counterparty_chain);
    assert!(of_connections
        .into_iter()
        .all(|chain| *chain == summary.chain_id));
    // Nothing of the other side.
    let there = &view.channel(&end(&kava())).unwrap().counterparty_chain;
    assert_eq!(there, &akash());
}
