//! `tern trace`: every step of one packet, read from the chains.
//!
//! The steps need neither a daemon nor a store, so it works for the packets of every
//! relayer. Only what a pending packet waits for is asked of a running daemon.

mod find;
mod located_event;
mod packet_trace;
mod render;
#[cfg(test)]
mod testing;

use anyhow::bail;
use clap::Args;
use tern::engine::channel_end;
use tern::engine::status::PacketWait;
use tern_core::ledger::{ChannelKey, Head};

use self::find::Side;
use self::packet_trace::PacketTrace;
use super::path::PathArgs;
use crate::connect::{ConnectedChain, Context};
use crate::daemon::DaemonClient;
use crate::output::Outcome;

const EXAMPLE: &str = "\
Example:
  tern trace akash-a channel-0 7

For each step it shows the block, the transaction, the seconds since the previous
step, and the blocks since the previous step on the same chain. It says which steps
the node has pruned.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct TraceArgs {
    #[command(flatten)]
    path: PathArgs,
    /// Sequence of the packet
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    sequence: u64,
}

pub async fn run(context: &Context, args: TraceArgs) -> anyhow::Result<Outcome> {
    let path = &args.path;
    let src = context.connect(&path.chain)?;
    let (src_end, dst_end) = path.ends(context, &*src).await?;
    let dst = context.connect(dst_end.chain.as_str())?;
    let ((src, ordering), (dst, _)) = tokio::try_join!(side(&src, src_end), side(&dst, dst_end))?;
    let mut trace = find::trace_packet(&src, &dst, ordering, args.sequence.into()).await?;
    if !trace.is_done() {
        trace.waits_in_daemon = waits_in_daemon(context, &trace).await?;
    }
    if context.json {
        render::json(&trace, path)?;
    } else {
        render::text(&trace, path)?;
    }
    Ok(Outcome::Done)
}

/// What a pending packet waits for in the daemon of this home folder, if there is one
/// and it knows the packet.
async fn waits_in_daemon(
    context: &Context,
    trace: &PacketTrace,
) -> anyhow::Result<Option<PacketWait>> {
    let Some(daemon) = DaemonClient::find(&context.home).await? else {
        return Ok(None);
    };
    let status = daemon.status(Some(trace.src.clone().into())).await?;
    let mut packets = status.packets.into_iter();
    let packet = packets.find(|status| status.packet.sequence == trace.sequence);
    Ok(packet.map(|status| status.waits_for))
}

/// One end of the path, read from its chain now.
async fn side(
    chain: &ConnectedChain,
    end: ChannelKey,
) -> anyhow::Result<(Side<'_>, tern_chains::Ordering)> {
    let (height, time) = chain.latest().await?;
    let Some(channel) = channel_end(&**chain, &end).await? else {
        bail!("there is no channel {end}, but the other end refers to it");
    };
    let side = Side {
        chain,
        end,
        client_id: channel.client_id,
        head: Head { height, time },
    };
    Ok((side, channel.ordering))
}
