//! [`CosmosChain`]: blocks, state and light client of a chain, answered by its
//! nodes.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use tern_chains::{
    Block, BlockTime, Chain, ChainId, ChannelId, ClientId, ClientParams, ClientUpdate,
    ClientUpgrade, Encoded, End, EventQuery, HeaderCheck, HeightRules, IdentifiedChannelEnd,
    IdentifiedConnectionEnd, LightClient, Listed, NewClient, Next, NodeStatus, Proven, Root,
    Sequence, StateCodec, StorePath, TrustedClient, TrustedHeader, TxHash, Unit,
};
use tern_cosmos_core::{block_time, client_upgrade, upgrade_paths};
use tracing::warn;

use crate::codec::{CosmosCodec, HEIGHT_RULES};
use crate::errors::{with_causes, Result};
use crate::info::{Coin, NodeReport};
use crate::light::Light;
use crate::payee::{self, PayeeRole};
use crate::pool::{Kind, Need, Pool, CLAIM_MAX};
use crate::price::Price;
use crate::search::{Indexed, TxPage};
use crate::settings::CosmosSettings;
use crate::txs::BlockWithTxs;
use crate::validators::Validators;
use crate::wake::Wake;
use crate::{
    blocks, check_header, fee_grant, info, market_price, new_client, proof, query, search, state,
    txs, unbonding,
};

type Node = Arc<crate::node::Node>;

/// One Cosmos SDK chain, reached through one node or several.
///
/// Dropping it ends its background tasks and closes its connections.
pub struct CosmosChain {
    settings: CosmosSettings,
    pub(crate) pool: Arc<Pool>,
    wake: Arc<Wake>,
    pub(crate) light: Light,
    pub(crate) price: Price,
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
            price: Price::new(settings.gas_price.clone(), settings.gas_price_max),
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
    pub async fn node_reports(&self) -> Vec<NodeReport> {
        let nodes = self.pool.nodes().iter();
        join_all(nodes.map(|node| info::report(node))).await
    }

    /// What an account has of one denom; 0 if the account does not exist.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128> {
        let ask =
            |node: Node| async move { info::balance(node.grpc().await?, address, denom).await };
        self.list(ask).await
    }

    /// The unit in which people say amounts of a denom, if the chain tells one.
    pub async fn unit(&self, denom: &str) -> Result<Option<Unit>> {
        let ask = |node: Node| async move { info::unit(node.grpc().await?, denom).await };
        self.list(ask).await
    }

    /// Everything an account has.
    pub async fn balances(&self, address: &str) -> Result<Vec<Coin>> {
        let ask = |node: Node| async move { info::balances(node.grpc().await?, address).await };
        self.list(ask).await
    }

    /// Who is paid for what `relayer` does on a channel of the fee middleware (ICS-29); `None` if
    /// nobody is registered.
    pub async fn payee(
        &self,
        role: PayeeRole,
        relayer: &str,
        channel: &ChannelId,
    ) -> Result<Option<String>> {
        let key = &role.key(relayer, channel);
        let ask = |node: Node| async move { query::value_in(&node.rpc, payee::STORE, key).await };
        let value = self.list(ask).await?;
        Ok(value.map(|address| String::from_utf8_lossy(&address).into_owned()))
    }

    /// How long stake is held back.
    pub async fn unbonding_period(&self) -> Result<Duration> {
        let ask = |node: Node| async move { unbonding::unbonding_period(node.grpc().await?).await };
        self.list(ask).await
    }

    /// The block at `height`, which must be committed, with what its events came
    /// from.
    pub async fn block_with_txs(&self, height: u64) -> Result<BlockWithTxs> {
        let prefix = &self.settings.account_prefix;
        let ask = |node: Node| async move { txs::block_with_txs(&node.rpc, height, prefix).await };
        self.pool.read(Kind::Block, Need::At(height), ask).await
    }

    /// The time of the block at `height`, which must be committed.
    pub async fn block_time(&self, height: u64) -> Result<BlockTime> {
        let ask = |node: Node| async move {
            let header = node.rpc.commit(height).await?.signed_header.header;
            Ok(block_time(header.time))
        };
        self.pool.read(Kind::Header, Need::At(height), ask).await
    }

    /// The height of the block with a transaction, from the nodes' indexes.
    pub async fn find_tx(&self, hash: TxHash) -> Result<Indexed<u64>> {
        search::find_tx(&self.pool, hash).await
    }

    /// Transactions with a message of this sender, the newest first, from the nodes'
    /// indexes. Pages count from 1.
    pub async fn txs_of_sender(&self, sender: &str, page: u32) -> Result<Indexed<TxPage>> {
        search::txs_of_sender(&self.pool, sender, page, &self.settings.account_prefix).await
    }

    /// Whether `granter` has an allowance for the fees of `grantee`.
    pub async fn is_granted(&self, granter: &str, grantee: &str) -> Result<bool> {
        let ask = |node: Node| async move {
            fee_grant::is_granted(node.grpc().await?, granter, grantee).await
        };
        self.list(ask).await
    }

    /// Reads what the fee market asks for gas, if there is one and it was not read a moment
    /// ago. Without an answer the price stays as it is.
    pub(crate) async fn read_price(&self) {
        let Some(settings) = &self.settings.fee_market else {
            return;
        };
        if !self.price.begins_to_read() {
            return;
        }
        let (market, denom) = (settings.market, &self.settings.gas_price.denom);
        let ask =
            |node: Node| async move { market_price::read(node.grpc().await?, market, denom).await };
        match self.list(ask).await {
            Ok(price) => self.price.market_asks(price, settings.multiplier),
            Err(error) => {
                let (chain, reason) = (self.id(), with_causes(&error));
                warn!(%chain, reason, "the fee market of the chain cannot be read: the price of gas stays as it is");
            }
        }
    }

    /// What is asked of the newest state by gRPC.
    pub(crate) async fn list<T, F>(&self, ask: impl Fn(Node) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.pool.read(Kind::List, Need::Newest, ask).await
    }
}

