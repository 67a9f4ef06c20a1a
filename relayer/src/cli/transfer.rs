//! stub
use crate::connect::Context;
use crate::output::Outcome;
#[derive(Debug, clap::Args)]
pub struct TransferArgs {}
pub async fn run(_context: &Context, _args: TransferArgs) -> anyhow::Result<Outcome> {
    anyhow::bail!("not built yet")
}
