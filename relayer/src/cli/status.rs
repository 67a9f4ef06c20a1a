//! `tern status`: what the daemon of the home folder is doing, and what needs a person.

mod board;
mod draw;
mod text;
mod watch;

use anyhow::bail;
use clap::Args;

use crate::connect::Context;
use crate::daemon::DaemonClient;
use crate::output::{self, Outcome};

const EXAMPLE: &str = "\
Examples:
  tern status
  tern status --watch
  tern status --json | jq .verdict

The exit code is 1 if something needs a person, or if no daemon runs.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct StatusArgs {
    /// Show every path, client and transaction, and not only the first ones
    #[arg(long)]
    all: bool,
    /// Show it in the whole terminal, always as it is now
    #[arg(long, conflicts_with = "all")]
    watch: bool,
}

pub async fn run(context: &Context, args: StatusArgs) -> anyhow::Result<Outcome> {
    let Some(daemon) = DaemonClient::find(&context.home).await? else {
        bail!(
            "no daemon runs in {}: start it with `tern start`, or name its folder with --home",
            context.home.display()
        );
    };
    let overview = daemon.overview().await?;
    if args.watch {
        return watch::run(context, overview).await;
    }
    if context.json {
        output::json(&overview)?;
    } else {
        output::line(text::text(&overview, args.all))?;
    }
    Ok(match overview.needs_a_person() {
        true => Outcome::Failed,
        false => Outcome::Done,
    })
}