#[async_trait]
impl Chain for CosmosChain {
    fn id(&self) -> &ChainId {
        &self.settings.id
    }

    fn height_rules(&self) -> HeightRules {
        HEIGHT_RULES
    }

    fn codec(&self) -> &dyn StateCodec {
        &CosmosCodec
    }

    fn nodes(&self) -> Vec<NodeStatus> {
        self.pool.statuses()
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        let newest = self.pool.newest().await?;
        self.wake.saw(newest.0);
        let mut known = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        // A node that lags says less than another said before. Far less shows that the
        // other did not say what is so.
        if newest.0.saturating_add(CLAIM_MAX) >= known.0 {
            *known = newest.max(*known);
        } else {
            *known = newest;
        }
        Ok(*known)
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.wake.wait_for(after + 1).await?;
        let next = blocks::next(&self.pool, after + 1).await;
        if next.is_err() {
            // Perhaps it is not there, whoever said so: the nodes are asked again.
            self.wake.doubt(after);
        }
        next
    }

    async fn block(&self, height: u64) -> Result<Block> {
        let ask = |node: Node| async move { blocks::block(&node.rpc, height).await };
        self.pool.read(Kind::Block, Need::At(height), ask).await
    }

    async fn query(&self, path: StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let path = &path;
        let ask = |node: Node| async move { query::value(&node.rpc, path, height).await };
        self.pool.read(Kind::State, Need::state(height), ask).await
    }

    async fn query_proven(&self, paths: Vec<StorePath>, height: u64) -> Result<Vec<Proven>> {
        query::proven(&self.pool, paths, height).await
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        let ask = |node: Node| async move { state::clients(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn connections(&self) -> Result<Listed<IdentifiedConnectionEnd>> {
        let ask = |node: Node| async move { state::connections(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn channels(&self) -> Result<Listed<IdentifiedChannelEnd>> {
        let ask = |node: Node| async move { state::channels(node.grpc().await?).await };
        self.list(ask).await
    }

    async fn commitments(&self, src: &End) -> Result<Listed<Sequence>> {
        let ask = |node: Node| async move { state::commitments(node.grpc().await?, src).await };
        self.list(ask).await
    }

    async fn unreceived_packets(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>> {
        state::unreceived_packets(&self.pool, dst, sent).await
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        search::find_event(&self.pool, query).await
    }
}

#[async_trait]
impl LightClient for CosmosChain {
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        new_client::new_client(&self.light, params).await
    }

    async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        let given = self.settings.light_client.as_ref();
        self.light.trust(before, given, height, now).await
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.light.update(trusted, target, now).await
    }

    async fn client_upgrade(&self, last_height: u64, root: &Root) -> Result<Option<ClientUpgrade>> {
        let (paths, height) = upgrade_paths(last_height);
        let proven = self.query_proven(paths, height).await?;
        proven.iter().try_for_each(|each| self.verify(each, root))?;
        client_upgrade(self.pool.origin(), last_height, proven)
    }

    async fn check_header(&self, seen: &Encoded) -> Result<HeaderCheck> {
        check_header::check_header(&self.light, seen).await
    }

    fn verify(&self, proven: &Proven, root: &Root) -> Result<()> {
        let verified = proof::verify(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.pool.origin().unverified(doing, reason)
        });
        self.pool.checked(proven, verified.as_ref().err());
        verified
    }
}

#[cfg(test)]
mod tests;
