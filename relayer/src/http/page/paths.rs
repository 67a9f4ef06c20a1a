//! Paths as a table, those with trouble first. It is paged: a relayer may serve thousands.

use maud::{html, Markup};
use tern::overview::PathOverview;
use tern::words::{grouped, quoted, shortened, span};

use super::parts::{
    amount, link, mark, nothing, number, or_dash, path_address, path_name, table, text, when,
    Pages, Tone,
};
use super::plots;

/// Rows of a page.
pub const PER_PAGE: usize = 100;
/// What the oldest packet waits for is shown up to so many characters.
const WAIT_CHARS: usize = 140;
/// Seconds within which most packets end.
const AGE_USUAL: u64 = 60;

pub fn section(paths: &[PathOverview], page: usize, now: &str) -> Markup {
    let pages = Pages::new(page, paths.len(), PER_PAGE);
    let shown = paths.get(pages.range()).unwrap_or_default();
    html! {
        section #paths aria-labelledby="paths-title" {
            h2 #paths-title { "Paths" }
            @if paths.is_empty() {
                (nothing("No path is served yet."))
                p.todo { "→ " code { "tern channel open" } " opens a channel; its two paths are shown here." }
            } @else {
                (rows("Those with trouble first", shown, now))
                (pages.links("/", "paths"))
            }
        }
    }
}

pub fn rows(caption: &str, paths: &[PathOverview], now: &str) -> Markup {
    let columns = [
        text("Path"),
        text("State"),
        number("Pending"),
        number("Oldest"),
        text("Last moved"),
        text("24 h"),
        number("A packet"),
    ];
    let rows = paths.iter().map(|path| {
        let age = path.oldest.as_ref().and_then(|oldest| oldest.age_seconds);
        vec![
            name(path),
            state(path),
            html! { (grouped(path.pending)) },
            or_dash(age.map(|age| html! { (span(age)) })),
            or_dash(path.last_moved.as_deref().map(|time| when(time, now))),
            plots::sparkline(&path.ended_by_hour),
            cost(path),
        ]
    });
    html! { div.paths { (table(caption, &columns, &rows.collect::<Vec<_>>())) } }
}

/// What a packet costs, on one chain a line.
pub fn cost(path: &PathOverview) -> Markup {
    html! {
        @if path.cost.is_empty() { (or_dash(None)) }
        @for cost in &path.cost {
            div { (amount(&cost.amount, cost.money())) }
        }
    }
}

fn name(path: &PathOverview) -> Markup {
    html! {
        (link(path_address(&path.src), &path_name(path)))
        @if let Some(oldest) = path.oldest.as_ref().filter(|_| path.is_served) {
            p.wait {
                "#" (oldest.sequence) ": " (shortened(&oldest.waits_for, WAIT_CHARS))
            }
        }
        @if let Some(why) = &path.not_served {
            p.wait { (shortened(why, WAIT_CHARS)) }
        }
    }
}

/// In one word.
pub fn state(path: &PathOverview) -> Markup {
    html! {
        @if path.paused_since.is_some() {
            (mark(Tone::Watch, "paused"))
        } @else if !path.is_served {
            (mark(Tone::Quiet, "not served"))
        } @else if does_wait(path) {
            (mark(Tone::Watch, "waiting"))
        } @else if path.pending > 0 {
            (mark(Tone::Well, "at work"))
        } @else {
            (mark(Tone::Quiet, "idle"))
        }
    }
}

/// Whether something keeps its oldest packet back, or it is on its way for longer than one
/// usually is.
fn does_wait(path: &PathOverview) -> bool {
    let Some(oldest) = &path.oldest else {
        return false;
    };
    oldest.is_held || oldest.age_seconds.is_some_and(|age| age > AGE_USUAL)
}

/// Those that a search means: by a part of a chain's name, a channel, a port or a client.
pub fn matching<'a>(paths: &'a [PathOverview], query: &str) -> Vec<&'a PathOverview> {
    let query = quoted(query).to_lowercase();
    let is_in = |text: &str| text.to_lowercase().contains(&query);
    let matches = |path: &&PathOverview| {
        let ends = [&path.src, &path.dst];
        let clients = [Some(&path.client_on_src), path.client_on_dst.as_ref()];
        ends.iter()
            .any(|end| is_in(&end.name) || is_in(&super::parts::short_end(end)))
            || clients.into_iter().flatten().any(|client| is_in(client))
    };
    match query.is_empty() {
        true => vec![],
        false => paths.iter().filter(matches).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::path;
    use super::*;

    #[test]
    fn a_path_whose_oldest_packet_is_late_or_held_is_not_said_to_be_well() {
        let said = |age, is_held| {
            let mut path = path(7);
            if let Some(oldest) = &mut path.oldest {
                (oldest.age_seconds, oldest.is_held) = (Some(age), is_held);
            }
            state(&path).into_string()
        };
        assert!(said(AGE_USUAL, false).contains("at work"));
        assert!(said(AGE_USUAL + 1, false).contains("waiting"));
        assert!(said(1, true).contains("waiting"));
    }
}
