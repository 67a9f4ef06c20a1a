//! stub
use crate::connect::Context;
use crate::output::Outcome;
#[derive(Debug, clap::Subcommand)]
pub enum QueryCommand {
    X,
}
pub async fn run(_context: &Context, _args: QueryCommand) -> anyhow::Result<Outcome> {
    anyhow::bail!("not built yet")
}
