//! `tern start`: the daemon.

use std::sync::Arc;

use clap::Args;
use tracing::info;

use crate::connect::Context;
use crate::daemon::Daemon;
use crate::output::Outcome;
use crate::shutdown::Shutdown;

const EXAMPLE: &str = "\
Example:
  tern start

The command relays until SIGINT or SIGTERM. Then it finishes its current work and
ends. SIGHUP, or `tern reload`, makes it read the configuration again.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct StartArgs {}

pub async fn run(context: Context, _args: StartArgs) -> anyhow::Result<Outcome> {
    let shutdown = Shutdown::start()?;
    let daemon = Daemon::open(Arc::new(context)).await?;
    daemon.run(shutdown.token()).await?;
    info!("stopped");
    Ok(Outcome::Done)
}
