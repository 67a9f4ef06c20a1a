//! [`CosmosChain`]: the parts put together, and the trait answered by them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};
use tokio::sync::Semaphore;

use crate::errors::Result;
use crate::grpc::Grpc;
use crate::key::Key;
use crate::light::Light;
use crate::node::{Coin, NodeHealth};
use crate::rpc::Rpc;
use crate::settings::CosmosSettings;
use crate::validators::Validators;
use crate::wake::Wake;
use crate::{account, blocks, estimate, new_client, node, proof, query, search, state, tx};

/// One Cosmos SDK chain, reached through one node.
///
/// Dropping it ends its background task and closes its connections.
pub struct CosmosChain {
    settings: CosmosSettings,
    rpc: Arc<Rpc>,
    grpc: Grpc,
    wake: Arc<Wake>,
    light: Light,
}

impl CosmosChain {
    /// Checks the settings. Does no network I/O.
    pub fn new(settings: CosmosSettings) -> Result<Self> {
        // One bound for both doors: they lead to the same node.
        let permits = Arc::new(Semaphore::new(settings.max_concurrent_requests.max(1)));
        let rpc = Arc::new(Rpc::new(&settings, permits.clone())?);
        let grpc = Grpc::new(&settings, permits)?;
        let wake = Arc::new(Wake::new(rpc.clone()));
        let chain = settings.id.as_str().parse();
        let light = Light {
            rpc: rpc.clone(),
            wake: wake.clone(),
            validators: Validators::new(rpc.clone()),
            chain: chain.map_err(|_| rpc.origin.local("not a CometBFT chain id"))?,
        };
        Ok(Self {
            settings,
            rpc,
            grpc,
            wake,
            light,
        })
    }

    pub fn settings(&self) -> &CosmosSettings {
        &self.settings
    }

    /// The node's state, straight from it.
    pub async fn health(&self) -> Result<NodeHealth> {
        node::health(&self.rpc).await
    }

    /// What an account has of one denom; 0 if the account does not exist.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128> {
        node::balance(&self.grpc, address, denom).await
    }

    /// Everything an account has.
    pub async fn balances(&self, address: &str) -> Result<Vec<Coin>> {
        node::balances(&self.grpc, address).await
    }

    /// The staking module's unbonding period.
    pub async fn unbonding_period(&self) -> Result<Duration> {
        node::unbonding_period(&self.grpc).await
    }

    /// Signs with another key than the configured one.
    pub fn sign_with(&self, key: &Key, draft: &TxDraft) -> Result<SignedTx> {
        let fee = self.settings.gas_price.fee(draft.gas);
        let fee = fee.ok_or_else(|| self.rpc.origin.local("gas_price × gas is too large"))?;
        tx::sign(&self.settings.id, key, draft, fee)
            .ok_or_else(|| self.rpc.origin.local("the key refuses to sign"))
    }

    fn key(&self) -> Result<&Key> {
        self.settings.key.as_ref().ok_or_else(|| {
            let id = &self.settings.id;
            let reason = format!(
                "no key to sign with: add one with `tern keys add {id} --mnemonic-file FILE`"
            );
            self.rpc.origin.local(reason)
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
        let health = node::health(&self.rpc).await?;
        self.wake.saw(health.height);
        Ok((health.height, health.time))
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.wake.wait_for(after + 1).await?;
        blocks::next(&self.rpc, after + 1).await
    }

    async fn block(&self, height: u64) -> Result<Block> {
        blocks::block(&self.rpc, height).await
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        query::value(&self.rpc, &path, height).await
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        query::proven(&self.rpc, paths, height).await
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        state::clients(&self.grpc).await
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        state::connections(&self.grpc).await
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        state::channels(&self.grpc).await
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        state::commitments(&self.grpc, port, channel).await
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        state::unreceived_packets(&self.grpc, port, channel, sent).await
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        search::find_event(&self.rpc, query).await
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        new_client::new_client(&self.light, &self.grpc, params).await
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
        proof::verify(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.rpc.origin.unverified(doing, reason)
        })
    }

    async fn params(&self) -> Result<ChainParams> {
        tx::params(&self.rpc).await
    }

    async fn account(&self) -> Result<Account> {
        let denom = &self.settings.gas_price.denom;
        account::account(&self.grpc, self.key()?.address(), denom).await
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        let (price, multiplier) = (&self.settings.gas_price, self.settings.gas_multiplier);
        let key = self.key()?;
        estimate::estimate(&self.grpc, key, account, messages, price, multiplier).await
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.sign_with(self.key()?, draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        tx::broadcast(&self.rpc, tx).await
    }
}
