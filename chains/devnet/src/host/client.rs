//! Storage of light clients (ICS-02).

use ibc::core::client::context::{
    ClientExecutionContext, ClientValidationContext, ExtClientValidationContext,
};
use ibc::core::client::types::Height;
use ibc::core::host::types::error::HostError;
use ibc::core::host::types::identifiers::ClientId;
use ibc::core::host::types::path::{
    ClientConsensusStatePath, ClientStatePath, ClientUpdateHeightPath, ClientUpdateTimePath,
};
use ibc::primitives::proto::{Any, Protobuf};
use ibc::primitives::Timestamp;

use super::client_kinds::{ClientState, ConsensusState};
use super::{keys, Host};

/// The most consensus states that one update considers for pruning.
const PRUNED_MAX: usize = 16;

impl Host {
    fn consensus_state_at(
        &self,
        client_id: &ClientId,
        height: Option<Height>,
    ) -> Result<Option<ConsensusState>, HostError> {
        let Some(height) = height else {
            return Ok(None);
        };
        let path = ClientConsensusStatePath::new(
            client_id.clone(),
            height.revision_number(),
            height.revision_height(),
        );
        self.consensus_state(&path).map(Some)
    }
}

impl ClientValidationContext for Host {
    type ClientStateRef = ClientState;
    type ConsensusStateRef = ConsensusState;

    fn client_state(&self, client_id: &ClientId) -> Result<ClientState, HostError> {
        let path = ClientStatePath::new(client_id.clone()).to_string();
        keys::decode::<ClientState, Any>(&self.store, &path)
    }

    fn consensus_state(
        &self,
        path: &ClientConsensusStatePath,
    ) -> Result<ConsensusState, HostError> {
        keys::decode::<ConsensusState, Any>(&self.store, &path.to_string())
    }

    fn client_update_meta(
        &self,
        client_id: &ClientId,
        height: &Height,
    ) -> Result<(Timestamp, Height), HostError> {
        let (revision, number) = (height.revision_number(), height.revision_height());
        let time = ClientUpdateTimePath::new(client_id.clone(), revision, number).to_string();
        let nanos = keys::sequence(&self.store, &time)?.value();
        let at = ClientUpdateHeightPath::new(client_id.clone(), revision, number).to_string();
        let text = std::str::from_utf8(keys::need(&self.store, &at)?);
        let text = text.map_err(HostError::invalid_state)?;
        let host_height = text.parse().map_err(HostError::invalid_state)?;
        Ok((Timestamp::from_nanoseconds(nanos), host_height))
    }
}

impl ClientExecutionContext for Host {
    type ClientStateMut = ClientState;

    fn store_client_state(
        &mut self,
        path: ClientStatePath,
        client_state: ClientState,
    ) -> Result<(), HostError> {
        let value = Protobuf::<Any>::encode_vec(client_state);
        self.store.set(path.to_string(), value);
        Ok(())
    }

    fn store_consensus_state(
        &mut self,
        path: ClientConsensusStatePath,
        consensus_state: ConsensusState,
    ) -> Result<(), HostError> {
        let height = Height::new(path.revision_number, path.revision_height)
            .map_err(HostError::invalid_state)?;
        let value = Protobuf::<Any>::encode_vec(consensus_state);
        let key = keys::iteration(&path.client_id, &height);
        self.store.set(key, path.leaf());
        self.store.set(path.to_string(), value);
        Ok(())
    }

    fn delete_consensus_state(&mut self, path: ClientConsensusStatePath) -> Result<(), HostError> {
        let height = Height::new(path.revision_number, path.revision_height)
            .map_err(HostError::invalid_state)?;
        self.store
            .remove(&keys::iteration(&path.client_id, &height));
        self.store.remove(path.to_string().as_bytes());
        Ok(())
    }

    fn store_update_meta(
        &mut self,
        client_id: ClientId,
        height: Height,
        host_timestamp: Timestamp,
        host_height: Height,
    ) -> Result<(), HostError> {
        let (revision, number) = (height.revision_number(), height.revision_height());
        let time = ClientUpdateTimePath::new(client_id.clone(), revision, number).to_string();
        keys::set_number(&mut self.store, &time, host_timestamp.nanoseconds());
        let at = ClientUpdateHeightPath::new(client_id, revision, number).to_string();
        self.store.set(at, host_height.to_string());
        Ok(())
    }

    fn delete_update_meta(&mut self, client_id: ClientId, height: Height) -> Result<(), HostError> {
        let (revision, number) = (height.revision_number(), height.revision_height());
        let time = ClientUpdateTimePath::new(client_id.clone(), revision, number).to_string();
        self.store.remove(time.as_bytes());
        let at = ClientUpdateHeightPath::new(client_id, revision, number).to_string();
        self.store.remove(at.as_bytes());
        Ok(())
    }
}

impl ExtClientValidationContext for Host {
    fn host_timestamp(&self) -> Result<Timestamp, HostError> {
        self.timestamp()
    }

    fn host_height(&self) -> Result<Height, HostError> {
        self.height()
    }

    /// Ascending, and only the first: an update prunes expired ones from the
    /// front, and there may be tens of thousands in all.
    fn consensus_state_heights(&self, client_id: &ClientId) -> Result<Vec<Height>, HostError> {
        let heights = keys::heights(&self.store.tree, client_id);
        Ok(heights.take(PRUNED_MAX).collect())
    }

    fn next_consensus_state(
        &self,
        client_id: &ClientId,
        height: &Height,
    ) -> Result<Option<ConsensusState>, HostError> {
        let next = keys::height_after(&self.store.tree, client_id, height);
        self.consensus_state_at(client_id, next)
    }

    fn prev_consensus_state(
        &self,
        client_id: &ClientId,
        height: &Height,
    ) -> Result<Option<ConsensusState>, HostError> {
        let before = keys::height_before(&self.store.tree, client_id, height);
        self.consensus_state_at(client_id, before)
    }
}
