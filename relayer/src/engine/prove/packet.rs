//! Packet messages (ICS-04): receive, acknowledge, time out.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1::{
    MsgAcknowledgement, MsgRecvPacket, MsgTimeout, Packet as RawPacket,
};
use ibc_proto::ibc::core::client::v1::Height as RawHeight;
use ibc_proto::ibc::core::commitment::v1::MerkleProof as RawMerkleProof;
use ibc_relayer_types::core::ics24_host::path::{
    AcksPath, CommitmentsPath, ReceiptsPath, SeqRecvsPath,
};
use prost::Message as _;
use sha2::{Digest, Sha256};
use tern_chains::{Message, Ordering, Packet, PacketId, Path, Proven, TimeoutHeight};
use tern_core::plan::Datagram;

use super::{Context, Verdict};

/// Where the proof of a packet message is, on the chain that proves it (ICS-24).
pub(super) fn path(datagram: &Datagram) -> Option<Path> {
    match datagram {
        Datagram::RecvPacket(packet) => Some(Path::Commitments(CommitmentsPath {
            port_id: packet.source_port.clone(),
            channel_id: packet.source_channel.clone(),
            sequence: packet.sequence,
        })),
        Datagram::Acknowledgement { packet, .. } => Some(Path::Acks(AcksPath {
            port_id: packet.destination_port.clone(),
            channel_id: packet.destination_channel.clone(),
            sequence: packet.sequence,
        })),
        Datagram::Timeout {
            packet,
            ordering: Ordering::Ordered,
        } => Some(Path::SeqRecvs(SeqRecvsPath(
            packet.destination_port.clone(),
            packet.destination_channel.clone(),
        ))),
        Datagram::Timeout { packet, .. } => Some(Path::Receipts(ReceiptsPath {
            port_id: packet.destination_port.clone(),
            channel_id: packet.destination_channel.clone(),
            sequence: packet.sequence,
        })),
        _ => None,
    }
}

/// The message, if the proven value is what the packet says it must be.
pub(super) fn message(
    datagram: &Datagram,
    proven: &Proven,
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    match datagram {
        Datagram::RecvPacket(packet) => recv(packet, proven, context),
        Datagram::Acknowledgement { packet, ack } => acknowledgement(packet, ack, proven, context),
        Datagram::Timeout { packet, ordering } => timeout(packet, *ordering, proven, context),
        other => Err(Verdict::Unprovable(format!(
            "not a packet message: {other:?}"
        ))),
    }
}

fn recv(packet: &Packet, proven: &Proven, context: &Context<'_>) -> Result<Message, Verdict> {
    let Some(value) = &proven.value else {
        return Err(Verdict::Settled {
            packet: PacketId::of(packet),
            height: proven.height,
        });
    };
    if *value != commitment(packet) {
        return Err(Verdict::Unprovable(
            "the commitment on the source is of another packet".into(),
        ));
    }
    let message = MsgRecvPacket {
        packet: Some(RawPacket::from(packet.clone())),
        proof_commitment: context.proof(proven),
        proof_height: Some(context.proof_height()),
        signer: context.signer.to_owned(),
    };
    Ok(any("/ibc.core.channel.v1.MsgRecvPacket", &message))
}

fn acknowledgement(
    packet: &Packet,
    ack: &[u8],
    proven: &Proven,
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    if proven.value.as_deref() != Some(&Sha256::digest(ack)[..]) {
        return Err(Verdict::Unprovable(
            "the acknowledgement on the destination is another one".into(),
        ));
    }
    let message = MsgAcknowledgement {
        packet: Some(RawPacket::from(packet.clone())),
        acknowledgement: ack.to_vec(),
        proof_acked: context.proof(proven),
        proof_height: Some(context.proof_height()),
        signer: context.signer.to_owned(),
    };
    Ok(any("/ibc.core.channel.v1.MsgAcknowledgement", &message))
}

fn timeout(
    packet: &Packet,
    ordering: Ordering,
    proven: &Proven,
    context: &Context<'_>,
) -> Result<Message, Verdict> {
    let next_sequence_recv = match (ordering, &proven.value) {
        (Ordering::Ordered, Some(value)) => next_sequence(value)?,
        (Ordering::Ordered, None) => 1,
        // ibc-go wants one, and ignores it.
        (_, None) => packet.sequence.as_u64(),
        (_, Some(_)) => return Err(Verdict::Moot),
    };
    if next_sequence_recv > packet.sequence.as_u64() {
        return Err(Verdict::Moot);
    }
    let message = MsgTimeout {
        packet: Some(RawPacket::from(packet.clone())),
        proof_unreceived: context.proof(proven),
        proof_height: Some(context.proof_height()),
        next_sequence_recv,
        signer: context.signer.to_owned(),
    };
    Ok(any("/ibc.core.channel.v1.MsgTimeout", &message))
}

/// `nextSequenceRecv` is stored as eight bytes, big endian (ICS-24).
fn next_sequence(value: &[u8]) -> Result<u64, Verdict> {
    let bytes = <[u8; 8]>::try_from(value)
        .map_err(|_| Verdict::Unprovable("nextSequenceRecv is not eight bytes".into()))?;
    Ok(u64::from_be_bytes(bytes))
}

/// ICS-04 `packetCommitment`, as ibc-go computes it: the hash of the timeouts
/// and the hash of the data.
fn commitment(packet: &Packet) -> Vec<u8> {
    let (revision, height) = match packet.timeout_height {
        TimeoutHeight::Never => (0, 0),
        TimeoutHeight::At(height) => (height.revision_number(), height.revision_height()),
    };
    let mut hash = Sha256::new();
    hash.update(packet.timeout_timestamp.nanoseconds().to_be_bytes());
    hash.update(revision.to_be_bytes());
    hash.update(height.to_be_bytes());
    hash.update(Sha256::digest(&packet.data));
    hash.finalize().to_vec()
}

pub(super) fn any(type_url: &str, message: &impl prost::Message) -> Message {
    Any {
        type_url: type_url.to_owned(),
        value: message.encode_to_vec(),
    }
}

impl Context<'_> {
    pub(super) fn proof_height(&self) -> RawHeight {
        RawHeight {
            revision_number: self.revision,
            revision_height: self.height + 1,
        }
    }

    pub(super) fn proof(&self, proven: &Proven) -> Vec<u8> {
        RawMerkleProof::from(proven.proof.clone()).encode_to_vec()
    }
}
