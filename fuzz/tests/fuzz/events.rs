//! Events of a block, as a list in JSON. What is read from an event, written as an
//! event again, is read as the same.

use tendermint::abci::Event as RawEvent;
use tern_chains::{ChainId, End, Event, Packet, PacketId};
use tern_cosmos_core::events::decode_or_warn;

#[test]
fn events() {
    tern_fuzz::run("events", |input| {
        // Answers are read with the same guard: the decoder of base64 panics at some.
        let read = std::panic::catch_unwind(|| serde_json::from_slice::<Vec<RawEvent>>(input));
        let Ok(Ok(events)) = read else {
            return;
        };
        let chain = ChainId::from_string("a-1");
        for raw in events {
            let Some(event) = decode_or_warn(&chain, 7, &raw) else {
                continue;
            };
            let length: usize = raw.attributes.iter().map(|at| at.value_bytes().len()).sum();
            if let Some(packet) = packet_of(&event) {
                assert!(packet.data().len() * 2 <= length, "data out of nothing");
            }
            let written = written(&raw.kind, &event);
            assert_eq!(decode_or_warn(&chain, 7, &written), Some(event));
        }
    });
}

fn packet_of(event: &Event) -> Option<&Packet> {
    match event {
        Event::SendPacket(packet) | Event::WriteAcknowledgement { packet, .. } => Some(packet),
        _ => None,
    }
}

/// The event as ibc-go writes it.
fn written(kind: &str, event: &Event) -> RawEvent {
    let attributes = match event {
        Event::SendPacket(packet) => of_packet(packet),
        Event::WriteAcknowledgement { packet, ack } => {
            let mut attributes = of_packet(packet);
            attributes.push(("packet_ack_hex", hex(ack)));
            attributes
        }
        Event::RecvPacket(id) | Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => {
            of_id(id)
        }
        Event::FeesOffered {
            src,
            sequence,
            recv,
        } => {
            let coins = recv.iter();
            let coins = coins.map(|coin| format!("{}{}", coin.amount, coin.denom));
            let coins: Vec<_> = coins.collect();
            let (port, channel) = src.as_channel().unwrap();
            vec![
                ("port_id", port.to_string()),
                ("channel_id", channel.to_string()),
                ("packet_sequence", sequence.as_u64().to_string()),
                ("recv_fee", coins.join(",")),
            ]
        }
        Event::ClientChanged { client_id } => vec![
            ("client_id", client_id.to_string()),
            ("subject_client_id", client_id.to_string()),
        ],
        Event::ClientFrozen { client_id } => vec![("client_id", client_id.to_string())],
        Event::ClientUpdated {
            client_id,
            consensus_heights,
        } => {
            let heights = consensus_heights.iter().map(|height| format!("1-{height}"));
            let heights: Vec<_> = heights.collect();
            vec![
                ("client_id", client_id.to_string()),
                ("consensus_heights", heights.join(",")),
            ]
        }
        Event::ConnectionChanged { connection_id } => {
            vec![("connection_id", connection_id.to_string())]
        }
        Event::ChannelChanged {
            port_id,
            channel_id,
        } => vec![
            ("port_id", port_id.to_string()),
            ("channel_id", channel_id.to_string()),
        ],
    };
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| (key, value, true));
    RawEvent::new(kind, attributes)
}

fn of_packet(packet: &Packet) -> Vec<(&'static str, String)> {
    let mut attributes = of_id(&packet.id());
    let height = packet.timeout.height;
    attributes.extend([
        ("packet_data_hex", hex(packet.data())),
        (
            "packet_timeout_height",
            format!("{}-{}", height.revision, height.height),
        ),
        (
            "packet_timeout_timestamp",
            packet.timeout.timestamp_ns.to_string(),
        ),
    ]);
    attributes
}

fn of_id(id: &PacketId) -> Vec<(&'static str, String)> {
    let channel = |end: &End| {
        let (port, channel) = end.as_channel().expect("events are of IBC v1");
        assert!((2..=128).contains(&port.as_str().len()));
        assert!((8..=64).contains(&channel.as_str().len()));
        (port.to_string(), channel.to_string())
    };
    let (src, dst) = (channel(&id.src), channel(&id.dst));
    vec![
        ("packet_sequence", id.sequence.to_string()),
        ("packet_src_port", src.0),
        ("packet_src_channel", src.1),
        ("packet_dst_port", dst.0),
        ("packet_dst_channel", dst.1),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
