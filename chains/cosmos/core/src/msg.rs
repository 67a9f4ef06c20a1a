//! Datagrams as messages of ibc-go: one file for each.
//!
//! `tests.rs` compares each with the bytes ibc-go's own encoder makes, which
//! `e2e/chain/message_fixtures_test.go` writes to `fixtures.txt`.

mod acknowledgement;
mod chan_close_confirm;
mod chan_close_init;
mod chan_open_ack;
mod chan_open_confirm;
mod chan_open_init;
mod chan_open_try;
mod conn_open_ack;
mod conn_open_confirm;
mod conn_open_init;
mod conn_open_try;
mod create_client;
mod misbehaviour;
mod recv_packet;
mod timeout;
mod timeout_on_close;
mod update_client;
mod upgrade_client;

use tern_chains::{Datagram, Encoded, Message};

use chan_open_try::ChanOpenTry;

/// A datagram that has no form on chains of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEncodable {
    #[error("packets of IBC v2 cannot be relayed to this chain yet")]
    V2Packet,
    #[error("misbehaviour cannot be shown to this chain: the headers are not of ICS-07")]
    Misbehaviour,
}

/// The message of a datagram, signed for by `signer`.
pub fn encode(datagram: &Datagram, signer: &str) -> Result<Message, NotEncodable> {
    let encoded = match datagram {
        Datagram::CreateClient(client) => create_client::encode(client, signer),
        Datagram::UpdateClient { client_id, header } => {
            update_client::encode(client_id, header, signer)
        }
        Datagram::Misbehaviour {
            client_id,
            misbehaviour,
        } => misbehaviour::encode(client_id, misbehaviour, signer)?,
        Datagram::UpgradeClient { client_id, upgrade } => {
            upgrade_client::encode(client_id, upgrade, signer)
        }
        Datagram::ConnOpenInit {
            client_id,
            counterparty,
            delay_period_ns,
            version,
        } => conn_open_init::encode(
            client_id,
            counterparty,
            *delay_period_ns,
            version.as_ref(),
            signer,
        ),
        Datagram::ConnOpenTry {
            client_id,
            counterparty,
            counterparty_versions,
            delay_period_ns,
            proof_init,
            client,
        } => conn_open_try::encode(
            client_id,
            counterparty,
            counterparty_versions,
            *delay_period_ns,
            proof_init,
            client,
            signer,
        ),
        Datagram::ConnOpenAck {
            connection_id,
            counterparty_connection_id,
            version,
            proof_try,
            client,
        } => conn_open_ack::encode(
            connection_id,
            counterparty_connection_id,
            version.as_ref(),
            proof_try,
            client,
            signer,
        ),
        Datagram::ConnOpenConfirm {
            connection_id,
            proof_ack,
        } => conn_open_confirm::encode(connection_id, proof_ack, signer),
        Datagram::ChanOpenInit {
            connection_id,
            port_id,
            counterparty_port_id,
            ordering,
            version,
        } => chan_open_init::encode(
            connection_id,
            port_id,
            counterparty_port_id,
            *ordering,
            version,
            signer,
        ),
        Datagram::ChanOpenTry {
            connection_id,
            port_id,
            counterparty_port_id,
            counterparty_channel_id,
            counterparty_version,
            ordering,
            proof_init,
        } => {
            let of = ChanOpenTry {
                connection_id,
                port_id,
                counterparty_port_id,
                counterparty_channel_id,
                counterparty_version,
                ordering: *ordering,
                proof_init,
            };
            chan_open_try::encode(&of, signer)
        }
        Datagram::ChanOpenAck {
            port_id,
            channel_id,
            counterparty_channel_id,
            counterparty_version,
            proof_try,
        } => chan_open_ack::encode(
            port_id,
            channel_id,
            counterparty_channel_id,
            counterparty_version,
            proof_try,
            signer,
        ),
        Datagram::ChanOpenConfirm {
            port_id,
            channel_id,
            proof_ack,
        } => chan_open_confirm::encode(port_id, channel_id, proof_ack, signer),
        Datagram::ChanCloseInit {
            port_id,
            channel_id,
        } => chan_close_init::encode(port_id, channel_id, signer),
        Datagram::ChanCloseConfirm {
            port_id,
            channel_id,
            proof_init,
        } => chan_close_confirm::encode(port_id, channel_id, proof_init, signer),
        Datagram::RecvPacket {
            packet,
            proof_commitment,
        } => recv_packet::encode(packet, proof_commitment, signer)?,
        Datagram::Acknowledgement {
            packet,
            acknowledgement,
            proof_acked,
        } => acknowledgement::encode(packet, acknowledgement, proof_acked, signer)?,
        Datagram::Timeout {
            packet,
            next_sequence_recv,
            proof_unreceived,
        } => timeout::encode(packet, *next_sequence_recv, proof_unreceived, signer)?,
        Datagram::TimeoutOnClose {
            packet,
            next_sequence_recv,
            proof_unreceived,
            proof_close,
        } => timeout_on_close::encode(
            packet,
            *next_sequence_recv,
            proof_unreceived,
            proof_close,
            signer,
        )?,
    };
    Ok(Message {
        kind: datagram.kind(),
        encoded,
    })
}

fn message(type_url: &str, message: &impl prost::Message) -> Encoded {
    Encoded {
        type_name: type_url.to_owned(),
        bytes: message.encode_to_vec(),
    }
}

#[cfg(test)]
mod tests;
