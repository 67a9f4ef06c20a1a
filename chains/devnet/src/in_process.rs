//! The in-process implementation of [`Chain`]: calls a [`Node`] without sockets.
//!
//! Responses are those of a node over RPC, proofs and headers included, and are
//! verified like those of a node that is not trusted.

use async_trait::async_trait;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};
use tern_cosmos::pure::{self, block_time, Origin};
use tern_cosmos::{Decimal, GasPrice, Key};

use crate::node::Node;

mod blocks;
mod light;
mod lists;
mod query;
mod txs;

pub(crate) type Result<T> = std::result::Result<T, ChainError>;

/// One development chain, as the relayer sees a chain.
pub struct DevnetChain {
    node: Node,
    key: Option<Key>,
    gas_price: GasPrice,
    gas_multiplier: Decimal,
    origin: Origin,
}

impl DevnetChain {
    /// Without a `key` the chain is read-only.
    pub fn new(node: Node, key: Option<Key>, gas_price: GasPrice) -> Result<Self> {
        let id = node.read(|chain| ChainId::from_string(chain.chain_id()));
        Ok(Self {
            node,
            origin: Origin {
                chain: id,
                node: "in process".to_owned(),
            },
            key,
            gas_price,
            gas_multiplier: Decimal::new(12, 1),
        })
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    fn key(&self) -> Result<&Key> {
        let missing = || self.origin.local("no key to sign with");
        self.key.as_ref().ok_or_else(missing)
    }
}

#[async_trait]
impl Chain for DevnetChain {
    fn id(&self) -> &ChainId {
        &self.origin.chain
    }

    fn signer(&self) -> Result<String> {
        Ok(self.key()?.address().to_owned())
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        self.node.answers().await;
        let (height, time) = self.node.read(|chain| chain.latest());
        Ok((height, block_time(time)))
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.node.answers().await;
        self.node.reaches(after + 1).await;
        self.next(after + 1)
    }

    async fn block(&self, height: u64) -> Result<Block> {
        self.node.answers().await;
        self.read_block(height)
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        self.node.answers().await;
        self.value(&path, height)
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        self.node.answers().await;
        let proofs = paths.into_iter().map(|path| self.proven(path, height));
        proofs.collect()
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        self.node.answers().await;
        Ok(self.list_clients())
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        self.node.answers().await;
        Ok(self.list_connections())
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        self.node.answers().await;
        Ok(self.list_channels())
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        self.node.answers().await;
        Ok(self.list_commitments(port, channel))
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        self.node.answers().await;
        self.list_unreceived(port, channel, sent)
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        self.node.answers().await;
        Ok(self.search(query))
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.node.answers().await;
        self.light_client(params)
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.node.answers().await;
        let client = self.stored(trusted, target, now)?;
        if let Some(update) = client.is_there() {
            return Ok(update);
        }
        self.node.reaches(target).await;
        self.headers(&client)
    }

    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        pure::verify(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.origin.unverified(doing, reason)
        })
    }

    async fn params(&self) -> Result<ChainParams> {
        self.node.answers().await;
        Ok(self.chain_params())
    }

    async fn account(&self) -> Result<Account> {
        self.node.answers().await;
        self.read_account()
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        self.node.answers().await;
        self.simulate(messages, account)
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.sign_draft(draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.node.answers().await;
        Ok(self.offer(tx))
    }
}
