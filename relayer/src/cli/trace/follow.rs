//! Reads a packet and the packets that were sent because of it, from chain to chain.

use anyhow::bail;
use tern::engine::channel_end;
use tern::engine::status::PacketWait;
use tern_chains::{Ordering, Packet, Sequence};
use tern_core::ledger::{ChannelKey, Head};

use super::find::{self, Side};
use super::hops::{self, Hop, Hops, Next, Unfollowed, HOPS_MAX};
use super::packet_trace::PacketTrace;
use crate::cli::path::PathArgs;
use crate::connect::{ConnectedChain, Context};
use crate::daemon::DaemonClient;

/// The steps of a packet and of all packets that were sent because of it.
///
/// # Errors
/// If the first packet cannot be read. What is not known of those after it is in
/// [`Hops::unfollowed`].
pub async fn follow(context: &Context, path: &PathArgs, sequence: u64) -> anyhow::Result<Hops> {
    let mut hops = Hops {
        first: trace(context, path, sequence.into()).await?,
        next: vec![],
        unfollowed: None,
    };
    while hops.unfollowed.is_none() {
        match hops::next(hops.last()) {
            Next::Nothing => break,
            Next::Missing { chain } => hops.unfollowed = Some(Unfollowed::BlockMissing { chain }),
            Next::Packet {
                cause,
                chain,
                packet,
            } => {
                let Some(path) = path_of(chain.as_str(), &packet) else {
                    break;
                };
                match next_trace(context, &hops, &path, &packet).await? {
                    Ok(trace) => hops.next.push(Hop { cause, trace }),
                    Err(why) => hops.unfollowed = Some(why),
                }
            }
        }
    }
    Ok(hops)
}

/// The source end of a packet that was sent on this chain; `None` if it is no channel.
pub fn path_of(chain: &str, packet: &Packet) -> Option<PathArgs> {
    let (port, channel) = packet.src.as_channel()?;
    Some(PathArgs {
        chain: chain.to_owned(),
        channel: channel.clone(),
        port: port.clone(),
    })
}

async fn next_trace(
    context: &Context,
    hops: &Hops,
    path: &PathArgs,
    packet: &Packet,
) -> anyhow::Result<Result<PacketTrace, Unfollowed>> {
    let chain = context.connect(&path.chain)?;
    let src = ChannelKey {
        chain: chain.id().clone(),
        port_id: path.port.clone(),
        channel_id: path.channel.clone(),
    };
    let sequence = packet.sequence.as_u64();
    if hops.traces().count() == HOPS_MAX || hops.has(&src, sequence) {
        return Ok(Err(Unfollowed::TooMany));
    }
    let trace = async {
        if let Some(channel) = channel_end(&*chain, &src).await? {
            let dst = channel.counterparty_chain;
            if context.chain_config(dst.as_str()).is_err() {
                return Ok(Err(Unfollowed::NotConfigured {
                    src: src.clone(),
                    sequence,
                    dst,
                }));
            }
        }
        trace(context, path, packet.sequence).await.map(Ok)
    };
    Ok(trace.await.unwrap_or_else(|error: anyhow::Error| {
        let why = format!("{error:#}");
        Err(Unfollowed::NoAnswer { src, sequence, why })
    }))
}

/// The steps of one packet, and what a pending one waits for in the running daemon.
async fn trace(
    context: &Context,
    path: &PathArgs,
    sequence: Sequence,
) -> anyhow::Result<PacketTrace> {
    let src = context.connect(&path.chain)?;
    let (src_end, dst_end) = path.ends(context, &*src).await?;
    let dst = context.connect(dst_end.chain.as_str())?;
    let ((src, ordering), (dst, _)) = tokio::try_join!(side(&src, src_end), side(&dst, dst_end))?;
    let mut trace = find::trace_packet(&src, &dst, ordering, sequence).await?;
    if !trace.is_done() {
        trace.waits_in_daemon = waits_in_daemon(context, &trace).await?;
    }
    Ok(trace)
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
async fn side(chain: &ConnectedChain, end: ChannelKey) -> anyhow::Result<(Side<'_>, Ordering)> {
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
