//! [`CosmosChain`]: the parts put together, and the trait answered by them.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};

use crate::errors::Result;
use crate::info::{Coin, NodeReport};
use crate::key::Key;
use crate::light::Light;
use crate::pool::{Kind, Need, Pool};
use crate::settings::CosmosSettings;
use crate::txs::BlockWithTxs;
use crate::validators::Validators;
use crate::wake::Wake;
use crate::{account, blocks, estimate, info, new_client, proof, query, search, state, tx, txs};

type Node = Arc<crate::node::Node>;

/// One Cosmos SDK chain, reached through one node or several.
///
/// Dropping it ends its background tasks and closes its connections.
pub struct CosmosChain {
    settings: CosmosSettings,
    pool: Arc<Pool>,
    wake: Arc<Wake>,
    light: Light,
    /// The newest block told: a node that is behind does not take it back.
    newest: Mutex<(u64, BlockTime)>,
}

impl CosmosChain {
    /// Checks the settings. Does no network I/O.
    pub fn new(settings: CosmosSettings) -> Result<Self> {
        let pool = Arc::new(Pool::new(&settings)?);
        let wake = Arc::new(Wake::new(pool.clone()));
        let chain = settings.id.as_str().parse();
        let light = Light {
            pool: pool.clone(),
            wake: wake.clone(),
            validators: Validators::default(),
            chain: chain.map_err(|_| pool.origin().local("not a CometBFT chain id"))?,
        };
        Ok(Self {
            settings,
            pool,
            wake,
            light,
            newest: Mutex::new((0, BlockTime(0))),
        })
    }

    pub fn settings(&self) -> &CosmosSettings {
        &self.settings
    }

    /// What each node says of itself, in the order configured.
    pub async fn nodes(&self) -> Vec<NodeReport> {
        let nodes = self.pool.nodes().iter();
        join_all(nodes.map(|node| info::report(node))).await
    }

    /// What an account has of one denom; 0 if the account does not exist.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128> {
        let ask =
            |node: Node| async move { info::balance(node.grpc().await?, address, denom).await };
        self.list(ask).await
    }

    /// Everything an account has.
    pub async fn balances(&self, address: &str) -> Result<Vec<Coin>> {
        let ask = |node: Node| async move { info::balances(node.grpc().await?, address).await };
        self.list(ask).await
    }

    /// The staking module's unbonding period.
    pub async fn unbonding_period(&self) -> Result<Duration> {
        let ask = |node: Node| async move { info::unbonding_period(node.grpc().await?).await };
        self.list(ask).await
    }

    /// The block at `height`, which must be committed, with what its events came
    /// from.
    pub async fn block_with_txs(&self, height: u64) -> Result<BlockWithTxs> {
        let prefix = &self.settings.account_prefix;
        let ask = |node: Node| async move { txs::block_with_txs(&node.rpc, height, prefix).await };
        self.pool.read(Kind::Block, Need::At(height), ask).await
    }

    /// Signs with another key than the configured one.
    pub fn sign_with(&self, key: &Key, draft: &TxDraft) -> Result<SignedTx> {
        let fee = self.settings.gas_price.fee(draft.gas);
        let fee = fee.ok_or_else(|| self.pool.origin().local("gas_price × gas is too large"))?;
        tx::sign(&self.settings.id, key, draft, fee)
            .ok_or_else(|| self.pool.origin().local("the key refuses to sign"))
    }

    /// What is asked of the newest state by gRPC.
    async fn list<T, F>(&self, ask: impl Fn(Node) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.pool.read(Kind::List, Need::Newest, ask).await
    }

    fn key(&self) -> Result<&Key> {
        self.settings.key.as_ref().ok_or_else(|| {
            let id = &self.settings.id;
            let reason = format!(
                "no key to sign with: add one with `tern keys add {id} --mnemonic-file FILE`"
            );
            self.pool.origin().local(reason)
        })
    }
}

#[async_trait]
impl Chain for CosmosChain {
    fn id(&self) -> &ChainId {
        &self.settings.id
    }

    fn signer(&self) -> Result<String> {
        Ok(self.key()?.address().to_owned())
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        let newest = self.pool.newest().await?;
        self.wake.saw(newest.0);
        let mut known = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *known = newest.max(*known);
        Ok(*known)
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.wake.wait_for(after + 1).await?;
        blocks::next(&self.pool, after + 1).await
    }

    async fn block(&self, height: u64) -> Result<Block> {
        let ask = |node: Node| async move { blocks::block(&node.rpc, height).await };
        self.pool.read(Kind::Block, Need::At(height), ask).await
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let path = &path;
        let ask = |node: Node| async move { query::value(&node.rpc, path, height).await };
        self.pool.read(Kind::State, Need::state(height), ask).await
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        query::proven(&self.pool, paths, height).await
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        let ask = |node: Node| async move { state::clients(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        let ask = |node: Node| async move { state::connections(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        let ask = |node: Node| async move { state::channels(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        let ask =
            |node: Node| async move { state::commitments(node.grpc().await?, port, channel).await };
        self.list(ask).await
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        state::unreceived_packets(&self.pool, port, channel, sent).await
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        search::find_event(&self.pool, query).await
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        new_client::new_client(&self.light, params).await
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.light.update(trusted, target, now).await
    }

    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        let verified = proof::verify(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.pool.origin().unverified(doing, reason)
        });
        self.pool.checked(proven, verified.as_ref().err());
        verified
    }

    async fn params(&self) -> Result<ChainParams> {
        let ask = |node: Node| async move { tx::params(&node.rpc).await };
        self.pool.read(Kind::Header, Need::Newest, ask).await
    }

    async fn account(&self) -> Result<Account> {
        let (address, denom) = (self.key()?.address(), &self.settings.gas_price.denom);
        let ask =
            |node: Node| async move { account::account(node.grpc().await?, address, denom).await };
        self.list(ask).await
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        let (price, multiplier) = (&self.settings.gas_price, self.settings.gas_multiplier);
        let key = self.key()?;
        let ask = |node: Node| async move {
            let grpc = node.grpc().await?;
            estimate::estimate(grpc, key, account, messages, price, multiplier).await
        };
        // The account's earlier transactions are there, or in blocks already.
        self.pool.read(Kind::Simulation, Need::Mempool, ask).await
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.sign_with(self.key()?, draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.pool.broadcast(tx).await
    }
}
