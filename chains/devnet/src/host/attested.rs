//! The light client of an attested chain on this host (ICS-02): the rules are
//! `tern-attested-core`'s, the states are in the `ibc` store.

use ibc::core::client::context::client_state::{
    ClientStateCommon, ClientStateExecution, ClientStateValidation,
};
use ibc::core::client::context::consensus_state::ConsensusState;
use ibc::core::client::context::{
    ClientExecutionContext, ClientValidationContext, ExtClientValidationContext,
};
use ibc::core::client::types::error::ClientError;
use ibc::core::client::types::{Height, Status};
use ibc::core::commitment_types::commitment::{
    CommitmentPrefix, CommitmentProofBytes, CommitmentRoot,
};
use ibc::core::host::types::error::{DecodingError, IdentifierError};
use ibc::core::host::types::identifiers::{ClientId, ClientType};
use ibc::core::host::types::path::{ClientConsensusStatePath, ClientStatePath, Path, PathBytes};
use ibc::primitives::proto::Any;
use ibc::primitives::Timestamp;
use tern_attested_core as attested_core;
use tern_attested_core::{Encodes, Misbehaviour, SealedHeader, CLIENT_TYPE};
use tern_chains::{ChainId, Encoded};

use super::client_kinds;
use super::Host;

/// A client state, with what its identifier begins with.
#[derive(Clone, Debug)]
pub(crate) struct AttestedClient {
    state: attested_core::ClientState,
    client_type: ClientType,
}

/// A consensus state, with its root as ibc-rs wants it.
#[derive(Clone, Debug)]
pub(crate) struct AttestedConsensus {
    state: attested_core::ConsensusState,
    root: CommitmentRoot,
}

fn read<T: Encodes>(any: Any) -> Result<T, DecodingError> {
    let encoded = Encoded {
        type_name: any.type_url,
        bytes: any.value,
    };
    attested_core::decode(&encoded).map_err(DecodingError::invalid_raw_data)
}

fn any<T: Encodes>(value: &T) -> Any {
    let encoded = attested_core::encode(value);
    Any {
        type_url: encoded.type_name,
        value: encoded.bytes,
    }
}

fn not_supported(what: &str) -> ClientError {
    ClientError::ClientSpecific {
        description: format!("clients of attested chains have no {what}"),
    }
}

fn refused(why: &attested_core::NotValid) -> ClientError {
    ClientError::FailedToVerifyHeader {
        description: why.to_string(),
    }
}

impl TryFrom<Any> for AttestedClient {
    type Error = DecodingError;

    fn try_from(any: Any) -> Result<Self, DecodingError> {
        let client_type = ClientType::new(CLIENT_TYPE);
        Ok(Self {
            state: read(any)?,
            client_type: client_type.map_err(|error: IdentifierError| error)?,
        })
    }
}

impl From<AttestedClient> for Any {
    fn from(client: AttestedClient) -> Self {
        any(&client.state)
    }
}

impl TryFrom<Any> for AttestedConsensus {
    type Error = DecodingError;

    fn try_from(any: Any) -> Result<Self, DecodingError> {
        Ok(Self::new(read(any)?))
    }
}

impl From<AttestedConsensus> for Any {
    fn from(consensus: AttestedConsensus) -> Self {
        any(&consensus.state)
    }
}

impl AttestedConsensus {
    fn new(state: attested_core::ConsensusState) -> Self {
        Self {
            root: CommitmentRoot::from_bytes(&state.root),
            state,
        }
    }
}

impl ConsensusState for AttestedConsensus {
    fn root(&self) -> &CommitmentRoot {
        &self.root
    }

    fn timestamp(&self) -> Result<Timestamp, ClientError> {
        Ok(Timestamp::from_nanoseconds(self.state.time_ns))
    }
}

impl AttestedClient {
    fn height(&self, height: u64) -> Result<Height, ClientError> {
        let revision = ChainId::from_string(&self.state.chain_id).version();
        Height::new(revision, height)
    }

    fn path(&self, id: &ClientId, height: u64) -> ClientConsensusStatePath {
        let revision = ChainId::from_string(&self.state.chain_id).version();
        ClientConsensusStatePath::new(id.clone(), revision, height)
    }

    fn store(
        &self,
        host: &mut Host,
        id: &ClientId,
        height: u64,
        consensus: attested_core::ConsensusState,
    ) -> Result<Height, ClientError> {
        let at = self.height(height)?;
        let now = (host.host_timestamp()?, host.host_height()?);
        host.store_client_state(ClientStatePath::new(id.clone()), self.clone().into())?;
        let consensus = AttestedConsensus::new(consensus);
        host.store_consensus_state(self.path(id, height), consensus.into())?;
        host.store_update_meta(id.clone(), at, now.0, now.1)?;
        Ok(at)
    }
}

impl ClientStateCommon for AttestedClient {
    fn verify_consensus_state(&self, consensus: Any, _: &Timestamp) -> Result<(), ClientError> {
        read::<attested_core::ConsensusState>(consensus)?;
        Ok(())
    }

