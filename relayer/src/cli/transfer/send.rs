//! Sends transactions with many transfers each. Several transactions are in flight
//! at once. Each one is followed until it is in a block or past its timeout height.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::Context as _;
use tern_chains::{
    Account, AccountState, Block, Check, Class, Deadline, Message, SignedTx, TxDraft, TxHash,
    TxOutcome,
};
use tern_config::ChainConfig;
use tern_core::ledger::Head;

use super::preflight::Route;
use super::quote::Quote;
use crate::output;

/// Maximum number of transactions in flight.
const IN_FLIGHT_MAX: usize = 32;
/// Maximum number of consecutive failures: the account sequence is wrong, or a
/// transaction is in no block before its timeout height.
const FAILURES_MAX: u32 = 5;
/// Maximum number of blocks to wait while the mempool of the node is full.
const BUSY_BLOCKS_MAX: u32 = 100;

/// Transfers that are queued, in flight or given up.
pub struct Sender {
    signer: Arc<dyn Account>,
    message: Message,
    /// The sender, with the account sequence of the next transaction.
    account: AccountState,
    /// The gas of a transaction, by its number of transfers.
    gas: BTreeMap<usize, u64>,
    memo: String,
    timeout_blocks: u64,
    /// The number of transfers in each queued transaction.
    queue: VecDeque<usize>,
    in_flight: Vec<InFlight>,
    given_up: Vec<GivenUp>,
    /// All transactions that were ever broadcast.
    broadcast: Vec<TxHash>,
    /// The account sequence is not known: nothing is sent while a transaction is in
    /// flight.
    sequence_unknown: bool,
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
    pub fn new(route: &Route, config: &ChainConfig, quote: Quote) -> Self {
        Self {
            signer: route.signer.clone(),
            message: quote.message,
            account: quote.account,
            gas: quote.gas,
            memo: config.memo.clone(),
            timeout_blocks: config.tx_timeout_blocks,
            queue: quote.sizes,
            in_flight: Vec::new(),
            given_up: Vec::new(),
            broadcast: Vec::new(),
            sequence_unknown: false,
            failures: 0,
            busy_blocks: 0,
        }
    }

    /// Sends queued transactions up to the in-flight limit. `head` is the newest
    /// block.
    pub async fn fill(&mut self, head: Head) -> anyhow::Result<()> {
        if self.sequence_unknown {
            if !self.in_flight.is_empty() {
                return Ok(());
            }
            self.account = self.signer.state().await?;
            self.sequence_unknown = false;
        }
        while self.in_flight.len() < IN_FLIGHT_MAX {
            let Some(transfers) = self.queue.front().copied() else {
                return Ok(());
            };
            let deadline = self
                .signer
                .deadline(head.height, head.time, self.timeout_blocks);
            let tx = self.sign(transfers, deadline)?;
            let sent = self.signer.broadcast(&tx).await;
            let sent = match sent {
                Err(error) if error.class() != Class::Node => return Err(error.into()),
                sent => sent,
            };
            match sent {
                Ok(Check::Accepted) => self.failures = 0,
                Ok(Check::Busy { log }) => return self.wait_for_room(log),
                Ok(Check::WrongSequence { log }) => return self.on_wrong_sequence(log),
                Ok(Check::Refused {
                    code,
                    codespace,
                    log,
                }) => {
                    self.give_up(format!("{log} (codespace {codespace}, code {code})"));
                    return Ok(());
                }
                // The node may have the transaction. A replacement could pay
                // twice, so it waits until the deadline has passed.
                Err(error) => {
                    output::note(format!(
                        "note: {error}: waiting to see whether the transaction gets into a block"
                    ));
                    self.sequence_unknown = true;
                }
            }
            self.broadcast.push(tx.hash);
            self.queue.pop_front();
            self.busy_blocks = 0;
            self.account.account_sequence += 1;
            self.in_flight.push(InFlight {
                hash: tx.hash,
                transfers,
                deadline,
            });
            if self.sequence_unknown {
                return Ok(());
            }
        }
        Ok(())
    }

    fn sign(&self, transfers: usize, deadline: Deadline) -> anyhow::Result<SignedTx> {
        let gas = self.gas.get(&transfers).copied();
        let draft = TxDraft {
            messages: vec![self.message.clone(); transfers],
            memo: self.memo.clone(),
            account: self.account.clone(),
            gas: gas.context("no gas is known for a transaction of this size")?,
            deadline,
        };
        Ok(self.signer.sign(&draft)?)
    }

    fn wait_for_room(&mut self, log: String) -> anyhow::Result<()> {
        self.busy_blocks += 1;
        if self.busy_blocks > BUSY_BLOCKS_MAX {
            self.give_up(log);
        }
        Ok(())
    }

    /// Another program signs with this account, or a transaction of ours was lost.
    fn on_wrong_sequence(&mut self, log: String) -> anyhow::Result<()> {
        self.sequence_unknown = true;
        self.failures += 1;
        if self.failures > FAILURES_MAX {
            self.give_up(format!(
                "{log}: another program may be signing with {}. Use --key to send with another \
                 account",
                self.account.address
            ));
        }
        Ok(())
    }

    fn give_up(&mut self, reason: String) {
        let transfers = self.queue.drain(..).sum();
        self.given_up.push(GivenUp { transfers, reason });
    }

    /// Our transactions in a block. Transfers of a transaction that can no longer be
    /// in a block are queued again; they cannot be paid twice.
    pub fn on_block(&mut self, block: &Block) -> Vec<Included> {
        let mut included = Vec::new();
        for outcome in &block.txs {
            let found = self.in_flight.iter().position(|tx| tx.hash == outcome.hash);
            if let Some(index) = found {
                included.push(Included {
                    outcome: outcome.clone(),
                    height: block.height,
                    transfers: self.in_flight.remove(index).transfers,
                });
            }
        }
        let height = block.height;
        let lost = |tx: &InFlight| tx.deadline.is_past(height, block.time);
        let (lost, alive) = self.in_flight.drain(..).partition::<Vec<_>, _>(lost);
        self.in_flight = alive;
        for tx in &lost {
            output::note(format!(
                "note: tx {} is in no block: sending its transfers again",
                tx.hash
            ));
            self.queue.push_back(tx.transfers);
        }
        if !lost.is_empty() {
            self.sequence_unknown = true;
            self.failures += 1;
            if self.failures > FAILURES_MAX {
                self.give_up("the transactions do not get into blocks".to_owned());
            }
        }
        included
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
