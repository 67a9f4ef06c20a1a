//! One lane: a chain and a signing account, a task that signs and broadcasts.
//!
//! Messages become transactions within the chain's limits; each is estimated,
//! signed with a deadline, written to the store as intent, then
//! broadcast, one after the other, without waiting for a block: `follow` sees
//! their outcome. The node's immediate refusal is entered in the ledger; an unknown
//! answer is not: past its deadline the tx is certainly dead.

mod accepted;
mod account;
mod answer;
mod cutting;
mod draft;
mod gas;
mod probe;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use tern_chains::{
    Account, AccountState, ChainError, ChainParams, Class, ClientId, SignedTx, TxDraft, TxHash,
};
use tern_core::budget::Budget;
use tern_core::ledger::{Head, Intent, Item, Refusal, TxKey, TxRecord};
use tern_core::plan::gas::Ended;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{debug, error, info, warn};

use super::follow::describe;
use super::input::Input;
use super::prove::Messages;
use super::steps::Packets;
use accepted::Accepted;
use account::assign;
use answer::Answer;
use cutting::{Cutting, Refused};
use draft::{out_of_order, ranges, Draft};
pub use gas::Gas;
use probe::is_of_sequence;
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
    Included { hash: TxHash, ended: Ended },
}

/// What became of a broadcast.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broadcast {
    Accepted,
    NotAccepted,
    /// Another relayer was first.
    Redundant,
    /// The chain expects another account sequence.
    OutOfSequence,
}

