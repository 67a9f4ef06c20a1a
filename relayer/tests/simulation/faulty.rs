//! A chain behind a connection that delays, loses and repeats
//! requests: what the relayer under test talks to.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tern_chains::{
    Account, AccountState, Blame, Block, BlockTime, Chain, ChainError, ChainId, ChainParams, Check,
    ClientId, ClientParams, ClientUpdate, ClientUpgrade, Coin, Datagram, Deadline, Encoded, End,
    EventQuery, HeaderCheck, HeightRules, IdentifiedChannelEnd, IdentifiedConnectionEnd,
    LightClient, Listed, Message, NewClient, Next, Proven, Root, Sequence, SignedTx, StateCodec,
    StorePath, TrustedClient, TrustedHeader, TxDraft,
};
use tokio::time::{sleep, timeout};

use super::chaos::Chaos;
use super::crash_point::CrashPoint;
use super::estimates::Estimates;
use super::fault_counts::Fault;
use super::fault_schedule::{NodeFaults, REFUSED};
use super::in_flight::InFlight;
use super::lies;
use super::node::{RelayedChain, SimulatedNode};

/// Timeout for a response, as a real client has it.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Timeout for a header that is not made yet.
const HEADER_MAX: Duration = Duration::from_secs(60);
/// Poll interval while notifications are lost.
const POLL_EVERY: Duration = Duration::from_secs(2);

type Result<T> = std::result::Result<T, ChainError>;

pub struct FaultyChain {
    /// The chain through the node the relayer is configured with.
    pub near: Arc<dyn RelayedChain>,
    /// That node.
    pub near_node: Arc<dyn SimulatedNode>,
    /// A node without faults, to know what the others do not.
    pub node: Arc<dyn SimulatedNode>,
    /// The chain through another node behind the same address, which lags at times.
    pub lagging: Arc<dyn RelayedChain>,
    pub node_faults: NodeFaults,
    pub chaos: Chaos,
    pub crash_point: CrashPoint,
    pub in_flight: InFlight,
    pub estimates: Estimates,
}

impl FaultyChain {
    /// One request and its response over the faulty connection.
    async fn request<'a, T, F>(
        &'a self,
        doing: &str,
        call: impl FnOnce(&'a dyn RelayedChain) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.crash_point.step().await;
        let request = self.in_flight.next();
        self.transmit(doing).await?;
        self.refuse_if_limited(doing)?;
        let answer = match timeout(ANSWER_MAX, call(self.endpoint())).await {
            Ok(answer) => answer,
            Err(_) => Err(self.broken(doing, "no answer")),
        };
        self.transmit(doing).await?;
        if request.overtakes() && self.chaos.is_on() {
            self.chaos.fault_counts.fault(Fault::Reordered);
        }
        self.crash_point.step().await;
        answer
    }

    /// One direction of the connection: delays, drops or breaks.
    async fn transmit(&self, doing: &str) -> Result<()> {
        if !self.chaos.is_on() {
            return Ok(());
        }
        let rng = &self.chaos.rng;
        let late_ms = match self.chaos.occurs(Fault::Delayed, 5) {
            true => 100 + rng.below(4_000),
            false => rng.below(30),
        };
        sleep(Duration::from_millis(late_ms)).await;
        if self.chaos.occurs(Fault::Dropped, 1) {
            sleep(ANSWER_MAX).await;
            return Err(self.broken(doing, "no answer"));
        }
        match self.chaos.occurs(Fault::Broken, self.chaos.level) {
            true => Err(self.broken(doing, "the connection broke")),
            false => Ok(()),
        }
    }

    /// A node that is asked too much answers 429, whatever is asked.
    fn refuse_if_limited(&self, doing: &str) -> Result<()> {
        if !self.node_faults.is_limited() {
            return Ok(());
        }
        self.chaos.fault_counts.fault(Fault::TooManyRequests);
        Err(self.broken(doing, "429 Too Many Requests"))
    }

    /// No node has the block any more.
    fn lost(&self, height: u64) -> Option<ChainError> {
        let is_lost = self.node_faults.is_unfindable(height);
        is_lost.then(|| ChainError::Pruned {
            chain: self.near.id().clone(),
            doing: format!("block {height}"),
            height,
        })
    }

    /// One of two nodes refuses what the chain would take, with or without naming a
    /// message.
    fn refusal_by_mistake(&self, messages: &[Message]) -> Option<ChainError> {
        if !self.chaos.occurs(Fault::RefusedByMistake, 8) {
            return None;
        }
        let at = self.chaos.rng.below(messages.len() as u64 + 1) as usize;
        Some(ChainError::Rejected {
            chain: self.near.id().clone(),
            doing: "simulation".into(),
            codespace: "sdk".into(),
            code: 18,
            log: "refused by mistake".into(),
            blame: match at < messages.len() {
                true => Blame::Message(at),
                false => Blame::Unnamed,
            },
        })
    }

