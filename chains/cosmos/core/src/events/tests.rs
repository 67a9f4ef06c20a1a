//! Events as ibc-go v10 writes them, attribute by attribute.

use super::*;
use tern_chains::{ChannelId, Height, PortId};

fn event(kind: &str, attributes: &[(&str, &str)]) -> abci::Event {
    let attributes = attributes.iter().map(|(key, value)| (*key, *value, true));
    abci::Event::new(kind, attributes)
}

const ID: [(&str, &str); 7] = [
    ("packet_sequence", "17"),
    ("packet_src_port", "transfer"),
    ("packet_src_channel", "channel-3"),
    ("packet_dst_port", "icahost"),
    ("packet_dst_channel", "channel-141"),
    ("packet_channel_ordering", "ORDER_UNORDERED"),
    ("connection_id", "connection-0"),
];
const TIMEOUTS: [(&str, &str); 2] = [
    ("packet_timeout_height", "1-2000"),
    ("packet_timeout_timestamp", "1700000000000000001"),
];
const DATA: [(&str, &str); 1] = [("packet_data_hex", "7b7D")];

fn packet_attributes(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&DATA[..], &TIMEOUTS, &ID, more].concat()
}

fn the_packet() -> Packet {
    Packet {
        src: End::channel(&PortId::transfer(), &ChannelId::new(3)),
        dst: End::channel(&"icahost".parse().unwrap(), &ChannelId::new(141)),
        sequence: 17.into(),
        timeout: Timeout {
            height: Height::new(1, 2000),
            timestamp_ns: 1_700_000_000_000_000_001,
        },
        body: Body::V1 {
            data: b"{}".to_vec(),
        },
    }
}

#[test]
fn a_sent_packet_comes_with_its_bytes() {
    let fact = decode(&event("send_packet", &packet_attributes(&[]))).unwrap();
    assert_eq!(fact, Some(Event::SendPacket(the_packet())));
}

#[test]
fn an_acknowledgement_comes_whole() {
    let attributes = packet_attributes(&[("packet_ack_hex", "0a0b")]);
    let fact = decode(&event("write_acknowledgement", &attributes)).unwrap();
    let (packet, ack) = (the_packet(), vec![10, 11]);
    assert_eq!(fact, Some(Event::WriteAcknowledgement { packet, ack }));
}

#[test]
fn the_other_packet_events_give_coordinates() {
    let id = the_packet().id();
    for (kind, fact) in [
        ("recv_packet", Event::RecvPacket(id.clone())),
        ("acknowledge_packet", Event::AcknowledgePacket(id.clone())),
        ("timeout_packet", Event::TimeoutPacket(id.clone())),
        ("timeout_on_close_packet", Event::TimeoutPacket(id.clone())),
    ] {
        let with_data = event(kind, &packet_attributes(&[]));
        assert_eq!(decode(&with_data), Ok(Some(fact.clone())), "{kind}");
        let without = event(kind, &[&TIMEOUTS[..], &ID].concat());
        assert_eq!(decode(&without), Ok(Some(fact)), "{kind} without data");
    }
}

#[test]
fn no_timeout_is_zero_height_and_zero_time() {
    let timeouts = [
        ("packet_timeout_height", "0-0"),
        ("packet_timeout_timestamp", "0"),
    ];
    let fact = decode(&event("send_packet", &[&DATA[..], &timeouts, &ID].concat()));
    let Ok(Some(Event::SendPacket(packet))) = fact else {
        panic!("{fact:?}");
    };
    assert_eq!(packet.timeout, Timeout::default());
}

#[test]
fn a_timeout_at_height_zero_of_a_revision_is_kept() {
    let timeouts = [
        ("packet_timeout_height", "2-0"),
        ("packet_timeout_timestamp", "0"),
    ];
    let fact = decode(&event("send_packet", &[&DATA[..], &timeouts, &ID].concat()));
    let Ok(Some(Event::SendPacket(packet))) = fact else {
        panic!("{fact:?}");
    };
    assert_eq!(packet.timeout.height, Height::new(2, 0));
}

#[test]
fn empty_packet_data_is_data() {
    let attributes = [&[("packet_data_hex", "")][..], &TIMEOUTS, &ID].concat();
    let Ok(Some(Event::SendPacket(packet))) = decode(&event("send_packet", &attributes)) else {
        panic!("not decoded");
    };
    assert!(packet.data().is_empty());
}

#[test]
fn ibc_v2_packets_are_nobodys_fault() {
    let attributes = [
        ("packet_source_client", "07-tendermint-0"),
        ("packet_dest_client", "07-tendermint-1"),
        ("packet_sequence", "1"),
        ("packet_timeout_timestamp", "1700000000"),
        ("encoded_packet_hex", "0801"),
    ];
    for kind in ["send_packet", "recv_packet", "write_acknowledgement"] {
        assert_eq!(decode(&event(kind, &attributes)), Ok(None), "{kind}");
    }
}

