//! Bringing the client on the destination to the height a batch is proven at.

use tern_chains::{
    Chain, ChainError, ClientId, Datagram, Height, Root, StorePath, StoredConsensus, TrustedClient,
};
use tern_core::plan::Route;

use super::{ChainAccess, Clock};

/// A client at `height`, there already or once `updates` are executed.
pub struct Forward {
    pub height: u64,
    pub root: Root,
    pub updates: Vec<Datagram>,
}

/// Reads what the destination trusts and verifies headers from there to the
/// route's proof height. A client that is there already costs nothing.
pub async fn bring_forward(
    dst: &dyn Chain,
    src: &ChainAccess,
    route: &Route,
    clock: &Clock,
) -> Result<Forward, ChainError> {
    let (trusted, consensus) = read(dst, &route.client_on_dst, exact(route)).await?;
    // With what a client was upgraded to nothing is proven yet.
    let is_there = trusted.height >= route.proof_height && !consensus.root.is_none();
    if is_there {
        return Ok(Forward {
            height: trusted.height,
            root: consensus.root,
            updates: vec![],
        });
    }
    let target = match consensus.root.is_none() {
        true => route.proof_height.max(trusted.height + 1),
        false => route.proof_height,
    };
    let update = src
        .light_client
        .client_update(&trusted, target, clock())
        .await?;
    let datagram = |header| Datagram::UpdateClient {
        client_id: route.client_on_dst.clone(),
        header,
    };
    Ok(Forward {
        height: update.height,
        root: update.root,
        updates: update.headers.into_iter().map(datagram).collect(),
    })
}

/// The height whose consensus state is wanted and no other, if there is one.
fn exact(route: &Route) -> Option<u64> {
    route.exact.then_some(route.proof_height)
}

/// The client's state and its newest consensus state, or the one of this height, as the host
/// stores them.
async fn read(
    dst: &dyn Chain,
    client_id: &ClientId,
    exact: Option<u64>,
) -> Result<(TrustedClient, StoredConsensus), ChainError> {
    let unusable = |reason: &str| ChainError::ClientUnusable {
        chain: dst.id().clone(),
        doing: format!("reading client {client_id}"),
        reason: reason.to_owned(),
    };
    let path = StorePath::ClientState(client_id.clone());
    let state = dst.query(path, None).await?;
    let state = state.ok_or_else(|| unusable("there is no such client"))?;
    let client = dst.codec().client(&state);
    let client = client.ok_or_else(|| unusable("Tern does not relay for clients of its type"))?;
    let mut latest = client.summary.latest();
    latest.height = exact.unwrap_or(latest.height);
    let path = consensus_path(client_id, latest);
    let consensus = dst.query(path.clone(), None).await?;
    let consensus = consensus.ok_or_else(|| unusable("its consensus state is gone"))?;
    let consensus = dst.codec().consensus(&consensus);
    let consensus = consensus.map_err(|error| ChainError::Malformed {
        chain: dst.id().clone(),
        doing: format!("reading {path}"),
        source: error.into(),
    })?;
    let trusted = TrustedClient {
        client_state: client.state,
        height: latest.height,
        consensus_state: consensus.state.clone(),
    };
    Ok((trusted, consensus))
}

pub(super) fn consensus_path(client_id: &ClientId, height: Height) -> StorePath {
    StorePath::ConsensusState {
        client_id: client_id.clone(),
        height,
    }
}
