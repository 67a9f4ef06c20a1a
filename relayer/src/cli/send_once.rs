//! One transaction of a command, followed until it is in a block.

use std::sync::Arc;

use anyhow::{bail, ensure};
use tern::engine::{Engine, SendRequest, Sent, Store};
use tern_chains::{Account, Message, TxHash};
use tern_core::ledger::{Change, Fact, Head, View};
use tern_core::plan::Assignment;
use tokio_util::sync::CancellationToken;

use super::signing::Signing;
use crate::connect::{ConnectedChain, Context, KeyId};
use crate::setup::{self, ServedChain};

/// Where the transaction is.
pub struct InBlock {
    pub hash: TxHash,
    pub height: u64,
}

/// Sends these messages in one transaction of an account.
///
/// # Errors
/// If it is refused, fails in its block, or is in none before its deadline.
pub async fn send_once(
    context: &Context,
    chain: ConnectedChain,
    key: &KeyId,
    account: Arc<dyn Account>,
    messages: Vec<Message>,
) -> anyhow::Result<InBlock> {
    let id = chain.id().clone();
    let state = account.state().await?;
    let request = SendRequest {
        chain: id.clone(),
        address: account.address().to_owned(),
        gas: account.estimate(&messages, &state).await?,
        is_unasked: false,
        memo: context.chain_config(id.as_str())?.memo.clone(),
        messages,
    };
    let signing = Signing::choose(context, key, &account).await?;
    let (height, time) = chain.latest().await?;
    let mut view = View::default();
    view.commit(&Change::Head(id.clone(), Head { height, time }));
    let served = ServedChain {
        chain,
        accounts: signing.account().into_iter().collect(),
    };
    // The engine follows the chain, and relays nothing.
    let parts = setup::parts(context, &[served], Store::none(), view)?;
    let engine = Engine::start(parts, Assignment::nothing());
    let handle = engine.handle();
    let sent = async {
        let mut facts = handle.watch().await?;
        let (hash, deadline) = match signing.send(&handle, request).await? {
            Sent::Accepted { hash, deadline } | Sent::NoAnswer { hash, deadline, .. } => {
                (hash, deadline)
            }
            Sent::Busy(reason) | Sent::WrongSequence(reason) => {
                bail!("the transaction was not sent, try again: {reason}")
            }
            Sent::CannotPay(reason) | Sent::Refused(reason) | Sent::Failed(reason) => {
                bail!("the transaction was not sent: {reason}")
            }
        };
        loop {
            let Some(facts) = facts.recv().await else {
                bail!("{id} makes blocks faster than this command can read them");
            };
            for fact in facts {
                match fact {
                    Fact::Outcome {
                        height, outcome, ..
                    } if outcome.hash == hash => {
                        let log = &outcome.log;
                        ensure!(outcome.code == 0, "the transaction {hash} failed: {log}");
                        return Ok(InBlock { hash, height });
                    }
                    Fact::BlockEnd { head, .. } => ensure!(
                        !deadline.is_past(head.height, head.time),
                        "the transaction {hash} is in no block up to its deadline, {deadline}"
                    ),
                    _ => {}
                }
            }
        }
    };
    engine.run_until(CancellationToken::new(), sent).await
}
