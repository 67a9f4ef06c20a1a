//! Following one chain: every block once, in height order, without a gap.
//!
//! One task a chain. A block becomes a list of facts (`facts.rs`). Where blocks cannot be read one by one (first
//! start, long absence, pruned history) the chain's clients, connections and
//! channels are read instead, and the engine reconciles its packets.

mod reading;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tern_chains::{
    Block, BlockTime, Chain, ChainError, Class, LightClient, Next, StorePath, TrustedHeader,
};
use tern_core::ledger::{Finding, Head};
use tern_core::policy::Policy;
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};

use super::discover::{self, Known, Lists};
use super::facts;
use super::input::Input;
use super::parts::{Clock, NextRevision};
use reading::Reading;

pub struct Follow {
    pub chain: Arc<dyn Chain>,
    pub light_client: Arc<dyn LightClient>,
    /// The newest header that is trusted.
    pub trusted: Option<TrustedHeader>,
    /// The newest height the ledger has of this chain.
    pub cursor: Option<u64>,
    pub known: Known,
    pub policy: Policy,
    pub inputs: mpsc::Sender<Input>,
    pub clock: Clock,
    /// How often the state was read again because a client could not be read.
    pub rescans: u32,
    /// The last height of the chain's revision, if the chain says that it stands before it.
    pub revision_end: Option<u64>,
    /// Whether the chain's list of clients was compared with those known.
    pub clients_are_listed: bool,
}

/// The engine is gone: nobody listens.
struct Closed;

enum Trouble {
    Chain(ChainError),
    Closed,
}

impl From<ChainError> for Trouble {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl From<Closed> for Trouble {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl Follow {
    /// Follows until the engine is gone. A failing node is asked again, with
    /// back-off, for ever; it is logged once when it fails and once when the chain is
    /// followed again.
    pub async fn run(mut self) {
        // In a row, without a block between them.
        let mut failures = 0;
        loop {
            let cursor = self.cursor;
            let error = match self.follow(failures).await {
                Err(Trouble::Chain(error)) => error,
                Ok(()) | Err(Trouble::Closed) => return,
            };
            if self.cursor != cursor {
                failures = 0;
            }
            let pause = pause(error.class(), failures, &self.policy);
            if let Some(next) = NextRevision::of(&error) {
                if self.send(Input::NextRevision(next)).await.is_err() {
                    return;
                }
            } else if self.has_ended(failures).await {
                // There is no next block of this revision.
                debug!(chain = %self.chain.id(), reason = describe(&error), "the chain stands at its end");
                tokio::time::sleep(self.policy.node_pause_max).await;
                continue;
            } else {
                self.log(&error, failures == 0, pause);
            }
            let down = Input::Down {
                chain: self.chain.id().clone(),
                class: error.class(),
                reason: describe(&error),
            };
            if self.send(down).await.is_err() {
                return;
            }
            // A pause, not a poll: the node has just failed to answer.
            tokio::time::sleep(pause).await;
            failures += 1;
        }
    }

    /// Whether there is no next block because the revision has ended, and not for a failure,
    /// of which there were so many in a row.
    async fn has_ended(&mut self, failures: u32) -> bool {
        if let (0, Some(cursor)) = (failures, self.cursor) {
            if let Err(Trouble::Chain(error)) = self.look_for_end(cursor).await {
                debug!(chain = %self.chain.id(), reason = describe(&error), "cannot ask for the end of the revision");
            }
        }
        self.is_at_end()
    }

    /// Whether the newest block is the last one before the revision's end.
    fn is_at_end(&self) -> bool {
        let next = self.cursor.map(|cursor| cursor + 1);
        next.is_some() && next == self.revision_end
    }

    fn log(&self, error: &ChainError, is_first: bool, pause: Duration) {
        let chain = self.chain.id();
        let reason = describe(error);
        match error.class() {
            _ if !is_first => debug!(%chain, reason, ?pause, "still cannot follow the chain"),
            Class::Node | Class::Rejected => {
                warn!(%chain, reason, "cannot follow the chain; trying again with back-off");
            }
            // Somebody has to mend it.
            Class::Local | Class::Bug => {
                error!(%chain, reason, "cannot follow the chain; trying again with back-off");
            }
        }
    }

