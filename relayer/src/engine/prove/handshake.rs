//! Client, connection and channel messages (ICS-02, ICS-03, ICS-04), by step.

// `MsgConnectionOpenInit` and others have fields that ibc-go v9 deprecated.
#![allow(deprecated)]

use ibc_proto::ibc::core::channel::v1::{
    Channel as RawChannel, Counterparty as RawChannelCounterparty, MsgChannelOpenAck,
    MsgChannelOpenConfirm, MsgChannelOpenInit, MsgChannelOpenTry, State as RawChannelState,
};
use ibc_proto::ibc::core::client::v1::MsgCreateClient;
use ibc_proto::ibc::core::connection::v1::{MsgConnectionOpenConfirm, MsgConnectionOpenInit};
use ibc_relayer_types::core::ics24_host::path::{
    ChannelEndsPath, ClientConsensusStatePath, ClientStatePath, ConnectionsPath,
};
use tern_chains::{ClientId, ClientSummary, ConnectionId, Message, NewClient, Path, Proven};
use tern_core::plan::Datagram;

use super::connection::{conn_open_ack, conn_open_try, counterparty};
use super::packet::any;
use super::{Context, Verdict};

pub(super) fn create_client(client: NewClient, signer: &str) -> Message {
    let message = MsgCreateClient {
        client_state: Some(client.client_state),
        consensus_state: Some(client.consensus_state),
        signer: signer.to_owned(),
    };
    any("/ibc.core.client.v1.MsgCreateClient", &message)
}

/// The first message of a connection or channel, which proves nothing.
pub(super) fn init(datagram: &Datagram, signer: &str) -> Option<Message> {
    match datagram {
        Datagram::ConnOpenInit {
            client_id,
            counterparty_client_id,
        } => {
            let message = MsgConnectionOpenInit {
                client_id: client_id.to_string(),
                counterparty: Some(counterparty(counterparty_client_id, None)),
                version: None,
                delay_period: 0,
                signer: signer.to_owned(),
            };
            Some(any(
                "/ibc.core.connection.v1.MsgConnectionOpenInit",
                &message,
            ))
        }
        Datagram::ChanOpenInit {
            connection_id,
            port_id,
            counterparty_port_id,
            ordering,
            version,
        } => {
            let message = MsgChannelOpenInit {
                port_id: port_id.to_string(),
                channel: Some(RawChannel {
                    state: RawChannelState::Init.into(),
                    ordering: *ordering as i32,
                    counterparty: Some(RawChannelCounterparty {
                        port_id: counterparty_port_id.to_string(),
                        channel_id: String::new(),
                    }),
                    connection_hops: vec![connection_id.to_string()],
                    version: version.clone(),
                    upgrade_sequence: 0,
                }),
                signer: signer.to_owned(),
            };
            Some(any("/ibc.core.channel.v1.MsgChannelOpenInit", &message))
        }
        _ => None,
    }
}

/// The paths to prove on the counterparty. The end itself comes first.
pub(super) fn paths(datagram: &Datagram) -> Vec<Path> {
    let connection = |id: &ConnectionId| Path::Connections(ConnectionsPath(id.clone()));
    let client = |id: &ClientId| Path::ClientState(ClientStatePath(id.clone()));
    match datagram {
        Datagram::ConnOpenTry {
            counterparty_client_id,
            counterparty_connection_id,
            ..
        }
        | Datagram::ConnOpenAck {
            counterparty_client_id,
            counterparty_connection_id,
            ..
        } => vec![
            connection(counterparty_connection_id),
            client(counterparty_client_id),
        ],
        Datagram::ConnOpenConfirm {
            counterparty_connection_id,
            ..
        } => vec![connection(counterparty_connection_id)],
        Datagram::ChanOpenTry {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        }
        | Datagram::ChanOpenAck {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        }
        | Datagram::ChanOpenConfirm {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        } => vec![Path::ChannelEnds(ChannelEndsPath(
            counterparty_port_id.clone(),
            counterparty_channel_id.clone(),
        ))],
        _ => vec![],
    }
}

