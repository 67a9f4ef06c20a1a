//! Times, spans and amounts as people read them.

use std::time::{Duration, UNIX_EPOCH};

use tern_chains::BlockTime;

/// `2026-11-30T11:20:05Z`.
pub fn rfc3339(time: BlockTime) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_nanos(time.0)).to_string()
}

/// The time of day in UTC, `11:20:05`.
pub fn time_of_day(rfc3339: &str) -> &str {
    let after = rfc3339.split_once('T').map(|(_, time)| time);
    after.map_or(rfc3339, |time| time.trim_end_matches('Z'))
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
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(count)),
    }
}

/// At most so many characters, with an ellipsis where some are left out.
pub fn shortened(text: &str, max: usize) -> String {
    match text.chars().count() > max {
        true => {
            let kept: String = text.chars().take(max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        false => text.to_owned(),
    }
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
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(shortened("kürzer", 6), "kürzer");
        assert_eq!(shortened("viel länger", 6), "viel…");
    }
}
