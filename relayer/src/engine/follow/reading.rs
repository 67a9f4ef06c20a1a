//! How far the reading of what is there already has come, said now and then.

use tern_chains::{BlockTime, ChainId};
use tracing::info;

/// What is less is read in a moment.
const MANY: usize = 100;
/// Between two lines, at least: ten seconds.
const PAUSE_NS: u64 = 10_000_000_000;

/// Blocks or clients that are read one after the other.
pub struct Reading {
    chain: ChainId,
    /// Such as `blocks`.
    what: &'static str,
    progress: Progress,
}

impl Reading {
    pub fn new(chain: &ChainId, what: &'static str, all: usize) -> Self {
        Self {
            chain: chain.clone(),
            what,
            progress: Progress {
                all,
                done: 0,
                said: None,
            },
        }
    }

    /// One more is read. `now` is the machine's clock.
    pub fn read(&mut self, now: BlockTime) {
        if let Some(text) = self.progress.read(now) {
            info!(chain = %self.chain, "reading {}: {text}", self.what);
        }
    }
}

struct Progress {
    all: usize,
    done: usize,
    /// When it was said.
    said: Option<BlockTime>,
}

impl Progress {
    /// What is said now: the first of many, then some, and the last.
    fn read(&mut self, now: BlockTime) -> Option<String> {
        self.done += 1;
        let is_due = match self.said {
            None => self.all >= MANY,
            Some(said) => self.done == self.all || now.0.saturating_sub(said.0) >= PAUSE_NS,
        };
        if !is_due {
            return None;
        }
        self.said = Some(now);
        Some(format!("{} of {}", grouped(self.done), grouped(self.all)))
    }
}

/// With a comma before every three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let is_after_comma = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if is_after_comma(place) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said while `all` are read, `step_ns` apart.
    fn said(all: usize, step_ns: u64) -> Vec<String> {
        let mut progress = Progress {
            all,
            done: 0,
            said: None,
        };
        let times = (1..=all as u64).map(|number| BlockTime(number * step_ns));
        times.filter_map(|now| progress.read(now)).collect()
    }

    #[test]
    fn the_first_of_many_and_the_last_are_said_and_some_between() {
        let lines = said(2_500, PAUSE_NS / 1_000);
        let expected = [
            "1 of 2,500",
            "1,001 of 2,500",
            "2,001 of 2,500",
            "2,500 of 2,500",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn of_few_nothing_is_said() {
        assert!(said(MANY - 1, PAUSE_NS).is_empty());
    }

    #[test]
    fn numbers_are_grouped() {
        let texts = [7, 999, 1_000, 21_057, 1_234_567].map(grouped);
        assert_eq!(texts, ["7", "999", "1,000", "21,057", "1,234,567"]);
    }
}
