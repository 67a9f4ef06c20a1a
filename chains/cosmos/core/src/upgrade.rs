//! The upgrade of a chain, as its clients must follow it (ICS-07; ibc-go
//! `07-tendermint/upgrade.go`, SDK `x/upgrade`). Pure.

use ibc_proto::google::protobuf::Any;
use prost::Message;
use tern_chains::{ClientUpgrade, DecodeError, Encoded, Proven, StorePath};

use crate::convert;

/// What has to be proven of an upgrade at this height, in the order that
/// [`client_upgrade`] takes it.
pub fn upgrade_paths(last_height: u64) -> Vec<StorePath> {
    vec![
        StorePath::UpgradedClientState { last_height },
        StorePath::UpgradedConsensusState { last_height },
    ]
}

/// The upgrade in the proven values of [`upgrade_paths`]; `None` where the chain has
/// planned none.
pub fn client_upgrade(proven: Vec<Proven>) -> Result<Option<ClientUpgrade>, DecodeError> {
    let Ok([client, consensus]) = <[Proven; 2]>::try_from(proven) else {
        return Ok(None);
    };
    let (Some(client_state), Some(consensus_state)) = (&client.value, &consensus.value) else {
        return Ok(None);
    };
    Ok(Some(ClientUpgrade {
        client_state: decode("upgraded client state", client_state)?,
        consensus_state: decode("upgraded consensus state", consensus_state)?,
        proof_client: client.proof,
        proof_consensus: consensus.proof,
    }))
}

fn decode(what: &'static str, value: &[u8]) -> Result<Encoded, DecodeError> {
    let any = Any::decode(value).map_err(|error| DecodeError {
        what,
        reason: error.to_string(),
    })?;
    Ok(convert::encoded(any))
}

#[cfg(test)]
mod tests {
    use tern_chains::{Height, Proof};

    use super::*;

    fn proven(value: Option<Vec<u8>>) -> Vec<Proven> {
        let proven = |path| Proven {
            path,
            value: value.clone(),
            proof: Proof {
                bytes: vec![1],
                height: Height::new(1, 100),
            },
            height: 99,
        };
        upgrade_paths(100).into_iter().map(proven).collect()
    }

    #[test]
    fn both_planned_states_make_an_upgrade() {
        let any = Any {
            type_url: "/test.State".to_owned(),
            value: vec![7],
        };
        let upgrade = client_upgrade(proven(Some(any.encode_to_vec())));
        let upgrade = upgrade.unwrap().unwrap();
        assert_eq!(upgrade.client_state.type_name, "/test.State");
        assert_eq!(upgrade.consensus_state.bytes, [7]);
        assert_eq!(upgrade.proof_client.height, Height::new(1, 100));
    }

    #[test]
    fn a_chain_that_plans_none_has_no_upgrade() {
        assert_eq!(client_upgrade(proven(None)), Ok(None));
    }

    #[test]
    fn a_value_that_is_no_state_is_an_error_that_names_it() {
        let error = client_upgrade(proven(Some(vec![0xff]))).unwrap_err();
        assert_eq!(error.what, "upgraded client state");
    }
}
