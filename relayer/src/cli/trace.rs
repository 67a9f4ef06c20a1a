//! `tern trace`: the story of one packet, from the chains themselves.
//!
//! No daemon and no store is asked, so it tells of every relayer's packets.

mod find;
mod sighting;
mod story;
mod tell;
#[cfg(test)]
mod testing;

use anyhow::bail;
use clap::Args;
use tern::engine::channel_end;
use tern_core::ledger::{ChannelKey, Head};

use self::find::Side;
use super::path::PathArgs;
use crate::connect::{ConnectedChain, Context};
use crate::output::Outcome;

const EXAMPLE: &str = "\
Example:
  tern trace akash-a channel-0 7

Each step is told with its block and transaction, the seconds since the step
before, and the blocks since the step before on the same chain. What a node has
pruned is said to be so.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct TraceArgs {
    #[command(flatten)]
    path: PathArgs,
    /// The packet's sequence
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    sequence: u64,
}

pub async fn run(context: &Context, args: TraceArgs) -> anyhow::Result<Outcome> {
    let path = &args.path;
    let src = context.connect_read_only(&path.chain)?;
    let (src_end, dst_end) = path.ends(context, &*src).await?;
    let dst = context.connect_read_only(dst_end.chain.as_str())?;
    let ((src, ordering), (dst, _)) = tokio::try_join!(side(&src, src_end), side(&dst, dst_end))?;
    let story = find::story(&src, &dst, ordering, args.sequence.into()).await?;
    match context.json {
        true => tell::json(&story, path)?,
        false => tell::text(&story, path)?,
    }
    Ok(Outcome::Done)
}

/// One end of the path, as its chain has it now.
async fn side(
    chain: &ConnectedChain,
    end: ChannelKey,
) -> anyhow::Result<(Side<'_>, tern_chains::Ordering)> {
    let (height, time) = chain.latest().await?;
    let Some(channel) = channel_end(&**chain, &end).await? else {
        bail!("there is no channel {end}, although the other end names it");
    };
    let side = Side {
        chain,
        end,
        client_id: channel.client_id,
        head: Head { height, time },
    };
    Ok((side, channel.ordering))
}
