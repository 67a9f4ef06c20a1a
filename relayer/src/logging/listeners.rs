//! The lines of the log for whoever listens, such as a page in a browser: those of level
//! `info` and above, as they are said on stderr.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use tern::overview::LineOverview;
use tern::words::{quoted, rfc3339};
use tokio::sync::broadcast;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use crate::clock;

/// Lines that wait for a listener. The oldest are left out if it is slower.
const LINES_MAX: usize = 256;

/// The log is one for the process, and so are those who listen to it.
static LINES: LazyLock<broadcast::Sender<LineOverview>> =
    LazyLock::new(|| broadcast::channel(LINES_MAX).0);

/// Lines from now on.
pub fn listen() -> broadcast::Receiver<LineOverview> {
    LINES.subscribe()
}

/// A line is said, after it was left out `repeated` times.
pub(super) fn tell(event: &Event<'_>, repeated: u64) {
    let level = *event.metadata().level();
    if LINES.receiver_count() == 0 || level > Level::INFO {
        return;
    }
    let mut read = Read::default();
    event.record(&mut read);
    if repeated > 0 {
        read.fields
            .insert(super::repeated::REPEATED.to_owned(), repeated.to_string());
    }
    // Nobody may listen any more.
    let _ = LINES.send(LineOverview {
        time: rfc3339(clock::now()),
        level: level.to_string().to_lowercase(),
        chain: read.fields.remove("chain"),
        message: read.message,
        fields: read.fields,
    });
}

/// What a line says.
#[derive(Default)]
struct Read {
    message: String,
    fields: BTreeMap<String, String>,
}

impl Read {
    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "message" => self.message = quoted(text),
            name => {
                self.fields.insert(name.to_owned(), quoted(text));
            }
        }
    }
}

impl Visit for Read {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }
}

#[cfg(test)]
mod tests {
    use tracing::{debug, warn};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::logging::LogFormat;

    #[test]
    fn a_listener_is_told_each_line_that_is_said() {
        let mut listening = listen();
        let lines = crate::logging::lines(LogFormat::Text, false);
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || {
            for height in [7, 8] {
                warn!(chain = "kava-1", height, reason = %"no answer", "a listened line");
            }
            debug!("a line for developers");
            warn!("another listened line");
        });
        // Other tests may log beside this one.
        let told = std::iter::from_fn(|| listening.try_recv().ok());
        let told: Vec<_> = told.filter(|line| line.message.contains("line")).collect();
        let said: Vec<_> = told.iter().map(|line| line.message.as_str()).collect();
        assert_eq!(said, ["a listened line", "another listened line"]);
        let first = &told[0];
        assert_eq!(
            (first.level.as_str(), first.chain.as_deref()),
            ("warn", Some("kava-1"))
        );
        let fields = [("height", "7"), ("reason", "no answer")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(first.fields, fields.into());
    }
}
