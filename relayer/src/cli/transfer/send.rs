//! Sending: transactions of many transfers, one behind the other without
//! waiting, each followed to its fate.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Context as _;
use tern_chains::{Account, Block, Check, Class, Message, SignedTx, TxDraft, TxHash, TxOutcome};
use tern_config::ChainConfig;

use super::preflight::Route;
use super::quote::Quote;
use crate::connect::ConnectedChain;
use crate::output;

/// Transactions waiting for a block at once.
const IN_FLIGHT_MAX: usize = 32;
/// Times in a row the account sequence may be found wrong, or transactions miss
/// their blocks.
const FAILURES_MAX: u32 = 5;
/// Blocks to wait for room in the node's mempool.
const BUSY_BLOCKS_MAX: u32 = 100;

/// What is to be sent, what is under way, and what had to be given up.
pub struct Sender {
    chain: ConnectedChain,
    message: Message,
    /// The account sequence in it is the next transaction's.
    account: Account,
    /// The gas a transaction of so many transfers needs.
    gas: BTreeMap<usize, u64>,
    memo: String,
    timeout_blocks: u64,
    /// Transfers of each transaction to come.
    queue: VecDeque<usize>,
    in_flight: Vec<InFlight>,
    given_up: Vec<GivenUp>,
    /// Everything that was ever sent to the node.
    broadcast: Vec<TxHash>,
    /// The account sequence is in doubt: nothing is sent until all that is under
    /// way has met its fate.
    in_doubt: bool,
    failures: u32,
    busy_blocks: u32,
}

#[derive(Debug)]
struct InFlight {
    hash: TxHash,
    transfers: usize,
    /// The last height at which it can be in a block.
    last_height: u64,
}

/// A transaction of ours in a block.
pub struct Landed {
    pub outcome: TxOutcome,
    pub height: u64,
    pub transfers: usize,
}

/// Transfers that were not sent, and why.
#[derive(Clone)]
pub struct GivenUp {
    pub transfers: usize,
    pub reason: String,
}

impl Sender {
    pub fn new(route: &Route, config: &ChainConfig, quote: Quote) -> Self {
        Self {
            chain: route.src.clone(),
            message: quote.message,
            account: quote.account,
            gas: quote.gas,
            memo: config.memo.clone(),
            timeout_blocks: config.tx_timeout_blocks,
            queue: quote.sizes,
            in_flight: Vec::new(),
            given_up: Vec::new(),
            broadcast: Vec::new(),
            in_doubt: false,
            failures: 0,
            busy_blocks: 0,
        }
    }

    /// Sends what there is room for. `head` is the newest height.
    pub async fn fill(&mut self, head: u64) -> anyhow::Result<()> {
        if self.in_doubt {
            if !self.in_flight.is_empty() {
                return Ok(());
            }
            self.account = self.chain.account().await?;
            self.in_doubt = false;
        }
        while self.in_flight.len() < IN_FLIGHT_MAX {
            let Some(transfers) = self.queue.front().copied() else {
                return Ok(());
            };
            let last_height = head + self.timeout_blocks;
            let tx = self.sign(transfers, last_height)?;
            let sent = self.chain.broadcast(&tx).await;
            let sent = match sent {
                Err(error) if error.class() != Class::Node => return Err(error.into()),
                sent => sent,
            };
            match sent {
                Ok(Check::Accepted) => self.failures = 0,
                Ok(Check::Busy { log }) => return self.wait_for_room(log),
                Ok(Check::WrongSequence { log }) => return self.doubt(log),
                Ok(Check::Refused {
                    code,
                    codespace,
                    log,
                }) => {
                    self.give_up(format!("{log} (codespace {codespace}, code {code})"));
                    return Ok(());
                }
                // It may have arrived: sending another in its place could pay
                // twice. Its last height will tell.
                Err(error) => {
                    output::note(format!("note: {error}: waiting to see whether it arrived"));
                    self.in_doubt = true;
                }
            }
            self.broadcast.push(tx.hash);
            self.queue.pop_front();
            self.busy_blocks = 0;
            self.account.account_sequence += 1;
            self.in_flight.push(InFlight {
                hash: tx.hash,
                transfers,
                last_height,
            });
            if self.in_doubt {
                return Ok(());
            }
        }
        Ok(())
    }

    fn sign(&self, transfers: usize, timeout_height: u64) -> anyhow::Result<SignedTx> {
        let gas = self.gas.get(&transfers).copied();
        let draft = TxDraft {
            messages: vec![self.message.clone(); transfers],
            memo: self.memo.clone(),
            account: self.account.clone(),
            gas: gas.context("a transaction of a size that was not measured")?,
            timeout_height,
        };
        Ok(self.chain.sign(&draft)?)
    }

    fn wait_for_room(&mut self, log: String) -> anyhow::Result<()> {
        self.busy_blocks += 1;
        if self.busy_blocks > BUSY_BLOCKS_MAX {
            self.give_up(log);
        }
        Ok(())
    }

    /// Somebody else signs with this account, or something of ours was lost.
    fn doubt(&mut self, log: String) -> anyhow::Result<()> {
        self.in_doubt = true;
        self.failures += 1;
        if self.failures > FAILURES_MAX {
            self.give_up(format!(
                "{log}: does another program sign with {}? Use --key to send with another account",
                self.account.address
            ));
        }
        Ok(())
    }

    fn give_up(&mut self, reason: String) {
        let transfers = self.queue.drain(..).sum();
        self.given_up.push(GivenUp { transfers, reason });
    }

    /// What a block says of our transactions. One that can no longer be in a
    /// block is sent anew: it cannot be paid twice.
    pub fn settle(&mut self, block: &Block) -> Vec<Landed> {
        let mut landed = Vec::new();
        for outcome in &block.txs {
            let found = self.in_flight.iter().position(|tx| tx.hash == outcome.hash);
            if let Some(index) = found {
                landed.push(Landed {
                    outcome: outcome.clone(),
                    height: block.height,
                    transfers: self.in_flight.remove(index).transfers,
                });
            }
        }
        let height = block.height;
        let lost = |tx: &InFlight| tx.last_height <= height;
        let (lost, alive) = self.in_flight.drain(..).partition::<Vec<_>, _>(lost);
        self.in_flight = alive;
        for tx in &lost {
            output::note(format!(
                "note: tx {} came into no block: sending anew",
                tx.hash
            ));
            self.queue.push_back(tx.transfers);
        }
        if !lost.is_empty() {
            self.in_doubt = true;
            self.failures += 1;
            if self.failures > FAILURES_MAX {
                self.give_up("the transactions come into no block".to_owned());
            }
        }
        landed
    }

    /// Whether everything is in a block or given up.
    pub fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// Adds to an error what was broadcast before it.
    pub fn tell_broadcast(&self, error: anyhow::Error) -> anyhow::Error {
        if self.broadcast.is_empty() || output::is_closed(&error) {
            return error;
        }
        let hashes: Vec<String> = self.broadcast.iter().map(TxHash::to_string).collect();
        let hashes = hashes.join(", ");
        error.context(format!(
            "what became of the transfers is not known; these transactions were broadcast: {hashes}"
        ))
    }

    pub fn given_up(&self) -> &[GivenUp] {
        &self.given_up
    }
}