    /// The node that handles this request.
    fn endpoint(&self) -> &dyn RelayedChain {
        if self.node_faults.lags() && self.chaos.occurs(Fault::Lagging, 50) {
            return &*self.lagging;
        }
        &*self.near
    }

    fn broken(&self, doing: &str, why: &str) -> ChainError {
        ChainError::Node {
            chain: self.near.id().clone(),
            node: "simulated".into(),
            doing: doing.into(),
            source: why.into(),
        }
    }

    /// While notifications are lost: polls until the block exists.
    async fn poll_for(&self, height: u64) {
        while self.node_faults.notifications_are_lost() && self.near_node.latest() < height {
            self.chaos.fault_counts.fault(Fault::NotificationLost);
            sleep(POLL_EVERY).await;
        }
    }

    async fn offer(&self, tx: &SignedTx) -> Result<Check> {
        if self.chaos.occurs(Fault::MempoolFull, 4) {
            let log = "the mempool is full".into();
            return Ok(Check::Busy { log });
        }
        if self.chaos.occurs(Fault::RefusedByMistake, 4) {
            return Ok(Check::Refused {
                codespace: "sdk".into(),
                code: 18,
                log: "refused by mistake".into(),
            });
        }
        let mut check = self.near.broadcast(tx).await?;
        if self.chaos.occurs(Fault::Duplicated, 8) {
            // It arrives twice; the client gets the second response.
            sleep(Duration::from_millis(self.chaos.rng.below(3_000))).await;
            check = self.near.broadcast(tx).await?;
        }
        if matches!(&check, Check::Refused { log, .. } if log == REFUSED) {
            self.chaos.fault_counts.fault(Fault::RefusedInCheck);
        }
        Ok(check)
    }
}

#[async_trait]
impl Chain for FaultyChain {
    fn id(&self) -> &ChainId {
        self.near.id()
    }

    fn height_rules(&self) -> HeightRules {
        self.near.height_rules()
    }

    fn codec(&self) -> &dyn StateCodec {
        self.near.codec()
    }

    async fn latest(&self) -> Result<(u64, BlockTime)> {
        let (height, time) = self.request("status", |chain| chain.latest()).await?;
        match self.chaos.occurs(Fault::LiedHeight, 5) {
            true => Ok((height + 1_000_000, time)),
            false => Ok((height, time)),
        }
    }

    async fn next_block(&self, after: u64) -> Result<Next> {
        self.crash_point.step().await;
        self.poll_for(after + 1).await;
        self.transmit("next block").await?;
        self.refuse_if_limited("next block")?;
        if self.lost(after + 1).is_some() {
            return Ok(Next::Gap {
                from: after + 1,
                to: after + 1,
            });
        }
        if after > 0 && self.lost(after).is_none() && self.chaos.occurs(Fault::Duplicated, 3) {
            let again = self.near.block(after).await?;
            return Ok(Next::Block(Box::new(again)));
        }
        let next = self.near.next_block(after).await;
        self.transmit("next block").await?;
        self.crash_point.step().await;
        match next {
            Ok(Next::Block(block)) => {
                Ok(Next::Block(Box::new(lies::falsified(&self.chaos, *block))))
            }
            other => other,
        }
    }

    async fn block(&self, height: u64) -> Result<Block> {
        if let Some(lost) = self.lost(height) {
            return Err(lost);
        }
        let block = self.request("block", |chain| chain.block(height)).await?;
        Ok(lies::falsified(&self.chaos, block))
    }

    async fn query(&self, path: StorePath, height: Option<u64>) -> Result<Option<Vec<u8>>> {
        let answer = self
            .request("query", |chain| chain.query(path, height))
            .await;
        self.node_faults
            .count_lies(&[Fault::LiedValue], &self.chaos);
        answer
    }

    async fn query_proven(&self, paths: Vec<StorePath>, height: u64) -> Result<Vec<Proven>> {
        let answer = self.request("proofs", |chain| chain.query_proven(paths, height));
        let answer = answer.await;
        let lies = [Fault::LiedValue, Fault::LiedProof];
        self.node_faults.count_lies(&lies, &self.chaos);
        answer
    }

    async fn clients(&self) -> Result<Vec<ClientId>> {
        self.request("clients", |chain| chain.clients()).await
    }

    async fn connections(&self) -> Result<Listed<IdentifiedConnectionEnd>> {
        self.request("connections", |chain| chain.connections())
            .await
    }

    async fn channels(&self) -> Result<Listed<IdentifiedChannelEnd>> {
        self.request("channels", |chain| chain.channels()).await
    }

