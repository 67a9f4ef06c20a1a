//! Sending a transaction: to the node that has those before it, and the same
//! bytes to another when that does not answer. The same transaction cannot be
//! paid twice.

use tern_chains::{ChainError, Check, SignedTx};
use tokio::time::timeout;

use super::{Kind, Need, Pool};
use crate::errors::{answer, Result};
use crate::tx;

impl Pool {
    /// # Errors
    /// When it is not known whether a mempool has it, as when the first node did
    /// not answer and the next refused: it may have had it from the first.
    pub async fn broadcast(&self, signed: &SignedTx) -> Result<Check> {
        let mut tried = Vec::new();
        let mut unknown: Option<ChainError> = None;
        let mut refusal: Option<Check> = None;
        loop {
            let entered = self.enter(Kind::Simulation, Need::Mempool, &tried).await;
            let Some((node, _permit)) = entered else {
                if let (Some(refused), None) = (&refusal, &unknown) {
                    return Ok(refused.clone());
                }
                let none = || self.origin().local("no node to send a transaction to");
                return Err(unknown.unwrap_or_else(none));
            };
            tried.push(node.index);
            let sending = tx::broadcast(&node.rpc, signed);
            let last = tried.len() == self.nodes.len();
            let sent = if last {
                sending.await
            } else {
                timeout(self.timeout / 2, sending)
                    .await
                    .unwrap_or_else(|_| Err(node.rpc.origin.node("broadcast", "no answer")))
            };
            if sent.is_ok() {
                self.note_answer(node.index, Kind::Simulation);
            }
            match (sent, unknown.take()) {
                (Ok(Check::Accepted), _) => return Ok(Check::Accepted),
                // Another node may take less for it, or have room.
                (Ok(refused), None) if refusal.is_none() && is_the_nodes_own(&refused) && !last => {
                    refusal = Some(refused);
                }
                (Ok(refused), None) => return Ok(refusal.unwrap_or(refused)),
                (Ok(_), Some(error)) => return Err(error),
                (Err(error @ ChainError::WrongChain { .. }), before) if !last => {
                    self.set_aside(node.index, &error);
                    unknown = before;
                }
                (Err(error), before) => {
                    let is_answer = answer(&error).is_some();
                    if self.nodes.len() == 1 {
                        self.note_failure(node.index, Kind::Simulation, &error);
                    } else if !is_answer {
                        let reason = crate::errors::with_causes(&error);
                        self.failed(node.index, Kind::Simulation, &reason);
                    }
                    let error = before.unwrap_or(error);
                    if is_answer || last {
                        return Err(error);
                    }
                    unknown = Some(error);
                }
            }
        }
    }
}

/// Whether another node may say something else: each has a lowest price and a mempool of
/// its own, and one may say what is not so.
fn is_the_nodes_own(check: &Check) -> bool {
    match check {
        Check::CannotPay { .. }
        | Check::Underpriced { .. }
        | Check::PriceRaised { .. }
        | Check::Busy { .. }
        | Check::Redundant { .. }
        | Check::Refused { .. } => true,
        Check::Accepted | Check::WrongSequence { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_alone_cannot_say_that_a_transaction_is_not_taken() {
        let log = String::new;
        assert!(is_the_nodes_own(&Check::Redundant { log: log() }));
        assert!(is_the_nodes_own(&Check::Busy { log: log() }));
        assert!(!is_the_nodes_own(&Check::Accepted));
        // The account is the same for all.
        assert!(!is_the_nodes_own(&Check::WrongSequence { log: log() }));
    }
}
