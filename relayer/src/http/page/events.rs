//! Events: what blocks say, and the lines of the log, while they are said. The script adds
//! them.

use maud::{html, Markup};
use tern::overview::ChainOverview;

/// The kinds of events as in the API, and as people say them. The script reads them from
/// here.
const KINDS: [(&str, &str); 10] = [
    ("sent", "Sent"),
    ("received", "Arrived"),
    ("ack_written", "Answered"),
    ("acknowledged", "Confirmed"),
    ("timed_out", "Timed out"),
    ("client_updated", "Client updated"),
    ("client_frozen", "Client frozen"),
    ("tx", "Transaction"),
    ("log", "Log"),
    ("block", "Block"),
];

pub fn sections(chains: &[ChainOverview]) -> Markup {
    html! {
        section #events aria-labelledby="events-title" {
            h1 #events-title { "Events" }
            p.note { "What blocks say and what Tern logs from now on, the newest first. Times are in UTC." }
            noscript {
                p {
                    "The lines are added by JavaScript. Without it, "
                    code { "curl -N …/api/v1/events" } " shows the same."
                }
            }
            form.filter.scripted aria-label="Filter" {
                label {
                    "Chain "
                    select #of-chain {
                        option value="" { "all" }
                        @for chain in chains { option value=(chain.chain) { (chain.chain) } }
                    }
                }
                label {
                    "Kind "
                    select #of-kind {
                        option value="" { "all but blocks" }
                        option value="*" { "all" }
                        @for (kind, said) in KINDS { option value=(kind) { (said) } }
                    }
                }
                label {
                    "Level "
                    select #of-level {
                        option value="" { "all" }
                        option value="warn" { "warnings" }
                    }
                }
                label { "Path or text " input #of-text type="search" placeholder="channel-7"; }
                label { input #hold type="checkbox"; " Hold" }
            }
            p #no-lines .nothing.scripted { "Nothing has happened since this page was opened." }
            ol #lines .lines {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::chain;
    use super::*;

    #[test]
    fn it_can_be_filtered_and_explains_itself_without_a_script() {
        let markup = sections(&[chain()]).into_string();
        for said in [
            "<option value=\"osmosis-1\">osmosis-1</option>",
            "<option value=\"acknowledged\">Confirmed</option>",
            "<option value=\"warn\">warnings</option>",
            "id=\"of-text\"",
            "The lines are added by JavaScript",
        ] {
            assert!(markup.contains(said), "no {said} in {markup}");
        }
    }
}
