//! Logs, on stderr: what commands print on stdout stays clean.

use std::io::IsTerminal;

use anyhow::Context as _;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;

/// Tern's own crates, which a bare level such as `debug` is meant for.
const OURS: [&str; 5] = [
    "tern",
    "tern_core",
    "tern_cosmos",
    "tern_chains",
    "tern_devnet",
];

/// Starts logging: `info` for the daemon, `warn` for every other command,
/// unless `--log` or `TERN_LOG` says otherwise.
pub fn start(cli: &Cli) -> anyhow::Result<()> {
    let default = if cli.command.is_daemon() {
        "info"
    } else {
        "warn"
    };
    let wanted = cli.options.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(directives(wanted))
        .with_context(|| format!("`{wanted}` is not a log level such as `info` or `tern=debug`"))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Steps are spans at debug level: each ends with a line that says how
        // long it was busy and how long it waited.
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match cli.options.json {
        true => logs.json().init(),
        false => logs.init(),
    }
    Ok(())
}

/// A bare level is meant for Tern, not for the libraries beneath it.
fn directives(wanted: &str) -> String {
    if wanted.is_empty() || wanted.contains(['=', ',']) {
        return wanted.to_owned();
    }
    let ours = OURS.map(|name| format!("{name}={wanted}"));
    format!("warn,{}", ours.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_leaves_the_libraries_quiet() {
        let all =
            "warn,tern=debug,tern_core=debug,tern_cosmos=debug,tern_chains=debug,tern_devnet=debug";
        assert_eq!(directives("debug"), all);
        assert_eq!(
            directives("tern=trace,hyper=debug"),
            "tern=trace,hyper=debug"
        );
    }
}
