//! One lane: a chain and a signing account, a task that signs and broadcasts.
//!
//! Messages become transactions within the chain's limits; each is estimated,
//! signed with a deadline, written to the store as intent, then
//! broadcast, one after the other, without waiting for a block: `follow` sees
//! their outcome. The node's immediate refusal is entered in the ledger; an unknown
//! answer is not: past its deadline the tx is certainly dead.

mod account;
mod answer;
mod draft;
mod gas;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use futures::future::join_all;
use tern_chains::{
    Account, AccountState, ChainError, ChainParams, Class, ClientId, SignedTx, TxDraft, TxHash,
};
use tern_core::ledger::{Head, Intent, Item, Refusal, TxKey, TxRecord};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, error, info, warn};

use super::follow::describe;
use super::input::Input;
use super::prove::Messages;
use super::steps::Packets;
use account::assign;
use answer::Answer;
use draft::{culprit, ranges, summary, Draft};
pub use gas::Gas;
pub use send::{SendRequest, Sent};

/// Jobs waiting for a lane; provers wait beyond.
pub const JOBS_MAX: usize = 16;

/// How a lane makes its transactions.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    pub messages_max: usize,
    /// `None`: what fits in a block.
    pub gas_max: Option<u64>,
    /// A transaction is dead this many blocks after the head it was made at, or
    /// after the time these take.
    pub timeout_blocks: u64,
    pub memo: String,
}

pub enum Job {
    /// Submit these. `done` is dropped when all has been broadcast or refused.
    Submit {
        messages: Messages,
        done: oneshot::Sender<()>,
    },
    /// Sign and broadcast messages that are not relayed packets.
    Send {
        request: SendRequest,
        reply: oneshot::Sender<Sent>,
    },
    /// Broadcast again what was signed before a restart.
    Resend(Vec<SignedTx>),
    /// A transaction of the lane is in a block.
    Included { hash: TxHash, succeeded: bool },
}

pub struct Lane {
    pub signer: Arc<dyn Account>,
    pub settings: LaneSettings,
    pub jobs: mpsc::Receiver<Job>,
    pub inputs: mpsc::Sender<Input>,
    /// The newest followed block of the chain.
    pub head: watch::Receiver<Head>,
    /// Changes when a transaction of the chain has died in no block.
    pub expired: watch::Receiver<()>,
    /// The account with the sequence the next transaction takes; `None` when
    /// it must be asked for.
    pub account: Option<AccountState>,
    /// The account sequences that were in flight when the account was asked for.
    pub in_flight: BTreeSet<u64>,
    pub params: Option<ChainParams>,
    pub gas: Gas,
    /// Where the transactions before bring each client, as far as they are in
    /// order: what comes after them needs no update of its own.
    pub client_heights: BTreeMap<ClientId, u64>,
}

impl Lane {
    /// Works until the engine drops the other end.
    pub async fn run(mut self) {
        self.prepare().await;
        while let Some(job) = self.jobs.recv().await {
            match job {
                Job::Submit { messages, done } => {
                    self.submit(messages).await;
                    drop(done);
                }
                Job::Send { request, reply } => {
                    let sent = self.send_messages(request).await;
                    // Whoever asked may be gone.
                    let _ = reply.send(sent);
                }
                Job::Resend(txs) => self.resend(txs).await,
                Job::Included { hash, succeeded } => {
                    self.gas.included(hash, succeeded);
                    if !succeeded {
                        self.client_heights.clear();
                    }
                }
            }
        }
    }

