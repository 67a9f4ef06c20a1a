//! Fees: what relaying costs, what budgets are left, and what was saved.

use std::collections::BTreeMap;

use maud::{html, Markup};
use tern::overview::{ChainOverview, DayFeesOverview, FeesOverview, Money, PathOverview};
use tern::words::grouped;

use super::parts::{
    amount, link, nothing, number, or_dash, path_address, short_end, table, text, when, Pages, Tone,
};
use super::{fee_days, plots};

/// Rows of a page.
const PER_PAGE: usize = 100;

/// What the view is made of.
pub struct Fees<'a> {
    /// By path and purpose.
    pub sums: &'a [FeesOverview],
    pub days: &'a [DayFeesOverview],
    pub chains: &'a [ChainOverview],
    pub paths: &'a [PathOverview],
    /// Of the sums, from 1.
    pub page: usize,
    pub now: &'a str,
}

pub fn sections(of: &Fees<'_>) -> Markup {
    let (sums, chains) = (of.sums, of.chains);
    let saved = of.paths.iter().map(|path| path.by_others).sum::<u64>();
    html! {
        section #budgets aria-labelledby="fees-title" {
            h1 #fees-title { "Fees" }
            p.note {
                "Another relayer paid for " (grouped(saved)) " messages of served paths since the \
                 start: they were saved."
            }
            (budgets(chains))
        }
        section #purposes aria-labelledby="purposes-title" {
            h2 #purposes-title { "What for" }
            @if sums.is_empty() {
                (nothing("Nothing was paid since the store was made. Fees by purpose and path are shown here."))
            } @else {
                (purposes(sums))
            }
        }
        @if !of.days.is_empty() { (fee_days::section(of.days)) }
        @if !sums.is_empty() { (by_path(sums, of.page, of.now)) }
    }
}

fn budgets(chains: &[ChainOverview]) -> Markup {
    html! {
        @if chains.is_empty() {
            (nothing("No chain is configured."))
        } @else {
            ul.strip {
                @for chain in chains {
                    @let money = chain.money();
                    li.card {
                        h3 { (chain.chain) }
                        (budget(chain.paid_hour.as_deref(), chain.paid_hour_max.as_deref(), money, "the last hour"))
                        (budget(chain.paid_day.as_deref(), chain.paid_day_max.as_deref(), money, "the last day"))
                    }
                }
            }
        }
    }
}

/// Sums by chain and purpose, with what share of the chain's fees each is.
fn purposes(fees: &[FeesOverview]) -> Markup {
    let mut sums: BTreeMap<(&str, &str), (u128, u64, Money<'_>)> = BTreeMap::new();
    for fees in fees {
        let sum = sums.entry((&fees.chain, &fees.purpose)).or_default();
        let paid: u128 = fees.amount.parse().unwrap_or_default();
        sum.0 = sum.0.saturating_add(paid);
        sum.1 = sum.1.saturating_add(fees.messages);
        sum.2 = fees.money();
    }
    let of_chain = |chain: &str| {
        let sums = sums.iter().filter(|((of, _), _)| *of == chain);
        sums.fold(0u128, |all, (_, (paid, ..))| all.saturating_add(*paid))
    };
    let columns = [
        text("Chain"),
        text("Purpose"),
        number("Paid"),
        text("Share"),
        number("Messages"),
        number("A message"),
    ];
    let rows = sums
        .iter()
        .map(|((chain, purpose), (paid, messages, money))| {
            let share = *paid as f64 / of_chain(chain).max(1) as f64;
            let tone = if *purpose == "failures" {
                Tone::Act
            } else {
                Tone::Quiet
            };
            let each = paid.checked_div(u128::from(*messages));
            vec![
                html! { (chain) },
                html! { (self::purpose(purpose)) },
                amount(&paid.to_string(), *money),
                plots::bar(
                    share,
                    tone,
                    &format!("{:.0} % of the fees on {chain}", share * 100.0),
                ),
                html! { (grouped(messages)) },
                or_dash(each.map(|each| amount(&each.to_string(), *money))),
            ]
        });
    table(
        "By chain and purpose, since the store was made",
        &columns,
        &rows.collect::<Vec<_>>(),
    )
}

fn by_path(fees: &[FeesOverview], page: usize, now: &str) -> Markup {
    let pages = Pages::new(page, fees.len(), PER_PAGE);
    let shown = fees.get(pages.range()).unwrap_or_default();
    let columns = [
        text("Path from"),
        text("Paid on"),
        text("Purpose"),
        number("Paid"),
        number("Messages"),
        number("A message"),
        text("Last paid"),
    ];
    let rows = shown.iter().map(|fees| {
        let money = fees.money();
        vec![
            html! {
                @match &fees.src {
                    Some(src) => (link(path_address(src), &short_end(src))),
                    None => "no path",
                }
            },
            html! { (fees.chain) },
            html! { (purpose(&fees.purpose)) },
            amount(&fees.amount, money),
            html! { (grouped(fees.messages)) },
            or_dash(each(fees).map(|each| amount(&each, money))),
            when(&fees.last_paid, now),
        ]
    });
    html! {
        section #by-path aria-labelledby="by-path-title" {
            h2 #by-path-title { "Paths" }
            (table("By path, the newest first, since the store was made", &columns,
                &rows.collect::<Vec<_>>()))
            (pages.links("/fees", "sums"))
        }
    }
}

