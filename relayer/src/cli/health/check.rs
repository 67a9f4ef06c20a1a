//! The checks of one chain.

use std::time::Duration;

use serde::Serialize;
use tern::engine::describe;
use tern_chains::{Account, BlockTime, ChainError, Class};
use tern_config::ChainConfig;

use crate::connect::{ConnectedChain, Context, NodeHealth, NodeReport};

/// If the newest block is older than this, the chain has stopped or the node does
/// not follow it. Slow chains make a block about every ten seconds.
const BLOCK_AGE_MAX: Duration = Duration::from_secs(60);
/// A node this many blocks behind another node is not in sync. A smaller lag is
/// normal.
const LAG_BAD: u64 = 5;
/// An account must be able to pay for this much gas: a large batch of packets.
const GAS_IN_RESERVE: u64 = 10_000_000;

/// The result of one check. The message of a failed check says what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub good: bool,
    #[serde(rename = "says")]
    pub message: String,
}

impl Check {
    pub fn good(name: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            name,
            good: true,
            message,
        }
    }

    pub fn bad(name: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            name,
            good: false,
            message,
        }
    }
}

/// All checks of one chain. A node that does not answer is reported once, not by
/// every check.
pub async fn chain(context: &Context, config: &ChainConfig, now: BlockTime) -> Vec<Check> {
    let chain = match context.connect(&config.id) {
        Ok(chain) => chain,
        Err(error) => return vec![Check::bad("config", describe(error.as_ref()))],
    };
    let mut checks = nodes(&chain, now).await;
    let has_node = checks
        .iter()
        .any(|check| check.name == "node" && check.good);
    for name in config.keys() {
        match context.account(&chain, Some(name)).await {
            Err(error) => checks.push(Check::bad("key", describe(error.as_ref()))),
            Ok(key) => {
                checks.push(Check::good("key", format!("{name} {}", key.address())));
                if has_node {
                    checks.push(account(&chain, key.as_ref()).await);
                }
            }
        }
    }
    checks
}

/// Checks every node of a chain. The heights are compared with the greatest one.
async fn nodes(chain: &ConnectedChain, now: BlockTime) -> Vec<Check> {
    let reports = chain.node_reports().await;
    let id = chain.id().as_str();
    let heights = reports.iter().filter_map(|report| {
        let health = report.health.as_ref().ok()?;
        (health.network == id).then_some(health.height)
    });
    let newest = heights.max().unwrap_or_default();
    let checks = reports.into_iter().flat_map(|report| {
        let mut checks = match &report.health {
            Ok(health) => check_node(health, &report, id, newest, now),
            Err(_) => Vec::new(),
        };
        match report.health {
            Err(error) => checks.push(Check::bad("node", advised(error, "rpc"))),
            // If RPC fails, gRPC is not reported as a second problem.
            Ok(_) => checks.push(match report.grpc_health {
                Ok(()) => Check::good("grpc", report.grpc),
                Err(error) => Check::bad("grpc", advised(error, "grpc")),
            }),
        }
        checks
    });
    checks.collect()
}

/// Checks the status that a node reports.
fn check_node(
    health: &NodeHealth,
    report: &NodeReport,
    id: &str,
    newest: u64,
    now: BlockTime,
) -> Vec<Check> {
    let NodeHealth {
        network,
        version,
        height,
        ..
    } = health;
    let at = &report.rpc;
    if network != id {
        let message = format!("{at} serves {network}, not {id}: correct `rpc` or `id`");
        return vec![Check::bad("node", message)];
    }
    let latency = report.latency.as_millis();
    let node = Check::good(
        "node",
        format!("{at}, CometBFT {version}, {id} at height {height}, answers in {latency} ms"),
    );
    let lag = newest.saturating_sub(*height);
    let sync = match (health.catching_up, lag) {
        (true, _) => Check::bad(
            "sync",
            "the node is catching up: wait, or configure another node",
        ),
        (false, LAG_BAD..) => Check::bad(
            "sync",
            format!("the node is {lag} blocks behind another node: check whether it is stuck"),
        ),
        (false, 0) => Check::good("sync", "the node is up to date"),
        (false, _) => Check::good(
            "sync",
            format!("the node is {lag} blocks behind another node"),
        ),
    };
    let age = Duration::from_nanos(now.0.saturating_sub(health.time.0));
    let shown = humantime::format_duration(Duration::from_secs(age.as_secs()));
    let block = if age > BLOCK_AGE_MAX {
        Check::bad(
            "block",
            format!(
                "the newest block is {shown} old: check whether the chain has stopped, and \
                 whether the clock of this machine is right"
            ),
        )
    } else {
        Check::good("block", format!("the newest block is {shown} old"))
    };
    vec![node, sync, block]
}

