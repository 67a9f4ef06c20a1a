//! The headers that a transaction shows to clients: those in its bytes, which events do not
//! carry from ibc-go v9 on. Pure.

use cosmrs::proto::cosmos::authz::v1beta1::MsgExec;
use ibc_proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::MsgUpdateClient;
use prost::Message as _;
use tern_chains::ClientMessage;

use crate::convert::encoded;

const UPDATE_CLIENT: &str = "/ibc.core.client.v1.MsgUpdateClient";
/// Shown to clients in the same way; the clients say themselves that they are frozen.
const MISBEHAVIOUR: &str = "/ibc.lightclients.tendermint.v1.Misbehaviour";
/// Messages that one account signs for another (`x/authz`).
const EXEC: &str = "/cosmos.authz.v1beta1.MsgExec";
/// So deep messages in messages are looked at. The SDK has a limit of its own.
const NESTED_MAX: u32 = 4;

/// The headers of a transaction, in order. What cannot be read has none.
pub fn client_messages(tx: &[u8]) -> Vec<ClientMessage> {
    let raw = TxRaw::decode(tx).unwrap_or_default();
    let body = TxBody::decode(raw.body_bytes.as_slice()).unwrap_or_default();
    let mut found = Vec::new();
    collect(body.messages, NESTED_MAX, &mut found);
    found
}

fn collect(messages: Vec<Any>, deeper: u32, found: &mut Vec<ClientMessage>) {
    for message in messages {
        match message.type_url.as_str() {
            UPDATE_CLIENT => found.extend(update(&message)),
            EXEC if deeper > 0 => {
                let exec = MsgExec::decode(message.value.as_slice()).unwrap_or_default();
                let inner = exec.msgs.into_iter().map(|inner| Any {
                    type_url: inner.type_url,
                    value: inner.value,
                });
                collect(inner.collect(), deeper - 1, found);
            }
            _ => {}
        }
    }
}

fn update(message: &Any) -> Option<ClientMessage> {
    let update = MsgUpdateClient::decode(message.value.as_slice()).ok()?;
    let message = update.client_message?;
    (message.type_url != MISBEHAVIOUR).then_some(ClientMessage {
        client_id: update.client_id.parse().ok()?,
        message: encoded(message),
    })
}

#[cfg(test)]
mod tests {
    use tern_chains::Encoded;

    use super::*;

    fn any(type_url: &str, message: &impl prost::Message) -> Any {
        Any {
            type_url: type_url.to_owned(),
            value: message.encode_to_vec(),
        }
    }

    fn header(byte: u8) -> Any {
        Any {
            type_url: "/ibc.lightclients.tendermint.v1.Header".to_owned(),
            value: vec![byte],
        }
    }

    fn update(client_id: &str, byte: u8) -> Any {
        let message = MsgUpdateClient {
            client_id: client_id.to_owned(),
            client_message: Some(header(byte)),
            signer: "cosmos1".to_owned(),
        };
        any(UPDATE_CLIENT, &message)
    }

    fn exec(messages: Vec<Any>) -> Any {
        let inner = messages.into_iter().map(|message| cosmrs::Any {
            type_url: message.type_url,
            value: message.value,
        });
        let message = MsgExec {
            grantee: "cosmos1".to_owned(),
            msgs: inner.collect(),
        };
        any(EXEC, &message)
    }

    fn tx(messages: Vec<Any>) -> Vec<u8> {
        let body = TxBody {
            messages,
            ..TxBody::default()
        };
        let raw = TxRaw {
            body_bytes: body.encode_to_vec(),
            ..TxRaw::default()
        };
        raw.encode_to_vec()
    }

    fn shown(client_id: &str, byte: u8) -> ClientMessage {
        ClientMessage {
            client_id: client_id.parse().unwrap(),
            message: Encoded {
                type_name: header(byte).type_url,
                bytes: vec![byte],
            },
        }
    }

    #[test]
    fn each_header_is_found_also_in_messages_that_carry_messages() {
        let send = any("/cosmos.bank.v1beta1.MsgSend", &TxRaw::default());
        let inner = exec(vec![exec(vec![update("07-tendermint-2", 2)])]);
        let messages = vec![update("07-tendermint-1", 1), send, inner];
        let expected = [shown("07-tendermint-1", 1), shown("07-tendermint-2", 2)];
        assert_eq!(client_messages(&tx(messages)), expected);
    }

    #[test]
    fn what_is_too_deep_or_no_transaction_has_none() {
        let deep =
            (0..=NESTED_MAX).fold(update("07-tendermint-1", 1), |inner, _| exec(vec![inner]));
        for bytes in [tx(vec![deep]), tx(vec![update("no client", 1)]), vec![0xff]] {
            assert_eq!(client_messages(&bytes), []);
        }
    }
}