    async fn commitments(&self, src: &End) -> Result<Listed<Sequence>> {
        let list = self.request("commitments", |chain| chain.commitments(src));
        let Listed { height, all } = list.await?;
        let all = lies::shortened(&self.chaos, all);
        Ok(Listed { height, all })
    }

    async fn unreceived_packets(&self, dst: &End, sent: &[Sequence]) -> Result<Vec<Sequence>> {
        let list = self.request("unreceived packets", |chain| {
            chain.unreceived_packets(dst, sent)
        });
        Ok(lies::shortened(&self.chaos, list.await?))
    }

    async fn find_event(&self, query: &EventQuery) -> Result<Option<u64>> {
        let found = self.request("search", |chain| chain.find_event(query));
        match found.await? {
            Some(height) if self.lost(height).is_some() => {
                Err(self.broken("search", "403 Forbidden"))
            }
            found => Ok(found),
        }
    }
}

#[async_trait]
impl LightClient for FaultyChain {
    async fn new_client(&self, params: &ClientParams) -> Result<NewClient> {
        self.request("new client", |chain| chain.new_client(params))
            .await
    }

    async fn trust(
        &self,
        before: Option<&TrustedHeader>,
        height: u64,
        now: BlockTime,
    ) -> Result<TrustedHeader> {
        self.request("trusted header", |chain| chain.trust(before, height, now))
            .await
    }

    async fn client_update(
        &self,
        trusted: &TrustedClient,
        target: u64,
        now: BlockTime,
    ) -> Result<ClientUpdate> {
        self.crash_point.step().await;
        self.transmit("header").await?;
        self.refuse_if_limited("header")?;
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
        self.node_faults.count_lies(&lies, &self.chaos);
        self.transmit("header").await?;
        self.crash_point.step().await;
        update
    }

    async fn client_upgrade(&self, last_height: u64, root: &Root) -> Result<Option<ClientUpgrade>> {
        self.request("client upgrade", |chain| {
            chain.client_upgrade(last_height, root)
        })
        .await
    }

    async fn check_header(&self, seen: &Encoded) -> Result<HeaderCheck> {
        self.request("header check", |chain| chain.check_header(seen))
            .await
    }

    fn verify(&self, proven: &Proven, root: &Root) -> Result<()> {
        self.near.verify(proven, root)
    }
}

#[async_trait]
impl Account for FaultyChain {
    fn chain_id(&self) -> &ChainId {
        self.near.id()
    }

    fn address(&self) -> &str {
        self.near.address()
    }

    fn encode(&self, datagram: &Datagram) -> Result<Message> {
        self.near.encode(datagram)
    }

    fn deadline(&self, height: u64, time: BlockTime, blocks: u64) -> Deadline {
        self.near.deadline(height, time, blocks)
    }

    fn fee(&self, gas: u64) -> Result<Coin> {
        self.near.fee(gas)
    }

    async fn params(&self) -> Result<ChainParams> {
        self.request("params", |chain| chain.params()).await
    }

    async fn state(&self) -> Result<AccountState> {
        self.request("account", |chain| chain.state()).await
    }

    async fn balance(&self) -> Result<Coin> {
        self.request("balance", |chain| chain.balance()).await
    }

    async fn estimate(&self, messages: &[Message], account: &AccountState) -> Result<u64> {
        let mut is_behind = self.near_node.latest() < self.node.latest();
        let gas = self.request("simulate", |chain| {
            is_behind |= std::ptr::addr_eq(chain, &*self.lagging);
            chain.estimate(messages, account)
        });
        let gas = gas.await?;
        if let Some(refusal) = self.refusal_by_mistake(messages) {
            return Err(refusal);
        }
        // Too low: the transaction runs out of gas in its block.
        let is_short = self.chaos.allows(Fault::GasTooLow) && self.chaos.rng.chance(25);
        self.estimates.estimated(messages, is_short || is_behind);
        Ok(if is_short { gas / 2 } else { gas })
    }

    async fn sign(&self, draft: &TxDraft) -> Result<SignedTx> {
        let signed = self.near.sign(draft).await?;
        self.estimates.signed(&draft.messages, signed.hash);
        Ok(signed)
    }

    async fn broadcast(&self, tx: &SignedTx) -> Result<Check> {
        self.crash_point.step().await;
        self.transmit("broadcast").await?;
        self.refuse_if_limited("broadcast")?;
        let check = match timeout(ANSWER_MAX, self.offer(tx)).await {
            Ok(check) => check,
            Err(_) => Err(self.broken("broadcast", "no answer")),
        };
        self.crash_point.step().await;
        // If the response is lost, the transaction is in the mempool all the same.
        self.transmit("broadcast").await?;
        check
    }
}
