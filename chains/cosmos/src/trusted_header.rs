//! What is trusted of this chain without another chain's client: the header that the
//! operator gave, or the one that the nodes agreed on, and from there on only headers
//! that verify. A node that has another header of a height is set aside.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tendermint::Hash;
use tern_chains::{BlockTime, ChainError, GivenHeader, TrustOrigin, TrustedHeader};
use tern_cosmos_core::light::{begin_trust, move_trust, over_upgrade};
use tokio::time::timeout;

use crate::errors::Result;
use crate::light::Light;
use crate::node::Node;
use crate::pool::{Kind, Need};
use crate::unbonding;
use crate::verify::{verify_alone, LightBlock};

/// How long the other nodes may take to say which header they have.
const OTHERS_MAX: Duration = Duration::from_secs(2);

impl Light {
    /// The header at `height`, verified from what was trusted before, if that came from the
    /// same beginning and has not expired; or else from the beginning.
    #[tracing::instrument(level = "debug", skip_all, fields(chain = %self.chain, height))]
    pub async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        given: Option<&GivenHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        let before = before.filter(|before| before.origin.is_of(given));
        let before = before.map(|before| self.of_this_revision(before, height));
        let before = before.transpose()?.flatten();
        let moved = match &before {
            None => None,
            Some(before) => match self.move_to(before, height, now).await {
                Err(error @ ChainError::ClientUnusable { .. }) => {
                    let chain = &self.pool.origin().chain;
                    tracing::warn!(%chain, trusted = before.client.height, reason = %error, "the trusted header is too old: trust begins anew");
                    None
                }
                moved => Some(moved?),
            },
        };
        let trusted = match (moved, given) {
            (Some(moved), _) => moved,
            (None, Some(given)) => {
                let block = self.given(given).await?;
                let begin = self
                    .begin(&block, TrustOrigin::Given(given.clone()))
                    .await?;
                let moved = self.move_to(&begin, height, now).await;
                moved.map_err(|error| match error {
                    ChainError::ClientUnusable { reason, .. } => self.pool.origin().local(format!(
                        "`light_client` names a header that cannot be trusted any more ({reason}): \
                         give one of the last days"
                    )),
                    error => error,
                })?
            }
            (None, None) => {
                let (block, agreed) = self.agreed(height).await?;
                self.begin(&block, TrustOrigin::Nodes { agreed }).await?
            }
        };
        self.compare_nodes(&trusted).await;
        Ok(trusted)
    }

    /// What was trusted before, also if that was before an upgrade; none if the heights have
    /// begun anew with it.
    fn of_this_revision(
        &self,
        before: &TrustedHeader,
        height: u64,
    ) -> Result<Option<TrustedHeader>> {
        let over = over_upgrade(self.pool.origin(), before)?;
        let is_over = over != *before;
        let chain = &self.pool.origin().chain;
        if is_over && over.client.height >= height {
            tracing::warn!(%chain, "the heights have begun anew with this revision: trust begins anew");
            return Ok(None);
        }
        if is_over {
            tracing::info!(%chain, trusted = over.client.height, "trust goes on from the revision before");
        }
        Ok(Some(over))
    }

    async fn move_to(
        &self,
        before: &TrustedHeader,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        if height <= before.client.height {
            return Ok(before.clone());
        }
        let update = self.update(&before.as_client(), height, now).await?;
        move_trust(self.pool.origin(), before, &update)
    }

    /// The header that the operator gave. A node with another one is set aside.
    async fn given(&self, given: &GivenHeader) -> Result<LightBlock> {
        let mut others = Vec::new();
        loop {
            let block = self.block(given.height, Hash::None, &others).await;
            let (source, block) = match block {
                Err(ChainError::Pruned { .. }) => return Err(self.not_there(given)),
                block => block?,
            };
            if block.signed.header.hash().as_bytes() == given.hash {
                return Ok(block);
            }
            let found = block.signed.header.hash();
            let reason = format!(
                "its header at {} is {found}, not the one of `light_client`",
                given.height
            );
            others.push(source);
            if !self.pool.has_other_than(&others) {
                return Err(self.pool.origin().local(format!(
                    "no node has the header of `light_client` at {}: one has {found}",
                    given.height
                )));
            }
            self.pool.set_aside(source, &reason);
        }
    }

    fn not_there(&self, given: &GivenHeader) -> ChainError {
        let reason = format!(
            "the nodes have pruned the header of `light_client` at {}: give a newer one",
            given.height
        );
        self.pool.origin().local(reason)
    }

    /// What most of the nodes that answer have at a height, and how many.
    async fn agreed(&self, height: u64) -> Result<(LightBlock, usize)> {
        let (source, block) = self.signed_block(height, &[]).await?;
        let mut by_hash: BTreeMap<Hash, Vec<usize>> = BTreeMap::new();
        by_hash
            .entry(block.signed.header.hash())
            .or_default()
            .push(source);
        let others = self.ask_others(Some(source), |node| async move {
            let block = self.signed_block_of(&node, height).await?;
            Ok(block.signed.header.hash())
        });
        for (node, hash) in others.await {
            by_hash.entry(hash).or_default().push(node);
        }
        let most = by_hash.values().map(Vec::len).max().unwrap_or_default();
        let mut best = by_hash.iter().filter(|(_, nodes)| nodes.len() == most);
        let (Some((hash, _)), None) = (best.next(), best.next()) else {
            let chain = self.pool.origin();
            let reason = format!(
                "the nodes have different headers at {height}, and neither is that of most: give \
                 the right one as `light_client = {{ height = {height}, hash = \"…\" }}`"
            );
            return Err(chain.local(reason));
        };
        let others = by_hash.iter().filter(|(other, _)| *other != hash);
        let others: Vec<usize> = others.flat_map(|(_, nodes)| nodes.clone()).collect();
        let block = match others.contains(&source) {
            true => self.signed_block(height, &others).await?.1,
            false => block,
        };
        let chain = &self.pool.origin().chain;
        if most == 1 && self.pool.nodes().len() > 1 {
            tracing::warn!(%chain, height, %hash, "only one node has answered: its header is trusted from now on");
        }
        Ok((block, most))
    }

    async fn begin(&self, block: &LightBlock, from: TrustOrigin) -> Result<TrustedHeader> {
        let ask =
            |node: Arc<Node>| async move { unbonding::unbonding_period(node.grpc().await?).await };
        let unbonding = self.pool.read(Kind::List, Need::Newest, ask).await?;
        begin_trust(self.pool.origin(), unbonding, block, from)
    }

    /// A node that has another header at the trusted height is set aside. One that does not
    /// answer now, or does not have the height, is compared the next time.
    async fn compare_nodes(&self, trusted: &TrustedHeader) {
        let height = trusted.client.height;
        let hashes = self.ask_others(None, |node| async move {
            let header = node.rpc.commit(height).await?.signed_header.header;
            Ok((header.height.value() == height).then(|| header.hash()))
        });
        for (node, hash) in hashes.await {
            let Some(hash) = hash else {
                continue;
            };
            if hash.as_bytes() != trusted.hash {
                let reason =
                    format!("its header at {height} is {hash}, which contradicts the trusted one");
                self.pool.set_aside(node, &reason);
            }
        }
    }

    /// A block that its own validators have signed. What they have not says nothing.
    async fn signed_block(&self, height: u64, except: &[usize]) -> Result<(usize, LightBlock)> {
        let ask = |node: Arc<Node>| async move { self.signed_block_of(&node, height).await };
        let need = Need::At(height);
        self.pool.read_from(Kind::Header, need, except, ask).await
    }

    async fn signed_block_of(&self, node: &Node, height: u64) -> Result<LightBlock> {
        let block = self.block_of(&node.rpc, height, Hash::None).await?;
        let is_it = block.height() == height;
        let signed = match is_it {
            true => verify_alone(&self.chain, &block),
            false => Err(format!("it is of height {}", block.height())),
        };
        signed.map_err(|reason| {
            let doing = format!("header at {height}");
            node.rpc.origin.unverified(doing, reason)
        })?;
        Ok(block)
    }

    /// What the other nodes answer in time, by their index; none of a single node, whose
    /// answer is the one that is compared.
    async fn ask_others<T, F: Future<Output = Result<T>>>(
        &self,
        except: Option<usize>,
        ask: impl Fn(Arc<Node>) -> F,
    ) -> Vec<(usize, T)> {
        let nodes = self.pool.nodes();
        if nodes.len() == 1 {
            return vec![];
        }
        let nodes = nodes.iter().filter(|node| Some(node.index) != except);
        let nodes = nodes.filter(|node| self.pool.is_well(node.index));
        let answers = nodes.map(|node| {
            let (permit, answer) = (node.try_enter(Kind::Header), ask(Arc::clone(node)));
            async move {
                permit.as_ref()?;
                let answer = timeout(OTHERS_MAX, answer).await.ok()?.ok()?;
                drop(permit);
                Some((node.index, answer))
            }
        });
        let answers = join_all(answers).await;
        answers.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests;
