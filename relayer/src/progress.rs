//! What a command is doing, for whoever waits for it: on a terminal one line that changes,
//! elsewhere a plain line now and then. Both are on stderr, and with `--json` there is
//! neither.

use std::future::Future;
use std::io::{self, IsTerminal};
use std::pin::pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output;

/// What takes less is not worth a line. Default two seconds; what goes on is looked at again
/// as often.
const QUICK: Duration = Duration::from_secs(2);
/// Between two plain lines, at least.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// Between two pictures on a terminal.
const TICK: Duration = Duration::from_millis(200);

/// The lines that change, on stderr. Hidden where that is no terminal.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Prints something while the lines that change make room for it.
pub fn aside<T>(print: impl FnOnce() -> T) -> T {
    SCREEN.suspend(print)
}

/// What one command is doing. Nothing of it is left on a terminal when this is dropped.
pub struct Progress {
    start: Instant,
    shown: Shown,
}

enum Shown {
    Nothing,
    /// On a terminal, from the first text on.
    Line(ProgressBar),
    Plain(Mutex<PlainLines>),
}

impl Progress {
    pub fn new(json: bool) -> Self {
        Self::of(json, Shown::Plain(Mutex::default()))
    }

    /// For a command whose results show how far it is: without a terminal they are enough.
    pub fn beside_results(json: bool) -> Self {
        Self::of(json, Shown::Nothing)
    }

    fn of(json: bool, without_terminal: Shown) -> Self {
        let shown = match (json, io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Line(ProgressBar::no_length()),
            (false, false) => without_terminal,
        };
        Self {
            start: Instant::now(),
            shown,
        }
    }

    /// Says what is being done now.
    pub fn now(&self, doing: &str) {
        let elapsed = self.start.elapsed();
        match &self.shown {
            Shown::Nothing => {}
            Shown::Line(_) if elapsed < QUICK => {}
            Shown::Line(line) => {
                if line.message().is_empty() {
                    self.show(line);
                }
                line.set_message(doing.to_owned());
            }
            Shown::Plain(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.is_due(doing, elapsed) {
                    output::note(format!("{doing} ({} s)", elapsed.as_secs()));
                }
            }
        }
    }

    fn show(&self, line: &ProgressBar) {
        // The template is a constant, and right.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}") {
            line.set_style(style);
        }
        SCREEN.add(line.clone());
        line.set_elapsed(self.start.elapsed());
        line.enable_steady_tick(TICK);
    }

    /// Waits for `work`, and says meanwhile what `look` finds.
    pub async fn during<T>(
        &self,
        work: impl Future<Output = T>,
        mut look: impl AsyncFnMut() -> Option<String>,
    ) -> T {
        let mut work = pin!(work);
        loop {
            let doing = async {
                tokio::time::sleep(QUICK).await;
                look().await
            };
            tokio::select! {
                biased;
                done = &mut work => return done,
                doing = doing => if let Some(doing) = doing {
                    self.now(&doing);
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Line(line) = &self.shown {
            line.finish_and_clear();
            SCREEN.remove(line);
        }
    }
}

/// Which texts become lines of their own: what is new, and not too often.
#[derive(Default)]
struct PlainLines {
    last: Option<(Duration, String)>,
}

impl PlainLines {
    /// `elapsed`: since the command began.
    fn is_due(&mut self, doing: &str, elapsed: Duration) -> bool {
        let is_due = match &self.last {
            None => elapsed >= QUICK,
            Some((at, text)) => text != doing && elapsed >= *at + PLAIN_EVERY,
        };
        if is_due {
            self.last = Some((elapsed, doing.to_owned()));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_begin_after_a_while_and_are_seldom_and_new() {
        let mut lines = PlainLines::default();
        let mut is_due = |doing, seconds| lines.is_due(doing, Duration::from_secs(seconds));
        assert!(!is_due("1 of 9", 1));
        assert!(is_due("1 of 9", 2));
        assert!(!is_due("2 of 9", 11));
        assert!(!is_due("1 of 9", 12));
        assert!(is_due("3 of 9", 12));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_is_looked_at_until_it_is_done() {
        let progress = Progress {
            start: Instant::now(),
            shown: Shown::Nothing,
        };
        let mut looks = 0;
        let work = async {
            tokio::time::sleep(QUICK * 3 + TICK).await;
            "done"
        };
        let look = async || {
            looks += 1;
            None
        };
        assert_eq!(progress.during(work, look).await, "done");
        assert_eq!(looks, 3);
    }
}