    fn client_type(&self) -> ClientType {
        self.client_type.clone()
    }

    /// A client without headers is at its first height.
    fn latest_height(&self) -> Height {
        let height = self.height(self.state.latest_height);
        height.unwrap_or_else(|_| Height::min(0))
    }

    fn validate_proof_height(&self, proof_height: Height) -> Result<(), ClientError> {
        let latest = self.latest_height();
        match proof_height <= latest {
            true => Ok(()),
            false => Err(ClientError::InsufficientProofHeight {
                expected: proof_height,
                actual: latest,
            }),
        }
    }

    fn verify_upgrade_client(
        &self,
        _: Any,
        _: Any,
        _: CommitmentProofBytes,
        _: CommitmentProofBytes,
        _: &CommitmentRoot,
    ) -> Result<(), ClientError> {
        Err(not_supported("upgrade"))
    }

    fn serialize_path(&self, path: Path) -> Result<PathBytes, ClientError> {
        Ok(path.to_string().into_bytes().into())
    }

    fn verify_membership_raw(
        &self,
        _: &CommitmentPrefix,
        proof: &CommitmentProofBytes,
        root: &CommitmentRoot,
        path: PathBytes,
        value: Vec<u8>,
    ) -> Result<(), ClientError> {
        attested_core::verify_presence(proof.as_ref(), root.as_bytes(), path.as_ref(), &value)
            .map_err(|why| not_proven(&why))
    }

    fn verify_non_membership_raw(
        &self,
        _: &CommitmentPrefix,
        proof: &CommitmentProofBytes,
        root: &CommitmentRoot,
        path: PathBytes,
    ) -> Result<(), ClientError> {
        attested_core::verify_absence(proof.as_ref(), root.as_bytes(), path.as_ref())
            .map_err(|why| not_proven(&why))
    }
}

fn not_proven(why: &attested_core::NotProven) -> ClientError {
    ClientError::ClientSpecific {
        description: why.to_string(),
    }
}

impl ClientStateValidation<Host> for AttestedClient {
    fn verify_client_message(
        &self,
        _: &Host,
        _: &ClientId,
        message: Any,
    ) -> Result<(), ClientError> {
        if message.type_url == Misbehaviour::TYPE_NAME {
            let misbehaviour: Misbehaviour = read(message)?;
            let verified = self.state.verify_misbehaviour(&misbehaviour);
            return verified.map_err(|why| refused(&why));
        }
        let header: SealedHeader = read(message)?;
        self.state
            .verify_header(&header)
            .map_err(|why| refused(&why))
    }

    /// A header of a height that has another consensus state is misbehaviour, too.
    fn check_for_misbehaviour(
        &self,
        host: &Host,
        id: &ClientId,
        message: Any,
    ) -> Result<bool, ClientError> {
        if message.type_url == Misbehaviour::TYPE_NAME {
            return Ok(true);
        }
        let sealed: SealedHeader = read(message)?;
        let known = host.consensus_state(&self.path(id, sealed.header.height));
        Ok(match known {
            Ok(client_kinds::ConsensusState::Attested(known)) => {
                known.state != attested_core::ConsensusState::of(&sealed.header)
            }
            _ => false,
        })
    }

    fn status(&self, _: &Host, _: &ClientId) -> Result<Status, ClientError> {
        Ok(match self.state.frozen {
            true => Status::Frozen,
            false => Status::Active,
        })
    }

    fn check_substitute(&self, _: &Host, _: Any) -> Result<(), ClientError> {
        Err(not_supported("recovery"))
    }
}

impl ClientStateExecution<Host> for AttestedClient {
    fn initialise(
        &self,
        host: &mut Host,
        id: &ClientId,
        consensus: Any,
    ) -> Result<(), ClientError> {
        self.store(host, id, self.state.latest_height, read(consensus)?)?;
        Ok(())
    }

    fn update_state(
        &self,
        host: &mut Host,
        id: &ClientId,
        header: Any,
    ) -> Result<Vec<Height>, ClientError> {
        let SealedHeader { header, .. } = read(header)?;
        let mut updated = self.clone();
        updated.state.latest_height = self.state.latest_height.max(header.height);
        let consensus = attested_core::ConsensusState::of(&header);
        Ok(vec![updated.store(host, id, header.height, consensus)?])
    }

    fn update_state_on_misbehaviour(
        &self,
        host: &mut Host,
        id: &ClientId,
        _: Any,
    ) -> Result<(), ClientError> {
        let mut frozen = self.clone();
        frozen.state.frozen = true;
        host.store_client_state(ClientStatePath::new(id.clone()), frozen.into())?;
        Ok(())
    }

    fn update_state_on_upgrade(
        &self,
        _: &mut Host,
        _: &ClientId,
        _: Any,
        _: Any,
    ) -> Result<Height, ClientError> {
        Err(not_supported("upgrade"))
    }

    fn update_on_recovery(
        &self,
        _: &mut Host,
        _: &ClientId,
        _: Any,
        _: Any,
    ) -> Result<(), ClientError> {
        Err(not_supported("recovery"))
    }
}
