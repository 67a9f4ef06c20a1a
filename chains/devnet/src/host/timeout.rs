//! Timeouts on ordered channels (ICS-04) as ibc-go has them: the proof is of the
//! next sequence to be received, whichever it is, and packets of a closed channel
//! can still time out. ibc-rs needs that sequence to be the packet's own, and an
//! open channel. The same of timeouts because the other end is closed. The state changes
//! are ibc-rs' own.

use ibc::core::channel::handler::{timeout_packet_execute, TimeoutMsgType};
use ibc::core::channel::types::channel::{ChannelEnd, Counterparty, Order, State};
use ibc::core::channel::types::commitment::compute_packet_commitment;
use ibc::core::channel::types::error::ChannelError;
use ibc::core::channel::types::msgs::{MsgTimeout, MsgTimeoutOnClose};
use ibc::core::channel::types::packet::Packet;
use ibc::core::client::context::client_state::{ClientStateCommon, ClientStateValidation};
use ibc::core::client::context::consensus_state::ConsensusState;
use ibc::core::client::context::ClientValidationContext;
use ibc::core::client::types::Height;
use ibc::core::commitment_types::commitment::CommitmentProofBytes;
use ibc::core::connection::types::error::ConnectionError;
use ibc::core::connection::types::ConnectionEnd;
use ibc::core::host::types::identifiers::Sequence;
use ibc::core::host::types::path::{
    ChannelEndPath, ClientConsensusStatePath, CommitmentPath, Path, SeqRecvPath,
};
use ibc::core::host::ValidationContext;
use ibc::core::primitives::Signer;
use ibc::core::router::module::Module;
use ibc::primitives::proto::Protobuf;
use ibc_proto::ibc::core::channel::v1::Channel as RawChannelEnd;

use super::Host;

/// Whether a packet was sent on an ordered channel.
pub(crate) fn is_ordered(host: &Host, packet: &Packet) -> bool {
    let end = end_of(host, packet);
    end.is_ok_and(|end| *end.ordering() == Order::Ordered)
}

pub(crate) fn ordered(
    host: &mut Host,
    module: &mut dyn Module,
    msg: MsgTimeout,
) -> Result<(), ChannelError> {
    let claim = Claim::of_timeout(&msg);
    claim.validate(host, &msg.signer)?;
    module.on_timeout_packet_validate(&msg.packet, &msg.signer)?;
    timeout_packet_execute(host, module, TimeoutMsgType::Timeout(msg))
}

/// The same because the other end is closed.
pub(crate) fn ordered_on_close(
    host: &mut Host,
    module: &mut dyn Module,
    msg: MsgTimeoutOnClose,
) -> Result<(), ChannelError> {
    let claim = Claim::of_close(&msg);
    claim.validate(host, &msg.signer)?;
    module.on_timeout_packet_validate(&msg.packet, &msg.signer)?;
    timeout_packet_execute(host, module, TimeoutMsgType::TimeoutOnClose(msg))
}

fn end_of(host: &Host, packet: &Packet) -> Result<ChannelEnd, ChannelError> {
    let path = ChannelEndPath::new(&packet.port_id_on_a, &packet.chan_id_on_a);
    Ok(host.channel_end(&path)?)
}

/// What both messages state.
struct Claim<'a> {
    packet: &'a Packet,
    next_sequence_recv: Sequence,
    proof_unreceived: &'a CommitmentProofBytes,
    /// `None`: the packet has timed out.
    proof_close: Option<&'a CommitmentProofBytes>,
    height: Height,
}

impl<'a> Claim<'a> {
    fn of_timeout(msg: &'a MsgTimeout) -> Self {
        Self {
            packet: &msg.packet,
            next_sequence_recv: msg.next_seq_recv_on_b,
            proof_unreceived: &msg.proof_unreceived_on_b,
            proof_close: None,
            height: msg.proof_height_on_b,
        }
    }

