//! How times, numbers and long lines are written (pure).

use std::time::{Duration, SystemTime};

use tern_chains::BlockTime;

/// Characters of a line on a usual terminal.
const LINE_CHARS: usize = 80;
/// A text of a chain or of another relayer is shown up to so many characters.
const TEXT_CHARS_MAX: usize = 400;

pub fn clock(time: BlockTime) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(time.0);
    humantime::format_rfc3339_millis(time).to_string()
}

pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A text that strangers wrote, for people: without control characters, which could
/// change the terminal, and not longer than people read.
pub fn quoted(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut kept: String = text.chars().take(TEXT_CHARS_MAX).map(clean).collect();
    if text.chars().count() > TEXT_CHARS_MAX {
        kept.push('…');
    }
    kept
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
        assert_eq!(wrapped("a\u{1b}[2J", 0, 0), ["a [2J"]);
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), TEXT_CHARS_MAX + 1);
    }
}
