//! What a new client of this chain starts from: the newest header, and the
//! chain's own parameters.

use std::sync::Arc;
use std::time::Duration;

use ibc_relayer_types::clients::ics07_tendermint::client_state::{AllowUpdate, ClientState};
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::core::ics02_client::trust_threshold::TrustThreshold;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics23_commitment::specs::ProofSpecs;
use ibc_relayer_types::Height;
use tern_chains::{ClientParams, NewClient};

use crate::convert;
use crate::errors::{flex_line, Origin, Result};
use crate::info;
use crate::light::Light;
use crate::node::Node;
use crate::pool::{Kind, Need};
use crate::rpc::Rpc;
use crate::verify::{verify_alone, LightBlock};

/// Where the SDK's upgrade module keeps the states a client is upgraded with.
const UPGRADE_PATH: [&str; 2] = ["upgrade", "upgradedIBCState"];

/// Client and consensus state at the newest height (ICS-02 `createClient`).
///
/// The header cannot be verified against anything older; it is checked to be
/// signed by its own validators.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %light.chain))]
pub(crate) async fn new_client(light: &Light, params: &ClientParams) -> Result<NewClient> {
    let ask = |node: Arc<Node>| async move {
        let unbonding = async { info::unbonding_period(node.grpc().await?).await };
        let block = newest(light, &node.rpc);
        let (unbonding_period, block) = futures::try_join!(unbonding, block)?;
        first_client(&node.rpc.origin, params, unbonding_period, &block)
    };
    light.pool.read(Kind::Header, Need::Newest, ask).await
}

/// The same from a block that is at hand. Pure.
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

async fn newest(light: &Light, rpc: &Rpc) -> Result<LightBlock> {
    let sync = rpc.status().await?.sync_info;
    let height = sync.latest_block_height.value();
    let commit = || rpc.commit(height);
    let signed = rpc.settled(height, commit).await?.signed_header;
    let hash = signed.header.validators_hash;
    let validators = light.validators.with_hash(rpc, hash, height).await?;
    Ok(LightBlock { signed, validators })
}
