//! The in-process door: [`Chain`] over a [`Node`], with no socket between.
//!
//! Answers are those of a node over RPC, proofs and headers included, and are
//! verified as if it could lie: what works here works there.

use async_trait::async_trait;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};
use tern_cosmos::{Decimal, GasPrice, Key};

use crate::node::Node;

mod blocks;
mod events;
mod light;
mod lists;
mod query;
mod shared;
mod txs;

pub(crate) type Result<T> = std::result::Result<T, ChainError>;

/// One development chain, as the relayer sees a chain.
pub struct DevnetChain {
    node: Node,
    id: ChainId,
    key: Option<Key>,
    gas_price: GasPrice,
    gas_multiplier: Decimal,
    pure: shared::Pure,
}

impl DevnetChain {
    /// `key` signs; a chain without one can be read, not written to.
    pub fn new(node: Node, key: Option<Key>, gas_price: GasPrice) -> Result<Self> {
        let id = node.read(|chain| ChainId::from_string(chain.chain_id()));
        let pure = shared::Pure::new(&id, &gas_price)?;
        Ok(Self {
            node,
            id,
            key,
            gas_price,
            gas_multiplier: Decimal::new(12, 1),
            pure,
        })
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    fn key(&self) -> Result<&Key> {
        self.key.as_ref().ok_or_else(|| ChainError::Local {
            chain: self.id.clone(),
            reason: "no key to sign with".to_owned(),
        })
    }

    fn unavailable(&self, doing: impl Into<String>, why: impl Into<String>) -> ChainError {
        ChainError::Node {
            chain: self.id.clone(),
            node: "in process".to_owned(),
            doing: doing.into(),
            source: why.into().into(),
        }
    }

    fn malformed(&self, doing: impl Into<String>, why: impl std::fmt::Display) -> ChainError {
        ChainError::Malformed {
            chain: self.id.clone(),
            doing: doing.into(),
            source: why.to_string().into(),
        }
    }

    fn unverified(&self, doing: impl Into<String>, why: impl std::fmt::Display) -> ChainError {
        ChainError::Unverified {
            chain: self.id.clone(),
            doing: doing.into(),
            reason: why.to_string(),
        }
    }

    fn pruned(&self, doing: impl Into<String>, height: u64) -> ChainError {
        ChainError::Pruned {
            chain: self.id.clone(),
            doing: doing.into(),
            height,
        }
    }
}

#[async_trait]
impl Chain for DevnetChain {
    fn id(&self) -> &ChainId {
        &self.id
    }

    fn signer(&self) -> Result<String> {
        Ok(self.key()?.address().to_owned())
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        let (height, time) = self.node.read(|chain| chain.latest());
        Ok((height, blocks::block_time(time)))
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.wait_for(after + 1).await?;
        self.next(after + 1)
    }

    async fn block(&self, height: u64) -> Result<Block> {
        self.read_block(height)
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        self.value(&path, height)
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        let proofs = paths.into_iter().map(|path| self.proven(path, height));
        proofs.collect()
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        Ok(self.list_clients())
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        Ok(self.list_connections())
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        Ok(self.list_channels())
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        Ok(self.list_commitments(port, channel))
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        self.list_unreceived(port, channel, sent)
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        Ok(self.search(query))
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.light_client(params)
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.wait_for(target).await?;
        self.header(trusted, target, now)
    }

    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        self.pure.verify(proven, root)
    }

    async fn params(&self) -> Result<ChainParams> {
        Ok(self.chain_params())
    }

    async fn account(&self) -> Result<Account> {
        self.read_account()
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        self.simulate(messages, account)
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.pure.sign(self.key()?, draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        Ok(self.offer(tx))
    }
}
