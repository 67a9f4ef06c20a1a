//! Bringing a client of this chain forward: the trust stored on another chain in,
//! headers that ICS-07 will accept out, each verified here first.
//!
//! What can be known before the target block is made is fetched while it is
//! being made; what is left after its commit is one question, or two at once.
//! What is done with it is pure: `client` and `walk`.

use std::sync::Arc;

use tendermint::validator::Set;
use tendermint::{chain, Hash};
use tern_chains::{BlockTime, ChainError, ClientUpdate, TrustedClient};

use crate::errors::Result;
use crate::rpc::Rpc;
use crate::validators::Validators;
use crate::verify::LightBlock;
use crate::wake::Wake;

mod client;
mod walk;

pub use client::StoredClient;
pub use walk::{Need, Walk};

/// The light client of one chain; keeps no trust of its own.
pub(crate) struct Light {
    pub rpc: Arc<Rpc>,
    pub wake: Arc<Wake>,
    pub validators: Validators,
    pub chain: chain::Id,
}

impl Light {
    /// Headers from `stored` to `target`; none if the client is there already.
    #[tracing::instrument(level = "debug", skip_all, fields(chain = %self.chain, trusted = stored.height, target))]
    pub async fn update(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        let origin = &self.rpc.origin;
        let client = StoredClient::new(origin, stored, target, now)?;
        if let Some(update) = client.is_there() {
            return Ok(update);
        }
        let hash = client.next_validators_hash();
        let (validators, block) = futures::try_join!(self.trusted_validators(&client), async {
            self.wake.wait_for(target).await?;
            self.block(target, hash).await
        })?;
        // Pruned or not: the target's validators may be the same.
        let validators = validators.or_else(|| self.validators.cached(hash));
        let validators =
            validators.ok_or_else(|| origin.pruned(&client.doing, stored.height + 1))?;
        let moved = block.signed.header.validators_hash != hash;
        let mut walk = Walk::new(origin, &client, validators, block)?;
        self.validators.moved(moved);
        loop {
            match walk.go()? {
                Need::Nothing(update) => return Ok(update),
                Need::Block { height, likely } => walk.block(self.block(height, likely).await?),
                Need::Validators { height, hash } => {
                    walk.validators(self.validators.with_hash(hash, height).await?)?;
                }
            }
        }
    }

    /// A header with its commit and the validators that signed it; `likely` is
    /// the hash these probably have.
    pub async fn block(&self, height: u64, likely: Hash) -> Result<LightBlock> {
        let commit = self.rpc.settled(height, || self.rpc.commit(height));
        let signed = if self.validators.expects(likely) {
            commit.await?.signed_header
        } else {
            let (commit, _) = futures::try_join!(commit, self.validators.at(height))?;
            commit.signed_header
        };
        let hash = signed.header.validators_hash;
        let validators = self.validators.with_hash(hash, height).await?;
        Ok(LightBlock { signed, validators })
    }

    /// The validators the stored consensus state stands for; `None` if the node
    /// has pruned them.
    async fn trusted_validators(&self, client: &StoredClient) -> Result<Option<Arc<Set>>> {
        let hash = client.next_validators_hash();
        match self.validators.with_hash(hash, client.height + 1).await {
            Ok(validators) => Ok(Some(validators)),
            Err(ChainError::Pruned { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
