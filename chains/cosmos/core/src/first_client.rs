//! What a new client of a Tendermint chain starts from (ICS-02 `createClient`).
//! Pure.

use std::time::Duration;

use ibc_relayer_types::clients::ics07_tendermint::client_state::{AllowUpdate, ClientState};
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::core::ics02_client::trust_threshold::TrustThreshold;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use ibc_relayer_types::Height;
use tern_chains::{ClientParams, NewClient};

use crate::codec::UPGRADE_PATH;
use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::verify::{verify_alone, LightBlock};

/// Client and consensus state at the height of `block`.
pub fn first_client(
    origin: &Origin,
    params: &ClientParams,
    unbonding_period: Duration,
    block: &LightBlock,
) -> Result<NewClient> {
    let wrong = |reason: String| origin.local(format!("new client: {reason}"));
    let chain = origin.chain.as_str().parse();
    let chain = chain.map_err(|_| origin.local("not a CometBFT chain id"))?;
    verify_alone(&chain, block).map_err(|reason| {
        let doing = format!("header at {}", block.height());
        origin.unverified(doing, reason)
    })?;
    let latest_height = Height::new(origin.chain.version(), block.height())
        .map_err(|error| wrong(flex_line!(error)))?;
    let (numerator, denominator) = params.trust_level;
    let client_state = ClientState::new(
        chain_id(origin),
        TrustThreshold::new(numerator, denominator).map_err(|error| wrong(flex_line!(error)))?,
        params.trusting_period.unwrap_or(unbonding_period * 2 / 3),
        unbonding_period,
        params.max_clock_drift,
        latest_height,
        ProofSpecs::default(),
        UPGRADE_PATH.map(str::to_owned).to_vec(),
        // ibc-go ignores both since v4; older versions want them for recovery.
        AllowUpdate {
            after_expiry: true,
            after_misbehaviour: true,
        },
    )
    .map_err(|error| wrong(flex_line!(error)))?;
    let header = &block.signed.header;
    let root = CommitmentRoot::from_bytes(header.app_hash.as_bytes());
    let consensus_state = ConsensusState::new(root, header.time, header.next_validators_hash);
    Ok(NewClient {
        client_state: convert::encoded(client_state.into()),
        consensus_state: convert::encoded(consensus_state.into()),
        height: block.height(),
    })
}

/// The chain's id as the client state has it.
fn chain_id(origin: &Origin) -> ibc_relayer_types::core::ics24_host::identifier::ChainId {
    ibc_relayer_types::core::ics24_host::identifier::ChainId::from_string(origin.chain.as_str())
}
