//! One lane: a chain and a signing account, a task that signs and broadcasts.
//!
//! Messages become transactions within the chain's limits; each is estimated,
//! signed with a deadline, written to the store as intent, then
//! broadcast, one after the other, without waiting for a block: `follow` sees
//! their outcome. The node's immediate refusal is entered in the ledger; an unknown
//! answer is not: past its deadline the tx is certainly dead.

mod account;
mod draft;
mod expected;
mod gas;
mod send;

use std::ops::Range;
use std::sync::Arc;

use futures::future::join_all;
use tern_chains::{
    Account, AccountState, ChainError, ChainParams, Check, ClientId, SignedTx, TxDraft, TxHash,
};
use tern_core::ledger::{Head, Intent, Item, Refusal, TxKey, TxRecord};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, info, warn};

use super::follow::describe;
use super::input::Input;
use super::prove::Messages;
use super::steps::Packets;
use draft::{culprit, ranges, refusal, summary, Draft};
use expected::sequence;
pub use expected::Expected;
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
    pub expected: Expected,
    pub params: Option<ChainParams>,
    pub gas: Gas,
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
                    self.expected.included(succeeded);
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
                self.expected.forget();
                let reason = describe(&error);
                warn!(chain = %self.signer.chain_id(), items = items.len(), reason, "cannot make a transaction; trying again later");
                self.failed(items, reason, None).await;
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
            let is_updated_before = self.expected.is_updated(&messages);
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
                            Some(at) => refused = Some((at, describe(&error))),
                            None => return Err(error),
                        }
                    }
                }
            }
            let Some((at, reason)) = refused else {
                return Ok((account, drafts));
            };
            let (item, _) = messages.messages.remove(at);
            warn!(chain = %self.signer.chain_id(), %item, reason, "the chain refuses a message in simulation: it is left out and tried again later");
            self.failed(vec![item.clone()], reason, Some(item)).await;
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
        let mut txs = Vec::new();
        for (mut draft, account) in drafts.into_iter().zip(sequence(account.clone())) {
            let (signer, account_sequence) = (account.address.clone(), account.account_sequence);
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
                Err(error) => return self.failed(draft.items, describe(&error), None).await,
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
        self.expected.signed(account, txs.len(), updated);
        let mut refused_before = None;
        for (items, gas, _, _, signed) in txs {
            refused_before = self.broadcast(items, gas, signed, refused_before).await;
        }
    }

    /// Broadcasts one; once one was refused, those after it are not sent: their
    /// account sequence cannot fit any more.
    #[tracing::instrument(level = "debug", skip_all, fields(
        chain = %self.signer.chain_id(), tx = %signed.hash, packets = %Packets(items.iter()), size = items.len(),
    ))]
    async fn broadcast(
        &mut self,
        items: Vec<Item>,
        gas: u64,
        signed: SignedTx,
        refused_before: Option<String>,
    ) -> Option<String> {
        let chain = self.signer.chain_id().clone();
        let reason = match refused_before {
            Some(reason) => reason,
            None => match self.signer.broadcast(&signed).await {
                Ok(Check::Accepted) => {
                    info!(%chain, tx = %signed.hash, items = items.len(), gas, what = %summary(&items), "broadcast");
                    return None;
                }
                Ok(refused) => refusal(refused),
                Err(error) => {
                    // It may have arrived: its deadline decides.
                    warn!(%chain, tx = %signed.hash, reason = describe(&error), "no answer to a broadcast: waiting for a block with the transaction, or for its deadline");
                    self.expected.forget();
                    return Some("an earlier transaction of the account got no answer".into());
                }
            },
        };
        self.expected.forget();
        warn!(%chain, tx = %signed.hash, items = items.len(), reason, "the node refused a transaction");
        let intent = Intent::Refused {
            key: self.key(&signed),
            refusal: Refusal {
                reason: reason.clone(),
                culprit: None,
            },
        };
        self.send(Input::Intent(intent)).await;
        Some(reason)
    }

    async fn resend(&mut self, txs: Vec<SignedTx>) {
        for tx in txs {
            let answer = self.signer.broadcast(&tx).await;
            // Refused may mean that it is in a block already: then `follow` sees it.
            debug!(chain = %self.signer.chain_id(), tx = %tx.hash, ?answer, "sent again after a restart");
        }
        self.expected.forget();
    }

    async fn store(&self, txs: Vec<(TxKey, TxRecord)>) -> bool {
        let (durable, stored) = oneshot::channel();
        self.send(Input::Signed { txs, durable }).await;
        stored.await.is_ok()
    }

    async fn failed(&self, items: Vec<Item>, reason: String, culprit: Option<Item>) {
        let intent = Intent::Failed {
            chain: self.signer.chain_id().clone(),
            items,
            refusal: Refusal { reason, culprit },
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
