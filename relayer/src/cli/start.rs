//! `tern start`: the daemon.

use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use tern::engine::describe;
use tern_chains::{Chain, ChainError};
use tern_core::plan::Scope;
use tracing::{info, warn};

use crate::connect::Context;
use crate::daemon;
use crate::output::Outcome;

const EXAMPLE: &str = "\
Example:
  tern start

The command relays until SIGINT or SIGTERM. Then it finishes its current work and
ends.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct StartArgs {}

pub async fn run(context: &Context, _args: StartArgs) -> anyhow::Result<Outcome> {
    let shutdown = daemon::shutdown()?;
    let mut chains: Vec<Arc<dyn Chain>> = Vec::new();
    let mut extra_accounts: Vec<Arc<dyn Chain>> = Vec::new();
    for config in &context.config.chains {
        let chain = context.connect(&config.id, None)?;
        check_account(&*chain).await?;
        chains.push(chain.shared());
        for name in &config.extra_keys {
            let chain = context.connect(&config.id, Some(name))?;
            check_account(&*chain).await?;
            extra_accounts.push(chain.shared());
        }
    }
    if chains.len() < 2 {
        bail!("relaying needs two chains or more: add a second [[chain]] section");
    }
    let observer = Box::new(|_: &_| {});
    let mut engine = daemon::engine(context, &chains, Scope::Everything, observer).await?;
    for account in extra_accounts {
        engine.add_account(account);
    }
    engine.run(shutdown.token()).await?;
    info!("stopped");
    Ok(Outcome::Done)
}

/// Checks that the signing account is on chain. A node that does not answer is
/// not an error, because it may answer later.
async fn check_account(chain: &dyn Chain) -> Result<(), ChainError> {
    match chain.account().await {
        Ok(account) => {
            info!(chain = %chain.id(), account = account.address, "signing account found");
        }
        Err(error @ (ChainError::WrongChain { .. } | ChainError::NoAccount { .. })) => {
            return Err(error);
        }
        Err(error) => {
            let reason = describe(&error);
            warn!(chain = %chain.id(), reason, "the signing account cannot be checked: the node does not answer");
        }
    }
    Ok(())
}