#[test]
fn a_client_update_lists_its_heights() {
    let id = ("client_id", "07-tendermint-4");
    let one = ("consensus_height", "2-90");
    for (attributes, heights) in [
        (vec![id, one, ("consensus_heights", "2-90")], vec![90]),
        (
            vec![id, one, ("consensus_heights", "2-90,2-95")],
            vec![90, 95],
        ),
        (vec![id, one], vec![90]),
        (
            vec![id, ("consensus_height", ""), ("consensus_heights", "")],
            vec![],
        ),
    ] {
        let fact = decode(&event("update_client", &attributes)).unwrap();
        let expected = Event::ClientUpdated {
            client_id: "07-tendermint-4".parse().unwrap(),
            consensus_heights: heights,
        };
        assert_eq!(fact, Some(expected), "{attributes:?}");
    }
}

#[test]
fn what_is_offered_for_a_receipt_is_read_in_all_its_denoms() {
    let offered = |recv: &'static str| {
        let attributes = [
            ("port_id", "transfer"),
            ("channel_id", "channel-3"),
            ("packet_sequence", "17"),
            ("recv_fee", recv),
            ("ack_fee", "1uakt"),
            ("timeout_fee", ""),
        ];
        decode(&event("incentivized_ibc_packet", &attributes))
    };
    let coin = |amount, denom: &str| Coin {
        denom: denom.to_owned(),
        amount,
    };
    for (text, recv) in [
        ("", vec![]),
        ("50uakt", vec![coin(50, "uakt")]),
        (
            "7ibc/27394F,50uakt",
            vec![coin(7, "ibc/27394F"), coin(50, "uakt")],
        ),
    ] {
        let fact = Event::FeesOffered {
            src: the_packet().src,
            sequence: 17.into(),
            recv,
        };
        assert_eq!(offered(text), Ok(Some(fact)), "{text}");
    }
    for text in ["uakt", "50", "50uakt;", "-1uakt", "1.5uakt"] {
        assert!(offered(text).is_err(), "{text}");
    }
}

#[test]
fn clients_are_made_frozen_and_recovered() {
    let client_id: tern_chains::ClientId = "08-wasm-2".parse().unwrap();
    let changed = || Event::ClientChanged {
        client_id: client_id.clone(),
    };
    let frozen = || Event::ClientFrozen {
        client_id: client_id.clone(),
    };
    for (kind, key, fact) in [
        ("create_client", "client_id", changed()),
        ("upgrade_client", "client_id", changed()),
        ("recover_client", "subject_client_id", changed()),
        ("client_misbehaviour", "client_id", frozen()),
    ] {
        let attributes = [(key, "08-wasm-2"), ("client_type", "08-wasm")];
        assert_eq!(decode(&event(kind, &attributes)), Ok(Some(fact)), "{kind}");
    }
}

#[test]
fn handshakes_name_the_end_that_changed() {
    let init = event(
        "connection_open_init",
        &[
            ("connection_id", "connection-1"),
            ("client_id", "07-tendermint-0"),
            ("counterparty_client_id", "07-tendermint-1"),
        ],
    );
    let connection_id = "connection-1".parse().unwrap();
    let fact = Event::ConnectionChanged { connection_id };
    assert_eq!(decode(&init), Ok(Some(fact)));
    for kind in [
        "channel_open_init",
        "channel_open_try",
        "channel_open_ack",
        "channel_open_confirm",
        "channel_close_init",
        "channel_close_confirm",
        "channel_close",
    ] {
        let attributes = [
            ("port_id", "transfer"),
            ("channel_id", "channel-7"),
            ("counterparty_port_id", "transfer"),
            ("counterparty_channel_id", ""),
            ("connection_id", "connection-1"),
        ];
        let fact = Event::ChannelChanged {
            port_id: "transfer".parse().unwrap(),
            channel_id: "channel-7".parse().unwrap(),
        };
        assert_eq!(decode(&event(kind, &attributes)), Ok(Some(fact)), "{kind}");
    }
}

#[test]
fn what_cannot_be_read_is_said_not_guessed() {
    let no_ack = event("write_acknowledgement", &packet_attributes(&[]));
    assert_eq!(decode(&no_ack), Err(EventError::Missing("packet_ack_hex")));
    let bad_time = [
        ("packet_timeout_height", "0-0"),
        ("packet_timeout_timestamp", "soon"),
    ];
    let error = decode(&event("send_packet", &[&DATA[..], &bad_time, &ID].concat()));
    assert!(
        matches!(error, Err(EventError::Invalid { .. })),
        "{error:?}"
    );
    let error = decode(&event("channel_open_try", &[("port_id", "transfer")]));
    assert_eq!(error, Err(EventError::Missing("channel_id")));
    let error = decode(&event("update_client", &[("client_id", "07-tendermint-4")]));
    assert_eq!(error, Err(EventError::Missing("consensus_height")));
}

#[test]
fn other_modules_events_are_passed_over() {
    for kind in [
        "transfer",
        "message",
        "wasm-send_packet",
        "fungible_token_packet",
    ] {
        assert_eq!(decode(&event(kind, &[("sender", "cosmos1")])), Ok(None));
    }
}

#[test]
fn comet_0_34_attributes_are_read_like_the_others() {
    let json = r#"{"type":"create_client","attributes":[
        {"key":"Y2xpZW50X2lk","value":"MDctdGVuZGVybWludC0w","index":true}]}"#;
    let event: tendermint_rpc::dialect::v0_34::Event = serde_json::from_str(json).unwrap();
    let client_id = "07-tendermint-0".parse().unwrap();
    let fact = Event::ClientChanged { client_id };
    assert_eq!(decode(&event.into()), Ok(Some(fact)));
}
