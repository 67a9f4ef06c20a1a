//! The frame around every view: what each of them has at its top and at its end.

use maud::{html, Markup, DOCTYPE};

use super::parts::{commands, exact};

/// The views that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Clients,
    Fees,
    Events,
    /// One that is reached from another.
    Elsewhere,
}

const PLACES: [(Place, &str, &str); 4] = [
    (Place::Overview, "/", "Overview"),
    (Place::Clients, "/clients", "Clients"),
    (Place::Fees, "/fees", "Fees"),
    (Place::Events, "/events", "Events"),
];

/// A view and what the frame needs to know of it.
pub struct View<'a> {
    pub title: &'a str,
    pub place: Place,
    /// When what it shows was so.
    pub at: &'a str,
    /// What was searched for.
    pub query: &'a str,
    pub renewal: Renewal,
    /// Sections with an id each: the script replaces those that have changed.
    pub sections: Markup,
}

/// How the script keeps a view up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Asked for again when something happens, but not more often than this, in seconds.
    Every(u32),
    /// It adds lines by itself.
    Lines,
    /// It does not change any more, or only when it is asked for.
    Never,
}

pub fn document(view: &View<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (view.title) " – Tern" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/page.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (header(view))
                div #silent role="alert" {}
                div #said role="status" {}
                (main(view))
                (footer(view.at))
                (dialog())
            }
        }
    }
}

fn header(view: &View<'_>) -> Markup {
    html! {
        header.top {
            div.inner {
                a.brand href="/" { (logo()) "Tern" }
                nav aria-label="Views" {
                    @for (place, address, name) in PLACES {
                        @let here = (place == view.place).then_some("page");
                        a href=(address) aria-current=[here] { (name) }
                    }
                }
                form role="search" action="/search" method="get" {
                    label.hidden for="q" {
                        "Search for a transaction, a packet, an address or a channel"
                    }
                    input #q type="search" name="q" value=(view.query) autocomplete="off"
                        spellcheck="false" maxlength="200" aria-keyshortcuts="/"
                        placeholder="Tx hash, channel-7 #12, address …";
                    button type="submit" { "Search" }
                }
            }
        }
    }
}

/// A tern in flight, from two strokes.
fn logo() -> Markup {
    html! {
        svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true" {
            path d="M1 2c5 0 8 3 10 7 2-4 5-7 10-7-4 2-6 5-10 11C7 7 5 4 1 2z" fill="currentColor" {}
        }
    }
}

fn main(view: &View<'_>) -> Markup {
    let every = match view.renewal {
        Renewal::Every(seconds) => seconds.to_string(),
        Renewal::Lines => "lines".to_owned(),
        Renewal::Never => "never".to_owned(),
    };
    html! {
        main #main tabindex="-1" data-every=(every) { (view.sections) }
    }
}

fn footer(at: &str) -> Markup {
    html! {
        footer {
            p {
                "Tern " (env!("CARGO_PKG_VERSION")) " · as of "
                time #at datetime=(at) { (exact(at)) } " · "
                a href="/api/v1/openapi.json" { "API" } " · " a href="/metrics" { "Metrics" }
            }
            noscript {
                p { "Without JavaScript this page does not update by itself: load it again." }
            }
        }
    }
}

/// Asked before a button does something.
fn dialog() -> Markup {
    html! {
        dialog #ask aria-labelledby="question" {
            form method="dialog" {
                p #question {}
                p #token-field {
                    label for="token" { "Token" }
                    input #token type="password" autocomplete="off" spellcheck="false";
                    span.note {
                        (commands(
                            "It is in the file that `token_file` in the section [http] of \
                             config.toml names. This tab keeps it until it is closed."
                        ))
                    }
                }
                div.choice {
                    // Not a way to send the form: Enter in the field above takes the first one.
                    button #no type="button" { "Cancel" }
                    button.first #yes value="yes" { "Do it" }
                }
            }
        }
    }
}
