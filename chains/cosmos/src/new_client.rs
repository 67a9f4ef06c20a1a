//! What a new client of this chain starts from: the newest header, and the
//! chain's own parameters.

use std::sync::Arc;

use tern_chains::{ClientParams, NewClient};

use crate::errors::Result;
use crate::first_client::first_client;
use crate::light::Light;
use crate::node::Node;
use crate::pool::{Kind, Need};
use crate::rpc::Rpc;
use crate::unbonding;
use crate::verify::LightBlock;

/// Client and consensus state at the newest height (ICS-02 `createClient`).
///
/// The header cannot be verified against anything older; it is checked to be
/// signed by its own validators.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %light.chain))]
pub(crate) async fn new_client(light: &Light, params: &ClientParams) -> Result<NewClient> {
    let ask = |node: Arc<Node>| async move {
        let unbonding = async { unbonding::unbonding_period(node.grpc().await?).await };
        let block = newest(light, &node.rpc);
        let (unbonding_period, block) = futures::try_join!(unbonding, block)?;
        first_client(&node.rpc.origin, params, unbonding_period, &block)
    };
    light.pool.read(Kind::Header, Need::Newest, ask).await
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
