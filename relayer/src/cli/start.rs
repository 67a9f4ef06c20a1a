//! `tern start`: the daemon.

use anyhow::bail;
use clap::Args;
use tern::engine::describe;
use tern_chains::{Account, ChainError};
use tracing::{info, warn};

use crate::connect::Context;
use crate::daemon::Daemon;
use crate::output::Outcome;
use crate::setup;
use crate::shutdown::Shutdown;

const EXAMPLE: &str = "\
Example:
  tern start

The command relays until SIGINT or SIGTERM. Then it finishes its current work and
ends.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct StartArgs {}

pub async fn run(context: &Context, _args: StartArgs) -> anyhow::Result<Outcome> {
    let shutdown = Shutdown::start()?;
    let chains = setup::served_chains(context)?;
    for account in chains.iter().flat_map(|served| &served.accounts) {
        check_account(&**account).await?;
    }
    if chains.len() < 2 {
        bail!("relaying needs two chains or more: add a second [[chain]] section");
    }
    let daemon = Daemon::open(context, &chains).await?;
    daemon.run(shutdown.token()).await?;
    info!("stopped");
    Ok(Outcome::Done)
}

/// Checks that the signing account is on chain. A node that does not answer is
/// not an error, because it may answer later.
async fn check_account(account: &dyn Account) -> Result<(), ChainError> {
    let chain = account.chain_id();
    match account.state().await {
        Ok(account) => {
            info!(%chain, account = account.address, "signing account found");
        }
        Err(error @ (ChainError::WrongChain { .. } | ChainError::NoAccount { .. })) => {
            return Err(error);
        }
        Err(error) => {
            let reason = describe(&error);
            warn!(%chain, reason, "the signing account cannot be checked: the node does not answer");
        }
    }
    Ok(())
}
