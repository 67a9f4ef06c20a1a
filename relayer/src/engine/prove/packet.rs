//! Packet datagrams (ICS-04): receive, acknowledge, time out. Pure.

use tern_chains::{
    acknowledgement_commitment, ChainId, Datagram, Ordering, Packet, Proven, StateCodec, StorePath,
};
use tern_core::plan::Action;

use super::handshake::must_be_closed;
use super::NotProven;

/// Where the proofs of a packet's action are, on the chain that proves it.
pub(super) fn paths(action: &Action) -> Vec<StorePath> {
    match action {
        Action::RecvPacket(packet) => vec![StorePath::Commitment {
            src: packet.src.clone(),
            sequence: packet.sequence,
        }],
        Action::Acknowledgement { packet, .. } => vec![StorePath::Acknowledgement {
            dst: packet.dst.clone(),
            sequence: packet.sequence,
        }],
        Action::Timeout { packet, ordering } => vec![unreceived(packet, *ordering)],
        Action::TimeoutOnClose { packet, ordering } => {
            let end = packet.dst.as_channel();
            let end = end.map(|(port_id, channel_id)| StorePath::Channel {
                port_id: port_id.clone(),
                channel_id: channel_id.clone(),
            });
            std::iter::once(unreceived(packet, *ordering))
                .chain(end)
                .collect()
        }
        _ => vec![],
    }
}

/// What proves that a packet was not received.
fn unreceived(packet: &Packet, ordering: Ordering) -> StorePath {
    match ordering {
        Ordering::Ordered => StorePath::NextSequenceRecv(packet.dst.clone()),
        _ => StorePath::Receipt {
            dst: packet.dst.clone(),
            sequence: packet.sequence,
        },
    }
}

/// The datagram, if the proven values are what the packet says they must be. `chain` is the
/// one that they are proven of.
pub(super) fn datagram(
    action: &Action,
    proofs: &[Proven],
    chain: &ChainId,
    codec: &dyn StateCodec,
) -> Result<Datagram, NotProven> {
    match (action, proofs) {
        (Action::RecvPacket(packet), [proven]) => recv(packet, proven),
        (Action::Acknowledgement { packet, ack }, [proven]) => acknowledgement(packet, ack, proven),
        (Action::Timeout { packet, ordering }, [proven]) => Ok(Datagram::Timeout {
            packet: packet.clone(),
            next_sequence_recv: next_sequence_recv(packet, *ordering, proven, codec)?,
            proof_unreceived: proven.proof.clone(),
        }),
        (Action::TimeoutOnClose { packet, ordering }, [proven, end]) => {
            must_be_closed(end, chain, codec)?;
            Ok(Datagram::TimeoutOnClose {
                packet: packet.clone(),
                next_sequence_recv: next_sequence_recv(packet, *ordering, proven, codec)?,
                proof_unreceived: proven.proof.clone(),
                proof_close: end.proof.clone(),
            })
        }
        _ => Err(NotProven::Unverified("not the proofs that it needs".into())),
    }
}

fn recv(packet: &Packet, proven: &Proven) -> Result<Datagram, NotProven> {
    let Some(value) = &proven.value else {
        return Err(NotProven::Settled {
            packet: packet.id(),
            height: proven.height,
        });
    };
    let commitment = packet.commitment();
    if commitment.is_none_or(|commitment| commitment != value[..]) {
        return Err(NotProven::Unprovable(
            "the commitment on the source is of another packet".into(),
        ));
    }
    Ok(Datagram::RecvPacket {
        packet: packet.clone(),
        proof_commitment: proven.proof.clone(),
    })
}

fn acknowledgement(packet: &Packet, ack: &[u8], proven: &Proven) -> Result<Datagram, NotProven> {
    if proven.value.as_deref() != Some(&acknowledgement_commitment(ack)) {
        return Err(NotProven::NotAcknowledged {
            packet: packet.id(),
            height: proven.height,
        });
    }
    Ok(Datagram::Acknowledgement {
        packet: packet.clone(),
        acknowledgement: ack.to_vec(),
        proof_acked: proven.proof.clone(),
    })
}

