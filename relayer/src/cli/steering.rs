//! What a person does to the daemon of the home folder: pause, resume, reload, drain.

use clap::Args;
use serde_json::json;
use tern::words::counted;
use tern_chains::{ChainId, ChannelId, End, PortId};
use tern_core::ledger::EndKey;
use tern_core::plan::Pausable;

use super::{parse, Home};
use crate::daemon::DaemonClient;
use crate::output::{self, Outcome};
use crate::progress::Progress;

pub const PAUSE_EXAMPLE: &str = "\
Examples:
  tern pause akash-a channel-0    hold the packets of a channel, both ways
  tern pause akash-a              send nothing to a chain, and hold its packets

It stays so when the daemon is restarted. Clients are kept from expiring, but not
on a paused chain. `tern status` says what is paused.";
pub const RESUME_EXAMPLE: &str = "\
Examples:
  tern resume akash-a channel-0
  tern resume akash-a";
pub const RELOAD_EXAMPLE: &str = "\
Example:
  tern reload

The daemon reads its configuration file again: chains, nodes, keys, rules, budgets
and prices. It goes on with it at once, or says what is wrong with it and changes
nothing. SIGHUP does the same.";
pub const DRAIN_EXAMPLE: &str = "\
Example:
  tern drain

The daemon takes no new work, waits until each of its transactions is in a block
or certainly dead, and ends. The command ends with it. Packets that are left wait
for the next `tern start`, or for another relayer.";

/// A chain, or a channel by one of its ends.
#[derive(Debug, Args)]
pub struct PausableArgs {
    /// The chain
    chain: String,
    /// A channel on it; without one all of the chain
    #[arg(value_parser = parse::channel)]
    channel: Option<ChannelId>,
    /// The port of the channel
    #[arg(long, default_value = "transfer", value_parser = parse::port)]
    #[arg(requires = "channel")]
    port: PortId,
}

pub async fn pause(home: &Home, args: PausableArgs) -> anyhow::Result<Outcome> {
    let what = args.pausable();
    done(home, &home.daemon().await?.pause(what).await?)
}

pub async fn resume(home: &Home, args: PausableArgs) -> anyhow::Result<Outcome> {
    let what = args.pausable();
    done(home, &home.daemon().await?.resume(what).await?)
}

pub async fn reload(home: &Home) -> anyhow::Result<Outcome> {
    done(home, &home.daemon().await?.reload().await?)
}

pub async fn drain(home: &Home) -> anyhow::Result<Outcome> {
    let drained = home.daemon().await?.drain();
    let look = async || {
        let daemon = DaemonClient::find(&home.folder).await.ok()??;
        let status = daemon.status(None).await.ok()?;
        let txs: usize = status.lanes.iter().map(|lane| lane.txs_in_flight).sum();
        Some(format!("{} in flight", counted(txs as u64, "transaction")))
    };
    let drained = Progress::new(home.json).during(drained, look).await?;
    done(home, &drained)
}

impl PausableArgs {
    fn pausable(self) -> Pausable {
        let chain = ChainId::from_string(&self.chain);
        match self.channel {
            None => Pausable::Chain(chain),
            Some(channel) => Pausable::Path(EndKey {
                chain,
                end: End::channel(&self.port, &channel),
            }),
        }
    }
}

/// Prints what was done.
pub fn done(home: &Home, done: &str) -> anyhow::Result<Outcome> {
    match home.json {
        true => output::json(&json!({ "done": done }))?,
        false => output::line(done)?,
    }
    Ok(Outcome::Done)
}
