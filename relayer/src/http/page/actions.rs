//! Buttons that do something. The script asks once with the button's question, takes the
//! token, and posts to the button's address; without the script they are not shown.

use maud::{html, Markup};
use tern::overview::{ChainOverview, ClientOverview, PathOverview};

use super::parts::{end_segments, path_name, segment};

fn button(label: &str, address: &str, question: &str) -> Markup {
    html! {
        button type="button" data-action=(address) data-question=(question) { (label) }
    }
}

/// Reload and drain.
pub fn of_relayer() -> Markup {
    html! {
        section #relayer aria-labelledby="relayer-title" {
            h2 #relayer-title { "This relayer" }
            div.actions.scripted {
                (button("Reload the configuration", "/api/v1/reload",
                    "Read the configuration again? What changed in it holds from then on. If \
                     anything in it is wrong, nothing changes, and you are told what."))
                (button("Drain and stop", "/api/v1/drain",
                    "Take no new work, wait for what is in flight, and stop? Nothing is relayed \
                     until somebody starts it again."))
            }
            noscript {
                p { code { "tern reload" } " reads the configuration again, "
                    code { "tern drain" } " ends what is in flight and stops." }
            }
        }
    }
}

/// Pause or resume a path, and clear it. Nothing for an end of IBC v2.
pub fn of_path(path: &PathOverview) -> Markup {
    let Some(end) = end_segments(&path.src) else {
        return html! {};
    };
    let name = path_name(path);
    let to = |what: &str| format!("/api/v1/paths/{end}/{what}");
    html! {
        div.actions.scripted {
            @if path.paused_since.is_some() {
                (button("Resume", &to("resume"), &format!(
                    "Resume the channel of {name}? Its packets are relayed again, both ways."
                )))
            } @else {
                (button("Pause", &to("pause"), &format!(
                    "Pause the channel of {name}? No packet of it is relayed, either way, until you \
                     resume it. Its clients are kept alive."
                )))
            }
            (button("Clear", &to("clear"), &format!(
                "Clear {name}? Its packets are compared with both chains, and what can be relayed \
                 is relayed at once. Its transactions cost fees on both chains."
            )))
        }
    }
}

/// Pause or resume all that is done on a chain.
pub fn of_chain(chain: &ChainOverview) -> Markup {
    let name = &chain.chain;
    let to = |what: &str| format!("/api/v1/chains/{}/{what}", segment(name));
    html! {
        div.actions.scripted {
            @if chain.paused_since.is_some() {
                (button("Resume", &to("resume"), &format!(
                    "Resume {name}? Transactions are sent to it again."
                )))
            } @else {
                (button("Pause", &to("pause"), &format!(
                    "Pause {name}? Nothing is relayed to it or from it until you resume it. Its \
                     clients may expire meanwhile."
                )))
            }
        }
    }
}

/// Refresh a client that can still be refreshed.
pub fn of_client(client: &ClientOverview) -> Markup {
    let (chain, id) = (&client.chain, &client.client);
    let address = format!("/api/v1/clients/{}/{}/refresh", segment(chain), segment(id));
    let question =
        format!("Refresh {id} on {chain} now? It costs the fee of one transaction on {chain}.");
    html! {
        div.actions.scripted { (button("Refresh now", &address, &question)) }
    }
}
