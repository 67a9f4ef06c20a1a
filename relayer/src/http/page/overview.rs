//! The overview: is all well, and if not, what first?

use maud::{html, Markup};
use tern::overview::{ChainOverview, ChainState, Need, Overview, Severity, WalletOverview};
use tern::words::{self, grouped, quoted, shortened, span};

use super::actions;
use super::parts::{
    address, amount, commands, mark, nothing, number, or_dash, table, text, when, Tone,
};
use super::{paths, txs};

/// Why a chain is down is said in full above.
const REASON_CHARS: usize = 60;
/// Transactions on it.
const TXS: usize = 12;

pub fn sections(overview: &Overview, page: usize) -> Markup {
    let now = &overview.at;
    html! {
        (verdict(overview))
        (chains(&overview.chains, now))
        (paths::section(&overview.paths, page, now))
        (wallets(&overview.wallets))
        (newest_txs(overview))
        (actions::of_relayer())
    }
}

fn verdict(overview: &Overview) -> Markup {
    let urgent = overview
        .needs
        .iter()
        .any(|need| need.severity == Severity::Act);
    let tone = match (urgent, overview.needs.is_empty()) {
        (true, _) => Tone::Act,
        (false, false) => Tone::Watch,
        (false, true) => Tone::Well,
    };
    html! {
        section #verdict .(tone.class()) aria-labelledby="verdict-title" {
            h1 #verdict-title { (mark(tone, &overview.verdict)) }
            p.note { "Running for " (when_since(&overview.started, &overview.at)) }
            @if !overview.needs.is_empty() {
                ol.needs {
                    @for need in &overview.needs { (self::need(need, &overview.at)) }
                }
            }
        }
    }
}

/// What is wrong, since when, and what to do.
fn need(need: &Need, now: &str) -> Markup {
    let (tone, word) = match need.severity {
        Severity::Act => (Tone::Act, "Needs you"),
        Severity::Watch => (Tone::Watch, "Watch"),
    };
    html! {
        li {
            p {
                (mark(tone, word)) " " strong { (need.subject) } ": " (quoted(&need.what))
                @if let Some(since) = &need.since {
                    ", " span.quiet { "for the last " }
                    (when_since(since, now))
                }
            }
            p.todo { span aria-hidden="true" { "→ " } (commands(&need.action)) }
        }
    }
}

/// `5 min`, with the exact begin on hover.
fn when_since(since: &str, now: &str) -> Markup {
    let seconds = tern::words::seconds_of(now).zip(tern::words::seconds_of(since));
    let Some((now, began)) = seconds else {
        return html! { (since) };
    };
    html! {
        time datetime=(since) title={ "since " (super::parts::exact(since)) } {
            (span(now.saturating_sub(began)))
        }
    }
}

fn chains(chains: &[ChainOverview], now: &str) -> Markup {
    html! {
        section #chains aria-labelledby="chains-title" {
            h2 #chains-title { "Chains" }
            @if chains.is_empty() {
                (nothing("No chain is configured: a section [[chain]] in config.toml adds one."))
            } @else {
                ul.strip { @for chain in chains { (self::chain(chain, now)) } }
            }
        }
    }
}

fn chain(chain: &ChainOverview, now: &str) -> Markup {
    let (tone, word) = match chain.state {
        ChainState::Following => (Tone::Well, "following"),
        ChainState::CatchingUp => (Tone::Watch, "catching up"),
        ChainState::Down => (Tone::Act, "down"),
    };
    html! {
        li.card {
            div.head {
                h3 { (chain.chain) }
                (mark(tone, word))
            }
            @if let Some(since) = &chain.paused_since {
                p { (mark(Tone::Watch, "paused")) " " (when(since, now)) }
            }
            @if let Some(reason) = &chain.reason { p.reason { (shortened(reason, REASON_CHARS)) } }
            @for paused in &chain.paused { p.reason { "Paused: " (quoted(paused)) } }
            dl {
                dt { "Height" }
                dd {
                    (or_dash(chain.height.map(|height| html! { (grouped(height)) })))
                    @if chain.blocks_behind > 0 {
                        " " span.quiet { (grouped(chain.blocks_behind)) " behind" }
                    }
                }
                dt { "Newest block" }
                dd { (or_dash(chain.block_time.as_deref().map(|time| when(time, now)))) }
                dt { "Paid in 24 h" }
                dd { (or_dash(chain.paid_day.as_deref().map(|paid| html! {
                    (amount(paid, chain.money()))
                }))) }
                dt { "Wallet lasts" }
                dd { (or_dash(chain.days_left.map(|days| html! { (words::days(days)) }))) }
            }
            (nodes(chain))
            (actions::of_chain(chain))
        }
    }
}

fn nodes(chain: &ChainOverview) -> Markup {
    let well = chain.nodes.iter().filter(|node| node.is_well).count();
    let said = format!("{well} of {} nodes well", chain.nodes.len());
    html! {
        details id={ "nodes-" (chain.chain) } {
            summary { (said) }
            ul.nodes {
                @for node in &chain.nodes {
                    li {
                        @let tone = if node.is_well { Tone::Well } else { Tone::Watch };
                        (mark(tone, &quoted(&node.state))) " "
                        code { (quoted(&node.address)) }
                        @if let Some(height) = node.height { " at " (grouped(height)) }
                    }
                }
                @if chain.nodes.is_empty() { li { (nothing("No node was asked yet.")) } }
            }
        }
    }
}

fn wallets(wallets: &[WalletOverview]) -> Markup {
    let columns = [
        text("Chain"),
        text("Address"),
        number("Balance"),
        number("Lasts"),
    ];
    let rows = wallets.iter().map(|wallet| {
        let has = wallet
            .amount
            .as_deref()
            .map(|has| amount(has, wallet.money()));
        vec![
            html! { (wallet.chain) },
            address(&wallet.address),
            html! {
                @match (&has, &wallet.error) {
                    (Some(has), _) => (has),
                    (None, Some(error)) => span.reason { "not known: " (quoted(error)) },
                    (None, None) => "not known",
                }
            },
            or_dash(wallet.days_left.map(|days| html! { (words::days(days)) })),
        ]
    });
    html! {
        section #wallets aria-labelledby="wallets-title" {
            h2 #wallets-title { "Wallets" }
            @if wallets.is_empty() {
                (nothing("Balances are read once a minute; none was read yet."))
            } @else {
                (table("Signing accounts, and how long they last at the rate of the last day",
                    &columns, &rows.collect::<Vec<_>>()))
            }
        }
    }
}

fn newest_txs(overview: &Overview) -> Markup {
    let newest = &overview.txs;
    html! {
        section #txs aria-labelledby="txs-title" {
            h2 #txs-title { "Transactions" }
            @if newest.is_empty() {
                (nothing("No transaction was signed since the start. The newest ones are shown here."))
            } @else {
                (txs::table("The newest that Tern signed", newest.iter().take(TXS), &overview.chains, &overview.at))
            }
        }
    }
}
