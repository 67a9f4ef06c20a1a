//! `tern health`: checks that every chain, node and key is ready for relaying.

mod check;

use clap::Args;
use futures::future::join_all;
use serde_json::json;

use self::check::Check;
use crate::clock;
use crate::connect::Context;
use crate::output::{self, Outcome};

const EXAMPLE: &str = "\
Example:
  tern health

The exit code is 1 if a check fails.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct HealthArgs {}

pub async fn run(context: &Context, _args: HealthArgs) -> anyhow::Result<Outcome> {
    let now = clock::now();
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
    Ok(if healthy {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

fn text(check: &Check) -> String {
    let mark = if check.good { "ok " } else { "BAD" };
    format!("  {mark}  {:<8}  {}", check.name, check.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_marked_bad() {
        let bad = Check::bad("node", "akash-a: status failed at http://x");
        assert_eq!(
            text(&bad),
            "  BAD  node      akash-a: status failed at http://x"
        );
        let good = Check::good("account", "has 5uakt");
        assert_eq!(text(&good), "  ok   account   has 5uakt");
    }
}
