//! Bringing a client of this chain forward: the trust stored on another chain in,
//! headers that ICS-07 will accept out, each verified here first.
//!
//! What can be known before the target block is made is fetched while it is
//! being made; what is left after its commit is one question, or two at once.
//! What is done with it is pure: `tern_cosmos_core::light`.

use std::sync::Arc;

use tendermint::validator::Set;
use tendermint::{chain, Hash};
use tern_chains::{BlockTime, ChainError, ClientUpdate, TrustedClient};
use tern_cosmos_core::light::{Need, StoredClient, Walk};

use crate::errors::Result;
use crate::node::Node;
use crate::pool::{self, Kind, Pool};
use crate::rpc::Rpc;
use crate::validators::Validators;
use crate::verify::LightBlock;
use crate::wake::Wake;

/// The light client of one chain. What it trusts is kept by whoever asks.
pub(crate) struct Light {
    pub pool: Arc<Pool>,
    pub wake: Arc<Wake>,
    pub validators: Validators,
    pub chain: chain::Id,
}

/// Why a walk ended early, and who gave the block that did not verify.
struct Stopped {
    error: ChainError,
    source: Option<usize>,
}

impl From<ChainError> for Stopped {
    fn from(error: ChainError) -> Self {
        Self {
            error,
            source: None,
        }
    }
}

impl Light {
    /// Headers from `stored` to `target`; none if the client is there already.
    ///
    /// A block that does not verify is asked of another node. Only when that
    /// one's does is it the first one's fault.
    #[tracing::instrument(level = "debug", skip_all, fields(chain = %self.chain, trusted = stored.height, target))]
    pub async fn update(
        &self,
        stored: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        let client = StoredClient::new(self.pool.origin(), stored, target, now)?;
        if let Some(update) = client.is_there() {
            return Ok(update);
        }
        let (mut refused, mut reasons) = (Vec::new(), Vec::<ChainError>::new());
        loop {
            let Stopped { error, source } = match self.walk(&client, &refused).await {
                Err(stopped) => stopped,
                Ok(update) => {
                    for (node, reason) in refused.into_iter().zip(&reasons) {
                        self.pool.set_aside(node, reason);
                    }
                    return Ok(update);
                }
            };
            refused.extend(source);
            reasons.push(error);
            if source.is_none() || !self.pool.has_other_than(&refused) {
                // The first reason is that of the best node.
                return Err(reasons.swap_remove(0));
            }
        }
    }

    /// The same without the blocks of the nodes in `refused`.
    async fn walk(
        &self,
        client: &StoredClient,
        refused: &[usize],
    ) -> std::result::Result<ClientUpdate, Stopped> {
        let (origin, target) = (self.pool.origin(), client.target);
        let hash = client.next_validators_hash();
        let (validators, (source, block)) =
            futures::try_join!(self.trusted_validators(client), async {
                self.wake.wait_for(target).await?;
                self.block(target, hash, refused).await
            })?;
        // Pruned or not: the target's validators may be the same.
        let validators = validators.or_else(|| self.validators.cached(hash));
        let validators =
            validators.ok_or_else(|| origin.pruned(&client.doing, client.height + 1))?;
        let moved = block.signed.header.validators_hash != hash;
        let mut walk = Walk::new(origin, client, validators, block)?;
        let mut proof_sources = vec![source];
        self.validators.moved(moved);
        loop {
            let need = walk.go().map_err(|error| Stopped {
                source: proof_sources
                    .last()
                    .copied()
                    .filter(|_| is_unverified(&error)),
                error,
            })?;
            match need {
                Need::Nothing(update) => return Ok(update),
                Need::Block { height, likely } => {
                    let (source, block) = self.block(height, likely, refused).await?;
                    proof_sources.push(source);
                    walk.block(block);
                }
                Need::Validators { height, hash } => {
                    proof_sources.pop();
                    walk.validators(self.validators_with(hash, height).await?)?;
                }
            }
        }
    }

    /// A header with its commit and the validators that signed it, all from one
    /// node; `likely` is the hash these probably have.
    pub(crate) async fn block(
        &self,
        height: u64,
        likely: Hash,
        except: &[usize],
    ) -> Result<(usize, LightBlock)> {
        let ask = |node: Arc<Node>| async move { self.block_of(&node.rpc, height, likely).await };
        let need = pool::Need::At(height);
        self.pool.read_from(Kind::Header, need, except, ask).await
    }

    pub(crate) async fn block_of(
        &self,
        rpc: &Rpc,
        height: u64,
        likely: Hash,
    ) -> Result<LightBlock> {
        let commit = rpc.settled(height, || rpc.commit(height));
        let signed = if self.validators.expects(likely) {
            commit.await?.signed_header
        } else {
            let (commit, _) = futures::try_join!(commit, self.validators.at(rpc, height))?;
            commit.signed_header
        };
        let hash = signed.header.validators_hash;
        let validators = self.validators.with_hash(rpc, hash, height).await?;
        Ok(LightBlock { signed, validators })
    }

    async fn validators_with(&self, hash: Hash, height: u64) -> Result<Arc<Set>> {
        if let Some(set) = self.validators.cached(hash) {
            return Ok(set);
        }
        let ask = |node: Arc<Node>| async move {
            self.validators.with_hash(&node.rpc, hash, height).await
        };
        let need = pool::Need::At(height);
        self.pool.read(Kind::Header, need, ask).await
    }

    /// The validators the stored consensus state stands for; `None` if they are
    /// pruned.
    async fn trusted_validators(&self, client: &StoredClient) -> Result<Option<Arc<Set>>> {
        let hash = client.next_validators_hash();
        match self.validators_with(hash, client.height + 1).await {
            Ok(validators) => Ok(Some(validators)),
            Err(ChainError::Pruned { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_unverified(error: &ChainError) -> bool {
    matches!(error, ChainError::Unverified { .. })
}

#[cfg(test)]
mod tests;
