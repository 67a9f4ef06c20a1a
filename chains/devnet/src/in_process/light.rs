//! Light clients of this chain: the initial state, and the headers of an update,
//! verified as the host chain will verify them.

use std::sync::Arc;

use tendermint::block::signed_header::SignedHeader;
use tendermint::validator::Set;
use tern_chains::{
    BlockTime, ClientParams, ClientUpdate, Encoded, HeaderCheck, NewClient, TrustOrigin,
    TrustedClient, TrustedHeader,
};
use tern_cosmos_core::light::{begin_trust, move_trust, Need, SeenHeader, StoredClient, Walk};
use tern_cosmos_core::{first_client, LightBlock, Origin};

use super::{DevnetChain, Result};
use crate::node::Node;

/// What a client of a node's chain starts from.
pub(crate) fn new_client(node: &Node, origin: &Origin, params: &ClientParams) -> Result<NewClient> {
    let (height, _) = node.read(|chain| chain.latest());
    let unbonding = node.read(|chain| chain.info.unbonding);
    first_client(origin, params, unbonding, &signed(node, origin, height)?)
}

impl DevnetChain {
    /// The update of a client to a height that is committed.
    pub(super) fn headers(&self, client: &StoredClient) -> Result<ClientUpdate> {
        let (node, origin) = (&self.node, &self.origin);
        let trusted = validators(node, origin, client.height + 1)?;
        let target = signed(node, origin, client.target)?;
        let mut walk = Walk::new(origin, client, trusted, target)?;
        loop {
            match walk.go()? {
                Need::Nothing(update) => return Ok(update),
                Need::Block { height, .. } => walk.block(signed(node, origin, height)?),
                Need::Validators { height, .. } => {
                    walk.validators(validators(node, origin, height)?)?;
                }
            }
        }
    }

    /// The one node there is agrees with itself.
    pub(super) fn trusted_header(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        let (node, origin) = (&self.node, &self.origin);
        let Some(before) = before else {
            let unbonding = node.read(|chain| chain.info.unbonding);
            let block = signed(node, origin, height)?;
            let from = TrustOrigin::Nodes { agreed: 1 };
            return begin_trust(origin, unbonding, &block, from);
        };
        if height <= before.client.height {
            return Ok(before.clone());
        }
        let client = self.stored(&before.as_client(), height, now)?;
        move_trust(origin, before, &self.headers(&client)?)
    }

    pub(super) fn compare(&self, header: &Encoded) -> Result<HeaderCheck> {
        let (node, origin) = (&self.node, &self.origin);
        let seen = SeenHeader::new(origin, header)?;
        let (earliest, latest) = node.read(|chain| (chain.earliest(), chain.latest().0));
        let height = seen.height;
        if height < earliest {
            return Ok(HeaderCheck::Pruned { height });
        }
        if height > latest {
            return seen.compare_with_lower(origin, &signed(node, origin, latest)?);
        }
        seen.compare(origin, &signed(node, origin, height)?)
    }

    pub(super) fn stored(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<StoredClient> {
        StoredClient::new(&self.origin, stored, target, now)
    }
}

/// Header and commit of a height, and its validators.
fn signed(node: &Node, origin: &Origin, height: u64) -> Result<LightBlock> {
    let doing = || format!("header {height}");
    let Some(block) = node.block(height) else {
        return Err(if height < node.read(|chain| chain.earliest()) {
            origin.pruned(doing(), height)
        } else {
            origin.node(doing(), "not made yet")
        });
    };
    let signed = SignedHeader::new(block.block.header.clone(), block.commit.clone());
    Ok(LightBlock {
        signed: signed.map_err(|error| origin.malformed(doing(), error.to_string()))?,
        validators: validators(node, origin, height)?,
    })
}

fn validators(node: &Node, origin: &Origin, height: u64) -> Result<Arc<Set>> {
    let found = node.read(|chain| chain.validators(height));
    found.ok_or_else(|| {
        let doing = format!("validators at {height}");
        origin.node(doing, "not known yet")
    })
}
