//! The small pieces that all views are made of: tables, times, marks, long names.
//!
//! What a chain, a node or another relayer wrote comes through here as text; maud escapes it.

use maud::{html, Markup};
use tern::overview::{EndOverview, Money, PathOverview};
use tern::words::{self, grouped, quoted};

/// How a state is told: by a shape and a word, and by a colour beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Well,
    Watch,
    Act,
    Quiet,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Watch => "watch",
            Self::Act => "act",
            Self::Quiet => "quiet",
        }
    }

    fn shape(self) -> &'static str {
        match self {
            Self::Well => "●",
            Self::Watch => "▲",
            Self::Act => "◆",
            Self::Quiet => "○",
        }
    }
}

pub fn mark(tone: Tone, word: &str) -> Markup {
    html! {
        span.mark.(tone.class()) { span aria-hidden="true" { (tone.shape()) } " " (word) }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    name: &'static str,
    class: &'static str,
}

pub const fn text(name: &'static str) -> Column {
    Column { name, class: "" }
}

pub const fn number(name: &'static str) -> Column {
    Column { name, class: "n" }
}

/// A table whose first column names the row. On a narrow screen each row is a card, where
/// the columns' names stand beside the values.
pub fn table(caption: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table {
            caption { (caption) }
            thead { tr {
                @for column in columns {
                    th scope="col" class=[class(column)] { (column.name) }
                }
            } }
            tbody {
                @for row in rows { tr {
                    @for (index, (column, cell)) in columns.iter().zip(row).enumerate() {
                        @if index == 0 {
                            th scope="row" { (cell) }
                        } @else {
                            td class=[class(column)] data-label=(column.name) { (cell) }
                        }
                    }
                } }
            }
        }
    }
}

fn class(column: &Column) -> Option<&'static str> {
    (!column.class.is_empty()).then_some(column.class)
}

/// Said where a list has nothing in it: what would be here.
pub fn nothing(said: &str) -> Markup {
    html! { p.nothing { (said) } }
}

/// A time as far from now, with the exact one on hover.
pub fn when(time: &str, now: &str) -> Markup {
    html! {
        time datetime=(time) title=(exact(time)) { (words::relative(time, now)) }
    }
}

/// `2026-11-30 11:20:05 UTC`.
pub fn exact(time: &str) -> String {
    let time = quoted(time);
    match time.strip_suffix('Z') {
        Some(time) => format!("{} UTC", time.replacen('T', " ", 1)),
        None => time,
    }
}

pub fn or_dash(cell: Option<Markup>) -> Markup {
    cell.unwrap_or_else(|| html! { span.quiet { "–" } })
}

/// An amount as people say it, with what it is exactly.
pub fn amount(amount: &str, money: Money<'_>) -> Markup {
    let (said, exactly) = (money.said(amount), money.exactly(amount));
    html! {
        @if said == exactly { (said) } @else { span title=(exactly) { (said) } }
    }
}

