//! A chain as the relayer sees it on a bad day: the door of a development chain
//! behind a connection that delays, loses and repeats.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Account, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, ChannelId, Check, ClientId,
    ClientParams, ClientUpdate, EventQuery, IdentifiedChannelEnd, IdentifiedConnectionEnd, Message,
    NewClient, Next, Path, PortId, Proven, Sequence, SignedTx, TrustedClient, TxDraft,
};
use tern_devnet::DevnetChain;
use tokio::time::{sleep, timeout};

use super::chaos::Chaos;
use super::fuse::Fuse;
use super::tally::Fault;
use super::weather::{Sky, REFUSED};

/// What a real client waits for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// What it waits for a header that is not made yet.
const HEADER_MAX: Duration = Duration::from_secs(60);
/// How often it looks for a block it was not told of.
const LOOK_EVERY: Duration = Duration::from_secs(2);

type Result<T> = std::result::Result<T, ChainError>;

pub struct FaultyChain {
    /// Through the node the relayer is configured with.
    pub near: DevnetChain,
    /// Through another one behind the same address, which lags at times.
    pub lagging: DevnetChain,
    pub sky: Sky,
    pub chaos: Chaos,
    pub fuse: Fuse,
    pub asked: Asked,
}

/// Questions under way, in the order they were asked.
#[derive(Default)]
pub struct Asked(Mutex<(u64, BTreeSet<u64>)>);

impl FaultyChain {
    /// One question and its answer, over a connection that fails.
    async fn ask<'a, T, F>(
        &'a self,
        doing: &str,
        call: impl FnOnce(&'a DevnetChain) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.fuse.step().await;
        let asked = self.asked.next();
        self.travel(doing).await?;
        let answer = match timeout(ANSWER_MAX, call(self.door())).await {
            Ok(answer) => answer,
            Err(_) => Err(self.broken(doing, "no answer")),
        };
        self.travel(doing).await?;
        if asked.overtakes() && self.chaos.is_on() {
            self.chaos.tally.fault(Fault::Reordered);
        }
        self.fuse.step().await;
        answer
    }

    /// The way to the node or back: slow, broken, or without an end.
    async fn travel(&self, doing: &str) -> Result<()> {
        if !self.chaos.is_on() {
            return Ok(());
        }
        let dice = &self.chaos.dice;
        let late_ms = match self.chaos.strikes(Fault::Delayed, 5) {
            true => 100 + dice.roll(4_000),
            false => dice.roll(30),
        };
        sleep(Duration::from_millis(late_ms)).await;
        if self.chaos.strikes(Fault::Dropped, 1) {
            sleep(ANSWER_MAX).await;
            return Err(self.broken(doing, "no answer"));
        }
        match self.chaos.strikes(Fault::Broken, self.chaos.level) {
            true => Err(self.broken(doing, "the connection broke")),
            false => Ok(()),
        }
    }

    /// The node that answers this time.
    fn door(&self) -> &DevnetChain {
        if self.sky.lags() && self.chaos.strikes(Fault::Lagging, 50) {
            return &self.lagging;
        }
        &self.near
    }

    fn broken(&self, doing: &str, why: &str) -> ChainError {
        ChainError::Node {
            chain: self.near.id().clone(),
            node: "simulated".into(),
            doing: doing.into(),
            source: why.into(),
        }
    }

    /// Waits for a block that nobody tells of.
    async fn look_for(&self, height: u64) {
        while self.sky.wake_is_lost() && self.near.node().read(|chain| chain.latest().0) < height {
            self.chaos.tally.fault(Fault::WakeLost);
            sleep(LOOK_EVERY).await;
        }
    }

    async fn offer(&self, tx: &SignedTx) -> Result<Check> {
        if self.chaos.strikes(Fault::MempoolFull, 4) {
            let log = "the mempool is full".into();
            return Ok(Check::Busy { log });
        }
        let mut check = self.near.broadcast(tx).await?;
        if self.chaos.strikes(Fault::Duplicated, 8) {
            // It comes once more; the answer heard is the later one.
            sleep(Duration::from_millis(self.chaos.dice.roll(3_000))).await;
            check = self.near.broadcast(tx).await?;
        }
        if matches!(&check, Check::Refused { log, .. } if log == REFUSED) {
            self.chaos.tally.fault(Fault::RefusedInCheck);
        }
        Ok(check)
    }
}

#[async_trait]
impl Chain for FaultyChain {
    fn id(&self) -> &ChainId {
        self.near.id()
    }

