//! Light clients of this chain: the initial state, and the headers of an update,
//! verified as the host chain will verify them.

use std::sync::Arc;

use tendermint::block::signed_header::SignedHeader;
use tendermint::validator::Set;
use tern_chains::{BlockTime, ClientParams, ClientUpdate, NewClient, TrustedClient};
use tern_cosmos::pure::{first_client, LightBlock, Need, StoredClient, Walk};

use super::{DevnetChain, Result};

impl DevnetChain {
    pub(crate) fn light_client(&self, params: &ClientParams) -> Result<NewClient> {
        let (height, _) = self.node.read(|chain| chain.latest());
        let unbonding = self.node.read(|chain| chain.info.unbonding);
        first_client(&self.origin, params, unbonding, &self.signed(height)?)
    }

    /// The update of a client to a height that is committed.
    pub(super) fn headers(&self, client: &StoredClient) -> Result<ClientUpdate> {
        let trusted = self.validators(client.height + 1)?;
        let target = self.signed(client.target)?;
        let mut walk = Walk::new(&self.origin, client, trusted, target)?;
        loop {
            match walk.go()? {
                Need::Nothing(update) => return Ok(update),
                Need::Block { height, .. } => walk.block(self.signed(height)?),
                Need::Validators { height, .. } => walk.validators(self.validators(height)?)?,
            }
        }
    }

    pub(super) fn stored(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<StoredClient> {
        StoredClient::new(&self.origin, stored, target, now)
    }

    /// Header and commit of a height, and its validators.
    fn signed(&self, height: u64) -> Result<LightBlock> {
        let doing = || format!("header {height}");
        let Some(block) = self.node.block(height) else {
            return Err(match height < self.node.read(|chain| chain.earliest()) {
                true => self.origin.pruned(doing(), height),
                false => self.origin.node(doing(), "not made yet"),
            });
        };
        let signed = SignedHeader::new(block.block.header.clone(), block.commit.clone());
        Ok(LightBlock {
            signed: signed.map_err(|error| self.origin.malformed(doing(), error.to_string()))?,
            validators: self.validators(height)?,
        })
    }

    fn validators(&self, height: u64) -> Result<Arc<Set>> {
        let found = self.node.read(|chain| chain.validators(height));
        found.ok_or_else(|| {
            let doing = format!("validators at {height}");
            self.origin.node(doing, "not known yet")
        })
    }
}