/// A text in which what is between backquotes is a command.
pub fn commands(text: &str) -> Markup {
    html! {
        @for (index, part) in quoted(text).split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A long name, shortened, and a button that copies the whole one.
pub fn copyable(whole: &str, begin: usize, end: usize, what: &str) -> Markup {
    html! {
        span.copyable {
            code title=(whole) { (words::ends_of(whole, begin, end)) }
            button.copy.scripted type="button" data-copy=(whole) aria-label={ "Copy " (what) } {
                "copy"
            }
        }
    }
}

pub fn hash(hash: &str) -> Markup {
    copyable(hash, 8, 6, "the transaction hash")
}

pub fn address(address: &str) -> Markup {
    copyable(address, 12, 6, "the address")
}

/// `akash-a channel-0`: without the port of transfers, which most channels have.
pub fn short_end(end: &EndOverview) -> String {
    match (end.port.as_deref(), &end.channel) {
        (Some("transfer"), Some(channel)) => format!("{} {channel}", end.chain),
        _ => end.name.clone(),
    }
}

/// `akash-a channel-0 → kava-a channel-0`.
pub fn path_name(path: &PathOverview) -> String {
    format!("{} → {}", short_end(&path.src), short_end(&path.dst))
}

/// The address of a path's view; ends of IBC v2 have none.
pub fn path_address(src: &EndOverview) -> Option<String> {
    Some(format!("/paths/{}", end_segments(src)?))
}

pub fn packet_address(src: &EndOverview, sequence: u64) -> Option<String> {
    Some(format!("/packets/{}/{sequence}", end_segments(src)?))
}

/// `akash-a/transfer/channel-0`, as a part of an address.
pub fn end_segments(end: &EndOverview) -> Option<String> {
    let (port, channel) = (end.port.as_deref()?, end.channel.as_deref()?);
    let parts = [end.chain.as_str(), port, channel].map(segment);
    Some(parts.join("/"))
}

/// A text as one segment of an address (RFC 3986).
pub fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

/// A text, with a link where there is an address.
pub fn link(address: Option<String>, text: &str) -> Markup {
    html! {
        @match address {
            Some(address) => a href=(address) { (text) },
            None => (text),
        }
    }
}

/// Which part of a long list is shown, with the ways to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// From 1.
    pub page: usize,
    pub rows: usize,
    pub per_page: usize,
}

impl Pages {
    /// A page beyond the last one is the last one.
    pub fn new(asked: usize, rows: usize, per_page: usize) -> Self {
        let last = rows.div_ceil(per_page).max(1);
        Self {
            page: asked.clamp(1, last),
            rows,
            per_page,
        }
    }

    fn last(&self) -> usize {
        self.rows.div_ceil(self.per_page).max(1)
    }

    pub fn range(&self) -> std::ops::Range<usize> {
        let begin = (self.page - 1) * self.per_page;
        begin..(begin + self.per_page).min(self.rows)
    }

    /// Nothing if there is one page.
    pub fn links(&self, address: &str, noun: &str) -> Markup {
        if self.last() == 1 {
            return html! {};
        }
        let shown = self.range();
        let to = |page: usize| format!("{address}?page={page}");
        html! {
            nav.pages aria-label={ "Pages of " (noun) } {
                @if self.page > 1 { a rel="prev" href=(to(self.page - 1)) { "← Before" } }
                span {
                    (grouped(shown.start + 1)) " to " (grouped(shown.end)) " of "
                    (grouped(self.rows)) " " (noun)
                }
                @if self.page < self.last() { a rel="next" href=(to(self.page + 1)) { "Next →" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chain_calls_itself_cannot_leave_its_segment() {
        assert_eq!(segment("akash-a"), "akash-a");
        assert_eq!(segment("a/b?c#d e"), "a%2Fb%3Fc%23d%20e");
        assert_eq!(segment("ü"), "%C3%BC");
    }

    #[test]
    fn a_time_is_said_exactly_on_hover() {
        let markup = when("2026-11-30T11:58:00Z", "2026-11-30T12:00:00Z").into_string();
        assert_eq!(
            markup,
            "<time datetime=\"2026-11-30T11:58:00Z\" title=\"2026-11-30 11:58:00 UTC\">\
             2 min ago</time>"
        );
    }

    #[test]
    fn a_page_beyond_the_last_is_the_last() {
        for (asked, rows, range) in [
            (0, 250, 0..100),
            (1, 250, 0..100),
            (3, 250, 200..250),
            (9, 250, 200..250),
            (1, 0, 0..0),
        ] {
            assert_eq!(Pages::new(asked, rows, 100).range(), range, "{asked}");
        }
        let links = Pages::new(2, 250, 100).links("/", "paths").into_string();
        assert!(links.contains("101 to 200 of 250 paths"), "{links}");
        assert!(links.contains("href=\"/?page=1\"") && links.contains("href=\"/?page=3\""));
        assert_eq!(
            Pages::new(1, 100, 100).links("/", "paths").into_string(),
            ""
        );
    }
}
