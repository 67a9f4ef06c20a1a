//! Each message beside the bytes that ibc-go's own encoder made of the same
//! values (`fixtures.txt`, written by `e2e/chain/messages/fixtures_test.go`).

use std::collections::BTreeMap;

use tern_chains::{
    Body, ChannelId, ClientId, ClientUpgrade, ConnectionCounterparty, ConnectionId,
    ConnectionVersion, CounterpartyClient, End, Height, NewClient, Ordering, Packet, PortId, Proof,
    Timeout,
};

use super::*;

const SIGNER: &str = "cosmos1signer";

fn fixtures() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("fixtures.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
}

fn opaque(name: &str) -> Encoded {
    Encoded {
        type_name: format!("/test.{name}"),
        bytes: name.as_bytes().to_vec(),
    }
}

fn proof(name: &str) -> Proof {
    Proof {
        bytes: name.as_bytes().to_vec(),
        height: Height::new(4, 1_234),
    }
}

fn client_id(number: u64) -> ClientId {
    format!("07-tendermint-{number}").parse().unwrap()
}

fn port(name: &str) -> PortId {
    name.parse().unwrap()
}

fn counterparty(connection_id: Option<ConnectionId>) -> ConnectionCounterparty {
    ConnectionCounterparty {
        client_id: client_id(7),
        connection_id,
        prefix: b"ibc".to_vec(),
    }
}

fn version() -> ConnectionVersion {
    ConnectionVersion {
        identifier: "1".to_owned(),
        features: vec!["ORDER_ORDERED".to_owned(), "ORDER_UNORDERED".to_owned()],
    }
}

fn counterparty_client() -> CounterpartyClient {
    CounterpartyClient {
        state: opaque("clientState"),
        proof_state: proof("proofClient"),
        consensus_height: Height::new(2, 99),
        proof_consensus: proof("proofConsensus"),
    }
}

fn packet() -> Packet {
    Packet {
        src: End::channel(&port("transfer"), &ChannelId::new(3)),
        dst: End::channel(&port("icahost"), &ChannelId::new(141)),
        sequence: 17.into(),
        timeout: Timeout {
            height: Height::new(1, 2_000),
            timestamp_ns: 1_700_000_000_000_000_001,
        },
        body: Body::V1 {
            data: b"{\"amount\":\"1\"}".to_vec(),
        },
    }
}

