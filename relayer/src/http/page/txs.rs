//! Transactions that Tern signed, as a table.

use maud::{html, Markup};
use tern::overview::{ChainOverview, TxOverview};
use tern::words::{grouped, quoted};

use super::parts::{amount, hash, mark, number, text, when, Tone};

/// Fees are said in the units of their chains.
pub fn table<'a>(
    caption: &str,
    txs: impl Iterator<Item = &'a TxOverview>,
    chains: &[ChainOverview],
    now: &str,
) -> Markup {
    let money = |tx: &TxOverview| {
        let chain = chains.iter().find(|chain| chain.chain == tx.chain);
        chain.map(ChainOverview::money).unwrap_or_default()
    };
    let columns = [
        text("Transaction"),
        text("Chain"),
        text("What it does"),
        text("State"),
        number("Fee"),
        text("Signed"),
    ];
    let rows = txs.map(|tx| {
        let tone = match tx.state.as_str() {
            "succeeded" => Tone::Well,
            "in flight" => Tone::Quiet,
            "expired" => Tone::Watch,
            _ => Tone::Act,
        };
        vec![
            hash(&tx.hash),
            html! { (tx.chain) },
            html! {
                (tx.what)
                @if let Some(reason) = &tx.reason { p.reason { (quoted(reason)) } }
            },
            html! {
                (mark(tone, &tx.state))
                @if let Some(height) = tx.height { " " span.quiet { "in " (grouped(height)) } }
            },
            amount(&tx.fee, money(tx)),
            when(&tx.signed_at, now),
        ]
    });
    super::parts::table(caption, &columns, &rows.collect::<Vec<_>>())
}