    fn signer(&self) -> Result<String> {
        self.near.signer()
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        self.ask("status", |door| door.latest()).await
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.fuse.step().await;
        self.look_for(after + 1).await;
        self.travel("next block").await?;
        if after > 0 && self.chaos.strikes(Fault::Duplicated, 3) {
            let again = self.near.block(after).await?;
            return Ok(Next::Block(Box::new(again)));
        }
        let next = self.near.next_block(after).await;
        self.travel("next block").await?;
        self.fuse.step().await;
        next
    }

    async fn block(&self, height: u64) -> Result<Block> {
        self.ask("block", |door| door.block(height)).await
    }

    async fn query(&self, path: Path, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let answer = self.ask("query", |door| door.query(path, height)).await;
        self.sky.tell_lies(&[Fault::LiedValue], &self.chaos);
        answer
    }

    async fn query_proven(&self, paths: Vec<Path>, height: u64) -> Result<Vec<Proven>> {
        let answer = self.ask("proofs", |door| door.query_proven(paths, height));
        let answer = answer.await;
        let lies = [Fault::LiedValue, Fault::LiedProof];
        self.sky.tell_lies(&lies, &self.chaos);
        answer
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        self.ask("clients", |door| door.clients()).await
    }

    async fn connections(&self) -> Result<Vec<IdentifiedConnectionEnd>> {
        self.ask("connections", |door| door.connections()).await
    }

    async fn channels(&self) -> Result<Vec<IdentifiedChannelEnd>> {
        self.ask("channels", |door| door.channels()).await
    }

    async fn commitments(&self, port: &PortId, channel: &ChannelId) -> Result<Vec<Sequence>> {
        self.ask("commitments", |door| door.commitments(port, channel))
            .await
    }

    async fn unreceived_packets(
        &self,
        port: &PortId,
        channel: &ChannelId,
        sent: &[Sequence],
    ) -> Result<Vec<Sequence>> {
        self.ask("unreceived packets", |door| {
            door.unreceived_packets(port, channel, sent)
        })
        .await
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        self.ask("search", |door| door.find_event(query)).await
    }

    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.ask("new client", |door| door.new_client(params)).await
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.fuse.step().await;
        self.travel("header").await?;
        let update = self.near.client_update(trusted, target, now);
        let update = match timeout(HEADER_MAX, update).await {
            Ok(update) => update,
            Err(_) => Err(self.broken("header", "not made in time")),
        };
        let lies = [
            Fault::LiedHeader,
            Fault::LiedCommit,
            Fault::LiedEquivocation,
        ];
        self.sky.tell_lies(&lies, &self.chaos);
        self.travel("header").await?;
        self.fuse.step().await;
        update
    }

    fn verify(&self, proven: &Proven, root: &CommitmentRoot) -> Result<()> {
        self.near.verify(proven, root)
    }

    async fn params(&self) -> Result<ChainParams> {
        self.ask("params", |door| door.params()).await
    }

    async fn account(&self) -> Result<Account> {
        self.ask("account", |door| door.account()).await
    }

    async fn estimate(&self, messages: &[Message], account: &Account) -> Result<u64> {
        let gas = self.ask("simulate", |door| door.estimate(messages, account));
        let gas = gas.await?;
        // Too little: the transaction runs out of gas in its block.
        let is_short = self.chaos.allows(Fault::GasTooLow) && self.chaos.dice.chance(25);
        Ok(if is_short { gas / 2 } else { gas })
    }

    fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        self.near.sign(draft)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.fuse.step().await;
        self.travel("broadcast").await?;
        let check = match timeout(ANSWER_MAX, self.offer(tx)).await {
            Ok(check) => check,
            Err(_) => Err(self.broken("broadcast", "no answer")),
        };
        self.fuse.step().await;
        // Lost on the way back: it is in the mempool, and nobody knows.
        self.travel("broadcast").await?;
        check
    }
}

impl Asked {
    fn next(&self) -> Question<'_> {
        let (last, under_way) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        under_way.insert(*last);
        Question {
            number: *last,
            asked: self,
        }
    }
}

/// Under way until it is dropped.
struct Question<'a> {
    number: u64,
    asked: &'a Asked,
}

impl Question<'_> {
    /// An older question still waits for its answer.
    fn overtakes(&self) -> bool {
        let (_, under_way) = &*self.asked.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.first().is_some_and(|first| *first < self.number)
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let (_, under_way) = &mut *self.asked.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.number);
    }
}
