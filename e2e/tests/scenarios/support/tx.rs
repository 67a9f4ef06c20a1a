//! Transactions that are neither the relayer's nor a user's transfer.

use std::sync::Arc;

use anyhow::{bail, ensure, Result};
use tern_chains::{Account as _, Chain as _, ChainId, Check, Message, Next, TxDraft};
use tern_cosmos::{BlockWithTxs, CosmosAccount, CosmosChain, CosmosSettings};
use tern_e2e::TestChain;

/// Blocks until a transaction counts as lost.
const DEADLINE_BLOCKS: u64 = 60;

/// A funded account of a chain, by its key.
pub fn account(chain: &TestChain, key: (&str, &str)) -> Result<CosmosAccount> {
    account_that_pays(chain, key, "0.025")
}

/// The same, which pays this price for a unit of gas.
pub fn account_that_pays(
    chain: &TestChain,
    key: (&str, &str),
    price: &str,
) -> Result<CosmosAccount> {
    let url = |port: u16| format!("http://127.0.0.1:{port}").parse();
    let (spec, id) = (&chain.spec, ChainId::from_string(chain.spec.id));
    let price = format!("{price}{}", spec.denom).parse()?;
    let (rpc, grpc) = (url(chain.rpc_port)?, url(chain.grpc_port)?);
    let settings = CosmosSettings::new(id, rpc, grpc, spec.prefix, price);
    Ok(CosmosAccount::new(
        Arc::new(CosmosChain::new(settings)?),
        spec.key(key)?,
    ))
}

/// Sends messages in one transaction; its block.
pub async fn submit(account: &CosmosAccount, messages: Vec<Message>) -> Result<BlockWithTxs> {
    let chain = account.chain();
    let (mut height, time) = chain.latest().await?;
    let state = account.state().await?;
    let gas = account.estimate(&messages, &state).await?;
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account: state,
        gas,
        deadline: account.deadline(height, time, DEADLINE_BLOCKS),
    };
    let tx = account.sign(&draft).await?;
    let check = account.broadcast(&tx).await?;
    ensure!(check == Check::Accepted, "{check:?}");
    loop {
        let Next::Block(block) = chain.next_block(height).await? else {
            bail!("the block after {height} is gone");
        };
        height = block.height;
        if let Some(outcome) = block.txs.iter().find(|outcome| outcome.hash == tx.hash) {
            ensure!(outcome.code == 0, "{}", outcome.log);
            return Ok(chain.block_with_txs(height).await?);
        }
        ensure!(
            !draft.deadline.is_past(height, block.time),
            "the transaction is in no block up to {height}"
        );
    }
}
