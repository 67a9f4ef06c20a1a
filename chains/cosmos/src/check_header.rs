//! Compares a header of this chain seen elsewhere with the chain's own.

use std::sync::Arc;

use tern_chains::{ChainError, Encoded, HeaderCheck};
use tern_cosmos_core::light::SeenHeader;

use crate::errors::Result;
use crate::light::Light;
use crate::node::Node;
use crate::pool::{Kind, Need};
use crate::verify::LightBlock;

/// One commit is asked for, and validators only if it is another one. A node whose
/// conflicting block does not verify has not answered.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %light.chain))]
pub(crate) async fn check_header(light: &Light, header: &Encoded) -> Result<HeaderCheck> {
    let pool = &light.pool;
    let seen = SeenHeader::new(pool.origin(), header)?;
    let height = seen.height;
    let newest = pool.newest().await?.0;
    let seen = &seen;
    if newest < height {
        let (_, newest) = light.block(newest, seen.validators_hash(), &[]).await?;
        return seen.compare_with_lower(pool.origin(), &newest);
    }
    let ask = |node: Arc<Node>| async move {
        let rpc = &node.rpc;
        let commit = rpc.settled(height, || rpc.commit(height)).await?;
        let signed = commit.signed_header;
        if seen.is(&signed) {
            return Ok(HeaderCheck::Same);
        }
        let hash = signed.header.validators_hash;
        let validators = light.validators.with_hash(rpc, hash, height).await?;
        seen.compare(&rpc.origin, &LightBlock { signed, validators })
    };
    match pool.read(Kind::Header, Need::At(height), ask).await {
        Err(ChainError::Pruned { .. }) => Ok(HeaderCheck::Pruned { height }),
        checked => checked,
    }
}
