//! What nodes of CometBFT 0.34 said of blocks of public chains: attributes in base64, and
//! lists of events for each phase. Cut to what is about IBC, from the recordings that
//! tendermint-rs tests itself with (Apache-2.0).

use tern_chains::{Body, End, Height, Packet, PacketId, Timeout};

use super::*;

/// The events of a recorded block, read from a node that says it is of version 0.34.
async fn events(recorded: &str) -> Vec<Event> {
    let mut results: Value = serde_json::from_str(recorded).unwrap();
    results["height"] = json!("9");
    let node = Node::serve(move |method, params| match method {
        "status" => {
            let mut status = status(1, 20);
            status["node_info"]["version"] = json!("0.34.27");
            Ok(status)
        }
        "block" => Ok(block_json(height(params))),
        _ => Ok(results.clone()),
    })
    .await;
    node.chain().block(9).await.unwrap().events
}

fn end(port: &str, channel: u64) -> End {
    End::Channel {
        port_id: port.parse().unwrap(),
        channel_id: format!("channel-{channel}").parse().unwrap(),
    }
}

fn updated(client: u64, height: u64) -> Event {
    Event::ClientUpdated {
        client_id: format!("07-tendermint-{client}").parse().unwrap(),
        consensus_heights: vec![height],
    }
}

#[tokio::test]
async fn transactions_of_osmosis_are_read() {
    let data = br#"{"amount":"9700000000000000000000","denom":"rowan","receiver":"osmo1k07l9sgn37qmpy55sd7952knq8j7e46shjzrsv","sender":"sif1lpc4469h5fhente904pwe3ze0xw8vc8mu9ty3m"}"#;
    let id = PacketId {
        src: end("transfer", 17),
        dst: end("transfer", 47),
        sequence: 146_549.into(),
    };
    let packet = Packet {
        src: id.src.clone(),
        dst: id.dst.clone(),
        sequence: id.sequence,
        timeout: Timeout {
            height: Height::new(1, 10_499_976),
            timestamp_ns: 0,
        },
        body: Body::V1 {
            data: data.to_vec(),
        },
    };
    let acknowledged = |sequence: u64| {
        Event::AcknowledgePacket(PacketId {
            src: end("transfer", 75),
            dst: end("transfer", 0),
            sequence: sequence.into(),
        })
    };
    let expected = [
        updated(1484, 12_862_965),
        Event::RecvPacket(id),
        Event::WriteAcknowledgement {
            packet,
            ack: br#"{"result":"AQ=="}"#.to_vec(),
        },
        updated(1562, 9_072_121),
        acknowledged(491_939),
        acknowledged(491_940),
    ];
    let events = events(include_str!("recorded/osmosis-10499831.json")).await;
    assert_eq!(events, expected);
}

#[tokio::test]
async fn a_packet_that_injective_sends_at_the_beginning_of_a_block_is_read() {
    let data = br#"{"ask_count":"16","calldata":"AAAABQAAAANCVEMAAAADRVRIAAAABFVTRFQAAAADSU5KAAAAA0JOQgAAAAA7msoA","client_id":"2831","execute_gas":"400000","fee_limit":[{"amount":"1000","denom":"uband"}],"min_count":"10","oracle_script_id":"23","prepare_gas":"20000"}"#;
    let sent = Event::SendPacket(Packet {
        src: end("oracle", 3),
        dst: end("oracle", 7),
        sequence: 2831.into(),
        timeout: Timeout {
            height: Height::default(),
            timestamp_ns: 1_636_895_013_099_805_791,
        },
        body: Body::V1 {
            data: data.to_vec(),
        },
    });
    let events = events(include_str!("recorded/injective-4555980.json")).await;
    assert_eq!(events, [sent]);
}