    #[tracing::instrument(level = "debug", skip_all, fields(
        chain = %self.signer.chain_id(),
        packets = %Packets(messages.messages.iter().map(|(item, _)| item)),
        size = messages.messages.len(),
    ))]
    async fn submit(&mut self, messages: Messages) {
        let items: Vec<Item> = messages
            .messages
            .iter()
            .map(|(item, _)| item.clone())
            .collect();
        if items.is_empty() {
            return;
        }
        let updated = messages.updated.clone();
        match self.drafts(messages).await {
            Ok((account, drafts)) => self.sign_and_broadcast(account, drafts, updated).await,
            Err(error) => {
                self.forget_account();
                let (chain, reason) = (self.signer.chain_id(), describe(&error));
                if matches!(error.class(), Class::Local | Class::Bug) {
                    error!(%chain, items = items.len(), reason, "cannot make a transaction; trying again later");
                } else {
                    warn!(%chain, items = items.len(), reason, "cannot make a transaction; trying again later");
                }
                self.failed(items, &error).await;
            }
        }
    }

    /// Cuts and estimates. A message the chain refuses in simulation is reported
    /// and left out; the rest is estimated again.
    async fn drafts(
        &mut self,
        mut messages: Messages,
    ) -> Result<(AccountState, Vec<Draft>), ChainError> {
        let limits = self.limits().await?;
        let account = self.account().await?;
        loop {
            let ranges = ranges(&messages, &limits);
            let is_updated_before = self.is_updated_before(&messages);
            let draft = |range: &Range<usize>| Draft::new(&messages, range, is_updated_before);
            let drafts = ranges.iter().map(draft);
            let mut drafts: Vec<Draft> = drafts.collect();
            for draft in &mut drafts {
                draft.gas = self.gas.table.predict(&draft.size);
            }
            let gas = drafts.iter().map(|draft| self.estimate(draft, &account));
            let gas = join_all(gas).await;
            let mut refused = None;
            for ((draft, gas), range) in drafts.iter_mut().zip(gas).zip(&ranges) {
                match gas {
                    Ok(gas) if draft.gas.is_none() => {
                        self.gas.table.simulated(&draft.size, gas);
                        draft.gas = Some(gas);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let culprit = culprit(&error, messages.update.len(), range.start);
                        match culprit.filter(|at| *at < range.end && !messages.atomic) {
                            Some(at) => refused = Some((at, error)),
                            None => return Err(error),
                        }
                    }
                }
            }
            let Some((at, error)) = refused else {
                return Ok((account, drafts));
            };
            let (item, _) = messages.messages.remove(at);
            warn!(chain = %self.signer.chain_id(), %item, reason = describe(&error), "the chain refuses a message in simulation: it is left out and tried again later");
            self.failed(vec![item], &error).await;
        }
    }

    /// The gas limit: known already, or simulated.
    async fn estimate(&self, draft: &Draft, account: &AccountState) -> Result<u64, ChainError> {
        match draft.gas {
            Some(gas) => Ok(gas),
            None => self.signer.estimate(&draft.estimated, account).await,
        }
    }

    /// Signs all, has them stored, broadcasts them in the order of their
    /// account sequence.
    async fn sign_and_broadcast(
        &mut self,
        account: AccountState,
        drafts: Vec<Draft>,
        updated: Option<(ClientId, u64)>,
    ) {
        let Head { height, time } = *self.head.borrow();
        let deadline = self
            .signer
            .deadline(height, time, self.settings.timeout_blocks);
        let first = account.account_sequence;
        let (sequences, next) = assign(first, &self.in_flight, drafts.len());
        let mut txs = Vec::new();
        let mut drafts = drafts.into_iter().zip(sequences);
        while let Some((mut draft, account_sequence)) = drafts.next() {
            let account = AccountState {
                account_sequence,
                ..account.clone()
            };
            let signer = account.address.clone();
            let gas = draft.gas.unwrap_or_default();
            let signed = self.signer.sign(&TxDraft {
                messages: draft.estimated.split_off(draft.not_carried),
                memo: self.settings.memo.clone(),
                account,
                gas,
                deadline,
            });
            match signed {
                Ok(signed) => {
                    self.gas.sent(signed.hash, draft.size.shape);
                    txs.push((draft.items, gas, signer, account_sequence, signed));
                }
                // None of them was sent.
                Err(error) => {
                    let items = txs.into_iter().flat_map(|(items, ..)| items);
                    let rest = drafts.flat_map(|(draft, _)| draft.items);
                    let items = items.chain(draft.items).chain(rest).collect();
                    return self.failed(items, &error).await;
                }
            }
        }
        let records = txs
            .iter()
            .map(|(items, _, signer, account_sequence, signed)| {
                let record = TxRecord {
                    signer: signer.clone(),
                    account_sequence: *account_sequence,
                    deadline,
                    items: items.clone(),
                    bytes: signed.bytes.clone(),
                };
                (self.key(signed), record)
            });
        if txs.is_empty() || !self.store(records.collect()).await {
            return;
        }
        self.account = Some(AccountState {
            account_sequence: next,
            ..account
        });
        self.client_heights.extend(updated);
        let mut refused_before = false;
        for (items, gas, _, _, signed) in txs {
            refused_before = self.broadcast(items, gas, signed, refused_before).await;
        }
    }

    /// Broadcasts one; once one was refused, those after it are not sent: their
    /// account sequence cannot fit any more. True if this one was not accepted.
    #[tracing::instrument(level = "debug", skip_all, fields(
        chain = %self.signer.chain_id(), tx = %signed.hash, packets = %Packets(items.iter()), size = items.len(),
    ))]
    async fn broadcast(
        &mut self,
        items: Vec<Item>,
        gas: u64,
        signed: SignedTx,
        refused_before: bool,
    ) -> bool {
        let chain = self.signer.chain_id().clone();
        let (class, reason) = if refused_before {
            let reason = "an earlier transaction of the account was refused or got no answer";
            (Class::Node, reason.to_owned())
        } else {
            let answer = Answer::of(self.signer.broadcast(&signed).await);
            match &answer {
                Answer::Accepted => {
                    info!(%chain, tx = %signed.hash, items = items.len(), gas, what = %summary(&items), "broadcast");
                    return false;
                }
                Answer::Unknown(reason) => {
                    // It may have arrived: its deadline decides.
                    warn!(%chain, tx = %signed.hash, reason, "no answer to a broadcast: waiting for a block with the transaction, or for its deadline");
                }
                _ => {}
            }
            match answer.refusal() {
                Some(refusal) => refusal,
                None => {
                    self.forget_account();
                    return true;
                }
            }
        };
        self.forget_account();
        warn!(%chain, tx = %signed.hash, items = items.len(), ?class, reason, "the node refused a transaction");
        self.refused(&signed, class, reason).await;
        true
    }

    /// A transaction is certainly in no mempool.
    async fn refused(&self, signed: &SignedTx, class: Class, reason: String) {
        let intent = Intent::Refused {
            key: self.key(signed),
            refusal: Refusal {
                class,
                reason,
                culprit: None,
            },
        };
        self.send(Input::Intent(intent)).await;
    }

    async fn resend(&mut self, txs: Vec<SignedTx>) {
        for tx in txs {
            let answer = self.signer.broadcast(&tx).await;
            // Refused may mean that it is in a block already: then `follow` sees it.
            debug!(chain = %self.signer.chain_id(), tx = %tx.hash, ?answer, "sent again after a restart");
        }
        self.forget_account();
    }

    async fn store(&self, txs: Vec<(TxKey, TxRecord)>) -> bool {
        let (durable, stored) = oneshot::channel();
        self.send(Input::Signed { txs, durable }).await;
        stored.await.is_ok()
    }

    /// These items got no transaction. A single one is its culprit, if the chain says
    /// no.
    async fn failed(&self, items: Vec<Item>, error: &ChainError) {
        let culprit = match items.as_slice() {
            [only] if error.class() == Class::Rejected => Some(only.clone()),
            _ => None,
        };
        let intent = Intent::Failed {
            chain: self.signer.chain_id().clone(),
            items,
            refusal: Refusal {
                class: error.class(),
                reason: describe(error),
                culprit,
            },
        };
        self.send(Input::Intent(intent)).await;
    }

    /// The engine ends before its lanes: then nobody needs to know.
    async fn send(&self, input: Input) {
        let _ = self.inputs.send(input).await;
    }

    fn key(&self, signed: &SignedTx) -> TxKey {
        TxKey {
            chain: self.signer.chain_id().clone(),
            hash: signed.hash,
        }
    }
}
