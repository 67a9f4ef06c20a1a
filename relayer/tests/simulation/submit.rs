//! Transactions of whoever is no relayer.

use tern_chains::{Check, Message, Next, TxDraft, TxOutcome};

use super::node::RelayedChain;

/// Signs and broadcasts, and waits for the next block. Whether it succeeds is seen on
/// the chain: the outcome is `None` where it is not in that block.
pub async fn submit(chain: &dyn RelayedChain, messages: Vec<Message>) -> Option<TxOutcome> {
    let account = chain.state().await.ok()?;
    let gas = chain.estimate(&messages, &account).await.ok()?;
    let (height, time) = chain.latest().await.expect("a height");
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account,
        gas,
        deadline: chain.deadline(height, time, 20),
    };
    let tx = chain.sign(&draft).await.expect("a signature");
    if chain.broadcast(&tx).await.expect("an answer") != Check::Accepted {
        return None;
    }
    // The account's next transaction needs this one's block.
    match chain.next_block(height).await {
        Ok(Next::Block(block)) => block
            .txs
            .into_iter()
            .find(|outcome| outcome.hash == tx.hash),
        _ => None,
    }
}
