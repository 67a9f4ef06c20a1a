//! What commands print and how they end.
//!
//! Results go to stdout, notes and hints to stderr. With `--json` stdout holds
//! exactly one JSON document, which for a failed command is its error.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use tern_config::{ConfigError, UnknownChain};

/// Exit code of a wrong configuration (`EX_USAGE` of sysexits).
const EXIT_CONFIG: u8 = 64;

/// How a command that ran to its end came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it says: exit code 0.
    Done,
    /// It said itself what it could not do: exit code 1.
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

/// Whoever read stdout has gone, as `head` does: there is nobody to tell.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
struct Closed;

/// Prints text and a line end on stdout.
pub fn line(text: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        Err(error) => Err(anyhow::Error::from(error).context("cannot write to stdout")),
    }
}

/// Prints the one JSON document of a command.
pub fn json(document: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(document)?)
}

/// Tells the person at the terminal something that is no result.
pub fn note(text: impl Display) {
    // If stderr is gone there is nowhere left to say so.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints rows under a header, the columns lined up; only the header if there
/// are no rows.
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

/// Whether an error is only that nobody reads stdout any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    error.is::<Closed>()
}

/// Tells of an error and gives the exit code it stands for.
pub fn failure(error: &anyhow::Error, json: bool) -> ExitCode {
    if is_closed(error) {
        return ExitCode::FAILURE;
    }
    let (message, causes) = causes(error);
    if json {
        let document = serde_json::json!({ "error": message, "caused_by": causes });
        // A failed command exits as failed, whether or not it could say why.
        let _ = self::json(&document);
    } else {
        note(format!("error: {message}"));
        for cause in causes {
            note(format!("  caused by: {cause}"));
        }
    }
    let configuration = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<ConfigError>() || cause.is::<UnknownChain>()
    };
    match error.chain().any(configuration) {
        true => ExitCode::from(EXIT_CONFIG),
        false => ExitCode::FAILURE,
    }
}

/// An error's message and its causes, what was said already left out.
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
    fn columns_line_up_and_lines_end_with_their_text() {
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
    fn a_cause_that_was_said_already_is_not_repeated() {
        let error = anyhow::anyhow!("connection refused")
            .context("transport error: connection refused")
            .context("akash-a: status failed");
        let (message, causes) = causes(&error);
        assert_eq!(message, "akash-a: status failed");
        assert_eq!(causes, ["transport error: connection refused"]);
    }
}
