//! Messages that are not relayed packets: a transfer that somebody wants sent with
//! an account of the relayer. They share the account's sequence with relaying, so
//! nothing of it is lost to a second program.

use serde::{Deserialize, Serialize};
use tern_chains::{
    AccountState, ChainError, ChainId, Check, Class, Deadline, Message, SignedTx, TxDraft, TxHash,
};
use tern_core::ledger::{Intent, Refusal, TxRecord};
use tracing::info;

use super::{describe, Input, Lane};

/// One transaction to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendRequest {
    pub chain: ChainId,
    /// The account that signs and pays.
    pub address: String,
    pub messages: Vec<Message>,
    pub memo: String,
    pub gas: u64,
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
        let (signed, record, account) = signed;
        let (hash, deadline) = (signed.hash, record.deadline);
        if !self.store(vec![(self.key(&signed), record)]).await {
            return Sent::Failed("the relayer is stopping".to_owned());
        }
        self.expected.signed(account, 1, None);
        let sent = outcome(self.signer.broadcast(&signed).await, hash, deadline);
        match &sent {
            Sent::Accepted { .. } => {
                info!(chain = %self.signer.chain_id(), tx = %hash, "broadcast for a command");
            }
            // It may have arrived: its deadline decides.
            Sent::NoAnswer { .. } => self.expected.forget(),
            Sent::Busy(reason)
            | Sent::WrongSequence(reason)
            | Sent::Refused(reason)
            | Sent::Failed(reason) => {
                self.expected.forget();
                let intent = Intent::Refused {
                    key: self.key(&signed),
                    refusal: Refusal {
                        reason: reason.clone(),
                        culprit: None,
                    },
                };
                self.send(Input::Intent(intent)).await;
            }
        }
        sent
    }

    async fn sign_messages(
        &mut self,
        request: SendRequest,
    ) -> Result<(SignedTx, TxRecord, AccountState), ChainError> {
        let account = self.account().await?;
        let head = *self.head.borrow();
        let blocks = self.settings.timeout_blocks;
        let deadline = self.signer.deadline(head.height, head.time, blocks);
        let account_sequence = account.account_sequence;
        let signer = account.address.clone();
        let signed = self.signer.sign(&TxDraft {
            messages: request.messages,
            memo: request.memo,
            account: account.clone(),
            gas: request.gas,
            deadline,
        })?;
        let record = TxRecord {
            signer,
            account_sequence,
            deadline,
            items: vec![],
            bytes: signed.bytes.clone(),
        };
        Ok((signed, record, account))
    }
}

/// What a node's answer to a broadcast means.
fn outcome(answer: Result<Check, ChainError>, hash: TxHash, deadline: Deadline) -> Sent {
    match answer {
        Ok(Check::Accepted) => Sent::Accepted { hash, deadline },
        Ok(Check::Busy { log }) => Sent::Busy(log),
        Ok(Check::WrongSequence { log }) => Sent::WrongSequence(log),
        Ok(Check::Refused {
            codespace,
            code,
            log,
        }) => Sent::Refused(format!("{log} (codespace {codespace}, code {code})")),
        Err(error) if error.class() == Class::Node => Sent::NoAnswer {
            hash,
            deadline,
            reason: describe(&error),
        },
        Err(error) => Sent::Failed(describe(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: TxHash = TxHash([7; 32]);
    const DEADLINE: Deadline = Deadline::Height(9);

    fn sent(answer: Result<Check, ChainError>) -> Sent {
        outcome(answer, HASH, DEADLINE)
    }

    #[test]
    fn a_transaction_without_an_answer_may_be_in_a_block_until_its_deadline() {
        let error = ChainError::Node {
            chain: ChainId::from_string("a-1"),
            node: "n".to_owned(),
            doing: "broadcast".to_owned(),
            source: "no route".into(),
        };
        let sent = sent(Err(error));
        assert!(
            matches!(
                sent,
                Sent::NoAnswer {
                    hash: HASH,
                    deadline: DEADLINE,
                    ..
                }
            ),
            "{sent:?}"
        );
    }

    #[test]
    fn what_a_node_refuses_is_not_waited_for() {
        let log = || "no".to_owned();
        assert_eq!(sent(Ok(Check::Busy { log: log() })), Sent::Busy(log()));
        assert_eq!(
            sent(Ok(Check::WrongSequence { log: log() })),
            Sent::WrongSequence(log())
        );
        let refused = Check::Refused {
            codespace: "sdk".to_owned(),
            code: 5,
            log: log(),
        };
        let text = "no (codespace sdk, code 5)".to_owned();
        assert_eq!(sent(Ok(refused)), Sent::Refused(text));
        let accepted = Sent::Accepted {
            hash: HASH,
            deadline: DEADLINE,
        };
        assert_eq!(sent(Ok(Check::Accepted)), accepted);
    }
}
