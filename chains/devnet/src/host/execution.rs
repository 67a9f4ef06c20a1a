//! Writes of the handlers of connections, channels and packets.

use ibc::core::channel::types::channel::ChannelEnd;
use ibc::core::channel::types::commitment::{AcknowledgementCommitment, PacketCommitment};
use ibc::core::channel::types::packet::Receipt;
use ibc::core::connection::types::ConnectionEnd;
use ibc::core::handler::types::events::IbcEvent;
use ibc::core::host::types::error::HostError;
use ibc::core::host::types::identifiers::{ConnectionId, Sequence};
use ibc::core::host::types::path::{
    AckPath, ChannelEndPath, ClientConnectionPath, CommitmentPath, ConnectionPath, ReceiptPath,
    SeqAckPath, SeqRecvPath, SeqSendPath, NEXT_CHANNEL_SEQUENCE, NEXT_CLIENT_SEQUENCE,
    NEXT_CONNECTION_SEQUENCE,
};
use ibc::core::host::{ExecutionContext, ValidationContext};
use ibc::primitives::proto::Protobuf;
use ibc_proto::ibc::core::channel::v1::Channel as RawChannelEnd;
use ibc_proto::ibc::core::connection::v1::{ClientPaths, ConnectionEnd as RawConnectionEnd};
use prost::Message;

use super::{keys, Host};

/// A receipt's value in ibc-go.
const RECEIVED: [u8; 1] = [1];

impl Host {
    fn count(&mut self, key: &str, counted: u64) -> Result<(), HostError> {
        let next = counted
            .checked_add(1)
            .ok_or_else(|| HostError::invalid_state(format!("{key} overflows")))?;
        keys::set_number(&mut self.store, key, next);
        Ok(())
    }
}

impl ExecutionContext for Host {
    type E = Self;

    fn get_client_execution_context(&mut self) -> &mut Self::E {
        self
    }

    fn increase_client_counter(&mut self) -> Result<(), HostError> {
        let counted = self.client_counter()?;
        self.count(NEXT_CLIENT_SEQUENCE, counted)
    }

    fn store_connection(
        &mut self,
        path: &ConnectionPath,
        end: ConnectionEnd,
    ) -> Result<(), HostError> {
        let value = Protobuf::<RawConnectionEnd>::encode_vec(end);
        self.store.set(path.to_string(), value);
        Ok(())
    }

    fn store_connection_to_client(
        &mut self,
        path: &ClientConnectionPath,
        conn_id: ConnectionId,
    ) -> Result<(), HostError> {
        let key = path.to_string();
        let known = self.store.get(key.as_bytes()).unwrap_or_default();
        let mut known = ClientPaths::decode(known).map_err(HostError::invalid_state)?;
        known.paths.push(conn_id.to_string());
        self.store.set(key, known.encode_to_vec());
        Ok(())
    }

    fn increase_connection_counter(&mut self) -> Result<(), HostError> {
        let counted = self.connection_counter()?;
        self.count(NEXT_CONNECTION_SEQUENCE, counted)
    }

    fn store_packet_commitment(
        &mut self,
        path: &CommitmentPath,
        commitment: PacketCommitment,
    ) -> Result<(), HostError> {
        self.store.set(path.to_string(), commitment.into_vec());
        Ok(())
    }

    fn delete_packet_commitment(&mut self, path: &CommitmentPath) -> Result<(), HostError> {
        self.store.remove(path.to_string().as_bytes());
        Ok(())
    }

    fn store_packet_receipt(&mut self, path: &ReceiptPath, _: Receipt) -> Result<(), HostError> {
        self.store.set(path.to_string(), RECEIVED);
        Ok(())
    }

    fn store_packet_acknowledgement(
        &mut self,
        path: &AckPath,
        commitment: AcknowledgementCommitment,
    ) -> Result<(), HostError> {
        self.store.set(path.to_string(), commitment.into_vec());
        Ok(())
    }

    fn delete_packet_acknowledgement(&mut self, path: &AckPath) -> Result<(), HostError> {
        self.store.remove(path.to_string().as_bytes());
        Ok(())
    }

    fn store_channel(&mut self, path: &ChannelEndPath, end: ChannelEnd) -> Result<(), HostError> {
        let value = Protobuf::<RawChannelEnd>::encode_vec(end);
        self.store.set(path.to_string(), value);
        Ok(())
    }

    fn store_next_sequence_send(
        &mut self,
        path: &SeqSendPath,
        seq: Sequence,
    ) -> Result<(), HostError> {
        keys::set_number(&mut self.store, &path.to_string(), seq.value());
        Ok(())
    }

    fn store_next_sequence_recv(
        &mut self,
        path: &SeqRecvPath,
        seq: Sequence,
    ) -> Result<(), HostError> {
        keys::set_number(&mut self.store, &path.to_string(), seq.value());
        Ok(())
    }

    fn store_next_sequence_ack(
        &mut self,
        path: &SeqAckPath,
        seq: Sequence,
    ) -> Result<(), HostError> {
        keys::set_number(&mut self.store, &path.to_string(), seq.value());
        Ok(())
    }

    fn increase_channel_counter(&mut self) -> Result<(), HostError> {
        let counted = self.channel_counter()?;
        self.count(NEXT_CHANNEL_SEQUENCE, counted)
    }

    fn emit_ibc_event(&mut self, event: IbcEvent) -> Result<(), HostError> {
        self.events.push(event);
        Ok(())
    }

    fn log_message(&mut self, message: String) -> Result<(), HostError> {
        tracing::trace!(%message);
        Ok(())
    }
}
