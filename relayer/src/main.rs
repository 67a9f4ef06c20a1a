//! The `tern` command, a standalone IBC relayer.

mod ack;
mod cli;
mod clock;
mod connect;
mod daemon;
mod http;
mod logging;
mod metrics;
mod output;
mod path;
mod progress;
mod setup;
mod shutdown;
mod trace;
mod turn;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let json = cli.options.json;
    match run(cli) {
        Ok(outcome) => outcome.into(),
        Err(error) => output::failure(&error, json),
    }
}

fn run(cli: cli::Cli) -> anyhow::Result<output::Outcome> {
    let runtime = tokio::runtime::Runtime::new()?;
    let logging = logging::Logging::start(&cli, &runtime)?;
    let outcome = runtime.block_on(cli::dispatch(&cli.options, cli.command));
    logging.end();
    outcome
}
