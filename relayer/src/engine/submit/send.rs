//! Messages that are not relayed packets: a transfer that somebody wants sent with
//! an account of the relayer. They share the account's sequence with relaying, so
//! nothing of it is lost to a second program.

use serde::{Deserialize, Serialize};
use tern_chains::{ChainError, ChainId, Class, Deadline, Message, SignedTx, TxDraft, TxHash};
use tern_core::ledger::TxRecord;
use tracing::info;

use super::account::assign;
use super::answer::{Answer, PRICE_RAISED, UNDERPRICED};
use super::{describe, Lane};

/// One transaction to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendRequest {
    pub chain: ChainId,
    /// The account that signs and pays.
    pub address: String,
    pub messages: Vec<Message>,
    pub memo: String,
    pub gas: u64,
    /// The relayer sends it by itself: it is held to the budget as packets are.
    #[serde(default)]
    pub is_unasked: bool,
}

/// What became of it at once. Whether it succeeds is in a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sent {
    /// In the node's mempool, and dead after the deadline.
    Accepted { hash: TxHash, deadline: Deadline },
    /// The node did not answer: it may be in the mempool until the deadline.
    NoAnswer {
        hash: TxHash,
        deadline: Deadline,
        reason: String,
    },
    /// There is no room now: it was not sent.
    Busy(String),
    /// The account sequence was used by another program: it was not sent.
    WrongSequence(String),
    /// The node refuses it.
    Refused(String),
    /// The account cannot pay for it: it was not sent.
    CannotPay(String),
    /// It could not be signed or stored.
    Failed(String),
}

impl Lane {
    pub(super) async fn send_messages(&mut self, request: SendRequest) -> Sent {
        let signed = match self.sign_messages(request).await {
            Ok(signed) => signed,
            Err(error) if error.class() == Class::Node => return Sent::Busy(describe(&error)),
            Err(error) => return Sent::Failed(describe(&error)),
        };
        let (signed, record) = signed;
        let (hash, deadline) = (signed.hash, record.deadline);
        let (_, next) = assign(record.account_sequence, &self.in_flight, 1);
        if self.store(vec![(self.key(&signed), record)]).await == 0 {
            let reason = "the relayer is stopping, or the budget of the chain is used up";
            return Sent::Failed(reason.to_owned());
        }
        if let Some(account) = &mut self.account {
            account.account_sequence = next;
        }
        let answer = Answer::of(self.signer.broadcast(&signed).await);
        match &answer {
            Answer::Accepted => {
                info!(chain = %self.signer.chain_id(), tx = %hash, "broadcast for a command");
            }
            _ => self.forget_account(),
        }
        if let Some((class, reason)) = answer.clone().refusal() {
            self.refused(&signed, &[], class, reason).await;
        }
        Sent::of(answer, hash, deadline)
    }

    async fn sign_messages(
        &mut self,
        request: SendRequest,
    ) -> Result<(SignedTx, TxRecord), ChainError> {
        let account = self.account().await?;
        self.account = Some(account.clone());
        let head = *self.head.borrow();
        let blocks = self.settings.timeout_blocks;
        let deadline = self.signer.deadline(head.height, head.time, blocks);
        let account_sequence = account.account_sequence;
        let signer = account.address.clone();
        let is_unasked = request.is_unasked;
        let draft = TxDraft {
            messages: request.messages,
            memo: request.memo,
            account,
            gas: request.gas,
            deadline,
        };
        let signed = self.signer.sign(&draft).await?;
        let record = TxRecord {
            signer,
            account_sequence,
            deadline,
            items: vec![],
            updates: 0,
            is_unasked,
            fee: signed.fee,
            bytes: signed.bytes.clone(),
        };
        Ok((signed, record))
    }
}

impl Sent {
    fn of(answer: Answer, hash: TxHash, deadline: Deadline) -> Self {
        match answer {
            Answer::Accepted => Self::Accepted { hash, deadline },
            Answer::Unknown(reason) => Self::NoAnswer {
                hash,
                deadline,
                reason,
            },
            Answer::Busy(log) => Self::Busy(log),
            Answer::WrongSequence(log) => Self::WrongSequence(log),
            Answer::Refused(reason) => Self::Refused(reason),
            Answer::Redundant(log) => Self::Refused(log),
            Answer::Underpriced(log) => Self::Refused(format!("{UNDERPRICED}: {log}")),
            // The same messages pay more when they are sent again.
            Answer::PriceRaised(log) => Self::Busy(format!("{PRICE_RAISED}: {log}")),
            Answer::CannotPay(log) => Self::CannotPay(log),
        }
    }
}
