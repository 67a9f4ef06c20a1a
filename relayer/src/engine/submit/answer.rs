//! What a node's answer to a broadcast means. Pure.

use tern_chains::{ChainError, Check, Class};

use crate::engine::follow::describe;

/// Said where a fee is too low.
pub const UNDERPRICED: &str = "the node asks for a higher fee than may be paid, raise \
                               `gas_price_max` in the configuration";
pub const PRICE_RAISED: &str = "the node asks for a higher fee, and the next transaction offers it";

/// The fate of a transaction as far as a node's answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// In the node's mempool.
    Accepted,
    /// Perhaps in the mempool: a block or the deadline decides.
    Unknown(String),
    /// In no mempool, because there was no room, or it was too late.
    Busy(String),
    /// In no mempool: another program used the account sequence, or a transaction
    /// before it was dropped.
    WrongSequence(String),
    /// In no mempool: the account cannot pay.
    CannotPay(String),
    /// In no mempool: the fee is less than the node takes.
    Underpriced(String),
    /// In no mempool: the fee is less than the node takes. The next one offers more.
    PriceRaised(String),
    /// In no mempool: another relayer has brought its packets.
    Redundant(String),
    /// In no mempool: the chain says no.
    Refused(String),
}

impl Answer {
    pub fn of(answer: Result<Check, ChainError>) -> Self {
        match answer {
            Ok(Check::Accepted) => Self::Accepted,
            Ok(Check::Busy { log }) => Self::Busy(log),
            Ok(Check::WrongSequence { log }) => Self::WrongSequence(log),
            Ok(Check::CannotPay { log }) => Self::CannotPay(log),
            Ok(Check::Underpriced { log }) => Self::Underpriced(log),
            Ok(Check::PriceRaised { log }) => Self::PriceRaised(log),
            Ok(Check::Redundant { log }) => Self::Redundant(log),
            Ok(Check::Refused {
                codespace,
                code,
                log,
            }) => Self::Refused(format!("{log} (codespace {codespace}, code {code})")),
            // Whatever went wrong, the bytes may have arrived.
            Err(error) => Self::Unknown(describe(&error)),
        }
    }

    /// If the transaction is certainly in no mempool: who can do something about it,
    /// and why it is not.
    pub fn refusal(self) -> Option<(Class, String)> {
        match self {
            Self::Accepted | Self::Unknown(_) => None,
            Self::Busy(log) => Some((Class::Node, format!("the node does not take it now: {log}"))),
            Self::WrongSequence(log) => {
                let why = "another program uses the account, or a transaction was dropped";
                Some((Class::Node, format!("{why}: {log}")))
            }
            Self::CannotPay(log) => Some((
                Class::Local,
                format!("the account cannot pay the fee: {log}"),
            )),
            Self::Underpriced(log) => Some((Class::Local, format!("{UNDERPRICED}: {log}"))),
            Self::PriceRaised(log) => Some((Class::Node, format!("{PRICE_RAISED}: {log}"))),
            Self::Redundant(log) => {
                Some((Class::Node, format!("another relayer was first: {log}")))
            }
            Self::Refused(reason) => Some((Class::Rejected, reason)),
        }
    }

    /// The same of a transaction that a mempool had, and that was in no block when it was
    /// sent again. Whether one before it of the account was found to be gone
    /// decides what a wrong account sequence means. Any other refusal may be one node's
    /// mistake, and the transaction in another's mempool: its deadline decides.
    pub fn drop_of(self, one_before_is_gone: bool) -> Option<(Class, String)> {
        let is_gone = match &self {
            Self::Redundant(_) => true,
            Self::WrongSequence(_) => one_before_is_gone,
            _ => false,
        };
        self.refusal().filter(|_| is_gone)
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::ChainId;

    use super::*;

    fn log() -> String {
        "no".to_owned()
    }

    fn class(answer: Answer) -> Option<Class> {
        answer.refusal().map(|(class, _)| class)
    }

    #[test]
    fn a_transaction_without_an_answer_may_be_in_a_mempool() {
        let error = ChainError::Node {
            chain: ChainId::from_string("a-1"),
            node: "n".to_owned(),
            doing: "broadcast".to_owned(),
            source: "no route".into(),
        };
        let answer = Answer::of(Err(error));
        assert!(matches!(&answer, Answer::Unknown(reason) if reason.contains("no route")));
        assert_eq!(answer.refusal(), None);
        assert_eq!(class(Answer::of(Ok(Check::Accepted))), None);
    }

    #[test]
    fn a_transaction_that_is_sent_again_is_gone_only_if_that_is_certain() {
        let gone = |answer: Answer, before| answer.drop_of(before).is_some();
        assert!(!gone(Answer::Accepted, true));
        assert!(!gone(Answer::Unknown(log()), true));
        assert!(!gone(Answer::Busy(log()), true));
        assert!(gone(Answer::Redundant(log()), false));
        assert!(!gone(Answer::Refused(log()), true));
        // It may be in a block by now, or wait for the one before it.
        assert!(!gone(Answer::WrongSequence(log()), false));
        assert!(gone(Answer::WrongSequence(log()), true));
    }

    #[test]
    fn only_the_chains_own_no_counts_against_the_items() {
        let busy = Answer::of(Ok(Check::Busy { log: log() }));
        assert_eq!(class(busy), Some(Class::Node));
        let wrong_sequence = Answer::of(Ok(Check::WrongSequence { log: log() }));
        assert_eq!(class(wrong_sequence), Some(Class::Node));
        let poor = Answer::of(Ok(Check::CannotPay { log: log() }));
        assert_eq!(class(poor), Some(Class::Local));
        let second = Answer::of(Ok(Check::Redundant { log: log() }));
        assert_eq!(class(second), Some(Class::Node));
        let cheap = Answer::of(Ok(Check::Underpriced { log: log() }));
        let (class, reason) = cheap.refusal().unwrap();
        assert_eq!(class, Class::Local);
        assert!(reason.contains("raise `gas_price_max`"), "{reason}");
        let raised = Answer::of(Ok(Check::PriceRaised { log: log() }));
        assert_eq!(raised.refusal().map(|(class, _)| class), Some(Class::Node));
        let refused = Answer::of(Ok(Check::Refused {
            codespace: "sdk".to_owned(),
            code: 5,
            log: log(),
        }));
        let reason = "no (codespace sdk, code 5)".to_owned();
        assert_eq!(refused.refusal(), Some((Class::Rejected, reason)));
    }
}
