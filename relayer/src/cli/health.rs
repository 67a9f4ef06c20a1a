//! `tern health`: whether every chain, node and key is fit for relaying.

mod check;

use clap::Args;
use futures::future::join_all;
use serde_json::json;

use self::check::Check;
use crate::connect::Context;
use crate::daemon;
use crate::output::{self, Outcome};

const EXAMPLE: &str = "\
Example:
  tern health

It ends with exit code 1 if anything is not as it must be.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct HealthArgs {}

pub async fn run(context: &Context, _args: HealthArgs) -> anyhow::Result<Outcome> {
    let now = daemon::now();
    let chains = &context.config.chains;
    let checks = join_all(chains.iter().map(|chain| check::chain(context, chain, now))).await;
    let healthy = checks.iter().flatten().all(|check| check.good);
    if context.json {
        let chains = chains.iter().zip(&checks);
        let chains: Vec<_> = chains
            .map(|(chain, checks)| json!({ "chain": chain.id, "checks": checks }))
            .collect();
        output::json(&json!({ "healthy": healthy, "chains": chains }))?;
    } else {
        for (chain, checks) in chains.iter().zip(&checks) {
            output::line(&chain.id)?;
            for check in checks {
                output::line(text(check))?;
            }
        }
    }
    match healthy {
        true => Ok(Outcome::Done),
        false => Ok(Outcome::Failed),
    }
}

fn text(check: &Check) -> String {
    let mark = if check.good { "ok " } else { "BAD" };
    format!("  {mark}  {:<8}  {}", check.name, check.says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bad_stands_out() {
        let bad = Check::bad("node", "akash-a: status failed at http://x");
        assert_eq!(
            text(&bad),
            "  BAD  node      akash-a: status failed at http://x"
        );
        let good = Check::good("account", "has 5uakt");
        assert_eq!(text(&good), "  ok   account   has 5uakt");
    }
}
