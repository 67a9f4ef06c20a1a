//! CheckTx for relayers' transactions (ibc-go's `RedundantRelayDecorator`, since
//! v8.3): client updates and packet messages are executed, proofs included, and a
//! transaction is refused if another, in a block or in the mempool, has made all
//! its packet messages redundant.

use ibc::core::channel::handler::recv_packet_validate;
use ibc::core::channel::types::channel::Order;
use ibc::core::channel::types::msgs::{MsgRecvPacket, PacketMsg};
use ibc::core::channel::types::packet::Receipt;
use ibc::core::handler::types::error::HandlerError;
use ibc::core::host::types::path::{ChannelEndPath, CommitmentPath, ReceiptPath, SeqRecvPath};
use ibc::core::host::{ExecutionContext, ValidationContext};
use tern_cosmos_core::codec;

use super::Mode;
use crate::chain_info::ChainInfo;
use crate::gas::Gas;
use crate::host::{Host, Now};
use crate::refusal::Refusal;
use crate::run;
use crate::state::IBC;
use crate::store::Multistore;
use crate::tx::Tx;

/// Executes a relayer's messages on `state`, up to the first that is not a
/// relayer's. Receives run without the application.
pub(super) fn try_relaying(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    tx: &Tx,
    gas: &Gas,
    mode: Mode,
) -> Result<(), Refusal> {
    let (mut packets, mut redundant) = (0, 0);
    for (index, message) in tx.messages.iter().enumerate() {
        match message.packet() {
            Some(packet) => {
                packets += 1;
                if is_noop(state, packet) {
                    redundant += 1;
                } else if let PacketMsg::Recv(msg) = packet {
                    let mut host = Host::open(state, gas, now, &tx.signer);
                    let received = receive(&mut host, msg, mode);
                    received.map_err(|error| Refusal::from(HandlerError::Channel(error)))?;
                    host.commit(state);
                } else {
                    run::message(state, info, now, tx, index, gas)?;
                }
            }
            None if message.is_client_update() => {
                run::message(state, info, now, tx, index, gas)?;
            }
            None => return Ok(()),
        }
    }
    if packets > 0 && redundant == packets {
        return Err(Refusal::redundant());
    }
    Ok(())
}

/// Core IBC's part of a receive. A recheck skips the proof: it was verified
/// before.
fn receive(
    host: &mut Host,
    msg: &MsgRecvPacket,
    mode: Mode,
) -> Result<(), ibc::core::channel::types::error::ChannelError> {
    if mode != Mode::Recheck {
        recv_packet_validate(host, msg.clone())?;
    }
    let (port, channel) = (&msg.packet.port_id_on_b, &msg.packet.chan_id_on_b);
    let end = host.channel_end(&ChannelEndPath::new(port, channel))?;
    if *end.ordering() == Order::Ordered {
        let next = msg.packet.seq_on_a.increment();
        host.store_next_sequence_recv(&SeqRecvPath::new(port, channel), next)?;
    } else {
        let receipt = ReceiptPath::new(port, channel, msg.packet.seq_on_a);
        host.store_packet_receipt(&receipt, Receipt::Ok)?;
    }
    Ok(())
}

/// Whether a packet message would change nothing, because the packet has been
/// received or its commitment is gone.
pub(crate) fn is_noop(state: &Multistore, message: &PacketMsg) -> bool {
    let store = state.store(IBC);
    let get = |key: String| store.get(key.as_bytes());
    let packet = match message {
        PacketMsg::Recv(msg) => {
            let (port, channel) = (&msg.packet.port_id_on_b, &msg.packet.chan_id_on_b);
            let receipt = get(ReceiptPath::new(port, channel, msg.packet.seq_on_a).to_string());
            // On an unordered channel this stays 1.
            let next = get(SeqRecvPath::new(port, channel).to_string());
            let next = next.and_then(codec::number);
            return receipt.is_some()
                || next.is_some_and(|next| msg.packet.seq_on_a.value() < next);
        }
        PacketMsg::Ack(msg) => &msg.packet,
        PacketMsg::Timeout(msg) => &msg.packet,
        PacketMsg::TimeoutOnClose(msg) => &msg.packet,
    };
    let path = CommitmentPath::new(&packet.port_id_on_a, &packet.chan_id_on_a, packet.seq_on_a);
    get(path.to_string()).is_none()
}
