//! Timeouts on ordered channels (ICS-04) as ibc-go has them: the proof is of the
//! next sequence to be received, whichever it is, and packets of a closed channel
//! can still time out. ibc-rs needs that sequence to be the packet's own, and an
//! open channel. The state changes are ibc-rs' own.

use ibc::core::channel::handler::{timeout_packet_execute, TimeoutMsgType};
use ibc::core::channel::types::channel::{ChannelEnd, Counterparty, Order};
use ibc::core::channel::types::commitment::compute_packet_commitment;
use ibc::core::channel::types::error::ChannelError;
use ibc::core::channel::types::msgs::MsgTimeout;
use ibc::core::channel::types::packet::Packet;
use ibc::core::client::context::client_state::{ClientStateCommon, ClientStateValidation};
use ibc::core::client::context::consensus_state::ConsensusState;
use ibc::core::client::context::ClientValidationContext;
use ibc::core::host::types::path::{
    ChannelEndPath, ClientConsensusStatePath, CommitmentPath, Path, SeqRecvPath,
};
use ibc::core::host::ValidationContext;
use ibc::core::router::module::Module;

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
    validate(host, &msg)?;
    module.on_timeout_packet_validate(&msg.packet, &msg.signer)?;
    timeout_packet_execute(host, module, TimeoutMsgType::Timeout(msg))
}

fn end_of(host: &Host, packet: &Packet) -> Result<ChannelEnd, ChannelError> {
    let path = ChannelEndPath::new(&packet.port_id_on_a, &packet.chan_id_on_a);
    Ok(host.channel_end(&path)?)
}

fn validate(host: &Host, msg: &MsgTimeout) -> Result<(), ChannelError> {
    host.validate_message_signer(&msg.signer)?;
    let packet = &msg.packet;
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
    if packet.seq_on_a < msg.next_seq_recv_on_b {
        return Err(ChannelError::MismatchedPacketSequence {
            actual: packet.seq_on_a,
            expected: msg.next_seq_recv_on_b,
        });
    }
    verify(host, msg, &end)
}

/// Checks that the packet has timed out at the proof height, and the proof.
fn verify(host: &Host, msg: &MsgTimeout, end: &ChannelEnd) -> Result<(), ChannelError> {
    let (packet, height) = (&msg.packet, msg.proof_height_on_b);
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
    let time = ConsensusState::timestamp(&consensus)?;
    if !packet.timed_out(&time, height) {
        return Err(ChannelError::InsufficientPacketTimeout {
            timeout_height: packet.timeout_height_on_b,
            chain_height: height,
            timeout_timestamp: packet.timeout_timestamp_on_b,
            chain_timestamp: time,
        });
    }
    let next = SeqRecvPath::new(&packet.port_id_on_b, &packet.chan_id_on_b);
    client.verify_membership(
        connection.counterparty().prefix(),
        &msg.proof_unreceived_on_b,
        consensus.root(),
        Path::SeqRecv(next),
        msg.next_seq_recv_on_b.to_vec(),
    )?;
    Ok(())
}
