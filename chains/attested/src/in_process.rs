//! The traits of the seam, in process: calls a [`Node`] without sockets.
//!
//! Answers are those of a node that is not trusted: headers and proofs are verified.

use async_trait::async_trait;
use tern_attested_core::verify_proven;
use tern_chains::{
    Account, AccountState, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, Check,
    ClientId, ClientParams, ClientUpdate, ClientUpgrade, Coin, Datagram, Deadline, Encoded, End,
    EventQuery, HeaderCheck, HeightRules, IdentifiedChannelEnd, IdentifiedConnectionEnd,
    LightClient, Listed, Message, NewClient, Next, Proven, Root, Sequence, SignedTx, StateCodec,
    StorePath, TrustedClient, TrustedHeader, TxDraft,
};
use tern_cosmos_core::Origin;
use tern_devnet::lists::{self, NotListed};
use tern_devnet::HostCodec;

use crate::call::Call;
use crate::chain::STORE_PREFIX;
use crate::key::Key;
use crate::node::Node;

mod light;
mod query;
mod txs;

type Result<T> = std::result::Result<T, ChainError>;

/// The time that a block takes, in nanoseconds: what a deadline is counted in.
const BLOCK_NS: u64 = 1_000_000_000;

const CODEC: HostCodec = HostCodec {
    store_prefix: STORE_PREFIX.as_bytes(),
};

/// One attested chain as the relayer sees it, with one account on it.
pub struct AttestedChain {
    node: Node,
    key: Key,
    /// Paid for a unit of gas.
    gas_price: u128,
    origin: Origin,
}

impl AttestedChain {
    /// `key` signs, and pays this for a unit of gas.
    pub fn new(node: Node, key: Key, gas_price: u128) -> Self {
        let chain = node.read(|chain| ChainId::from_string(&chain.genesis.chain_id));
        Self {
            origin: Origin {
                chain,
                node: "in process".to_owned(),
            },
            node,
            key,
            gas_price,
        }
    }

    fn not_listed(&self, error: NotListed) -> ChainError {
        match error {
            NotListed::NoChannel { .. } => self.origin.local(error),
            NotListed::Unreadable { .. } => self.origin.malformed("channel end", error),
        }
    }
}

#[async_trait]
impl Chain for AttestedChain {
    fn id(&self) -> &ChainId {
        &self.origin.chain
    }

    fn height_rules(&self) -> HeightRules {
        HeightRules {
            proof_lag: 0,
            finality_lag: self.node.read(|chain| chain.genesis.finality_lag),
        }
    }

    fn codec(&self) -> &dyn StateCodec {
        &CODEC
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        self.node.answers().await;
        Ok(self.node.read(|chain| chain.latest()))
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.node.answers().await;
        self.node.reaches(after + 1).await;
        Ok(Next::Block(Box::new(self.read_block(after + 1)?)))
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
        Ok(self.newest_final(lists::clients))
    }

    async fn connections(&self) -> Result<Listed<IdentifiedConnectionEnd>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let all = self.newest_final(lists::connections);
        Ok(Listed { height, all })
    }

    async fn channels(&self) -> Result<Listed<IdentifiedChannelEnd>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let all = self.newest_final(lists::channels);
        Ok(Listed { height, all })
    }

    async fn commitments(&self, src: &End) -> Result<Listed<Sequence>> {
        self.node.answers().await;
        let height = self.node.read(|chain| chain.latest().0);
        let listed = self.newest_final(|store| lists::commitments(store, src));
        let all = listed.map_err(|error| self.not_listed(error))?;
        Ok(Listed { height, all })
    }

    async fn unreceived_packets(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>> {
        self.node.answers().await;
        let listed = self.newest_final(|store| lists::unreceived(store, dst, sent));
        listed.map_err(|error| self.not_listed(error))
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        self.node.answers().await;
        Ok(self.search(query))
    }
}

#[async_trait]
impl LightClient for AttestedChain {
    /// Waits until there is a final block.
    async fn new_client(&self, _: &ClientParams) -> Result<NewClient> {
        self.node.answers().await;
        self.node.reaches(1).await;
        self.first_client()
    }

    async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        _: BlockTime,
    ) -> Result<TrustedHeader> {
        self.node.answers().await;
        self.trusted_header(before, height)
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        _: BlockTime,
    ) -> Result<ClientUpdate> {
        self.node.answers().await;
        let client = self.trusted(trusted, target)?;
        if let Some(update) = Self::is_there(trusted, target) {
            return Ok(update);
        }
        self.node.reaches(target).await;
        self.update(&client, target)
    }

    /// Its clients need none: what a client trusts is the committee.
    async fn client_upgrade(&self, _: u64, _: &Root) -> Result<Option<ClientUpgrade>> {
        Ok(None)
    }

    async fn check_header(&self, header: &Encoded) -> Result<HeaderCheck> {
        self.node.answers().await;
        self.check(header)
    }

    fn verify(&self, proven: &Proven, root: &Root) -> Result<()> {
        verify_proven(proven, root).map_err(|reason| {
            let doing = format!("proof of {} at {}", proven.path, proven.height);
            self.origin.unverified(doing, reason)
        })
    }
}

#[async_trait]
impl Account for AttestedChain {
    fn chain_id(&self) -> &ChainId {
        &self.origin.chain
    }

    fn address(&self) -> &str {
        self.key.address()
    }

    fn encode(&self, datagram: &Datagram) -> Result<Message> {
        Ok(Call::Datagram(Box::new(datagram.clone())).encode())
    }

    /// By time: from the final block at `time`, it takes the blocks that are not
    /// final, and `blocks` more.
    fn deadline(&self, _height: u64, time: BlockTime, blocks: u64) -> Deadline {
        let lag = self.height_rules().finality_lag;
        let wait_ns = blocks.saturating_add(lag).saturating_mul(BLOCK_NS);
        Deadline::Time(BlockTime(time.0.saturating_add(wait_ns)))
    }

    fn fee(&self, gas: u64) -> Result<Coin> {
        let amount = self.gas_price.checked_mul(u128::from(gas));
        let amount = amount.ok_or_else(|| self.origin.local("gas_price × gas is too large"))?;
        let denom = self.node.read(|chain| chain.genesis.denom.clone());
        Ok(Coin { denom, amount })
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
        let address = self.key.address();
        Ok(self.node.read(|chain| {
            let denom = chain.genesis.denom.clone();
            let amount = chain.newest().machine.balance(address, &denom);
            Coin { denom, amount }
        }))
    }

    async fn estimate(&self, messages: &[Message], _: &AccountState) -> Result<u64> {
        self.node.answers().await;
        self.simulate(messages)
    }

    async fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.sign_draft(draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.node.answers().await;
        Ok(self.offer(tx))
    }
}