    /// `failures`: how often in a row this ended without a block read.
    async fn follow(&mut self, failures: u32) -> Result<(), Trouble> {
        let (latest, _) = self.chain.latest().await?;
        self.trust(latest).await?;
        let latest = self.look_for_end(latest).await?;
        let mut is_again = failures > 0;
        match start(self.cursor, latest, failures, &self.policy) {
            Start::CatchUp { cursor } => self.catch_up(cursor, latest).await?,
            Start::Scan => self.scan(latest).await?,
            Start::Behind { cursor } => {
                warn!(chain = %self.chain.id(), height = latest, followed = cursor, "the nodes are behind the blocks that were read before: waiting for them");
                let next = self.chain.next_block(cursor).await?;
                self.next(next).await?;
                is_again = true;
            }
        }
        self.send(Input::CaughtUp {
            chain: self.chain.id().clone(),
        })
        .await?;
        if is_again {
            info!(chain = %self.chain.id(), height = self.cursor, recovered = true, "the chain is followed again");
        }
        loop {
            let after = self.cursor.unwrap_or(latest);
            let next = self.next_block(after).await?;
            self.next(next).await?;
        }
    }

    /// Whether the chain has ended its revision: it has planned that, and has made all blocks
    /// before the last height. The header of that height is there, and its state never is.
    /// Returns the newest block with a state.
    async fn look_for_end(&mut self, latest: u64) -> Result<u64, Trouble> {
        for last_height in [latest, latest + 1] {
            let path = StorePath::UpgradedConsensusState { last_height };
            if last_height == 0 || self.chain.query(path, None).await?.is_none() {
                continue;
            }
            let chain = self.chain.id();
            if self.revision_end.replace(last_height) != Some(last_height) {
                info!(%chain, height = last_height, "the chain has ended its revision for an upgrade: its clients are upgraded");
            }
            let end = Finding::RevisionEnds { last_height };
            let facts = facts::found(chain, last_height - 1, [end]);
            self.send(Input::Facts(facts.collect())).await?;
            return Ok(latest.min(last_height - 1));
        }
        Ok(latest)
    }

    /// Waits for the next block, and says so when that takes longer than any block.
    async fn next_block(&mut self, after: u64) -> Result<Next, ChainError> {
        let following = Arc::clone(&self.chain);
        let chain = following.id();
        let mut next = pin!(following.next_block(after));
        let standstill = self.policy.standstill_after;
        tokio::select! {
            biased;
            next = &mut next => return next,
            () = tokio::time::sleep(standstill) => {}
        }
        if self.has_ended(0).await {
            return next.await;
        }
        warn!(%chain, height = after, "no new block for {}: the chain stands still, or its nodes do not follow it; waiting", humantime::format_duration(standstill));
        let next = next.await?;
        info!(%chain, recovered = true, "the chain makes blocks again");
        Ok(next)
    }

    async fn next(&mut self, next: Next) -> Result<(), Trouble> {
        match next {
            Next::Block(block) => {
                let (height, time) = (block.height, block.time);
                self.block(*block).await?;
                if height.is_multiple_of(self.policy.rescan_blocks.max(1)) {
                    self.confirm_clients(height, time).await?;
                    self.look_for_missing_clients(height).await?;
                }
                if height.is_multiple_of(self.policy.trust_blocks.max(1)) {
                    self.trust_on(height).await?;
                }
                Ok(())
            }
            Next::Gap { from, to } => {
                warn!(chain = %self.chain.id(), from, to, "the node has pruned blocks that were not read yet: reading the chain's state instead");
                let (latest, _) = self.chain.latest().await?;
                self.scan(latest).await
            }
        }
    }