/// Checks that the account of a key is on chain and can pay fees.
async fn account(chain: &ConnectedChain, account: &dyn Account) -> Check {
    let (address, payer) = (account.address(), account.payer());
    let found = async {
        if payer != address && !chain.is_granted(payer, address).await? {
            return Ok(not_granted(chain.id().as_str(), payer, address));
        }
        account.state().await?;
        let denom = chain.gas_price().denom.clone();
        let balance = chain.balance(payer, &denom).await?;
        // A fee that is too large to count is larger than any balance.
        let reserve = chain.fee(GAS_IN_RESERVE).unwrap_or(u128::MAX);
        anyhow::Ok(funds(balance, reserve, &denom, payer))
    };
    match found.await {
        Ok(check) => check,
        Err(error) => Check::bad("account", describe(error.as_ref())),
    }
}

fn not_granted(chain: &str, payer: &str, address: &str) -> Check {
    Check::bad(
        "account",
        format!(
            "{payer} (`fee_granter`) does not pay the fees of {address}: \
             `tern keys grant {chain} --from KEY` with the key of {payer} allows it"
        ),
    )
}

fn funds(balance: u128, reserve: u128, denom: &str, address: &str) -> Check {
    if balance >= reserve {
        Check::good(
            "account",
            format!("the account has {balance}{denom} for fees"),
        )
    } else {
        Check::bad(
            "account",
            format!(
                "the account has {balance}{denom}, but a large batch costs {reserve}{denom}: \
                 send tokens to {address}"
            ),
        )
    }
}

/// An error, with advice if the error itself gives none.
fn advised(error: ChainError, field: &str) -> String {
    let advice = match error.class() {
        Class::Node => format!(": check that the node runs and that `{field}` is right"),
        _ => String::new(),
    };
    describe(&error) + &advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> NodeHealth {
        NodeHealth {
            network: "akash-a".to_owned(),
            version: "0.38.17".to_owned(),
            height: 42,
            time: BlockTime(100_000_000_000),
            earliest_height: 1,
            catching_up: false,
        }
    }

    fn bad(status: &NodeHealth, newest: u64, now_seconds: u64) -> Vec<&'static str> {
        let now = BlockTime(now_seconds * 1_000_000_000);
        let report = NodeReport {
            rpc: "http://a".to_owned(),
            grpc: "http://b".to_owned(),
            health: Ok(status.clone()),
            latency: Duration::from_millis(3),
            grpc_health: Ok(()),
        };
        let checks = check_node(status, &report, "akash-a", newest, now);
        let bad = checks.iter().filter(|check| !check.good);
        bad.map(|check| check.name).collect()
    }

    #[test]
    fn a_node_is_checked_by_the_status_it_reports() {
        assert!(bad(&status(), 42, 101).is_empty());
        // A clock slightly behind the chain's clock is accepted.
        assert!(bad(&status(), 42, 99).is_empty());
        assert_eq!(bad(&status(), 42, 161), ["block"]);
        let mut other = status();
        other.catching_up = true;
        assert_eq!(bad(&other, 42, 101), ["sync"]);
        other.network = "kava-a".to_owned();
        assert_eq!(bad(&other, 42, 101), ["node"]);
    }

    #[test]
    fn a_node_is_compared_with_the_greatest_height() {
        assert!(bad(&status(), 46, 101).is_empty());
        assert_eq!(bad(&status(), 47, 101), ["sync"]);
    }

    #[test]
    fn an_account_must_be_able_to_pay_for_a_large_batch() {
        assert!(funds(250_000, 250_000, "uakt", "akash1x").good);
        let short = funds(249_999, 250_000, "uakt", "akash1x");
        assert!(!short.good && short.message.contains("akash1x"));
        assert!(funds(0, 0, "uakt", "akash1x").good);
    }
}
