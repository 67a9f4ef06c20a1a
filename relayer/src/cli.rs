//! The command line: what can be asked of `tern`, a file for each family.

mod ack;
mod channel;
mod demo;
mod devnet;
mod health;
mod keys;
mod packet;
mod parse;
mod path;
mod query;
mod start;
mod trace;
mod transfer;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::connect::Context;
use crate::output::Outcome;

const EXAMPLES: &str = "\
Examples:
  tern demo
  tern keys add akash-a --mnemonic-file akash.txt
  tern health
  tern channel open akash-a kava-a
  tern start

Exit codes: 0 done, 1 failed, 2 wrong usage, 64 wrong configuration.";

/// A standalone IBC relayer: carries packets between Cosmos chains.
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
    /// The configuration [default: config.toml in the home folder]
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
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay: carry packets and keep clients alive until stopped
    Start(start::StartArgs),
    /// Check that every chain, node and key is fit for relaying
    Health(health::HealthArgs),
    /// Add, list and look into signing keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Open channels, with the clients and connections they need
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    /// See and clear packets that are under way
    #[command(subcommand)]
    Packet(packet::PacketCommand),
    /// Send tokens over a channel (ICS-20)
    Transfer(transfer::TransferArgs),
    /// Tell the story of one packet, from the chains themselves
    Trace(trace::TraceArgs),
    /// List a chain's clients, connections or channels
    #[command(subcommand)]
    Query(query::QueryCommand),
    /// Run development chains on this machine, with all that is needed to try
    /// the other commands
    Devnet(devnet::DevnetArgs),
    /// See it work: two development chains, a channel, packets both ways
    Demo(demo::DemoArgs),
}

impl Command {
    /// Whether it runs until it is stopped.
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
                .context("there is no home directory: name one with --home")?
                .join(".tern")),
        }
    }

    /// The configuration's file.
    pub fn config_file(&self, home: &Path) -> PathBuf {
        let named = self.config.clone();
        named.unwrap_or_else(|| home.join("config.toml"))
    }
}

/// Runs a command. Those that make their own chains need no configuration.
pub async fn dispatch(options: &Options, command: Command) -> anyhow::Result<Outcome> {
    let context = || {
        let home = options.home_folder()?;
        Context::load(&home, &options.config_file(&home), options.json)
    };
    match command {
        Command::Devnet(args) => devnet::run(options, args).await,
        Command::Demo(args) => demo::run(options, args).await,
        Command::Start(args) => start::run(&context()?, args).await,
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
