//! The kinds of light clients that this chain hosts: of Tendermint chains (ICS-07)
//! and of attested chains.

use ibc::clients::tendermint::client_state::ClientState as TendermintClient;
use ibc::clients::tendermint::consensus_state::ConsensusState as TendermintConsensus;
use ibc::clients::tendermint::types as tendermint;
use ibc::core::client::types::error::ClientError;
use ibc::core::host::types::error::DecodingError;
use ibc::primitives::proto::{Any, Protobuf};
use tern_attested_core as attested_core;
use tern_attested_core::Encodes;

use super::attested::{AttestedClient, AttestedConsensus};
use super::Host;

#[derive(Clone, Debug, ibc::derive::ClientState)]
#[validation(Host)]
#[execution(Host)]
pub(crate) enum ClientState {
    Tendermint(TendermintClient),
    Attested(AttestedClient),
}

#[derive(Clone, Debug, ibc::derive::ConsensusState)]
pub(crate) enum ConsensusState {
    Tendermint(TendermintConsensus),
    Attested(AttestedConsensus),
}

impl Protobuf<Any> for ClientState {}

impl TryFrom<Any> for ClientState {
    type Error = DecodingError;

    fn try_from(any: Any) -> Result<Self, DecodingError> {
        match any.type_url == attested_core::ClientState::TYPE_NAME {
            true => Ok(Self::Attested(any.try_into()?)),
            false => Ok(Self::Tendermint(any.try_into()?)),
        }
    }
}

impl From<ClientState> for Any {
    fn from(state: ClientState) -> Self {
        match state {
            ClientState::Tendermint(state) => state.into(),
            ClientState::Attested(state) => state.into(),
        }
    }
}

impl From<tendermint::ClientState> for ClientState {
    fn from(state: tendermint::ClientState) -> Self {
        Self::Tendermint(state.into())
    }
}

impl From<AttestedClient> for ClientState {
    fn from(state: AttestedClient) -> Self {
        Self::Attested(state)
    }
}

impl Protobuf<Any> for ConsensusState {}

impl TryFrom<Any> for ConsensusState {
    type Error = DecodingError;

    fn try_from(any: Any) -> Result<Self, DecodingError> {
        match any.type_url == attested_core::ConsensusState::TYPE_NAME {
            true => Ok(Self::Attested(any.try_into()?)),
            false => Ok(Self::Tendermint(any.try_into()?)),
        }
    }
}

impl From<ConsensusState> for Any {
    fn from(state: ConsensusState) -> Self {
        match state {
            ConsensusState::Tendermint(state) => state.into(),
            ConsensusState::Attested(state) => state.into(),
        }
    }
}

impl From<tendermint::ConsensusState> for ConsensusState {
    fn from(state: tendermint::ConsensusState) -> Self {
        Self::Tendermint(state.into())
    }
}

impl From<AttestedConsensus> for ConsensusState {
    fn from(state: AttestedConsensus) -> Self {
        Self::Attested(state)
    }
}

/// The handlers of ICS-07 read their own consensus states back.
impl TryFrom<ConsensusState> for tendermint::ConsensusState {
    type Error = ClientError;

    fn try_from(state: ConsensusState) -> Result<Self, ClientError> {
        match state {
            ConsensusState::Tendermint(state) => Ok(state.into_inner()),
            ConsensusState::Attested(_) => Err(ClientError::ClientSpecific {
                description: "a consensus state of an attested chain".to_owned(),
            }),
        }
    }
}
