//! stub
use crate::connect::Context;
use crate::output::Outcome;
#[derive(Debug, clap::Args)]
pub struct HealthArgs {}
pub async fn run(_context: &Context, _args: HealthArgs) -> anyhow::Result<Outcome> {
    anyhow::bail!("not built yet")
}
