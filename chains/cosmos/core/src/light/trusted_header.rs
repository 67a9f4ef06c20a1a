//! The header of this chain that Tern itself trusts: where it begins, and how it moves.
//! Pure.

use std::time::Duration;

use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::clients::ics07_tendermint::header::Header;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{ClientParams, ClientUpdate, NewClient, TrustOrigin, TrustedHeader};

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
