//! Handshake datagrams (ICS-03, ICS-04), by step. Pure.

use tern_chains::{
    ChainId, ClientId, ConnectionCounterparty, ConnectionEnd, CounterpartyClient, Datagram,
    DecodeError, Proven, StateCodec, StorePath,
};
use tern_core::ledger::ChannelKey;
use tern_core::plan::Action;

use super::client::consensus_path;
use super::NotProven;

/// The first datagram of a connection or channel, or of a channel's closing, which proves
/// nothing; `prefix` is that of the counterparty's store.
pub(super) fn init(action: &Action, prefix: Vec<u8>) -> Option<Datagram> {
    match action {
        Action::ConnOpenInit {
            client_id,
            counterparty_client_id,
            delay_period_ns,
            version,
        } => Some(Datagram::ConnOpenInit {
            delay_period_ns: *delay_period_ns,
            version: version.clone(),
            client_id: client_id.clone(),
            counterparty: ConnectionCounterparty {
                client_id: counterparty_client_id.clone(),
                connection_id: None,
                prefix,
            },
        }),
        Action::ChanOpenInit {
            connection_id,
            port_id,
            counterparty_port_id,
            ordering,
            version,
        } => Some(Datagram::ChanOpenInit {
            connection_id: connection_id.clone(),
            port_id: port_id.clone(),
            counterparty_port_id: counterparty_port_id.clone(),
            ordering: *ordering,
            version: version.clone(),
        }),
        Action::ChanCloseInit {
            port_id,
            channel_id,
        } => Some(Datagram::ChanCloseInit {
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
        }),
        _ => None,
    }
}

/// The paths to prove on the counterparty. The end itself comes first.
pub(super) fn paths(action: &Action) -> Vec<StorePath> {
    match action {
        Action::ConnOpenTry {
            counterparty_client_id,
            counterparty_connection_id,
            ..
        }
        | Action::ConnOpenAck {
            counterparty_client_id,
            counterparty_connection_id,
            ..
        } => vec![
            StorePath::Connection(counterparty_connection_id.clone()),
            StorePath::ClientState(counterparty_client_id.clone()),
        ],
        Action::ConnOpenConfirm {
            counterparty_connection_id,
            ..
        } => vec![StorePath::Connection(counterparty_connection_id.clone())],
        Action::ChanOpenTry {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        }
        | Action::ChanOpenAck {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        }
        | Action::ChanOpenConfirm {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        }
        | Action::ChanCloseConfirm {
            counterparty_port_id,
            counterparty_channel_id,
            ..
        } => vec![StorePath::Channel {
            port_id: counterparty_port_id.clone(),
            channel_id: counterparty_channel_id.clone(),
        }],
        _ => vec![],
    }
}

/// The consensus state to prove besides a client state just read: the one at
/// the client's latest height.
pub(super) fn further_path(
    action: &Action,
    proofs: &[Proven],
    codec: &dyn StateCodec,
) -> Option<StorePath> {
    let client_id: &ClientId = match action {
        Action::ConnOpenTry {
            counterparty_client_id,
            ..
        }
        | Action::ConnOpenAck {
            counterparty_client_id,
            ..
        } => counterparty_client_id,
        _ => return None,
    };
    let client = codec.client(proofs.get(1)?.value.as_deref()?)?;
    Some(consensus_path(client_id, client.summary.latest()))
}

/// The datagram of a step that proves the counterparty's end, which is on `chain`; `codec` is
/// that chain's.
pub(super) fn datagram(
    action: &Action,
    proofs: &[Proven],
    chain: &ChainId,
    codec: &dyn StateCodec,
) -> Result<Datagram, NotProven> {
    let [end, rest @ ..] = proofs else {
        return Err(NotProven::Unverified("no proof was given".into()));
    };
    let proof = end.proof.clone();
    match action {
        Action::ConnOpenTry {
            client_id,
            counterparty_client_id,
            counterparty_connection_id,
        } => {
            let counterparty_end = connection(end, codec)?;
            Ok(Datagram::ConnOpenTry {
                client_id: client_id.clone(),
                counterparty: ConnectionCounterparty {
                    client_id: counterparty_client_id.clone(),
                    connection_id: Some(counterparty_connection_id.clone()),
                    prefix: codec.store_prefix(),
                },
                counterparty_versions: counterparty_end.versions,
                delay_period_ns: counterparty_end.delay_period_ns,
                proof_init: proof,
                client: counterparty_client(rest, codec)?,
            })
        }
        Action::ConnOpenAck {
            connection_id,
            counterparty_connection_id,
            ..
        } => Ok(Datagram::ConnOpenAck {
            connection_id: connection_id.clone(),
            counterparty_connection_id: counterparty_connection_id.clone(),
            version: connection(end, codec)?.versions.into_iter().next(),
            proof_try: proof,
            client: counterparty_client(rest, codec)?,
        }),
        Action::ConnOpenConfirm { connection_id, .. } => Ok(Datagram::ConnOpenConfirm {
            connection_id: connection_id.clone(),
            proof_ack: proof,
        }),
        Action::ChanOpenTry {
            connection_id,
            port_id,
            counterparty_port_id,
            counterparty_channel_id,
        } => {
            let counterparty_end = codec.channel(value(end)?).map_err(unreadable)?;
            Ok(Datagram::ChanOpenTry {
                connection_id: connection_id.clone(),
                port_id: port_id.clone(),
                counterparty_port_id: counterparty_port_id.clone(),
                counterparty_channel_id: counterparty_channel_id.clone(),
                counterparty_version: counterparty_end.version,
                ordering: counterparty_end.ordering,
                proof_init: proof,
            })
        }
        Action::ChanOpenAck {
            port_id,
            channel_id,
            counterparty_channel_id,
            ..
        } => Ok(Datagram::ChanOpenAck {
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
            counterparty_channel_id: counterparty_channel_id.clone(),
            counterparty_version: codec.channel(value(end)?).map_err(unreadable)?.version,
            proof_try: proof,
        }),
        Action::ChanOpenConfirm {
            port_id,
            channel_id,
            ..
        } => Ok(Datagram::ChanOpenConfirm {
            port_id: port_id.clone(),
            channel_id: channel_id.clone(),
            proof_ack: proof,
        }),
        Action::ChanCloseConfirm {
            port_id,
            channel_id,
            ..
        } => {
            must_be_closed(end, chain, codec)?;
            Ok(Datagram::ChanCloseConfirm {
                port_id: port_id.clone(),
                channel_id: channel_id.clone(),
                proof_init: proof,
            })
        }
        other => Err(NotProven::Unprovable(format!(
            "not a handshake step: {other:?}"
        ))),
    }
}