fn datagrams() -> Vec<(&'static str, Datagram)> {
    vec![
        (
            "MsgCreateClient",
            Datagram::CreateClient(NewClient {
                client_state: opaque("clientState"),
                consensus_state: opaque("consensusState"),
                height: 5,
            }),
        ),
        (
            "MsgUpdateClient",
            Datagram::UpdateClient {
                client_id: client_id(3),
                header: opaque("header"),
            },
        ),
        (
            "MsgUpgradeClient",
            Datagram::UpgradeClient {
                client_id: client_id(3),
                upgrade: ClientUpgrade {
                    client_state: opaque("clientState"),
                    consensus_state: opaque("consensusState"),
                    proof_client: proof("proofUpgradeClient"),
                    proof_consensus: proof("proofUpgradeConsensus"),
                },
            },
        ),
        (
            "MsgConnectionOpenInit",
            Datagram::ConnOpenInit {
                client_id: client_id(3),
                counterparty: counterparty(None),
                delay_period_ns: 5,
                version: None,
            },
        ),
        (
            "MsgConnectionOpenTry",
            Datagram::ConnOpenTry {
                client_id: client_id(3),
                counterparty: counterparty(Some(ConnectionId::new(8))),
                counterparty_versions: vec![version()],
                delay_period_ns: 5,
                proof_init: proof("proofInit"),
                client: counterparty_client(),
            },
        ),
        (
            "MsgConnectionOpenAck",
            Datagram::ConnOpenAck {
                connection_id: ConnectionId::new(2),
                counterparty_connection_id: ConnectionId::new(8),
                version: Some(version()),
                proof_try: proof("proofTry"),
                client: counterparty_client(),
            },
        ),
        (
            "MsgConnectionOpenConfirm",
            Datagram::ConnOpenConfirm {
                connection_id: ConnectionId::new(2),
                proof_ack: proof("proofAck"),
            },
        ),
        (
            "MsgChannelOpenInit",
            Datagram::ChanOpenInit {
                connection_id: ConnectionId::new(2),
                port_id: port("transfer"),
                counterparty_port_id: port("icahost"),
                ordering: Ordering::Ordered,
                version: "ics20-1".to_owned(),
            },
        ),
        (
            "MsgChannelOpenTry",
            Datagram::ChanOpenTry {
                connection_id: ConnectionId::new(2),
                port_id: port("transfer"),
                counterparty_port_id: port("icahost"),
                counterparty_channel_id: ChannelId::new(141),
                counterparty_version: "ics20-1".to_owned(),
                ordering: Ordering::Unordered,
                proof_init: proof("proofInit"),
            },
        ),
        (
            "MsgChannelOpenAck",
            Datagram::ChanOpenAck {
                port_id: port("transfer"),
                channel_id: ChannelId::new(3),
                counterparty_channel_id: ChannelId::new(141),
                counterparty_version: "ics20-1".to_owned(),
                proof_try: proof("proofTry"),
            },
        ),
        (
            "MsgChannelOpenConfirm",
            Datagram::ChanOpenConfirm {
                port_id: port("transfer"),
                channel_id: ChannelId::new(3),
                proof_ack: proof("proofAck"),
            },
        ),
        (
            "MsgChannelCloseInit",
            Datagram::ChanCloseInit {
                port_id: port("transfer"),
                channel_id: ChannelId::new(3),
            },
        ),
        (
            "MsgChannelCloseConfirm",
            Datagram::ChanCloseConfirm {
                port_id: port("transfer"),
                channel_id: ChannelId::new(3),
                proof_init: proof("proofInit"),
            },
        ),
        (
            "MsgRecvPacket",
            Datagram::RecvPacket {
                packet: packet(),
                proof_commitment: proof("proofCommitment"),
            },
        ),
        (
            "MsgAcknowledgement",
            Datagram::Acknowledgement {
                packet: packet(),
                acknowledgement: b"{\"result\":\"AQ==\"}".to_vec(),
                proof_acked: proof("proofAcked"),
            },
        ),
        (
            "MsgTimeout",
            Datagram::Timeout {
                packet: packet(),
                next_sequence_recv: 17,
                proof_unreceived: proof("proofUnreceived"),
            },
        ),
        (
            "MsgTimeoutOnClose",
            Datagram::TimeoutOnClose {
                packet: packet(),
                next_sequence_recv: 17,
                proof_unreceived: proof("proofUnreceived"),
                proof_close: proof("proofClose"),
            },
        ),
    ]
}

#[test]
fn every_message_has_the_bytes_that_ibc_go_makes() {
    let fixtures = fixtures();
    let datagrams = datagrams();
    assert_eq!(fixtures.len(), datagrams.len());
    for (name, datagram) in datagrams {
        let message = encode(&datagram, SIGNER).unwrap();
        assert_eq!(message.kind, datagram.kind());
        let type_name = message.encoded.type_name.rsplit('.').next();
        assert_eq!(type_name, Some(name));
        assert_eq!(
            hex::encode(&message.encoded.bytes),
            fixtures[name],
            "{name}"
        );
    }
}

#[test]
fn a_packet_of_ibc_v2_is_refused_and_not_mangled() {
    let mut packet = packet();
    packet.body = Body::V2 { payloads: vec![] };
    let datagram = Datagram::RecvPacket {
        packet,
        proof_commitment: proof("proof"),
    };
    assert_eq!(encode(&datagram, SIGNER), Err(NotEncodable::V2Packet));
}
