//! What a client of this chain is upgraded to (ICS-07 `upgradeClient`; ibc-go
//! `07-tendermint` `VerifyUpgradeAndUpdateState`). Pure.
//!
//! At the height before the plan's, the chain commits the consensus state beside
//! the client state that the plan brought. The plan's height is the last one of
//! the revision, its header is made and its state never is: so both are proven by
//! the root of that header, which the client must have as its newest.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::lightclients::tendermint::v1::{ClientState, ConsensusState};
use prost::{Message, Name};
use tern_chains::{ClientUpgrade, Height, Proven, StorePath};

use crate::codec::HEIGHT_RULES;
use crate::convert;
use crate::errors::{Origin, Result};

/// What has to be proven, and the height of its state, for a plan at
/// `last_height`.
pub fn upgrade_paths(last_height: u64) -> (Vec<StorePath>, u64) {
    let paths = vec![
        StorePath::UpgradedClientState { last_height },
        StorePath::UpgradedConsensusState { last_height },
    ];
    (paths, HEIGHT_RULES.state_height(last_height))
}

/// The upgrade that the values at [`upgrade_paths`] are, whose proofs were
/// verified; `None` if nothing is planned for `last_height`.
///
/// # Errors
/// `Malformed` if what the chain committed is not what a client takes: both
/// states, and a height above that of the client.
pub fn client_upgrade(
    origin: &Origin,
    last_height: u64,
    proven: Vec<Proven>,
) -> Result<Option<ClientUpgrade>> {
    let doing = format!("client upgrade after {last_height}");
    let wrong = |reason: String| origin.malformed(&doing, reason);
    let [client, consensus] = <[Proven; 2]>::try_from(proven)
        .map_err(|proven| wrong(format!("{} values instead of two", proven.len())))?;
    let Some(client_state) = client.value else {
        return Ok(None);
    };
    let consensus_state = consensus
        .value
        .ok_or_else(|| wrong(format!("there is no {}", consensus.path)))?;
    let (client_any, state) = decode::<ClientState>(&client_state).map_err(wrong)?;
    let (consensus_any, _) = decode::<ConsensusState>(&consensus_state).map_err(wrong)?;
    let height = state.latest_height.unwrap_or_default();
    let height = Height::new(height.revision_number, height.revision_height);
    let last = Height::new(origin.chain.version(), last_height);
    if height <= last {
        let reason = format!("the upgraded client is at {height}, not above {last}");
        return Err(wrong(reason));
    }
    Ok(Some(ClientUpgrade {
        client_state: convert::encoded(client_any),
        consensus_state: convert::encoded(consensus_any),
        proof_client: client.proof,
        proof_consensus: consensus.proof,
    }))
}

/// Decoded as protobuf only: what a client chooses for itself, such as its trust
/// level, is zero in these states and not valid.
fn decode<T: Message + Name + Default>(value: &[u8]) -> std::result::Result<(Any, T), String> {
    let any = Any::decode(value).map_err(|error| error.to_string())?;
    if any.type_url != T::type_url() {
        return Err(format!("{} instead of {}", any.type_url, T::type_url()));
    }
    let state = T::decode(any.value.as_slice()).map_err(|error| error.to_string())?;
    Ok((any, state))
}

#[cfg(test)]
mod tests;
