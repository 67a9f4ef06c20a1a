//! Fees by day: a row for each day and chain, with what share of the most expensive day it
//! was.

use std::collections::BTreeMap;

use maud::{html, Markup};
use tern::overview::{DayFeesOverview, Money};
use tern::words::grouped;

use super::fees::purpose;
use super::parts::{amount, number, table, text, Tone};
use super::plots;

/// One day of one chain.
#[derive(Default)]
struct Day<'a> {
    paid: u128,
    messages: u64,
    money: Money<'a>,
    by_purpose: Vec<(&'a str, &'a str)>,
}

/// `days` are the newest first, and not empty.
pub fn section(days: &[DayFeesOverview]) -> Markup {
    let days = by_day(days);
    let columns = [
        text("Day"),
        text("Chain"),
        number("Paid"),
        text("Of the peak"),
        number("Messages"),
        text("What for"),
    ];
    let rows = days.iter().rev().map(|((day, chain), of_day)| {
        let of_chain = days.iter().filter(|((_, of), _)| of == chain);
        let most = of_chain.map(|(_, day)| day.paid).max().unwrap_or_default();
        let share = of_day.paid as f64 / most.max(1) as f64;
        let said = format!("{:.0} % of the most in a day", share * 100.0);
        vec![
            html! { time datetime=(day) { (day) } },
            html! { (chain) },
            amount(&of_day.paid.to_string(), of_day.money),
            plots::bar(share, Tone::Quiet, &said),
            html! { (grouped(of_day.messages)) },
            html! {
                @for (number, (name, paid)) in of_day.by_purpose.iter().enumerate() {
                    @if number > 0 { ", " }
                    (purpose(name)) " " (of_day.money.said(paid))
                }
            },
        ]
    });
    html! {
        section #days aria-labelledby="days-title" {
            h2 #days-title { "By day" }
            (table("The last month by day in UTC", &columns, &rows.collect::<Vec<_>>()))
        }
    }
}

fn by_day(days: &[DayFeesOverview]) -> BTreeMap<(&str, &str), Day<'_>> {
    let mut by_day: BTreeMap<(&str, &str), Day<'_>> = BTreeMap::new();
    for fees in days {
        let day = by_day.entry((&fees.day, &fees.chain)).or_default();
        let paid: u128 = fees.amount.parse().unwrap_or_default();
        day.paid = day.paid.saturating_add(paid);
        day.messages = day.messages.saturating_add(fees.messages);
        day.money = fees.money();
        day.by_purpose.push((&fees.purpose, &fees.amount));
    }
    by_day
}

#[cfg(test)]
mod tests {
    use super::super::testing::day_fees;
    use super::*;

    #[test]
    fn each_day_of_a_chain_is_a_row_and_the_newest_is_first() {
        let days = [
            day_fees("2026-11-30", "packets", "300"),
            day_fees("2026-11-30", "failures", "100"),
            day_fees("2026-11-29", "packets", "100"),
        ];
        let markup = section(&days).into_string();
        let rows: Vec<&str> = markup.split("<tr>").skip(2).collect();
        assert_eq!(rows.len(), 2, "{markup}");
        for said in [
            "2026-11-30",
            "400 uosmo",
            "failed transactions 100 uosmo",
            "width=\"100.0%\"",
        ] {
            assert!(rows[0].contains(said), "no {said} in {}", rows[0]);
        }
        for said in ["2026-11-29", "100 uosmo", "width=\"25.0%\""] {
            assert!(rows[1].contains(said), "no {said} in {}", rows[1]);
        }
    }
}
