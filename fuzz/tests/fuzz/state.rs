//! Values of the IBC store and lists of them, in protobuf, as a node gives them. The
//! first byte of an input says which. What is read is read the same way again after
//! it was written, and no field is outside of what ICS allows.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1::{Channel, IdentifiedChannel, QueryChannelsResponse};
use ibc_proto::ibc::core::client::v1::QueryClientStatesResponse;
use ibc_proto::ibc::core::connection::v1::{ConnectionEnd, QueryConnectionsResponse};
use prost::Message;
use tern_chains::{ClientId, StateCodec};
use tern_cosmos_core::{convert, CosmosCodec};

#[test]
fn state() {
    tern_fuzz::run("state", |input| {
        let Some((kind, value)) = input.split_first() else {
            return;
        };
        match kind {
            b'l' => client(value),
            b's' => {
                if let Ok(state) = CosmosCodec.consensus(value) {
                    assert_eq!(CosmosCodec.consensus(&written::<Any>(value)), Ok(state));
                }
            }
            b'n' => {
                if let Ok(end) = CosmosCodec.connection(value) {
                    let again = CosmosCodec.connection(&written::<ConnectionEnd>(value));
                    assert_eq!(again, Ok(end));
                }
            }
            b'c' => {
                if let Ok(end) = CosmosCodec.channel(value) {
                    assert_eq!(CosmosCodec.channel(&written::<Channel>(value)), Ok(end));
                }
            }
            b'q' => {
                let number = CosmosCodec.next_sequence(value);
                let bytes = number.map(u64::to_be_bytes);
                assert_eq!(
                    bytes.ok().as_ref().map(|bytes| &bytes[..]),
                    exactly_eight(value)
                );
            }
            _ => lists(value),
        }
    });
}

fn client(value: &[u8]) {
    let Some(client) = CosmosCodec.client(value) else {
        return;
    };
    let again = CosmosCodec.client(&written::<Any>(value));
    assert_eq!(again.as_ref(), Some(&client));
    // What is not read does not change: the state is sent to another chain as it is.
    let any = Any::decode(value).expect("it was read");
    assert_eq!(client.state.bytes, any.value);
}

fn lists(value: &[u8]) {
    if let Ok(list) = QueryClientStatesResponse::decode(value) {
        for state in list.client_states {
            if let Ok(id) = state.client_id.parse::<ClientId>() {
                assert_eq!(id.as_str(), state.client_id);
            }
        }
    }
    if let Ok(list) = QueryConnectionsResponse::decode(value) {
        for raw in list.connections {
            let id = raw.id.clone();
            if let Ok(end) = convert::identified_connection(raw) {
                assert_eq!(end.connection_id.as_str(), id);
            }
        }
    }
    if let Ok(list) = QueryChannelsResponse::decode(value) {
        for raw in list.channels {
            let IdentifiedChannel { port_id, .. } = raw.clone();
            if let Ok(end) = convert::identified_channel(raw) {
                assert_eq!(end.port_id.as_str(), port_id);
            }
        }
    }
}

/// The value decoded and encoded again.
fn written<T: Message + Default>(value: &[u8]) -> Vec<u8> {
    T::decode(value).expect("it was read").encode_to_vec()
}

fn exactly_eight(value: &[u8]) -> Option<&[u8]> {
    (value.len() == 8).then_some(value)
}