    /// Verifies the header of this height from what was trusted before. A chain whose nodes
    /// have another one is not followed.
    async fn trust(&mut self, height: u64) -> Result<(), Trouble> {
        let before = self.trusted.as_ref();
        if height == 0 || before.is_some_and(|before| before.client.height >= height) {
            return Ok(());
        }
        let trusted = self.light_client.trust(before, height, (self.clock)());
        let trusted = trusted.await?;
        if before.is_none() {
            let (chain, hash) = (self.chain.id(), hex::encode_upper(&trusted.hash));
            info!(%chain, height = trusted.client.height, hash, from = ?trusted.origin, "trusted from this header on");
        }
        let finding = Finding::Trusted(Box::new(trusted.clone()));
        let facts = facts::found(self.chain.id(), height, [finding]);
        self.send(Input::Facts(facts.collect())).await?;
        self.trusted = Some(trusted);
        Ok(())
    }

    /// The same while blocks are followed, which does not depend on an answer now.
    async fn trust_on(&mut self, height: u64) -> Result<(), Trouble> {
        match self.trust(height).await {
            Err(Trouble::Chain(
                error @ (ChainError::Unverified { .. } | ChainError::Local { .. }),
            )) => Err(error.into()),
            Err(Trouble::Chain(error)) => {
                debug!(chain = %self.chain.id(), reason = describe(&error), "cannot verify a header; trying again later");
                Ok(())
            }
            other => other,
        }
    }

    /// Reads the state of clients that were updated, or are frozen. It says when they
    /// expire, which the events do not. Following does not depend on it.
    async fn confirm_clients(&mut self, height: u64, time: BlockTime) -> Result<(), Closed> {
        let chain = self.chain.id().clone();
        match discover::of_clients(&*self.chain, height, time, &mut self.known).await {
            Ok(findings) => {
                let facts = facts::found(&chain, height, findings);
                self.send(Input::Facts(facts.collect())).await
            }
            Err(error) => {
                debug!(%chain, reason = describe(&error), "cannot read the clients that were updated");
                Ok(())
            }
        }
    }