pub struct Lane {
    pub signer: Arc<dyn Account>,
    pub settings: LaneSettings,
    /// What may be spent; `None`: no limit.
    pub budget: Option<Budget>,
    pub jobs: mpsc::Receiver<Job>,
    pub inputs: mpsc::Sender<Input>,
    /// The newest followed block of the chain.
    pub head: watch::Receiver<Head>,
    /// Changes when a transaction of the chain has died in no block.
    pub expired: watch::Receiver<()>,
    /// The account with the sequence the next transaction takes; `None` when
    /// it must be asked for.
    pub account: Option<AccountState>,
    /// What only the operator can mend kept the last transaction from being sent.
    pub is_hindered: bool,
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
                Job::Included { hash, ended } => {
                    self.included(hash, ended);
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
            Ok((account, drafts)) => {
                let brings = |draft: &Draft| draft.estimated.len() > draft.updates;
                let updated = updated.filter(|_| drafts.iter().all(brings));
                self.sign_and_broadcast(account, drafts, updated).await;
            }
            Err(error) => {
                self.forget_account();
                self.cannot_make(&error, items.len());
                self.failed(items, &error, None).await;
                if is_of_sequence(&error) {
                    self.probe().await;
                }
            }
        }
    }

    /// A block shows what became of a transaction.
    fn included(&mut self, hash: TxHash, ended: Ended) {
        let before = self.gas.margin.percent();
        self.gas.ended(hash, ended);
        let percent = self.gas.margin.percent();
        if percent > before {
            let chain = self.signer.chain_id();
            info!(%chain, tx = %hash, percent, "a transaction ran out of gas: the next ones ask for so much more than is simulated");
        }
        if matches!(ended, Ended::Failed | Ended::OutOfGas) {
            self.client_heights.clear();
        }
    }

    fn cannot_make(&mut self, error: &ChainError, items: usize) {
        let (chain, reason) = (self.signer.chain_id(), describe(error));
        if matches!(error.class(), Class::Local | Class::Bug) {
            error!(%chain, items, reason, "cannot make a transaction; trying again later");
            self.is_hindered = true;
        } else {
            warn!(%chain, items, reason, "cannot make a transaction; trying again later");
        }
    }

    /// Cuts and estimates until every part is one that the chain would take. What it
    /// refuses is reported and left out; what has to wait for others is left out.
    async fn drafts(
        &mut self,
        mut messages: Messages,
    ) -> Result<(AccountState, Vec<Draft>), ChainError> {
        let (limits, gas) = self.limits().await?;
        let account = self.account().await?;
        let is_updated_before = self.is_updated_before(&messages);
        if let Some(mut draft) = Draft::of_long_update(&messages, &limits) {
            draft.gas = Some(self.estimate(&draft, &account).await?);
            return Ok((account, vec![draft]));
        }
        let ranges = ranges(&messages, &limits);
        let updates = messages.update.len();
        let mut cutting = Cutting::new(ranges, updates, messages.atomic, gas);
        let mut gone = BTreeSet::new();
        loop {
            let parts = cutting.parts.iter().map(|part| part.range.clone());
            gone.extend(out_of_order(&messages, &parts.collect::<Vec<_>>(), &gone));
            for at in gone.iter().rev() {
                messages.messages.remove(*at);
            }
            cutting.close(&std::mem::take(&mut gone));
            let drafts = cutting.parts.iter().map(|part| Draft {
                gas: part.gas,
                ..Draft::new(&messages, &part.range, is_updated_before)
            });
            let mut drafts: Vec<Draft> = drafts.collect();
            if cutting.is_done() {
                return Ok((account, drafts));
            }
            let gas = self.estimate_all(&mut drafts, &account).await;
            let chain = self.signer.chain_id().clone();
            for Refused { range, error } in cutting.learn(&chain, gas)? {
                let items = &messages.messages[range.clone()];
                let items: Vec<Item> = items.iter().map(|(item, _)| item.clone()).collect();
                let (first, reason) = (items.first(), describe(&error));
                warn!(%chain, messages = items.len(), first = first.map(tracing::field::display), reason, "the chain refuses messages in simulation: they are left out and tried again later");
                let together_max = half_of_several(items.len());
                self.failed(items, &error, together_max).await;
                gone.extend(range);
            }
        }
    }

    /// The gas limit of each draft: known, predicted from earlier ones, or simulated.
    async fn estimate_all(
        &mut self,
        drafts: &mut [Draft],
        account: &AccountState,
    ) -> Vec<Result<u64, ChainError>> {
        for draft in drafts.iter_mut() {
            if let (None, Some(size)) = (draft.gas, &draft.size) {
                draft.gas = self.gas.table.predict(size);
            }
        }
        let gas = drafts.iter().map(|draft| self.estimate(draft, account));
        let gas = join_all(gas).await;
        for (draft, gas) in drafts.iter().zip(&gas) {
            if let (None, Some(size), Ok(gas)) = (draft.gas, &draft.size, gas) {
                self.gas.table.simulated(size, *gas);
            }
        }
        gas
    }

    /// The gas limit: known already, or simulated.
    async fn estimate(&self, draft: &Draft, account: &AccountState) -> Result<u64, ChainError> {
        match draft.gas {
            Some(gas) => Ok(gas),
            None => {
                let gas = self.signer.estimate(&draft.estimated, account).await?;
                Ok(self.gas.margin.on(gas))
            }
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
        let (sequences, _) = assign(first, &self.in_flight, drafts.len());
        let mut txs = Vec::new();
        let mut drafts = drafts.into_iter().zip(sequences);
        while let Some((mut draft, account_sequence)) = drafts.next() {
            let account = AccountState {
                account_sequence,
                ..account.clone()
            };
            let signer = account.address.clone();
            let gas = draft.gas.unwrap_or_default();
            let updates = draft.updates;
            let tx_draft = TxDraft {
                messages: draft.estimated.split_off(draft.not_carried),
                memo: self.settings.memo.clone(),
                account,
                gas,
                deadline,
            };
            match self.signer.sign(&tx_draft).await {
                Ok(signed) => {
                    self.gas
                        .sent(signed.hash, draft.size.map(|size| size.shape));
                    let record = TxRecord {
                        signer,
                        account_sequence,
                        deadline,
                        items: draft.items,
                        updates,
                        is_unasked: false,
                        fee: signed.fee,
                        bytes: signed.bytes.clone(),
                    };
                    txs.push((record, gas, signed));
                }
                // None of them was sent.
                Err(error) => {
                    let items = txs.into_iter().flat_map(|(record, ..)| record.items);
                    let rest = drafts.flat_map(|(draft, _)| draft.items);
                    let items: Vec<Item> = items.chain(draft.items).chain(rest).collect();
                    self.cannot_make(&error, items.len());
                    return self.failed(items, &error, None).await;
                }
            }
        }
        let records = txs.iter();
        let records = records.map(|(record, _, signed)| (self.key(signed), record.clone()));
        let records: Vec<(TxKey, TxRecord)> = records.collect();
        if records.is_empty() {
            return;
        }
        let stored = self.store(records).await;
        if stored == 0 {
            return;
        }
        let is_all = stored == txs.len();
        txs.truncate(stored);
        let (_, next) = assign(first, &self.in_flight, stored);
        self.account = Some(AccountState {
            account_sequence: next,
            ..account
        });
        if is_all {
            self.client_heights.extend(updated);
        }
        let (mut refused_before, mut is_out_of_sequence) = (false, false);
        let mut accepted = Accepted::default();
        for (record, gas, signed) in txs {
            let (items, hash) = (record.items, signed.hash);
            let broadcast = self.broadcast(&items, signed, refused_before).await;
            refused_before = broadcast != Broadcast::Accepted;
            is_out_of_sequence |= broadcast == Broadcast::OutOfSequence;
            if !refused_before {
                accepted.add(hash, gas, items);
            }
        }
        let chain = self.signer.chain_id();
        accepted.log(chain);
        if !accepted.is_empty() && std::mem::take(&mut self.is_hindered) {
            info!(%chain, recovered = true, "transactions are sent again");
        }
        if is_out_of_sequence {
            self.probe().await;
        }
    }

    /// Broadcasts one; once one was refused, those after it are not sent: their
    /// account sequence cannot fit any more.
    #[tracing::instrument(level = "debug", skip_all, fields(
        chain = %self.signer.chain_id(), tx = %signed.hash, packets = %Packets(items.iter()), size = items.len(),
    ))]
    async fn broadcast(
        &mut self,
        items: &[Item],
        signed: SignedTx,
        refused_before: bool,
    ) -> Broadcast {
        let chain = self.signer.chain_id().clone();
        let mut broadcast = Broadcast::NotAccepted;
        let (class, reason) = if refused_before {
            let reason = "an earlier transaction of the account was refused or got no answer";
            (Class::Node, reason.to_owned())
        } else {
            let answer = Answer::of(self.signer.broadcast(&signed).await);
            match &answer {
                Answer::Accepted => {
                    debug!(%chain, tx = %signed.hash, "accepted");
                    return Broadcast::Accepted;
                }
                Answer::Unknown(reason) => {
                    // It may have arrived: its deadline decides.
                    warn!(%chain, tx = %signed.hash, reason, "no answer to a broadcast: waiting for a block with the transaction, or for its deadline");
                }
                Answer::Redundant(_) => broadcast = Broadcast::Redundant,
                Answer::WrongSequence(_) => broadcast = Broadcast::OutOfSequence,
                _ => {}
            }
            match answer.refusal() {
                Some(refusal) => refusal,
                None => {
                    self.forget_account();
                    return broadcast;
                }
            }
        };
        self.forget_account();
        let (tx, size) = (signed.hash, items.len());
        match broadcast {
            Broadcast::Redundant => {
                info!(%chain, %tx, items = size, reason, "the node refused a transaction that nobody needs any more: no fee is paid");
            }
            _ if refused_before => debug!(%chain, %tx, items = size, reason, "not sent"),
            _ => {
                warn!(%chain, %tx, items = size, ?class, reason, "the node refused a transaction");
                self.is_hindered |= class == Class::Local;
                if class == Class::Rejected {
                    // It may have been the gas: the next one is simulated.
                    self.gas.ended(tx, Ended::Failed);
                }
            }
        }
        self.refused(&signed, items, class, reason).await;
        broadcast
    }

    /// A transaction is certainly in no mempool.
    async fn refused(&self, signed: &SignedTx, items: &[Item], class: Class, reason: String) {
        let is_its_own = class == Class::Rejected;
        let intent = Intent::Refused {
            key: self.key(signed),
            refusal: Refusal {
                class,
                reason,
                culprit: None,
                together_max: half_of_several(items.len()).filter(|_| is_its_own),
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

    /// How many of them, the first, are stored and may go.
    async fn store(&self, txs: Vec<(TxKey, TxRecord)>) -> usize {
        let (durable, stored) = oneshot::channel();
        self.send(Input::Signed { txs, durable }).await;
        stored.await.unwrap_or_default()
    }

    /// These items got no transaction. A single one is its culprit, if the chain says
    /// no.
    async fn failed(&self, items: Vec<Item>, error: &ChainError, together_max: Option<usize>) {
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
                together_max,
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

/// Half of these, so that the one to blame is found among them; `None` for a single one.
fn half_of_several(items: usize) -> Option<usize> {
    (items > 1).then(|| Refusal::half(items))
}