/// What a timeout states, if the packet was not received.
fn next_sequence_recv(
    packet: &Packet,
    ordering: Ordering,
    proven: &Proven,
    codec: &dyn StateCodec,
) -> Result<u64, NotProven> {
    let next_sequence_recv = match (ordering, &proven.value) {
        (Ordering::Ordered, Some(value)) => codec
            .next_sequence(value)
            .map_err(|error| NotProven::Unprovable(error.to_string()))?,
        (Ordering::Ordered, None) => 1,
        // ibc-go wants one, and ignores it.
        (_, None) => packet.sequence.as_u64(),
        (_, Some(_)) => return Err(NotProven::Moot),
    };
    match next_sequence_recv > packet.sequence.as_u64() {
        true => Err(NotProven::Moot),
        false => Ok(next_sequence_recv),
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Body, ChannelId, ChannelState, End, Height, PortId, Proof, Timeout};
    use tern_cosmos_core::CosmosCodec;

    use super::*;
    use crate::engine::testing::channel_value;

    fn chain() -> ChainId {
        ChainId::from_string("b-1")
    }

    fn packet() -> Packet {
        Packet {
            src: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            dst: End::channel(&PortId::transfer(), &ChannelId::new(7)),
            sequence: 3.into(),
            timeout: Timeout::default(),
            body: Body::V1 { data: vec![1] },
        }
    }

    fn proven(action: &Action, value: Option<&[u8]>) -> Proven {
        Proven {
            path: paths(action).remove(0),
            value: value.map(<[u8]>::to_vec),
            proof: Proof {
                bytes: vec![9],
                height: Height::new(1, 11),
            },
            height: 10,
        }
    }

    fn of(action: &Action, value: Option<&[u8]>) -> Result<Datagram, NotProven> {
        datagram(action, &[proven(action, value)], &chain(), &CosmosCodec)
    }

    #[test]
    fn a_receive_needs_the_packets_own_commitment() {
        let action = Action::RecvPacket(packet());
        let commitment = packet().commitment().unwrap();
        let expected = Datagram::RecvPacket {
            packet: packet(),
            proof_commitment: proven(&action, None).proof,
        };
        assert_eq!(of(&action, Some(&commitment)), Ok(expected));
        assert!(matches!(
            of(&action, Some(&[7; 32])),
            Err(NotProven::Unprovable(_))
        ));
    }

    #[test]
    fn a_packet_whose_commitment_is_gone_has_ended() {
        let settled = NotProven::Settled {
            packet: packet().id(),
            height: 10,
        };
        assert_eq!(of(&Action::RecvPacket(packet()), None), Err(settled));
    }

    #[test]
    fn an_acknowledgement_is_compared_with_what_was_written() {
        let action = Action::Acknowledgement {
            packet: packet(),
            ack: b"ok".to_vec(),
        };
        let written = acknowledgement_commitment(b"ok");
        assert!(of(&action, Some(&written)).is_ok());
        let other = acknowledgement_commitment(b"no");
        assert!(of(&action, Some(&other)).is_err());
        assert!(of(&action, None).is_err());
    }

    #[test]
    fn a_timeout_needs_that_the_packet_was_not_received() {
        let timeout = |ordering| Action::Timeout {
            packet: packet(),
            ordering,
        };
        let unordered = timeout(Ordering::Unordered);
        assert!(of(&unordered, None).is_ok());
        assert_eq!(of(&unordered, Some(&[1])), Err(NotProven::Moot));
        let ordered = timeout(Ordering::Ordered);
        assert!(of(&ordered, None).is_ok());
        assert!(of(&ordered, Some(&3u64.to_be_bytes())).is_ok());
        assert_eq!(
            of(&ordered, Some(&4u64.to_be_bytes())),
            Err(NotProven::Moot)
        );
        assert!(matches!(
            of(&ordered, Some(&[1])),
            Err(NotProven::Unprovable(_))
        ));
    }

    #[test]
    fn a_timeout_on_close_needs_the_closed_end_of_the_destination() {
        let action = Action::TimeoutOnClose {
            packet: packet(),
            ordering: Ordering::Unordered,
        };
        let [_, at] = paths(&action).try_into().unwrap();
        let of = |state| {
            let unreceived = proven(&action, None);
            let end = Proven {
                path: at.clone(),
                value: Some(channel_value(state)),
                ..unreceived.clone()
            };
            datagram(&action, &[unreceived, end], &chain(), &CosmosCodec)
        };
        assert!(matches!(
            of(ChannelState::Closed),
            Ok(Datagram::TimeoutOnClose {
                next_sequence_recv: 3,
                ..
            })
        ));
        let Err(NotProven::Channel { key, end, height }) = of(ChannelState::Open) else {
            panic!("the end is open");
        };
        assert_eq!(key.to_string(), "b-1 transfer/channel-7");
        assert_eq!((end.state, height), (ChannelState::Open, 10));
        let without = datagram(&action, &[proven(&action, None)], &chain(), &CosmosCodec);
        assert!(without.is_err());
    }
}
