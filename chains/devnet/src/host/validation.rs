//! Reads for the handlers of connections, channels and packets.

use std::time::Duration;

use ibc::core::channel::types::channel::ChannelEnd;
use ibc::core::channel::types::commitment::{AcknowledgementCommitment, PacketCommitment};
use ibc::core::channel::types::packet::Receipt;
use ibc::core::client::types::Height;
use ibc::core::commitment_types::commitment::CommitmentPrefix;
use ibc::core::connection::types::ConnectionEnd;
use ibc::core::host::types::error::HostError;
use ibc::core::host::types::identifiers::{ConnectionId, Sequence};
use ibc::core::host::types::path::{
    AckPath, ChannelEndPath, CommitmentPath, ConnectionPath, ReceiptPath, SeqAckPath, SeqRecvPath,
    SeqSendPath, NEXT_CHANNEL_SEQUENCE, NEXT_CLIENT_SEQUENCE, NEXT_CONNECTION_SEQUENCE,
};
use ibc::core::host::ValidationContext;
use ibc::primitives::{Signer, Timestamp};
use ibc_proto::ibc::core::channel::v1::Channel as RawChannelEnd;
use ibc_proto::ibc::core::connection::v1::ConnectionEnd as RawConnectionEnd;

use super::client_kinds::{ClientState, ConsensusState};
use super::{keys, Host};

impl ValidationContext for Host {
    type V = Self;
    type HostClientState = ClientState;
    type HostConsensusState = ConsensusState;

    fn get_client_validation_context(&self) -> &Self::V {
        self
    }

    fn host_height(&self) -> Result<Height, HostError> {
        self.height()
    }

    fn host_timestamp(&self) -> Result<Timestamp, HostError> {
        self.timestamp()
    }

    /// Not kept: the connection handshake no longer proves the counterparty's
    /// client of this chain (ibc-go v9).
    fn host_consensus_state(&self, height: &Height) -> Result<ConsensusState, HostError> {
        Err(HostError::missing_state(format!(
            "own consensus state at {height}"
        )))
    }

    fn client_counter(&self) -> Result<u64, HostError> {
        keys::counter(&self.store, NEXT_CLIENT_SEQUENCE)
    }

    fn connection_end(&self, conn_id: &ConnectionId) -> Result<ConnectionEnd, HostError> {
        let path = ConnectionPath::new(conn_id).to_string();
        keys::decode::<ConnectionEnd, RawConnectionEnd>(&self.store, &path)
    }

    fn validate_self_client(&self, _: ClientState) -> Result<(), HostError> {
        Ok(())
    }

    fn commitment_prefix(&self) -> CommitmentPrefix {
        CommitmentPrefix::from_bytes(self.now.store_prefix)
    }

    fn connection_counter(&self) -> Result<u64, HostError> {
        keys::counter(&self.store, NEXT_CONNECTION_SEQUENCE)
    }

    fn channel_end(&self, path: &ChannelEndPath) -> Result<ChannelEnd, HostError> {
        keys::decode::<ChannelEnd, RawChannelEnd>(&self.store, &path.to_string())
    }

    fn get_next_sequence_send(&self, path: &SeqSendPath) -> Result<Sequence, HostError> {
        keys::sequence(&self.store, &path.to_string())
    }

    fn get_next_sequence_recv(&self, path: &SeqRecvPath) -> Result<Sequence, HostError> {
        keys::sequence(&self.store, &path.to_string())
    }

    fn get_next_sequence_ack(&self, path: &SeqAckPath) -> Result<Sequence, HostError> {
        keys::sequence(&self.store, &path.to_string())
    }

    fn get_packet_commitment(&self, path: &CommitmentPath) -> Result<PacketCommitment, HostError> {
        let value = keys::need(&self.store, &path.to_string())?;
        Ok(value.to_vec().into())
    }

    fn get_packet_receipt(&self, path: &ReceiptPath) -> Result<Receipt, HostError> {
        Ok(match self.store.get(path.to_string().as_bytes()) {
            Some(_) => Receipt::Ok,
            None => Receipt::None,
        })
    }

    fn get_packet_acknowledgement(
        &self,
        path: &AckPath,
    ) -> Result<AcknowledgementCommitment, HostError> {
        let value = keys::need(&self.store, &path.to_string())?;
        Ok(value.to_vec().into())
    }

    fn channel_counter(&self) -> Result<u64, HostError> {
        keys::counter(&self.store, NEXT_CHANNEL_SEQUENCE)
    }

    /// ibc-go's default.
    fn max_expected_time_per_block(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn validate_message_signer(&self, signer: &Signer) -> Result<(), HostError> {
        if signer.as_ref() == self.signer {
            return Ok(());
        }
        let log = format!("{signer} did not sign: {} did: unauthorized", self.signer);
        Err(HostError::invalid_state(log))
    }
}
