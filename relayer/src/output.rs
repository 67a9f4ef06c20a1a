//! The output of commands and their exit codes.
//!
//! Results go to stdout, notes and hints to stderr. With `--json` stdout has
//! exactly one JSON document. If the command fails, the document is the error.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use tern_config::{ConfigError, UnknownChain};

use crate::clock;
use crate::progress::aside;

/// Exit code of a wrong configuration (`EX_USAGE` of sysexits).
const EXIT_CONFIG: u8 = 64;
/// Exit code of arguments that say nothing together, the same as of those that clap refuses.
const EXIT_USAGE: u8 = 2;

/// Arguments that are well-formed one by one, and say nothing together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    pub fn new(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

/// The result of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The command succeeded: exit code 0.
    Done,
    /// The command failed and has printed the reason: exit code 1.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
        }
    }
}

/// The program that read stdout has ended, for example `head`.
#[derive(Debug, thiserror::Error)]
#[error("stdout is closed")]
struct Closed;

/// Prints text and a line end on stdout.
pub fn line(text: impl Display) -> anyhow::Result<()> {
    let printed = aside(|| {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush())
    });
    match printed {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        Err(error) => Err(anyhow::Error::from(error).context("cannot write to stdout")),
    }
}

/// Prints the one JSON document of a command.
pub fn json(document: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(document)?)
}

/// Whether notes are lines of the log.
static NOTES_IN_LOG: AtomicBool = AtomicBool::new(false);

/// From now on notes are lines of the log: of a daemon whose log is JSON, every line is.
pub fn note_in_log() {
    NOTES_IN_LOG.store(true, Ordering::Relaxed);
}

/// Prints text that is not a result on stderr.
pub fn note(text: impl Display) {
    if NOTES_IN_LOG.load(Ordering::Relaxed) {
        let fields = serde_json::json!({ "message": text.to_string() });
        return print_note(log_line("INFO", &fields));
    }
    print_note(text);
}

fn print_note(text: impl Display) {
    // If stderr is closed, the error cannot be reported.
    let _ = aside(|| writeln!(io::stderr().lock(), "{text}"));
}

/// A line as those of a log in JSON. It is printed whatever the level of the log.
fn log_line(level: &str, fields: &serde_json::Value) -> serde_json::Value {
    let now = UNIX_EPOCH + Duration::from_nanos(clock::now().0);
    serde_json::json!({
        "timestamp": humantime::format_rfc3339_micros(now).to_string(),
        "level": level,
        "fields": fields,
        "target": "tern",
    })
}

/// Prints rows under a header, in aligned columns. Without rows it prints the
/// header only.
pub fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> anyhow::Result<()> {
    line(layout(header, rows))
}

/// The text of a [`table`].
pub fn layout<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let header = header.map(str::to_owned);
    let all = || std::iter::once(&header).chain(rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let lines = all().map(|row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the error is only that stdout is closed.
pub fn is_closed(error: &anyhow::Error) -> bool {
    error.is::<Closed>()
}

/// Prints an error and returns its exit code.
pub fn failure(error: &anyhow::Error, json: bool) -> ExitCode {
    if is_closed(error) {
        return ExitCode::FAILURE;
    }
    let (message, causes) = causes(error);
    if json {
        let document = serde_json::json!({ "error": message, "caused_by": causes });
        // The exit code is the same if the error cannot be printed.
        let _ = self::json(&document);
    } else if NOTES_IN_LOG.load(Ordering::Relaxed) {
        let fields = serde_json::json!({ "message": message, "caused_by": causes });
        print_note(log_line("ERROR", &fields));
    } else {
        note(format!("error: {message}"));
        for cause in causes {
            note(format!("  caused by: {cause}"));
        }
    }
    let configuration = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<ConfigError>() || cause.is::<UnknownChain>()
    };
    if error.chain().any(configuration) {
        ExitCode::from(EXIT_CONFIG)
    } else if error.is::<UsageError>() {
        ExitCode::from(EXIT_USAGE)
    } else {
        ExitCode::FAILURE
    }
}

/// The message of an error and its causes. A cause is left out if the text before
/// it contains the same text.
fn causes(error: &anyhow::Error) -> (String, Vec<String>) {
    let message = error.to_string();
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        let before = causes.last().unwrap_or(&message);
        if !before.contains(&cause) {
            causes.push(cause);
        }
    }
    (message, causes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_spaces() {
        let rows = [
            ["channel-0".to_owned(), "Open".to_owned()],
            ["channel-117".to_owned(), String::new()],
        ];
        let expected = "\
CHANNEL      STATE
channel-0    Open
channel-117";
        assert_eq!(layout(["CHANNEL", "STATE"], &rows), expected);
        assert_eq!(layout(["CHANNEL", "STATE"], &[]), "CHANNEL  STATE");
    }

    #[test]
    fn a_cause_that_the_text_before_it_contains_is_not_repeated() {
        let error = anyhow::anyhow!("connection refused")
            .context("transport error: connection refused")
            .context("akash-a: status failed");
        let (message, causes) = causes(&error);
        assert_eq!(message, "akash-a: status failed");
        assert_eq!(causes, ["transport error: connection refused"]);
    }
}
