//! Logging on stderr: stdout has only the results of commands.

use std::io::IsTerminal;

use anyhow::Context as _;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;

/// Tern's own crates. A level without a target, such as `debug`, applies to them.
const OURS: [&str; 6] = [
    "tern",
    "tern_core",
    "tern_cosmos",
    "tern_cosmos_core",
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
        // Steps are spans at debug level. At its end each span logs its busy time
        // and its idle time.
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if cli.options.json {
        logs.json().init();
    } else {
        logs.init();
    }
    Ok(())
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
}