    /// Reads the blocks up to `latest`, some at a time, and sends them in order.
    async fn catch_up(&mut self, cursor: u64, latest: u64) -> Result<(), Trouble> {
        let missing = usize::try_from(latest - cursor).unwrap_or(usize::MAX);
        let mut reading = Reading::new(self.chain.id(), "blocks", missing);
        let chain = Arc::clone(&self.chain);
        let mut blocks = stream::iter(cursor + 1..=latest)
            .map(|height| {
                let chain = Arc::clone(&chain);
                async move { chain.block(height).await }
            })
            .buffered(self.policy.blocks_requested_max);
        while let Some(block) = blocks.next().await {
            match block {
                Ok(block) => {
                    self.block(block).await?;
                    reading.read((self.clock)());
                }
                // `next_block` tells the gap as such.
                Err(ChainError::Pruned { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[tracing::instrument(
        name = "follow", level = "debug", skip_all,
        fields(chain = %self.chain.id(), height = block.height, events = block.events.len())
    )]
    async fn block(&mut self, block: Block) -> Result<(), Trouble> {
        let height = block.height;
        self.check_time(height, block.time)?;
        let findings = discover::of_block(&*self.chain, &block, &mut self.known).await?;
        let facts = facts::of_block(self.chain.id(), block, findings);
        self.send(Input::Facts(facts)).await?;
        self.cursor = Some(height);
        Ok(())
    }

    /// Reads the state again if a client is missing: a node may have lied about it, now
    /// or in an earlier run, and nothing would name it any more.
    async fn look_for_missing_clients(&mut self, height: u64) -> Result<(), Trouble> {
        if !self.clients_are_listed {
            let all = match self.chain.clients().await {
                Ok(all) => all,
                // Following does not depend on it: it is asked again later.
                Err(error) => {
                    let reason = describe(&error);
                    debug!(chain = %self.chain.id(), reason, "cannot list the chain's clients");
                    return Ok(());
                }
            };
            let codec = self.chain.codec();
            self.known.listed_clients(all, |id| codec.reads(id));
            self.clients_are_listed = true;
        }
        if self.known.is_incomplete() && self.rescans < self.policy.rescans_max {
            self.rescans += 1;
            self.scan(height).await?;
        }
        Ok(())
    }

    /// Reads the chain's topology as it is now and goes on from here: from a block that a
    /// node has, and not from what a node says that it has.
    async fn scan(&mut self, latest: u64) -> Result<(), Trouble> {
        let lists = Lists::read(&*self.chain).await?;
        let listed = lists.height().min(latest);
        self.check_lists(listed, latest)?;
        let head = match listed {
            // There is no block yet.
            0 => Head::default(),
            _ => facts::head(&self.chain.block(listed).await?),
        };
        self.check_time(head.height, head.time)?;
        let chain = self.chain.id().clone();
        info!(%chain, height = listed, "reading clients, connections and channels");
        let mut reading = Reading::new(&chain, "clients", lists.clients());
        let clock = &self.clock;
        let read = || reading.read(clock());
        let known = &mut self.known;
        let findings = discover::of_chain(&*self.chain, head, lists, known, read).await?;
        let facts = facts::of_state(&chain, head, findings);
        self.send(Input::Scanned { chain, facts }).await?;
        self.cursor = Some(head.height);
        Ok(())
    }

    /// Refuses lists that are older than what was read before, or by more blocks than a node
    /// lags: the blocks since them would all be read again.
    fn check_lists(&self, listed: u64, latest: u64) -> Result<(), ChainError> {
        if !lists_are_behind(listed, latest, self.cursor) {
            return Ok(());
        }
        let chain = self.chain.id().clone();
        Err(ChainError::Node {
            node: chain.to_string(),
            chain,
            doing: format!("lists of clients, connections and channels at {latest}"),
            source: format!("they are of height {listed}: the node is behind").into(),
        })
    }

    /// Refuses a block from the future: by its time clients expire and packets time out.
    fn check_time(&self, height: u64, time: BlockTime) -> Result<(), ChainError> {
        let Some(hours) = hours_ahead(time, (self.clock)()) else {
            return Ok(());
        };
        let chain = self.chain.id().clone();
        let reason = format!(
            "its time is {hours} hours ahead of this machine's clock: the node or the clock is wrong"
        );
        Err(ChainError::Node {
            node: chain.to_string(),
            chain,
            doing: format!("block {height}"),
            source: reason.into(),
        })
    }

    async fn send(&self, input: Input) -> Result<(), Closed> {
        self.inputs.send(input).await.map_err(|_| Closed)
    }
}

/// How many blocks a node's lists may be behind the newest block.
const LISTS_BEHIND_MAX: u64 = 20;

/// `cursor`: the newest block that was read.
fn lists_are_behind(listed: u64, latest: u64, cursor: Option<u64>) -> bool {
    let oldest = latest.saturating_sub(LISTS_BEHIND_MAX);
    listed < oldest.max(cursor.unwrap_or_default())
}

/// How far a block's time may be ahead of the machine's clock: a day, for clocks that are
/// set by hand.
const FUTURE_MAX_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// By how many hours a block's time is ahead, if that is too much.
fn hours_ahead(time: BlockTime, now: BlockTime) -> Option<u64> {
    let ahead = time.0.checked_sub(now.0)?;
    (ahead > FUTURE_MAX_NS).then_some(ahead / 3_600_000_000_000)
}

/// How the following of a chain begins.
#[derive(Debug, PartialEq, Eq)]
enum Start {
    /// The blocks after the cursor are read.
    CatchUp { cursor: u64 },
    /// The state is read in place of the blocks.
    Scan,
    /// The nodes do not have the block of the cursor: they are waited for.
    Behind { cursor: u64 },
}

/// Blocks are read if the ledger knows the chain, they are not too many, and they can be
/// read: some nodes lose the results of a block, or take too long for them.
fn start(cursor: Option<u64>, latest: u64, failures: u32, policy: &Policy) -> Start {
    let Some(cursor) = cursor else {
        return Start::Scan;
    };
    match latest.checked_sub(cursor) {
        None => Start::Behind { cursor },
        Some(0) => Start::CatchUp { cursor },
        Some(missing) => {
            let is_far = missing > policy.catch_up_blocks_max;
            match is_far || failures >= policy.block_tries_max {
                true => Start::Scan,
                false => Start::CatchUp { cursor },
            }
        }
    }
}

/// An error with its causes, on one line.
pub fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// How long a chain is left alone after it could not be followed, with so many
/// failures in a row before. A node may be back at once; what somebody has to mend is
/// not.
fn pause(class: Class, failures: u32, policy: &Policy) -> Duration {
    match class {
        Class::Node => {
            let doubled = policy
                .node_pause_first
                .saturating_mul(1 << failures.min(16));
            doubled.min(policy.node_pause_max)
        }
        Class::Rejected | Class::Local | Class::Bug => policy.node_pause_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_node_is_asked_again_soon_and_what_must_be_mended_is_not() {
        let pauses =
            |class| [0, 1, 5, 6, 40].map(|failures| pause(class, failures, &Policy::default()));
        let millis = [250, 500, 8_000, 15_000, 15_000].map(Duration::from_millis);
        assert_eq!(pauses(Class::Node), millis);
        assert_eq!(pauses(Class::Local), [Duration::from_secs(15); 5]);
    }

    fn started(cursor: Option<u64>, latest: u64, failures: u32) -> Start {
        let policy = Policy {
            catch_up_blocks_max: 100,
            block_tries_max: 8,
            ..Policy::default()
        };
        start(cursor, latest, failures, &policy)
    }

    #[test]
    fn lists_of_a_node_that_is_far_behind_or_behind_what_was_read_are_refused() {
        assert!(!lists_are_behind(100, 100, None));
        assert!(!lists_are_behind(80, 100, Some(80)));
        assert!(lists_are_behind(79, 100, None));
        assert!(lists_are_behind(80, 100, Some(81)));
        assert!(!lists_are_behind(0, 0, None));
    }

    #[test]
    fn a_block_from_the_future_is_refused() {
        let hour = 3_600_000_000_000;
        let ahead =
            |hours: u64| hours_ahead(BlockTime((100 + hours) * hour), BlockTime(100 * hour));
        assert_eq!(ahead(24), None);
        assert_eq!(ahead(25), Some(25));
        // An old block, and the clock of a chain that was just started.
        assert_eq!(hours_ahead(BlockTime(0), BlockTime(100 * hour)), None);
    }

    #[test]
    fn a_chain_that_is_not_known_is_scanned() {
        assert_eq!(started(None, 1, 0), Start::Scan);
    }

    #[test]
    fn blocks_are_read_up_to_the_most_that_policy_allows() {
        assert_eq!(started(Some(50), 150, 0), Start::CatchUp { cursor: 50 });
        assert_eq!(started(Some(50), 151, 0), Start::Scan);
    }

    #[test]
    fn blocks_that_cannot_be_read_are_left_out_after_some_tries() {
        assert_eq!(started(Some(50), 51, 7), Start::CatchUp { cursor: 50 });
        assert_eq!(started(Some(50), 51, 8), Start::Scan);
        // There is no block to be left out.
        assert_eq!(started(Some(50), 50, 8), Start::CatchUp { cursor: 50 });
    }

    #[test]
    fn a_node_behind_the_cursor_is_waited_for() {
        assert_eq!(started(Some(50), 40, 0), Start::Behind { cursor: 50 });
        assert_eq!(started(Some(50), 40, 9), Start::Behind { cursor: 50 });
    }

    #[test]
    fn an_error_has_its_causes_on_the_same_line() {
        let error = ChainError::Malformed {
            chain: "a-1".parse().unwrap(),
            doing: "block at 7".into(),
            source: "no header".into(),
        };
        let expected = "a-1: block at 7: cannot decode the answer: no header";
        assert_eq!(describe(&error), expected);
    }
}
