//! The in-process implementation of [`Chain`]: calls a [`Node`] without sockets.
//!
//! Responses are those of a node over RPC, proofs and headers included, and are
//! verified like those of a node that is not trusted.

use async_trait::async_trait;
use tern_chains::{
    Account, AccountState, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, Check,
    ClientId, ClientParams, ClientUpdate, ClientUpgrade, Coin, Datagram, Deadline, Encoded, End,
    EventQuery, HeaderCheck, HeightRules, IdentifiedChannelEnd, IdentifiedConnectionEnd,
    LightClient, Listed, Message, NewClient, Next, Proven, Root, Sequence, SignedTx, StateCodec,
    StorePath, TrustedClient, TrustedHeader, TxDraft,
};
use tern_cosmos_core::{self as cosmos, block_time, Origin, HEIGHT_RULES};
use tern_cosmos_core::{Decimal, GasPrice, Key};

use crate::codec::CODEC;
use crate::lists::{self, NotListed};
use crate::node::Node;
use crate::state::IBC;
use crate::store::Tree;

mod blocks;
pub(crate) mod light;
mod query;
mod txs;

pub(crate) use txs::too_large;

pub(crate) type Result<T> = std::result::Result<T, ChainError>;

/// One development chain as the relayer sees it, with one account on it.
pub struct DevnetChain {
    node: Node,
    key: Key,
    gas_price: GasPrice,
    gas_multiplier: Decimal,
    origin: Origin,
}

impl DevnetChain {
    /// `key` signs.
    pub fn new(node: Node, key: Key, gas_price: GasPrice) -> Result<Self> {
        Ok(Self {
            origin: origin(&node),
            node,
            key,
            gas_price,
            gas_multiplier: Decimal::new(12, 1),
        })
    }

    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Reads the newest `ibc` store.
    fn newest<T>(&self, read: impl FnOnce(&Tree) -> T) -> T {
        self.node
            .read(|chain| read(chain.newest_state().store(IBC)))
    }

    fn not_listed(&self, error: NotListed) -> ChainError {
        match error {
            NotListed::NoChannel { .. } => self.origin.local(error),
            NotListed::Unreadable { .. } => self.origin.malformed("channel end", error),
        }
    }
}

/// Who the errors of a node's answers are of.
pub(crate) fn origin(node: &Node) -> Origin {
    Origin {
        chain: node.read(|chain| ChainId::from_string(chain.chain_id())),
        node: "in process".to_owned(),
    }
}

#[async_trait]
impl Chain for DevnetChain {
    fn id(&self) -> &ChainId {
        &self.origin.chain
    }

    fn height_rules(&self) -> HeightRules {
        HEIGHT_RULES
    }

    fn codec(&self) -> &dyn StateCodec {
        &CODEC
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

    async fn query(&self, path: StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        self.node.answers().await;
        self.value(&path, height)
    }

    async fn query_proven(&self, paths: Vec<StorePath>, height: u64) -> Result<Vec<Proven>> {
        self.node.answers().await;
        let proofs = paths.into_iter().map(|path| self.proven(path, height));
        proofs.collect()
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        self.node.answers().await;
        Ok(self.newest(lists::clients))
    }

    async fn connections(&self) -> Result<Listed<IdentifiedConnectionEnd>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let all = self.newest(lists::connections);
        Ok(Listed { height, all })
    }

    async fn channels(&self) -> Result<Listed<IdentifiedChannelEnd>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let all = self.newest(lists::channels);
        Ok(Listed { height, all })
    }

    async fn commitments(&self, src: &End) -> Result<Listed<Sequence>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let listed = self.newest(|store| lists::commitments(store, src));
        let all = listed.map_err(|error| self.not_listed(error))?;
        Ok(Listed { height, all })
    }

    async fn unreceived_packets(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>> {
        self.node.answers().await;
        let listed = self.newest(|store| lists::unreceived(store, dst, sent));
        listed.map_err(|error| self.not_listed(error))
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        self.node.answers().await;
        Ok(self.search(query))
    }
}

#[async_trait]
impl LightClient for DevnetChain {
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.node.answers().await;
        light::new_client(&self.node, &self.origin, params)
    }

    async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        self.node.answers().await;
        self.trusted_header(before, height, now)
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

    async fn client_upgrade(&self, last_height: u64, root: &Root) -> Result<Option<ClientUpgrade>> {
        let (paths, height) = cosmos::upgrade_paths(last_height);
        let proven = self.query_proven(paths, height).await?;
        proven.iter().try_for_each(|each| self.verify(each, root))?;
        cosmos::client_upgrade(&self.origin, last_height, proven)
    }

    async fn check_header(&self, header: &Encoded) -> Result<HeaderCheck> {
        self.node.answers().await;
        self.compare(header)
    }

    fn verify(&self, proven: &Proven, root: &Root) -> Result<()> {
        cosmos::verify_proof(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.origin.unverified(doing, reason)
        })
    }
}

#[async_trait]
impl Account for DevnetChain {
    fn chain_id(&self) -> &ChainId {
        &self.origin.chain
    }

    fn address(&self) -> &str {
        self.key.address()
    }

    fn encode(&self, datagram: &Datagram) -> Result<Message> {
        cosmos::encode(datagram, self.address()).map_err(|error| self.origin.local(error))
    }

    fn deadline(&self, height: u64, _time: BlockTime, blocks: u64) -> Deadline {
        Deadline::Height(height.saturating_add(blocks))
    }

    fn fee(&self, gas: u64) -> Result<Coin> {
        let amount = self.gas_price.cost(gas);
        let amount = amount.ok_or_else(|| self.origin.local("gas_price × gas is too large"))?;
        Ok(Coin {
            denom: self.gas_price.denom.clone(),
            amount,
        })
    }

    async fn params(&self) -> Result<ChainParams> {
        self.node.answers().await;
        Ok(self.chain_params())
    }

    async fn state(&self) -> Result<AccountState> {
        self.node.answers().await;
        self.read_account()
    }

    async fn balance(&self) -> Result<Coin> {
        self.node.answers().await;
        let denom = self.gas_price.denom.clone();
        let amount = self
            .node
            .read(|chain| chain.balance(self.address(), &denom));
        Ok(Coin { denom, amount })
    }

    async fn estimate(&self, messages: &[Message], account: &AccountState) -> Result<u64> {
        self.node.answers().await;
        self.simulate(messages, account)
    }

    async fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.sign_draft(draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.node.answers().await;
        Ok(self.offer(tx))
    }
}
