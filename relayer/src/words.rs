//! Times, numbers and texts as people read them.

use std::time::{Duration, UNIX_EPOCH};

use tern_chains::BlockTime;

/// Characters of a line on a usual terminal.
const LINE_CHARS: usize = 80;
/// A text of a chain, a node or another relayer is shown up to so many characters.
const TEXT_CHARS_MAX: usize = 400;

/// `2026-11-30T11:20:05Z`.
pub fn rfc3339(time: BlockTime) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_nanos(time.0)).to_string()
}

/// The same with milliseconds.
pub fn rfc3339_millis(time: BlockTime) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(time.0)).to_string()
}

/// The time of day in UTC, `11:20:05`.
pub fn time_of_day(rfc3339: &str) -> &str {
    let after = rfc3339.split_once('T').map(|(_, time)| time);
    after.map_or(rfc3339, |time| time.trim_end_matches('Z'))
}

/// Seconds since 1970 of a time as [`rfc3339`] writes it.
pub fn seconds_of(rfc3339: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(rfc3339).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

/// The time as people say it at another time: `5 min ago`, `in 3 d 2 h`. One that cannot be
/// read stays as it is.
pub fn relative(time: &str, now: &str) -> String {
    match (seconds_of(time), seconds_of(now)) {
        (Some(time), Some(now)) if time > now => format!("in {}", span(time - now)),
        (Some(time), Some(now)) => format!("{} ago", span(now - time)),
        _ => quoted(time),
    }
}

/// Whole seconds from one time to a later one; 0 if it is not later.
pub fn seconds_between(earlier: BlockTime, later: BlockTime) -> u64 {
    later.0.saturating_sub(earlier.0) / 1_000_000_000
}

/// A span in its two largest units: `45 s`, `3 min`, `2 h 5 min`, `13 d 4 h`.
pub fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let with_rest = |whole: u64, unit: &str, rest: u64, rest_unit: &str| match rest {
        0 => format!("{whole} {unit}"),
        _ => format!("{whole} {unit} {rest} {rest_unit}"),
    };
    match seconds {
        0..120 => format!("{seconds} s"),
        120..3_600 => format!("{minutes} min"),
        3_600..86_400 => with_rest(hours, "h", minutes % 60, "min"),
        _ => with_rest(days, "d", hours % 24, "h"),
    }
}

/// Days that something lasts, roughly: `3.2 d`, `14 d`, `years`.
pub fn days(days: f64) -> String {
    match days {
        ..0.05 => "0 d".to_owned(),
        ..10.0 => format!("{days:.1} d"),
        10.0..1_000.0 => format!("{days:.0} d"),
        _ => "years".to_owned(),
    }
}

/// Digits in groups of three: `1,234,567`.
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 packet`, `2 packets`.
pub fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(count)),
    }
}

/// At most so many characters of a text that strangers wrote, with an ellipsis where some
/// are left out.
pub fn shortened(text: &str, max: usize) -> String {
    let text = quoted(text);
    match text.chars().count() > max {
        true => {
            let kept: String = text.chars().take(max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        false => text,
    }
}

/// Begin and end of a long name such as an address or a hash: enough to tell it from others.
pub fn ends_of(text: &str, begin: usize, end: usize) -> String {
    let text = quoted(text);
    let count = text.chars().count();
    if count <= begin + end + 1 {
        return text;
    }
    let first: String = text.chars().take(begin).collect();
    let last: String = text.chars().skip(count - end).collect();
    format!("{first}…{last}")
}

/// A text that strangers wrote, for people: without control characters, which could
/// change the terminal, and not longer than people read.
pub fn quoted(text: &str) -> String {
    let mut kept: String = text.chars().take(TEXT_CHARS_MAX).map(clean).collect();
    if text.chars().count() > TEXT_CHARS_MAX {
        kept.push('…');
    }
    kept
}

/// The whole of a text that strangers wrote, without control characters: a channel's version is
/// for other programs, and longer than people read.
pub fn printable(text: &str) -> String {
    text.chars().map(clean).collect()
}

fn clean(c: char) -> char {
    match c.is_control() {
        true => ' ',
        false => c,
    }
}

/// Lines of at most 80 characters, the first indented by `first`, the others by `rest`.
/// A word that is longer has a line of its own.
pub fn wrapped(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(first);
    let mut has_words = false;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = quoted(word);
        let length = line.chars().count() + usize::from(has_words) + word.chars().count();
        if has_words && length > LINE_CHARS {
            lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
            has_words = false;
        }
        if has_words {
            line.push(' ');
        }
        line.push_str(&word);
        has_words = true;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let said = [45, 119, 120, 3_599, 3_600, 7_500, 86_400, 100_000].map(span);
        assert_eq!(
            said,
            [
                "45 s",
                "119 s",
                "2 min",
                "59 min",
                "1 h",
                "2 h 5 min",
                "1 d",
                "1 d 3 h"
            ]
        );
    }

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(
            [7, 999, 1_000, 1_234_567].map(grouped),
            ["7", "999", "1,000", "1,234,567"]
        );
    }

    #[test]
    fn times_are_in_utc() {
        let time = rfc3339(BlockTime(1_600_000_000_500_000_000));
        assert_eq!(time, "2020-09-13T12:26:40Z");
        assert_eq!(time_of_day(&time), "12:26:40");
    }

    #[test]
    fn a_time_is_told_as_far_from_another_one() {
        let now = "2020-09-13T12:00:00Z";
        assert_eq!(relative("2020-09-13T11:55:00Z", now), "5 min ago");
        assert_eq!(relative("2020-09-16T14:00:00Z", now), "in 3 d 2 h");
        assert_eq!(relative(now, now), "0 s ago");
        assert_eq!(relative("soon", now), "soon");
    }

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(ends_of("akash1qwertyuiop", 6, 3), "akash1…iop");
        assert_eq!(ends_of("akash1qwe", 6, 3), "akash1qwe");
        assert_eq!(ends_of("\u{1b}äöüß", 2, 1), " ä…ß");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(shortened("kürzer", 6), "kürzer");
        assert_eq!(shortened("viel länger", 6), "viel…");
    }

    #[test]
    fn lines_fit_the_terminal_and_lose_no_word() {
        let text = "word ".repeat(50);
        let lines = wrapped(&text, 0, 4);
        assert!(lines.iter().all(|line| line.chars().count() <= LINE_CHARS));
        assert!(lines[1].starts_with("    word"));
        let words: usize = lines
            .iter()
            .map(|line| line.split_whitespace().count())
            .sum();
        assert_eq!(words, 50);
        assert_eq!(wrapped("short", 2, 4), ["  short"]);
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let long = "x".repeat(100);
        assert_eq!(
            wrapped(&format!("a {long} b"), 0, 1),
            ["a", &format!(" {long}"), " b"]
        );
    }

    #[test]
    fn what_strangers_write_cannot_change_the_terminal() {
        assert_eq!(quoted("a\u{1b}[2Jb\nc"), "a [2Jb c");
        let long = "v".repeat(TEXT_CHARS_MAX + 1);
        assert_eq!(printable(&format!("\n-{long}\u{12}")), format!(" -{long} "));
        assert_eq!(wrapped("a\u{1b}[2J", 0, 0), ["a [2J"]);
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), TEXT_CHARS_MAX + 1);
    }
}