    fn of_close(msg: &'a MsgTimeoutOnClose) -> Self {
        Self {
            packet: &msg.packet,
            next_sequence_recv: msg.next_seq_recv_on_b,
            proof_unreceived: &msg.proof_unreceived_on_b,
            proof_close: Some(&msg.proof_close_on_b),
            height: msg.proof_height_on_b,
        }
    }

    fn validate(&self, host: &Host, signer: &Signer) -> Result<(), ChannelError> {
        host.validate_message_signer(signer)?;
        let packet = self.packet;
        let end = end_of(host, packet)?;
        end.verify_counterparty_matches(&Counterparty::new(
            packet.port_id_on_b.clone(),
            Some(packet.chan_id_on_b.clone()),
        ))?;
        let path = CommitmentPath::new(&packet.port_id_on_a, &packet.chan_id_on_a, packet.seq_on_a);
        let actual = host.get_packet_commitment(&path)?;
        let expected = compute_packet_commitment(
            &packet.data,
            &packet.timeout_height_on_b,
            &packet.timeout_timestamp_on_b,
        );
        if actual != expected {
            return Err(ChannelError::MismatchedPacketCommitment { expected, actual });
        }
        if packet.seq_on_a < self.next_sequence_recv {
            return Err(ChannelError::MismatchedPacketSequence {
                actual: packet.seq_on_a,
                expected: self.next_sequence_recv,
            });
        }
        self.verify(host, &end)
    }

    /// Checks that the packet has timed out at the proof height, or that its destination is
    /// closed then, and the proofs.
    fn verify(&self, host: &Host, end: &ChannelEnd) -> Result<(), ChannelError> {
        let (packet, height) = (self.packet, self.height);
        let connection = host.connection_end(&end.connection_hops()[0])?;
        let client_id = connection.client_id();
        let client = host.client_state(client_id)?;
        client.status(host, client_id)?.verify_is_active()?;
        client.validate_proof_height(height)?;
        let consensus = host.consensus_state(&ClientConsensusStatePath::new(
            client_id.clone(),
            height.revision_number(),
            height.revision_height(),
        ))?;
        let prefix = connection.counterparty().prefix();
        if let Some(proof) = self.proof_close {
            let on_b = ChannelEndPath::new(&packet.port_id_on_b, &packet.chan_id_on_b);
            client.verify_membership(
                prefix,
                proof,
                consensus.root(),
                Path::ChannelEnd(on_b),
                Protobuf::<RawChannelEnd>::encode_vec(closed(packet, end, &connection)?),
            )?;
        } else {
            let time = ConsensusState::timestamp(&consensus)?;
            if !packet.timed_out(&time, height) {
                return Err(ChannelError::InsufficientPacketTimeout {
                    timeout_height: packet.timeout_height_on_b,
                    chain_height: height,
                    timeout_timestamp: packet.timeout_timestamp_on_b,
                    chain_timestamp: time,
                });
            }
        }
        let next = SeqRecvPath::new(&packet.port_id_on_b, &packet.chan_id_on_b);
        client.verify_membership(
            prefix,
            self.proof_unreceived,
            consensus.root(),
            Path::SeqRecv(next),
            self.next_sequence_recv.to_vec(),
        )?;
        Ok(())
    }
}

/// The packet's destination as it has to be.
fn closed(
    packet: &Packet,
    end: &ChannelEnd,
    connection: &ConnectionEnd,
) -> Result<ChannelEnd, ChannelError> {
    let on_b = connection.counterparty().connection_id().cloned();
    let on_b = on_b.ok_or(ConnectionError::MissingCounterparty)?;
    let counterparty = Counterparty::new(
        packet.port_id_on_a.clone(),
        Some(packet.chan_id_on_a.clone()),
    );
    ChannelEnd::new(
        State::Closed,
        *end.ordering(),
        counterparty,
        vec![on_b],
        end.version().clone(),
    )
}
