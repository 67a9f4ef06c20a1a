//! The header of this chain that Tern itself trusts: where it begins, and how it moves.
//! Pure.

use std::time::Duration;

use ibc_relayer_types::clients::ics07_tendermint::client_state::ClientState;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics24_host::identifier::ChainId as ClientChainId;
use ibc_relayer_types::Height;
use tern_chains::{ChainId, ClientParams, ClientUpdate, NewClient, TrustOrigin, TrustedHeader};

use crate::block_time::block_time;
use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::first_client::first_client;
use crate::verify::LightBlock;

/// Trust begins with this block, whose validators have signed it.
pub fn begin_trust(
    origin: &Origin,
    unbonding_period: Duration,
    block: &LightBlock,
    from: TrustOrigin,
) -> Result<TrustedHeader> {
    let client = first_client(origin, &ClientParams::default(), unbonding_period, block)?;
    let header = &block.signed.header;
    Ok(TrustedHeader {
        client,
        hash: header.hash().as_bytes().to_vec(),
        time: block_time(header.time),
        origin: from,
    })
}

/// What is trusted once `update`, which was verified from `before`, is taken.
pub fn move_trust(
    origin: &Origin,
    before: &TrustedHeader,
    update: &ClientUpdate,
) -> Result<TrustedHeader> {
    let Some(last) = update.headers.last() else {
        return Ok(before.clone());
    };
    let header = Header::try_from(convert::any(last)).map_err(|error| {
        let doing = format!("trusted header at {}", update.height);
        origin.malformed(doing, flex_line!(error))
    })?;
    let header = header.signed_header.header;
    let root = CommitmentRoot::from_bytes(header.app_hash.as_bytes());
    let state = ConsensusState::new(root, header.time, header.next_validators_hash);
    Ok(TrustedHeader {
        client: NewClient {
            client_state: before.client.client_state.clone(),
            consensus_state: convert::encoded(state.into()),
            height: header.height.value(),
        },
        hash: header.hash().as_bytes().to_vec(),
        time: block_time(header.time),
        origin: before.origin.clone(),
    })
}

/// A header of an earlier revision of this chain, as what its headers are verified from
/// now: after an upgrade they are signed by the validators that were next before it, and
/// heights go on (ibc-go `VerifyUpgradeAndUpdateState` does so with a client's). A header of
/// this revision stays as it is.
pub fn over_upgrade(origin: &Origin, trusted: &TrustedHeader) -> Result<TrustedHeader> {
    let doing = "trusted header of the revision before";
    let state = ClientState::try_from(convert::any(&trusted.client.client_state))
        .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
    let of = ChainId::from_string(state.chain_id.as_str());
    if !origin.chain.is_later_revision_of(&of) {
        return Ok(trusted.clone());
    }
    let latest_height = Height::new(origin.chain.version(), trusted.client.height)
        .map_err(|error| origin.malformed(doing, flex_line!(error)))?;
    let state = ClientState {
        chain_id: ClientChainId::from_string(origin.chain.as_str()),
        latest_height,
        ..state
    };
    Ok(TrustedHeader {
        client: NewClient {
            client_state: convert::encoded(state.into()),
            ..trusted.client.clone()
        },
        ..trusted.clone()
    })
}

#[cfg(test)]
mod tests {
    use tern_chains::BlockTime;

    use super::*;
    use crate::testing::{LightChain, ID};

    fn trusted() -> TrustedHeader {
        let client = LightChain::new(&vec![vec![1, 2]; 9]).client(7);
        TrustedHeader {
            client: NewClient {
                client_state: client.client_state,
                consensus_state: client.consensus_state,
                height: client.height,
            },
            hash: vec![7; 32],
            time: BlockTime(7),
            origin: TrustOrigin::Nodes { agreed: 2 },
        }
    }

    fn over(chain: &str) -> TrustedHeader {
        let origin = Origin {
            chain: ChainId::from_string(chain),
            node: "test".to_owned(),
        };
        over_upgrade(&origin, &trusted()).unwrap()
    }

    #[test]
    fn a_header_of_the_revision_before_is_trusted_as_one_of_this_revision() {
        let before = trusted();
        let over = over("light-2");
        let state = convert::any(&over.client.client_state);
        let state = ClientState::try_from(state).unwrap();
        assert_eq!(state.chain_id.as_str(), "light-2");
        assert_eq!(state.latest_height, Height::new(2, 7).unwrap());
        let consensus = |header: &TrustedHeader| header.client.consensus_state.clone();
        assert_eq!(consensus(&over), consensus(&before));
        assert_eq!((over.hash, over.origin), (before.hash, before.origin));
    }

    #[test]
    fn a_header_of_this_revision_or_of_another_chain_stays_as_it_is() {
        assert_eq!(over(ID), trusted());
        assert_eq!(over("heavy-2"), trusted());
    }
}