/// The counterparty's client of the destination, from the proofs of its state and
/// of its newest consensus state.
fn counterparty_client(
    proofs: &[Proven],
    codec: &dyn StateCodec,
) -> Result<CounterpartyClient, NotProven> {
    let [state, consensus] = proofs else {
        return Err(NotProven::Unprovable(
            "the counterparty's client is gone".into(),
        ));
    };
    let client = codec.client(value(state)?).ok_or_else(|| {
        NotProven::Unprovable("Tern does not relay for clients of the counterparty's type".into())
    })?;
    Ok(CounterpartyClient {
        consensus_height: client.summary.latest(),
        state: client.state,
        proof_state: state.proof.clone(),
        proof_consensus: consensus.proof.clone(),
    })
}

/// Otherwise the ledger has it wrong, and learns how it is.
pub(super) fn must_be_closed(
    proven: &Proven,
    chain: &ChainId,
    codec: &dyn StateCodec,
) -> Result<(), NotProven> {
    let end = codec.channel(value(proven)?).map_err(unreadable)?;
    let StorePath::Channel {
        port_id,
        channel_id,
    } = &proven.path
    else {
        return Err(NotProven::Unverified("not a channel's proof".into()));
    };
    if end.state.is_closed() {
        return Ok(());
    }
    let key = ChannelKey {
        chain: chain.clone(),
        port_id: port_id.clone(),
        channel_id: channel_id.clone(),
    };
    Err(NotProven::Channel {
        key,
        end,
        height: proven.height,
    })
}

fn connection(end: &Proven, codec: &dyn StateCodec) -> Result<ConnectionEnd, NotProven> {
    codec.connection(value(end)?).map_err(unreadable)
}

/// The proven value; an absent one has been overtaken.
fn value(proven: &Proven) -> Result<&[u8], NotProven> {
    proven.value.as_deref().ok_or(NotProven::Moot)
}

fn unreadable(error: DecodeError) -> NotProven {
    NotProven::Unprovable(error.to_string())
}

#[cfg(test)]
mod tests {
    use tern_chains::{ConnectionId, Height, Proof};
    use tern_cosmos_core::CosmosCodec;

    use super::*;

    fn chain() -> ChainId {
        ChainId::from_string("b-1")
    }

    fn confirm() -> Action {
        Action::ConnOpenConfirm {
            connection_id: ConnectionId::new(2),
            counterparty_connection_id: ConnectionId::new(8),
        }
    }

    fn proven(path: StorePath, value: Option<Vec<u8>>) -> Proven {
        Proven {
            path,
            value,
            proof: Proof {
                bytes: vec![9],
                height: Height::new(1, 11),
            },
            height: 10,
        }
    }

    #[test]
    fn a_step_proves_the_counterpartys_end() {
        let [path] = paths(&confirm()).try_into().unwrap();
        assert_eq!(path, StorePath::Connection(ConnectionId::new(8)));
        let end = proven(path, Some(vec![]));
        let expected = Datagram::ConnOpenConfirm {
            connection_id: ConnectionId::new(2),
            proof_ack: end.proof.clone(),
        };
        assert_eq!(
            datagram(&confirm(), &[end], &chain(), &CosmosCodec),
            Ok(expected)
        );
    }

    #[test]
    fn a_step_without_its_proof_or_with_an_unreadable_end_makes_no_message() {
        assert!(datagram(&confirm(), &[], &chain(), &CosmosCodec).is_err());
        let try_step = Action::ConnOpenTry {
            client_id: "07-tendermint-0".parse().unwrap(),
            counterparty_client_id: "07-tendermint-1".parse().unwrap(),
            counterparty_connection_id: ConnectionId::new(8),
        };
        let path = || StorePath::Connection(ConnectionId::new(8));
        let gone = proven(path(), None);
        assert_eq!(
            datagram(&try_step, &[gone], &chain(), &CosmosCodec),
            Err(NotProven::Moot)
        );
        let unreadable = proven(path(), Some(b"\xff".to_vec()));
        assert!(matches!(
            datagram(&try_step, &[unreadable], &chain(), &CosmosCodec),
            Err(NotProven::Unprovable(_))
        ));
    }

    #[test]
    fn the_first_step_tells_the_prefix_of_the_counterpartys_store() {
        let action = Action::ConnOpenInit {
            client_id: "07-tendermint-0".parse().unwrap(),
            counterparty_client_id: "07-tendermint-1".parse().unwrap(),
            delay_period_ns: 0,
            version: None,
        };
        let Some(Datagram::ConnOpenInit { counterparty, .. }) = init(&action, b"x".to_vec()) else {
            panic!("no datagram");
        };
        assert_eq!(counterparty.prefix, b"x");
        assert!(paths(&action).is_empty());
    }
}
