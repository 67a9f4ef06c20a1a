//! Logging on stderr: stdout has only the results of commands.
//!
//! The daemon's log is text for a person at a terminal, and one JSON object a line for
//! anything else. Warnings that repeat are counted ([`repeated`]), and whoever listens is told
//! the same lines ([`listeners`]). With the feature `otel` the steps are exported, too.

mod listeners;
#[cfg(feature = "otel")]
mod otel;
mod repeated;

use std::io::{self, IsTerminal, Write};

use anyhow::Context as _;
use clap::ValueEnum;
use tokio::runtime::Runtime;
use tracing::Subscriber;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use self::listeners::listen;
use self::repeated::SaidOnce;
use crate::cli::{Cli, Options};
use crate::{output, progress};

/// Tern's own crates. A level without a target, such as `debug`, applies to them.
const OURS: [&str; 6] = [
    "tern",
    "tern_core",
    "tern_cosmos",
    "tern_cosmos_core",
    "tern_chains",
    "tern_devnet",
];

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// JSON for `start` if stderr is not a terminal, and with `--json`; else text
    Auto,
    Text,
    Json,
}

/// What has to be ended after the last line.
pub struct Logging {
    #[cfg(feature = "otel")]
    export: Option<otel::Export>,
}

impl Logging {
    /// Starts logging: `info` for the daemon, `warn` for every other command, unless
    /// `--log` or `TERN_LOG` says otherwise. The runtime outlives what is returned.
    #[cfg_attr(not(feature = "otel"), expect(unused_variables))]
    pub fn start(cli: &Cli, runtime: &Runtime) -> anyhow::Result<Self> {
        let is_daemon = cli.command.is_daemon();
        let default = if is_daemon { "info" } else { "warn" };
        let wanted = cli.options.log.as_deref().unwrap_or(default);
        let filter = EnvFilter::try_new(directives(wanted)).with_context(|| {
            format!("`{wanted}` is not a log level such as `info` or `tern=debug`")
        })?;
        let is_terminal = io::stderr().is_terminal();
        let format = format(&cli.options, is_daemon, is_terminal);
        if is_daemon && format == LogFormat::Json {
            output::note_in_log();
        }
        let logs = lines(format, is_terminal).with_filter(filter);
        let subscriber = tracing_subscriber::registry().with(logs);
        #[cfg(feature = "otel")]
        {
            let (spans, export) = otel::spans(runtime.handle())?.unzip();
            subscriber.with(spans).init();
            Ok(Self { export })
        }
        #[cfg(not(feature = "otel"))]
        {
            subscriber.init();
            Ok(Self {})
        }
    }

    /// Exports what is not exported yet.
    pub fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(export) = self.export {
            export.end();
        }
    }
}

/// What `--log-format` says, or else what is fit for whoever reads it.
fn format(options: &Options, is_daemon: bool, is_terminal: bool) -> LogFormat {
    match options.log_format {
        LogFormat::Auto if options.json || (is_daemon && !is_terminal) => LogFormat::Json,
        LogFormat::Auto => LogFormat::Text,
        chosen => chosen,
    }
}

/// The lines on stderr.
fn lines<S>(format: LogFormat, is_terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer()
        // Steps are spans at debug level. At its end each span logs its busy time
        // and its idle time.
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(is_terminal && format == LogFormat::Text)
        .with_writer(|| Stderr);
    if format == LogFormat::Json {
        let lines = lines.json();
        lines.map_event_format(SaidOnce::json).boxed()
    } else {
        lines.map_event_format(SaidOnce::text).boxed()
    }
}

/// Lines of the log make room for themselves where progress is shown.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::aside(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Applies a level without a target to Tern's crates only.
fn directives(wanted: &str) -> String {
    if wanted.is_empty() || wanted.contains(['=', ',']) {
        return wanted.to_owned();
    }
    let ours = OURS.map(|name| format!("{name}={wanted}"));
    format!("warn,{}", ours.join(","))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_level_without_a_target_applies_to_terns_crates_only() {
        let all = "warn,tern=debug,tern_core=debug,tern_cosmos=debug,tern_cosmos_core=debug,\
             tern_chains=debug,tern_devnet=debug";
        assert_eq!(directives("debug"), all);
        assert_eq!(
            directives("tern=trace,hyper=debug"),
            "tern=trace,hyper=debug"
        );
    }

    fn chosen(command: &str, is_terminal: bool) -> LogFormat {
        let cli = Cli::parse_from(command.split(' '));
        format(&cli.options, cli.command.is_daemon(), is_terminal)
    }

    #[test]
    fn the_daemon_logs_text_on_a_terminal_and_json_elsewhere() {
        assert_eq!(chosen("tern start", true), LogFormat::Text);
        assert_eq!(chosen("tern start", false), LogFormat::Json);
        assert_eq!(chosen("tern start --json", true), LogFormat::Json);
    }

    #[test]
    fn warnings_of_other_commands_are_text_unless_json_is_asked_for() {
        assert_eq!(chosen("tern health", false), LogFormat::Text);
        assert_eq!(chosen("tern health --json", true), LogFormat::Json);
    }

    #[test]
    fn a_format_that_is_chosen_is_used() {
        let text = chosen("tern start --json --log-format text", false);
        assert_eq!(text, LogFormat::Text);
        let json = chosen("tern health --log-format json", true);
        assert_eq!(json, LogFormat::Json);
    }
}
