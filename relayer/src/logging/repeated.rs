//! Warnings that repeat: one that was said is not said again for a while, but counted.
//!
//! Two warnings are the same if they have the same target, message and fields. Numbers
//! do not count: a height or a number of tries differs each time. When what was wrong is
//! right again, a line with `recovered = true` says so, and the next such warning is new.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::listeners;

/// A warning is said at most this often. Default ten minutes: seldom enough for a night's
/// log to be read, often enough for its end to show what is still wrong.
const WINDOW: Duration = Duration::from_secs(600);
/// Warnings that are remembered. Default 1,000: more kinds than a relayer has at a time.
const REMEMBERED_MAX: usize = 1_000;
/// Most characters by which a warning is recognised.
const KEY_MAX: usize = 512;

/// Fields that say what a line is about. They are compared as they are.
const SUBJECTS: [&str; 4] = ["chain", "channel", "node", "purpose"];
/// The field of a line that ends what warnings said.
const RECOVERED: &str = "recovered";

/// What a line is about, by field.
type Subjects = Vec<(&'static str, String)>;

/// The warnings that were said. Times are since some beginning.
#[derive(Default)]
struct Said(BTreeMap<String, Warning>);

struct Warning {
    subjects: Subjects,
    at: Duration,
    /// How often it was not said since.
    unsaid: u64,
}

impl Said {
    /// Whether a warning is said; and how often it was not, since the last time.
    fn warned(&mut self, key: &str, subjects: Subjects, now: Duration) -> Option<u64> {
        if let Some(said) = self.0.get_mut(key) {
            if now.saturating_sub(said.at) < WINDOW {
                said.unsaid = said.unsaid.saturating_add(1);
                return None;
            }
            said.at = now;
            return Some(std::mem::take(&mut said.unsaid));
        }
        if self.0.len() >= REMEMBERED_MAX {
            let oldest = self.0.iter().min_by_key(|(_, said)| said.at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
        let warning = Warning {
            subjects,
            at: now,
            unsaid: 0,
        };
        self.0.insert(key.to_owned(), warning);
        Some(0)
    }

    /// What was said of these is over.
    fn recovered(&mut self, subjects: &Subjects) {
        self.0
            .retain(|_, warning| !concerns(subjects, &warning.subjects));
    }
}

/// Whether a warning is about what has recovered: they have a field in common, and none
/// that differs.
fn concerns(recovered: &Subjects, warned: &Subjects) -> bool {
    let value = |name| warned.iter().find(|(warned, _)| *warned == name);
    let mut common = recovered
        .iter()
        .filter_map(|(name, text)| Some(value(*name)?.1 == *text))
        .peekable();
    common.peek().is_some() && common.all(|is_same| is_same)
}

/// A text without the numbers in it. Names with a number stay as they are.
fn without_numbers(text: &str) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut rest = text;
    let mut key = String::new();
    while let Some(first) = rest.chars().next() {
        let is_word = is_of_word(first);
        let end = rest.find(|c| is_of_word(c) != is_word);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        key.push_str(if is_word && is_number(part) {
            "0"
        } else {
            part
        });
        rest = after;
    }
    key
}

/// A number, perhaps with a unit or a revision, or a hash.
fn is_number(word: &str) -> bool {
    let is_hash = word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let after = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_digits = after.len() < word.len();
    let has_unit = has_digits && after.chars().all(char::is_alphabetic);
    let has_revision = has_digits && after.chars().all(|c| c.is_ascii_digit() || c == '-');
    is_hash || has_unit || has_revision
}

/// What a line is recognised by.
struct Line {
    key: String,
    subjects: Subjects,
    is_recovery: bool,
}

impl Line {
    fn of(event: &Event<'_>) -> Self {
        let mut line = Self {
            key: event.metadata().target().to_owned(),
            subjects: Subjects::new(),
            is_recovery: false,
        };
        event.record(&mut line);
        line
    }

    fn text(&mut self, field: &Field, text: &str) {
        let name = field.name();
        let left = KEY_MAX.saturating_sub(self.key.len());
        let text: String = text.chars().take(left).collect();
        if SUBJECTS.contains(&name) {
            let _ = write!(self.key, " {name}={text}");
            self.subjects.push((name, text));
        } else {
            let _ = write!(self.key, " {name}={}", without_numbers(&text));
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.is_recovery |= value && field.name() == RECOVERED;
    }

    fn record_f64(&mut self, _: &Field, _: f64) {}
    fn record_i64(&mut self, _: &Field, _: i64) {}
    fn record_u64(&mut self, _: &Field, _: u64) {}
    fn record_i128(&mut self, _: &Field, _: i128) {}
    fn record_u128(&mut self, _: &Field, _: u128) {}
}

/// Writes lines as another format does, and leaves warnings out that were just said.
pub struct SaidOnce<F> {
    format: F,
    is_json: bool,
    said: Mutex<Said>,
    start: Instant,
}

impl<F> SaidOnce<F> {
    pub fn text(format: F) -> Self {
        Self::new(format, false)
    }

    pub fn json(format: F) -> Self {
        Self::new(format, true)
    }

    fn new(format: F, is_json: bool) -> Self {
        Self {
            format,
            is_json,
            said: Mutex::default(),
            start: Instant::now(),
        }
    }

    /// Whether a line is said; and how often it was not, since the last time.
    fn is_said(&self, event: &Event<'_>) -> Option<u64> {
        let is_warning = *event.metadata().level() <= Level::WARN;
        let may_recover = event.metadata().fields().field(RECOVERED).is_some();
        if !is_warning && !may_recover {
            return Some(0);
        }
        let line = Line::of(event);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if line.is_recovery {
            said.recovered(&line.subjects);
        }
        if is_warning {
            return said.warned(&line.key, line.subjects, self.start.elapsed());
        }
        Some(0)
    }
}

impl<S, N, F> FormatEvent<S, N> for SaidOnce<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(repeated) = self.is_said(event) else {
            return Ok(());
        };
        listeners::tell(event, repeated);
        match repeated {
            0 => self.format.format_event(context, writer, event),
            _ => {
                let mut line = String::new();
                self.format
                    .format_event(context, Writer::new(&mut line), event)?;
                writeln!(writer, "{}", with_count(&line, repeated, self.is_json))
            }
        }
    }
}

/// A line of the log with how often it was left out before.
fn with_count(line: &str, repeated: u64, is_json: bool) -> String {
    let line = line.trim_end();
    match line.strip_suffix('}') {
        Some(object) if is_json => format!("{object},\"{REPEATED}\":{repeated}}}"),
        _ => format!("{line} {REPEATED}={repeated}"),
    }
}

pub(super) const REPEATED: &str = "repeated";

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn of_chain(chain: &str) -> Subjects {
        vec![("chain", chain.to_owned())]
    }

    #[test]
    fn a_warning_is_said_once_and_with_its_count_when_the_window_is_over() {
        let mut said = Said::default();
        let mut warned = |after| said.warned("no answer", of_chain("a-1"), after);
        assert_eq!(warned(SECOND), Some(0));
        assert_eq!(warned(SECOND * 2), None);
        assert_eq!(warned(WINDOW), None);
        assert_eq!(warned(WINDOW + SECOND), Some(2));
        assert_eq!(warned(WINDOW + SECOND * 2), None);
        assert_eq!(warned(WINDOW * 2 + SECOND), Some(1));
    }

    #[test]
    fn other_warnings_are_said() {
        let mut said = Said::default();
        assert_eq!(said.warned("no answer", of_chain("a-1"), SECOND), Some(0));
        assert_eq!(said.warned("no funds", of_chain("a-1"), SECOND), Some(0));
    }

    #[test]
    fn what_has_recovered_is_said_again_when_it_breaks() {
        let mut said = Said::default();
        assert_eq!(said.warned("a", of_chain("a-1"), SECOND), Some(0));
        assert_eq!(said.warned("b", of_chain("b-1"), SECOND), Some(0));
        said.recovered(&of_chain("a-1"));
        assert_eq!(said.warned("a", of_chain("a-1"), SECOND), Some(0));
        assert_eq!(said.warned("b", of_chain("b-1"), SECOND), None);
    }

    #[test]
    fn a_recovery_concerns_what_has_no_field_that_differs() {
        let node =
            |chain: &str, node: &str| vec![("chain", chain.to_owned()), ("node", node.to_owned())];
        assert!(concerns(&node("a-1", "x"), &of_chain("a-1")));
        assert!(concerns(&node("a-1", "x"), &node("a-1", "x")));
        assert!(!concerns(&node("a-1", "x"), &node("a-1", "y")));
        assert!(!concerns(&of_chain("a-1"), &vec![]));
        assert!(!concerns(&vec![], &of_chain("a-1")));
    }

    #[test]
    fn of_too_many_warnings_the_oldest_is_forgotten() {
        let mut said = Said::default();
        for number in 0..=REMEMBERED_MAX as u32 {
            let at = SECOND + Duration::from_millis(1) * number;
            let key = format!("warning {number}");
            assert_eq!(said.warned(&key, vec![], at), Some(0));
        }
        assert_eq!(said.0.len(), REMEMBERED_MAX);
        let now = SECOND * 3;
        assert_eq!(said.warned("warning 1", vec![], now), None);
        assert_eq!(said.warned("warning 0", vec![], now), Some(0));
    }

    #[test]
    fn numbers_and_hashes_do_not_tell_warnings_apart_and_names_do() {
        let height = without_numbers("block 17: expected 10, got 11 after 2.5s");
        let other = without_numbers("block 18: expected 11, got 12 after 31.7s");
        assert_eq!(height, other);
        let hash = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
        assert_eq!(without_numbers(hash), "0");
        assert_eq!(without_numbers("client at 1-234"), "client at 0");
        for name in ["07-tendermint-3", "channel-0", "akash-1", "akash1qqq", "é"] {
            assert_eq!(without_numbers(name), name);
        }
    }

    #[test]
    fn the_count_is_the_last_field() {
        assert_eq!(with_count("WARN no\n", 3, false), "WARN no repeated=3");
        let json = with_count("{\"level\":\"WARN\"}\n", 3, true);
        assert_eq!(json, "{\"level\":\"WARN\",\"repeated\":3}");
    }

    /// What is written of some lines.
    fn written(say: impl FnOnce()) -> String {
        use std::sync::Arc;

        use tracing_subscriber::layer::SubscriberExt;

        #[derive(Clone, Default)]
        struct Written(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Written {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        let written = Written::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .map_event_format(SaidOnce::text);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), say);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_warning_with_another_height_is_the_same_and_one_of_another_chain_is_not() {
        let text = written(|| {
            for height in 7..10u64 {
                let reason = format!("no block {height}");
                tracing::warn!(chain = "a-1", height, reason, "no answer");
                tracing::warn!(chain = "a-2", height, "no answer");
                tracing::info!(chain = "a-1", "broadcast");
            }
            tracing::info!(chain = "a-1", recovered = true, "answers again");
            tracing::warn!(
                chain = "a-1",
                height = 11u64,
                reason = "no block 11",
                "no answer"
            );
        });
        let count = |what: &str| text.matches(what).count();
        assert_eq!(count("no answer chain=\"a-1\""), 2, "{text}");
        assert_eq!(count("no answer chain=\"a-2\""), 1, "{text}");
        assert_eq!(count("broadcast"), 3, "{text}");
    }
}