/// What was paid for, in words.
pub fn purpose(purpose: &str) -> &str {
    match purpose {
        "packets" => "packets, answers and timeouts",
        "client_updates" => "client updates",
        "handshakes" => "handshakes",
        "commands" => "commands",
        "failures" => "failed transactions",
        other => other,
    }
}

/// The fee of one message.
pub fn each(fees: &FeesOverview) -> Option<String> {
    let paid: u128 = fees.amount.parse().ok()?;
    Some(paid.checked_div(u128::from(fees.messages))?.to_string())
}

/// A gauge of a budget: what was paid of what may be.
fn budget(paid: Option<&str>, max: Option<&str>, money: Money<'_>, span: &str) -> Markup {
    let share = paid.zip(max).and_then(|(paid, max)| {
        let (paid, max): (f64, f64) = (paid.parse().ok()?, max.parse().ok()?);
        (max > 0.0).then_some(paid / max)
    });
    let paid = money.said(paid.unwrap_or("0"));
    let Some((share, max)) = share.zip(max) else {
        return html! { p { (paid) " in " (span) ", without a limit" } };
    };
    let tone = match share {
        0.9.. => Tone::Act,
        0.5.. => Tone::Watch,
        _ => Tone::Well,
    };
    let said = format!("{paid} of {} in {span}", money.said(max));
    html! {
        p { (said) ", " (percent(share)) }
        (plots::bar(share, tone, &said))
    }
}

fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".to_owned(),
        ..0.01 => "under 1 %".to_owned(),
        _ => format!("{:.0} %", share * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{chain, fees, path, NOW};
    use super::*;

    fn of<'a>(
        sums: &'a [FeesOverview],
        chains: &'a [ChainOverview],
        paths: &'a [PathOverview],
    ) -> Fees<'a> {
        Fees {
            sums,
            days: &[],
            chains,
            paths,
            page: 1,
            now: NOW,
        }
    }

    #[test]
    fn purposes_are_summed_up_by_chain() {
        let all = [
            fees("packets", "300"),
            fees("packets", "100"),
            fees("failures", "100"),
        ];
        let markup = sections(&of(&all, &[chain()], &[path(3)])).into_string();
        for said in [
            "400 uosmo",
            "width=\"80.0%\"",
            "failed transactions",
            "Another relayer paid for 5 messages",
            "href=\"/paths/akashnet-2/transfer/channel-3\"",
        ] {
            assert!(markup.contains(said), "no {said} in {markup}");
        }
    }

    #[test]
    fn a_budget_is_a_gauge_and_none_is_said() {
        let uosmo = Money {
            denom: Some("uosmo"),
            unit: None,
        };
        let markup = budget(Some("95"), Some("100"), uosmo, "the last day").into_string();
        assert!(
            markup.contains("95 uosmo of 100 uosmo in the last day"),
            "{markup}"
        );
        assert!(markup.contains("class=\"gauge act\""), "{markup}");
        let markup = budget(Some("95"), None, uosmo, "the last day").into_string();
        assert!(markup.contains("without a limit"), "{markup}");
    }

    #[test]
    fn before_anything_is_paid_it_says_what_would_be_here() {
        let markup = sections(&of(&[], &[], &[])).into_string();
        assert!(markup.contains("Nothing was paid") && !markup.contains("<table"));
    }
}
