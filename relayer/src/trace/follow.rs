//! Reads a packet and the packets that were sent because of it, from chain to chain.

use tern::engine::{channel_end, describe};
use tern_chains::{ChainId, Ordering, Packet, Sequence};
use tern_core::ledger::{ChannelKey, Head};

use super::error::{connect, TraceError};
use super::find::{self, Side};
use super::hops::{self, Hop, Hops, Next, Unfollowed, HOPS_MAX};
use super::packet_trace::PacketTrace;
use super::waits::Engine;
use crate::connect::{ConnectedChain, Context};
use crate::path::other_end;

/// The steps of a packet and of all packets that were sent because of it.
///
/// # Errors
/// If the first packet cannot be read. What is not known of those after it is in
/// [`Hops::unfollowed`].
pub async fn follow(
    context: &Context,
    engine: &Engine,
    src: &ChannelKey,
    sequence: Sequence,
) -> Result<Hops, TraceError> {
    let mut hops = Hops {
        first: trace(context, engine, src, sequence).await?,
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
                let Some(src) = source_of(&chain, &packet) else {
                    break;
                };
                match next_trace(context, engine, &hops, src, &packet).await? {
                    Ok(trace) => hops.next.push(Hop { cause, trace }),
                    Err(why) => hops.unfollowed = Some(why),
                }
            }
        }
    }
    Ok(hops)
}

/// The source end of a packet that was sent on this chain; `None` if it is no channel.
pub fn source_of(chain: &ChainId, packet: &Packet) -> Option<ChannelKey> {
    let (port, channel) = packet.src.as_channel()?;
    Some(ChannelKey {
        chain: chain.clone(),
        port_id: port.clone(),
        channel_id: channel.clone(),
    })
}

async fn next_trace(
    context: &Context,
    engine: &Engine,
    hops: &Hops,
    src: ChannelKey,
    packet: &Packet,
) -> Result<Result<PacketTrace, Unfollowed>, TraceError> {
    let chain = connect(context, src.chain.as_str())?;
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
        let traced = trace(context, engine, &src, packet.sequence).await;
        traced.map(Ok)
    };
    let traced: Result<_, TraceError> = trace.await;
    Ok(traced.unwrap_or_else(|error| {
        let why = describe(&error);
        Err(Unfollowed::NoAnswer { src, sequence, why })
    }))
}

/// The steps of one packet, and what a pending one waits for in the engine.
async fn trace(
    context: &Context,
    engine: &Engine,
    src_end: &ChannelKey,
    sequence: Sequence,
) -> Result<PacketTrace, TraceError> {
    let src = connect(context, src_end.chain.as_str())?;
    let dst_end = other_end(context, &*src, src_end).await?;
    let dst = connect(context, dst_end.chain.as_str())?;
    let src_end = src_end.clone();
    let ((src, ordering), (dst, _)) = tokio::try_join!(side(&src, src_end), side(&dst, dst_end))?;
    let mut trace = find::trace_packet(&src, &dst, ordering, sequence).await?;
    if !trace.is_done() {
        trace.waits_in_daemon = engine.wait_of(context, &trace).await?;
    }
    Ok(trace)
}

/// One end of the path, read from its chain now.
async fn side(chain: &ConnectedChain, end: ChannelKey) -> Result<(Side<'_>, Ordering), TraceError> {
    let (height, time) = chain.latest().await?;
    let Some(channel) = channel_end(&**chain, &end).await? else {
        return Err(TraceError::NoSuchEnd(end));
    };
    let side = Side {
        chain,
        end,
        client_id: channel.client_id,
        head: Head { height, time },
    };
    Ok((side, channel.ordering))
}
