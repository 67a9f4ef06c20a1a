//! Metrics of fees, budgets and wallets. Amounts are in the smallest unit of their denom.

use std::collections::BTreeMap;

use tern::overview::{purpose, Overview};
use tern_core::budget::Purpose;

use super::family::{Family, Labels};
use crate::daemon::Observation;

pub fn families(observation: &Observation, overview: &Overview) -> Vec<Family> {
    let status = &observation.status;
    let budgets = || {
        let chains = status.chains.iter();
        chains.filter_map(|chain| Some((chain.chain.to_string(), chain.budget.as_ref()?)))
    };
    let windows = |chain: &str, hour: u128, day: u128| {
        [("hour", hour), ("day", day)].map(|(window, amount)| {
            let labels: Labels = vec![("chain", chain.to_owned()), ("window", window.to_owned())];
            (labels, amount)
        })
    };
    let days = overview.wallets.iter().filter_map(|wallet| {
        let labels = vec![("chain", wallet.chain.clone())];
        Some((labels, wallet.days_left?))
    });
    vec![
        Family::sum(
            "tern_fees_paid",
            "Fees paid since the store was made, by what they were paid for.",
            fees(observation),
        ),
        Family::gauge(
            "tern_budget_paid",
            "Fees paid in the last hour and day.",
            budgets().flat_map(|(chain, budget)| {
                let paid = windows(&chain, budget.paid.hour, budget.paid.day);
                paid.map(|(labels, amount)| (labels, amount as f64))
            }),
        ),
        Family::gauge(
            "tern_budget_max",
            "Most fees that are paid in an hour and a day, where that is limited.",
            budgets().flat_map(|(chain, budget)| {
                let limits = windows(&chain, budget.limits.hour_max, budget.limits.day_max);
                let limits = limits.into_iter().filter(|(_, max)| *max < u128::MAX);
                limits.map(|(labels, max)| (labels, max as f64))
            }),
        ),
        Family::gauge(
            "tern_budget_paused",
            "Whether the budget or the balance pauses what fees are paid for.",
            budgets().flat_map(|(chain, budget)| {
                Purpose::ALL.map(|purpose| {
                    let mut paused = budget.paused.iter();
                    let is_paused = paused.any(|(paused, _)| *paused == purpose);
                    let labels = vec![
                        ("chain", chain.clone()),
                        ("purpose", purpose_name(purpose).to_owned()),
                    ];
                    (labels, f64::from(u8::from(is_paused)))
                })
            }),
        ),
        Family::gauge(
            "tern_wallet_balance",
            "What a signing account has in the denom of fees.",
            balances(observation),
        ),
        Family::gauge(
            "tern_wallet_days_left",
            "Days that the chain's accounts can pay at the rate of the last day.",
            days,
        ),
    ]
}

/// What each signing account has, as it was read last.
pub fn balances(observation: &Observation) -> impl Iterator<Item = (Labels, f64)> + '_ {
    observation.wallets.iter().filter_map(|wallet| {
        let coin = wallet.balance.as_ref().ok()?;
        let labels = vec![
            ("chain", wallet.chain.to_string()),
            ("account", wallet.address.clone()),
            ("denom", coin.denom.clone()),
        ];
        Some((labels, coin.amount as f64))
    })
}

/// Summed up over paths: their number is a stranger's choice.
fn fees(observation: &Observation) -> Vec<(Labels, f64)> {
    let mut sums: BTreeMap<(String, &'static str), u128> = BTreeMap::new();
    for fees in &observation.status.fees {
        let kind = purpose(fees.of.kind);
        let sum = sums.entry((fees.of.chain.to_string(), kind)).or_default();
        *sum = sum.saturating_add(fees.paid.amount);
    }
    let denom = |id: &str| {
        let chains = &observation.status.chains;
        let chain = chains.iter().find(|chain| chain.chain.as_str() == id)?;
        Some(chain.budget.as_ref()?.limits.denom.clone())
    };
    let sums = sums.into_iter().map(|((chain, kind), amount)| {
        let labels = vec![
            ("denom", denom(&chain).unwrap_or_default()),
            ("chain", chain),
            ("purpose", kind.to_owned()),
        ];
        (labels, amount as f64)
    });
    sums.collect()
}

fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::IdleRefresh => "idle_refresh",
        Purpose::Packets => "packets",
        Purpose::Handshake => "handshake",
        Purpose::Refresh => "refresh",
    }
}
