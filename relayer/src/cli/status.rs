//! `tern status`: what the daemon of the home folder is doing, and what needs a person.

mod board;
mod draw;
mod text;
mod watch;

use clap::Args;

use super::Home;
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

pub async fn run(home: &Home, args: StatusArgs) -> anyhow::Result<Outcome> {
    let overview = home.daemon().await?.overview().await?;
    if args.watch {
        return watch::run(home, overview).await;
    }
    if home.json {
        output::json(&overview)?;
    } else {
        output::line(text::text(&overview, args.all))?;
    }
    Ok(match overview.needs_a_person() {
        true => Outcome::Failed,
        false => Outcome::Done,
    })
}
