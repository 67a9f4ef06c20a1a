//! A chain that fails on purpose: the door of a development chain, with faults
//! drawn from a seed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};
use tern_devnet::DevnetChain;

type Result<T> = std::result::Result<T, ChainError>;

/// xorshift64*: a few lines, and the same on every machine.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Seeds are small numbers: spread them first.
        Self(Arc::new(Mutex::new(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        )))
    }

    pub fn roll(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    /// True `percent` times out of a hundred.
    pub fn chance(&self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// Faults shared by all nodes of a world; off when the world is to recover.
#[derive(Clone)]
pub struct Chaos {
    pub on: Arc<AtomicBool>,
    pub dice: Dice,
    /// How often anything fails, in percent.
    pub level: u64,
}

pub struct FaultyChain {
    pub inner: DevnetChain,
    pub chaos: Chaos,
}

impl FaultyChain {
    fn is_on(&self) -> bool {
        self.chaos.on.load(Ordering::Relaxed)
    }

    fn strikes(&self, percent: u64) -> bool {
        self.is_on() && self.chaos.dice.chance(percent)
    }

    /// The way to the node: slow, or broken.
    async fn reach(&self, doing: &str) -> Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        let dice = &self.chaos.dice;
        let late_ms = match dice.roll(20) {
            0 => dice.roll(3_000),
            _ => dice.roll(60),
        };
        tokio::time::sleep(Duration::from_millis(late_ms)).await;
        match self.strikes(self.chaos.level) {
            true => Err(self.broken(doing)),
            false => Ok(()),
        }
    }

    fn broken(&self, doing: &str) -> ChainError {
        ChainError::Node {
            chain: self.inner.id().clone(),
            node: "simulated".into(),
            doing: doing.into(),
            source: "the connection broke".into(),
        }
    }
}

#[async_trait]
impl Chain for FaultyChain {
    fn id(&self) -> &ChainId {
        self.inner.id()
    }

    fn signer(&self) -> Result<String> {
        self.inner.signer()
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        self.reach("status").await?;
        let (height, time) = self.inner.latest().await?;
        // A node behind a load balancer that lags.
        let behind = match self.strikes(10) {
            true => self.chaos.dice.roll(4),
            false => 0,
        };
        Ok((height.saturating_sub(behind).max(1), time))
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.reach("next block").await?;
        self.inner.next_block(after).await
    }

    async fn block(&self, height: u64) -> Result<Block> {
        self.reach("block").await?;
        self.inner.block(height).await
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        self.reach("query").await?;
        self.inner.query(path, height).await
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        self.reach("query with proof").await?;
        let mut proven = self.inner.query_proven(paths, height).await?;
        for one in &mut proven {
            if self.strikes(2) {
                // A lie: another value, or a value that is not there.
                one.value = match &one.value {
                    Some(value) if self.chaos.dice.chance(50) => {
                        Some(value.iter().map(|byte| byte ^ 1).collect())
                    }
                    Some(_) => None,
                    None => Some(vec![1]),
                };
            }
        }
        Ok(proven)
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        self.reach("clients").await?;
        self.inner.clients().await
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        self.reach("connections").await?;
        self.inner.connections().await
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        self.reach("channels").await?;
        self.inner.channels().await
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        self.reach("commitments").await?;
        self.inner.commitments(port, channel).await
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        self.reach("unreceived packets").await?;
        self.inner.unreceived_packets(port, channel, sent).await
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        self.reach("search").await?;
        self.inner.find_event(query).await
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.reach("new client").await?;
        self.inner.new_client(params).await
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.reach("header").await?;
        self.inner.client_update(trusted, target, now).await
    }

    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        self.inner.verify(proven, root)
    }

    async fn params(&self) -> Result<ChainParams> {
        self.reach("params").await?;
        self.inner.params().await
    }

    async fn account(&self) -> Result<Account> {
        self.reach("account").await?;
        self.inner.account().await
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        self.reach("simulate").await?;
        let gas = self.inner.estimate(messages, account).await?;
        // Too little: the transaction runs out of gas in its block.
        Ok(if self.strikes(4) { gas / 3 } else { gas })
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.inner.sign(draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        // Lost on the way there.
        self.reach("broadcast").await?;
        if self.strikes(4) {
            return Ok(Check::Busy {
                log: "the mempool is full".into(),
            });
        }
        let check = self.inner.broadcast(tx).await?;
        // Lost on the way back: it is in the mempool, and nobody knows.
        match self.strikes(self.chaos.level) {
            true => Err(self.broken("broadcast")),
            false => Ok(check),
        }
    }
}
