//! Packet datagrams (ICS-04): receive, acknowledge, time out. Pure.

use tern_chains::{
    acknowledgement_commitment, Datagram, Ordering, Packet, Proven, StateCodec, StorePath,
};
use tern_core::plan::Action;

use super::NotProven;

/// Where the proof of a packet's action is, on the chain that proves it.
pub(super) fn path(action: &Action) -> Option<StorePath> {
    match action {
        Action::RecvPacket(packet) => Some(StorePath::Commitment {
            src: packet.src.clone(),
            sequence: packet.sequence,
        }),
        Action::Acknowledgement { packet, .. } => Some(StorePath::Acknowledgement {
            dst: packet.dst.clone(),
            sequence: packet.sequence,
        }),
        Action::Timeout {
            packet,
            ordering: Ordering::Ordered,
        } => Some(StorePath::NextSequenceRecv(packet.dst.clone())),
        Action::Timeout { packet, .. } => Some(StorePath::Receipt {
            dst: packet.dst.clone(),
            sequence: packet.sequence,
        }),
        _ => None,
    }
}

/// The datagram, if the proven value is what the packet says it must be.
pub(super) fn datagram(
    action: &Action,
    proven: &Proven,
    codec: &dyn StateCodec,
) -> Result<Datagram, NotProven> {
    match action {
        Action::RecvPacket(packet) => recv(packet, proven),
        Action::Acknowledgement { packet, ack } => acknowledgement(packet, ack, proven),
        Action::Timeout { packet, ordering } => timeout(packet, *ordering, proven, codec),
        other => Err(NotProven::Unprovable(format!(
            "not a packet message: {other:?}"
        ))),
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

fn timeout(
    packet: &Packet,
    ordering: Ordering,
    proven: &Proven,
    codec: &dyn StateCodec,
) -> Result<Datagram, NotProven> {
    let next_sequence_recv = match (ordering, &proven.value) {
        (Ordering::Ordered, Some(value)) => codec
            .next_sequence(value)
            .map_err(|error| NotProven::Unprovable(error.to_string()))?,
        (Ordering::Ordered, None) => 1,
        // ibc-go wants one, and ignores it.
        (_, None) => packet.sequence.as_u64(),
        (_, Some(_)) => return Err(NotProven::Moot),
    };
    if next_sequence_recv > packet.sequence.as_u64() {
        return Err(NotProven::Moot);
    }
    Ok(Datagram::Timeout {
        packet: packet.clone(),
        next_sequence_recv,
        proof_unreceived: proven.proof.clone(),
    })
}

#[cfg(test)]
mod tests {
    use tern_chains::{Body, ChannelId, End, Height, PortId, Proof, Timeout};
    use tern_cosmos_core::CosmosCodec;

    use super::*;

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
            path: path(action).unwrap(),
            value: value.map(<[u8]>::to_vec),
            proof: Proof {
                bytes: vec![9],
                height: Height::new(1, 11),
            },
            height: 10,
        }
    }

    fn of(action: &Action, value: Option<&[u8]>) -> Result<Datagram, NotProven> {
        datagram(action, &proven(action, value), &CosmosCodec)
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
}