/// The consensus state to prove besides a client state just read: the one at
/// the client's latest height.
pub(super) fn consensus_path(datagram: &Datagram, proofs: &[Proven]) -> Option<Path> {
    let (Datagram::ConnOpenTry {
        counterparty_client_id,
        ..
    }
    | Datagram::ConnOpenAck {
        counterparty_client_id,
        ..
    }) = datagram
    else {
        return None;
    };
    let client = ClientSummary::decode(proofs.get(1)?.value.as_deref()?)?;
    Some(Path::ClientConsensusState(ClientConsensusStatePath {
        client_id: counterparty_client_id.clone(),
        epoch: client.chain_id.version(),
        height: client.latest_height,
    }))
}

/// The message of a step that proves the counterparty's end.
pub(super) fn message(
    datagram: &Datagram,
    proofs: &[Proven],
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    let [end, rest @ ..] = proofs else {
        return Err(Verdict::Unprovable("no proof was given".into()));
    };
    let signer = context.signer.to_owned();
    let proof_height = Some(context.proof_height());
    let proof = context.proof(end);
    match datagram {
        Datagram::ConnOpenTry {
            client_id,
            counterparty_client_id,
            counterparty_connection_id,
        } => {
            let on_a = counterparty(counterparty_client_id, Some(counterparty_connection_id));
            conn_open_try(client_id, on_a, end, rest, context)
        }
        Datagram::ConnOpenAck {
            connection_id,
            counterparty_connection_id,
            ..
        } => conn_open_ack(
            connection_id,
            counterparty_connection_id,
            end,
            rest,
            context,
        ),
        Datagram::ConnOpenConfirm { connection_id, .. } => Ok(any(
            "/ibc.core.connection.v1.MsgConnectionOpenConfirm",
            &MsgConnectionOpenConfirm {
                connection_id: connection_id.to_string(),
                proof_ack: proof,
                proof_height,
                signer,
            },
        )),
        Datagram::ChanOpenTry { .. } => chan_open_try(datagram, end, context),
        Datagram::ChanOpenAck {
            port_id,
            channel_id,
            counterparty_channel_id,
            ..
        } => Ok(any(
            "/ibc.core.channel.v1.MsgChannelOpenAck",
            &MsgChannelOpenAck {
                port_id: port_id.to_string(),
                channel_id: channel_id.to_string(),
                counterparty_channel_id: counterparty_channel_id.to_string(),
                counterparty_version: decode::<RawChannel>(end)?.version,
                proof_try: proof,
                proof_height,
                signer,
            },
        )),
        Datagram::ChanOpenConfirm {
            port_id,
            channel_id,
            ..
        } => Ok(any(
            "/ibc.core.channel.v1.MsgChannelOpenConfirm",
            &MsgChannelOpenConfirm {
                port_id: port_id.to_string(),
                channel_id: channel_id.to_string(),
                proof_ack: proof,
                proof_height,
                signer,
            },
        )),
        other => Err(Verdict::Unprovable(format!(
            "not a handshake step: {other:?}"
        ))),
    }
}

fn chan_open_try(
    datagram: &Datagram,
    end: &Proven,
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    let Datagram::ChanOpenTry {
        connection_id,
        port_id,
        counterparty_port_id,
        counterparty_channel_id,
    } = datagram
    else {
        return Err(Verdict::Unprovable("not a ChanOpenTry".into()));
    };
    let end_on_counterparty = decode::<RawChannel>(end)?;
    let message = MsgChannelOpenTry {
        port_id: port_id.to_string(),
        previous_channel_id: String::new(),
        channel: Some(RawChannel {
            state: RawChannelState::Tryopen.into(),
            ordering: end_on_counterparty.ordering,
            counterparty: Some(RawChannelCounterparty {
                port_id: counterparty_port_id.to_string(),
                channel_id: counterparty_channel_id.to_string(),
            }),
            connection_hops: vec![connection_id.to_string()],
            // Deprecated: the application on this side answers with its own.
            version: String::new(),
            upgrade_sequence: 0,
        }),
        counterparty_version: end_on_counterparty.version,
        proof_init: context.proof(end),
        proof_height: Some(context.proof_height()),
        signer: context.signer.to_owned(),
    };
    Ok(any("/ibc.core.channel.v1.MsgChannelOpenTry", &message))
}

/// The proven value, decoded; an absent one has been overtaken.
pub(super) fn decode<T: prost::Message + Default>(proven: &Proven) -> Result<T, Verdict> {
    let value = proven.value.as_deref().ok_or(Verdict::Moot)?;
    T::decode(value)
        .map_err(|error| Verdict::Unprovable(format!("cannot read {}: {error}", proven.path)))
}
