//! Clients: which of them will expire, and what has to be done about those that have.

use maud::{html, Markup};
use tern::overview::ClientOverview;
use tern::words::{grouped, span};

use super::parts::{mark, nothing, number, table, text, when, Pages, Tone};
use super::{actions, plots};

/// Rows of a page.
const PER_PAGE: usize = 100;
/// Less than these shares of the trusting period left are worth a look, or need a person:
/// as in what the overview says needs one.
const LEFT_WATCH: f64 = 0.5;
const LEFT_ACT: f64 = 0.25;

pub fn sections(clients: &[ClientOverview], page: usize, now: &str) -> Markup {
    let pages = Pages::new(page, clients.len(), PER_PAGE);
    let shown = clients.get(pages.range()).unwrap_or_default();
    html! {
        section #clients aria-labelledby="clients-title" {
            h1 #clients-title { "Clients" }
            p.note {
                "Light clients under served paths: frozen ones first, then the first to expire. \
                 Tern refreshes a client after a third of its trusting period."
            }
            @if clients.is_empty() {
                (nothing("No path is served, so no client is needed. Those under served paths are shown here."))
            } @else {
                (list("Light clients under served paths", shown, now))
                (pages.links("/clients", "clients"))
            }
        }
    }
}

pub fn list(caption: &str, clients: &[ClientOverview], now: &str) -> Markup {
    let columns = [
        text("Client"),
        text("Of"),
        text("State"),
        text("Left"),
        number("Newest height"),
        text("Action"),
    ];
    let rows = clients.iter().map(|client| {
        vec![
            html! { (client.chain) " " (client.client) },
            html! { (client.of) },
            state(client, now),
            left(client),
            html! { (grouped(client.latest_height)) },
            action(client),
        ]
    });
    html! { div.clients { (table(caption, &columns, &rows.collect::<Vec<_>>())) } }
}

fn share_left(client: &ClientOverview) -> Option<f64> {
    let left = client.expires_in_seconds? as f64;
    Some(left / client.trusting_period_seconds.max(1) as f64)
}

fn has_ended(client: &ClientOverview) -> bool {
    client.is_frozen || client.expires_in_seconds == Some(0)
}

fn tone(client: &ClientOverview) -> Tone {
    match share_left(client) {
        _ if has_ended(client) => Tone::Act,
        Some(share) if share < LEFT_ACT => Tone::Act,
        Some(share) if share < LEFT_WATCH => Tone::Watch,
        _ => Tone::Well,
    }
}

fn state(client: &ClientOverview, now: &str) -> Markup {
    let tone = tone(client);
    html! {
        @if client.is_frozen {
            (mark(tone, "frozen"))
        } @else if let Some(time) = &client.expires_at {
            @let word = if has_ended(client) { "expired" } else { "expires" };
            (mark(tone, word)) " " (when(time, now))
        } @else {
            (mark(tone, "never expires"))
        }
    }
}

fn left(client: &ClientOverview) -> Markup {
    let share = match client.is_frozen {
        true => Some(0.0),
        false => share_left(client),
    };
    let Some(share) = share else {
        return html! { span.quiet { "–" } };
    };
    let period = span(client.trusting_period_seconds);
    let said = match client.is_frozen {
        true => "none: it is frozen".to_owned(),
        false => format!("{:.0} % of {period} left", share * 100.0),
    };
    html! {
        (plots::bar(share, tone(client), &said))
        span.quiet { (said) }
    }
}

/// What can be done: by Tern, or only by the chain's governance.
fn action(client: &ClientOverview) -> Markup {
    html! {
        @if has_ended(client) {
            p.todo {
                "→ Governance of " (client.chain) " has to replace it: a proposal with "
                code { "MsgRecoverClient" } ", this client as the subject and a new one of "
                (client.of) " as the substitute. Nothing moves over it until then."
            }
        } @else {
            (actions::of_client(client))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{client, NOW};
    use super::*;

    #[test]
    fn one_that_is_frozen_says_what_governance_has_to_do() {
        let frozen = ClientOverview {
            is_frozen: true,
            ..client()
        };
        let markup = sections(&[frozen], 1, NOW).into_string();
        for said in ["none: it is frozen", "MsgRecoverClient", "width=\"0.0%\""] {
            assert!(markup.contains(said), "no {said} in {markup}");
        }
        assert!(!markup.contains("Refresh now"), "{markup}");
    }

    #[test]
    fn one_that_is_well_can_be_refreshed() {
        let markup = sections(&[client()], 1, NOW).into_string();
        assert!(markup.contains("90 % of 14 d left"), "{markup}");
        assert!(
            markup.contains("data-action=\"/api/v1/clients/osmosis-1/07-tendermint-4/refresh\""),
            "{markup}"
        );
        let eternal = ClientOverview {
            expires_at: None,
            expires_in_seconds: None,
            ..client()
        };
        let markup = sections(&[eternal], 1, NOW).into_string();
        assert!(markup.contains("never expires"), "{markup}");
    }

    #[test]
    fn without_clients_it_says_what_would_be_here() {
        let markup = sections(&[], 1, NOW).into_string();
        assert!(markup.contains("No path is served") && !markup.contains("<table"));
    }
}
