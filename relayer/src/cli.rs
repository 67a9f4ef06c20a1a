//! The command line: one file for each group of commands.

mod amount;
mod channel;
mod client;
mod connection;
mod demo;
mod devnet;
mod evidence;
mod health;
mod keys;
mod making;
mod not_ready;
mod packet;
mod parse;
mod path;
mod query;
mod send_once;
mod signing;
mod start;
mod status;
mod steering;
mod step;
mod trace;
mod transfer;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::connect::Context;
use crate::daemon::DaemonClient;
use crate::logging::LogFormat;
use crate::output::Outcome;

const EXAMPLES: &str = "\
Examples:
  tern demo
  tern keys add akash-a --mnemonic-file akash.txt
  tern health
  tern channel open akash-a kava-a
  tern start

Exit codes: 0 done, 1 failed, 2 wrong usage, 64 wrong configuration.";

/// A standalone IBC relayer: it relays packets between Cosmos chains.
#[derive(Debug, Parser)]
#[command(name = "tern", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Options {
    /// Folder of the configuration, the keys and the store [default: ~/.tern]
    #[arg(long, global = true, env = "TERN_HOME", hide_env_values = true)]
    #[arg(value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// The configuration file [default: config.toml in the home folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// What to log on stderr: error, warn, info, debug, trace or a filter such
    /// as tern=debug,hyper=info [default: info for start, else warn]
    #[arg(long, global = true, env = "TERN_LOG", hide_env_values = true)]
    #[arg(value_name = "LEVEL")]
    pub log: Option<String>,
    /// How to log: auto is JSON for start if stderr is not a terminal, and with --json;
    /// else text
    #[arg(long, global = true, env = "TERN_LOG_FORMAT", hide_env_values = true)]
    #[arg(value_name = "FORMAT", value_enum, default_value = "auto")]
    pub log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay packets and keep clients updated until stopped
    Start(start::StartArgs),
    /// Show what the running relayer does, and what needs a person
    Status(status::StatusArgs),
    /// Stop relaying on a channel, or to and from a chain, until it is resumed
    #[command(after_help = steering::PAUSE_EXAMPLE)]
    Pause(steering::PausableArgs),
    /// Go on with what was paused
    #[command(after_help = steering::RESUME_EXAMPLE)]
    Resume(steering::PausableArgs),
    /// Make the running relayer read its configuration again
    #[command(after_help = steering::RELOAD_EXAMPLE)]
    Reload,
    /// Finish what is in flight, and end the running relayer
    #[command(after_help = steering::DRAIN_EXAMPLE)]
    Drain,
    /// Check that every chain, node and key is ready for relaying
    Health(health::HealthArgs),
    /// Add and list signing keys, and show their balances
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Create and update light clients, and show their status
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Open connections, with the clients they need
    #[command(subcommand)]
    Connection(connection::ConnectionCommand),
    /// Open channels, with the clients and connections they need
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    /// List pending packets, or relay them once
    #[command(subcommand)]
    Packet(packet::PacketCommand),
    /// Send tokens over a channel (ICS-20)
    Transfer(transfer::TransferArgs),
    /// Show where a transfer is: by transaction, packet or sender
    Trace(trace::TraceArgs),
    /// List a chain's clients, connections or channels
    #[command(subcommand)]
    Query(query::QueryCommand),
    /// Run development chains on this machine, with a configuration and funded
    /// keys for the other commands
    Devnet(devnet::DevnetArgs),
    /// Run a demonstration: two development chains, a channel, packets both ways
    Demo(demo::DemoArgs),
}

/// What a command needs that speaks to the daemon alone: it works with a configuration that
/// cannot be read, too.
pub struct Home {
    pub folder: PathBuf,
    /// Whether results are JSON.
    pub json: bool,
}

impl Home {
    /// The daemon of the folder.
    async fn daemon(&self) -> anyhow::Result<DaemonClient> {
        let found = DaemonClient::find(&self.folder).await?;
        found.with_context(|| {
            format!(
                "no daemon runs in {}: start it with `tern start`, or name its folder with --home",
                self.folder.display()
            )
        })
    }
}

impl Command {
    /// Whether the command runs until it is stopped.
    pub fn is_daemon(&self) -> bool {
        matches!(self, Self::Start(_))
    }
}

impl Options {
    /// The folder of the configuration, the keys and the store.
    pub fn home_folder(&self) -> anyhow::Result<PathBuf> {
        match &self.home {
            Some(home) => Ok(home.clone()),
            None => Ok(std::env::home_dir()
                .context("the home directory is not known: give a folder with --home")?
                .join(".tern")),
        }
    }

    /// The path of the configuration file.
    pub fn config_file(&self, home: &Path) -> PathBuf {
        let named = self.config.clone();
        named.unwrap_or_else(|| home.join("config.toml"))
    }
}

/// Runs a command. `devnet` and `demo` start their own chains and do not read
/// the configuration.
pub async fn dispatch(options: &Options, command: Command) -> anyhow::Result<Outcome> {
    let context = || {
        let home = options.home_folder()?;
        Context::load(&home, &options.config_file(&home), options.json)
    };
    let home = || {
        anyhow::Ok(Home {
            folder: options.home_folder()?,
            json: options.json,
        })
    };
    match command {
        Command::Devnet(args) => devnet::run(options, args).await,
        Command::Demo(args) => demo::run(options, args).await,
        Command::Start(args) => start::run(context()?, args).await,
        Command::Status(args) => status::run(&home()?, args).await,
        Command::Pause(args) => steering::pause(&home()?, args).await,
        Command::Resume(args) => steering::resume(&home()?, args).await,
        Command::Reload => steering::reload(&home()?).await,
        Command::Drain => steering::drain(&home()?).await,
        Command::Client(command) => client::run(&home()?, context, command).await,
        Command::Connection(command) => connection::run(&context()?, command).await,
        Command::Health(args) => health::run(&context()?, args).await,
        Command::Keys(command) => keys::run(&context()?, command).await,
        Command::Channel(command) => channel::run(&context()?, command).await,
        Command::Packet(command) => packet::run(&context()?, command).await,
        Command::Transfer(args) => transfer::run(&context()?, args).await,
        Command::Trace(args) => trace::run(&context()?, args).await,
        Command::Query(command) => query::run(&context()?, command).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
    }
}
