//! Sends transactions with many transfers each. Several transactions are in flight
//! at once. Each one is followed until it is in a block or past its deadline.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{bail, Context as _};
use tern::engine::{EngineHandle, SendRequest, Sent};
use tern_chains::{BlockTime, ChainId, Deadline, Message, TxHash, TxOutcome};
use tern_core::ledger::Fact;

use super::preflight::Route;
use super::quote::Quote;
use crate::cli::signing::Signing;
use crate::output;

/// Maximum number of transactions in flight.
const IN_FLIGHT_MAX: usize = 32;
/// Maximum number of consecutive failures: the account sequence is wrong, or a
/// transaction is in no block before its deadline.
const FAILURES_MAX: u32 = 5;
/// Maximum number of blocks to wait while the mempool of the node is full.
const BUSY_BLOCKS_MAX: u32 = 100;

/// Transfers that are queued, in flight or given up.
pub struct Sender {
    signing: Signing,
    engine: EngineHandle,
    chain: ChainId,
    address: String,
    message: Message,
    /// The gas of a transaction, by its number of transfers.
    gas: BTreeMap<usize, u64>,
    memo: String,
    /// The number of transfers in each queued transaction.
    queue: VecDeque<usize>,
    in_flight: Vec<InFlight>,
    given_up: Vec<GivenUp>,
    /// All transactions that were ever broadcast.
    broadcast: Vec<TxHash>,
    failures: u32,
    busy_blocks: u32,
}

#[derive(Debug)]
struct InFlight {
    hash: TxHash,
    transfers: usize,
    /// After it no block can have it.
    deadline: Deadline,
}

/// One of our transactions in a block.
pub struct Included {
    pub outcome: TxOutcome,
    pub height: u64,
    pub transfers: usize,
}

/// Transfers that will not be sent, with the reason.
#[derive(Clone)]
pub struct GivenUp {
    pub transfers: usize,
    pub reason: String,
}

impl Sender {
    pub fn new(
        route: &Route,
        memo: &str,
        quote: Quote,
        signing: Signing,
        engine: EngineHandle,
    ) -> Self {
        Self {
            signing,
            engine,
            chain: route.src.id().clone(),
            address: route.account.address.clone(),
            message: quote.message,
            gas: quote.gas,
            memo: memo.to_owned(),
            queue: quote.sizes,
            in_flight: Vec::new(),
            given_up: Vec::new(),
            broadcast: Vec::new(),
            failures: 0,
            busy_blocks: 0,
        }
    }

    /// Sends queued transactions up to the in-flight limit.
    pub async fn fill(&mut self) -> anyhow::Result<()> {
        while self.in_flight.len() < IN_FLIGHT_MAX {
            let Some(transfers) = self.queue.front().copied() else {
                return Ok(());
            };
            let request = self.request(transfers)?;
            match self.signing.send(&self.engine, request).await? {
                Sent::Accepted { hash, deadline } => {
                    self.failures = 0;
                    self.is_sent(hash, transfers, deadline);
                }
                // The node may have the transaction. A replacement could pay
                // twice, so it waits until the deadline has passed.
                Sent::NoAnswer {
                    hash,
                    deadline,
                    reason,
                } => {
                    output::note(format!(
                        "note: {reason}: waiting to see whether the transaction gets into a block"
                    ));
                    self.is_sent(hash, transfers, deadline);
                    return Ok(());
                }
                Sent::Busy(log) => {
                    self.wait_for_room(log);
                    return Ok(());
                }
                Sent::WrongSequence(log) => {
                    self.on_wrong_sequence(&log);
                    return Ok(());
                }
                Sent::CannotPay(reason) | Sent::Refused(reason) => {
                    self.give_up(reason);
                    return Ok(());
                }
                Sent::Failed(reason) => bail!(reason),
            }
        }
        Ok(())
    }

    fn request(&self, transfers: usize) -> anyhow::Result<SendRequest> {
        let gas = self.gas.get(&transfers).copied();
        Ok(SendRequest {
            chain: self.chain.clone(),
            address: self.address.clone(),
            messages: vec![self.message.clone(); transfers],
            memo: self.memo.clone(),
            gas: gas.context("no gas is known for a transaction of this size")?,
            is_unasked: false,
        })
    }

    fn is_sent(&mut self, hash: TxHash, transfers: usize, deadline: Deadline) {
        self.broadcast.push(hash);
        self.queue.pop_front();
        self.busy_blocks = 0;
        self.in_flight.push(InFlight {
            hash,
            transfers,
            deadline,
        });
    }

    fn wait_for_room(&mut self, log: String) {
        self.busy_blocks += 1;
        if self.busy_blocks > BUSY_BLOCKS_MAX {
            self.give_up(log);
        }
    }

    /// Another program signs with this account, or a transaction of ours was lost.
    fn on_wrong_sequence(&mut self, log: &str) {
        self.failures += 1;
        if self.failures > FAILURES_MAX {
            self.give_up(format!(
                "{log}: another program may be signing with {}. Use --key to send with another \
                 account",
                self.address
            ));
        }
    }

    fn give_up(&mut self, reason: String) {
        let transfers = self.queue.drain(..).sum();
        self.given_up.push(GivenUp { transfers, reason });
    }

    /// Our transactions in a block of the source chain. Transfers of a transaction
    /// that can no longer be in a block are queued again; they cannot be paid twice.
    pub fn on_facts(&mut self, facts: &[Fact]) -> Vec<Included> {
        let mut included = Vec::new();
        for fact in facts {
            match fact {
                Fact::Outcome {
                    chain,
                    height,
                    outcome,
                } if *chain == self.chain => {
                    let found = self.in_flight.iter().position(|tx| tx.hash == outcome.hash);
                    included.extend(found.map(|index| Included {
                        outcome: outcome.clone(),
                        height: *height,
                        transfers: self.in_flight.remove(index).transfers,
                    }));
                }
                Fact::BlockEnd { chain, head } if *chain == self.chain => {
                    self.queue_lost(head.height, head.time);
                }
                _ => {}
            }
        }
        included
    }

    fn queue_lost(&mut self, height: u64, time: BlockTime) {
        let is_lost = |tx: &InFlight| tx.deadline.is_past(height, time);
        let (lost, alive) = self.in_flight.drain(..).partition::<Vec<_>, _>(is_lost);
        self.in_flight = alive;
        for tx in &lost {
            output::note(format!(
                "note: tx {} is in no block: sending its transfers again",
                tx.hash
            ));
            self.queue.push_back(tx.transfers);
        }
        if !lost.is_empty() {
            self.failures += 1;
            if self.failures > FAILURES_MAX {
                self.give_up("the transactions do not get into blocks".to_owned());
            }
        }
    }

    /// Whether every transfer is in a block or given up.
    pub fn is_done(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// Adds the hashes of all broadcast transactions to an error.
    pub fn add_broadcast_txs(&self, error: anyhow::Error) -> anyhow::Error {
        if self.broadcast.is_empty() || output::is_closed(&error) {
            return error;
        }
        let hashes: Vec<String> = self.broadcast.iter().map(TxHash::to_string).collect();
        let hashes = hashes.join(", ");
        error.context(format!(
            "the state of the transfers is not known. These transactions were broadcast: {hashes}"
        ))
    }

    pub fn given_up(&self) -> &[GivenUp] {
        &self.given_up
    }
}
