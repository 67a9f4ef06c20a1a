//! The packets of a transaction: finds its block on the configured chains.

use futures::stream::{FuturesUnordered, StreamExt};
use tern::engine::{channel_end, describe};
use tern_chains::{ChainId, PacketId, Sequence, TxHash};
use tern_core::ledger::ChannelKey;

use super::error::{connect, TraceError};
use super::follow::follow;
use super::hops::Hops;
use super::tx::{self, Role, TxError, TxPacket, Unsearched, WhyUnsearched, PACKETS_MAX};
use super::waits::Engine;
use crate::connect::{BlockWithTxs, ConnectedChain, Context, Indexed};

/// A transaction and the ways of its packets.
pub struct TxTrace {
    pub hash: TxHash,
    pub chain: ChainId,
    pub height: u64,
    pub packets: Vec<TracedPacket>,
    /// Packets beyond [`PACKETS_MAX`].
    pub packets_left: usize,
    /// Chains that did not answer before the transaction was found.
    pub unsearched: Vec<Unsearched>,
}

/// A packet of the transaction.
pub struct TracedPacket {
    pub role: Role,
    pub id: PacketId,
    pub result: Result<Hops, String>,
}

/// Traces the packets of a transaction.
///
/// # Errors
/// If no configured chain has it, it failed, or it has no packet.
pub async fn trace(
    context: &Context,
    engine: &Engine,
    hash: TxHash,
    chain: Option<&str>,
) -> Result<TxTrace, TraceError> {
    let FoundTx {
        chain,
        height,
        packets: mut found,
        unsearched,
    } = tx_in_block(context, hash, chain).await?;
    let packets_left = found.len().saturating_sub(PACKETS_MAX);
    found.truncate(PACKETS_MAX);

    let mut packets: Vec<TracedPacket> = Vec::new();
    for packet in found {
        if packets.iter().any(|traced| traced.has(chain.id(), &packet)) {
            continue;
        }
        let result = trace_packet(context, engine, &chain, &packet).await;
        packets.push(TracedPacket {
            role: packet.role,
            id: packet.id,
            result: result.map_err(|error| describe(&error)),
        });
    }
    Ok(TxTrace {
        hash,
        chain: chain.id().clone(),
        height,
        packets: without_hops(packets),
        packets_left,
        unsearched,
    })
}

/// The packets of a transaction, by source end and sequence.
///
/// # Errors
/// As those of [`trace`].
pub async fn packets(
    context: &Context,
    hash: TxHash,
    chain: Option<&str>,
) -> Result<Vec<(ChannelKey, Sequence)>, TraceError> {
    let tx = tx_in_block(context, hash, chain).await?;
    let mut packets = Vec::new();
    for packet in &tx.packets {
        packets.push((source(&tx.chain, packet).await?, packet.id.sequence));
    }
    Ok(packets)
}

/// A transaction that was found.
struct FoundTx {
    chain: ConnectedChain,
    height: u64,
    packets: Vec<TxPacket>,
    unsearched: Vec<Unsearched>,
}

async fn tx_in_block(
    context: &Context,
    hash: TxHash,
    chain: Option<&str>,
) -> Result<FoundTx, TraceError> {
    let chains = match chain {
        Some(id) => vec![connect(context, id)?],
        None => connect_all(context)?,
    };
    let (chain, height, unsearched) = find(chains, hash).await?;
    let block: BlockWithTxs = chain.block_with_txs(height).await?;
    let packets = tx::in_block(chain.id(), &block, hash)?;
    Ok(FoundTx {
        chain,
        height,
        packets,
        unsearched,
    })
}

fn connect_all(context: &Context) -> Result<Vec<ConnectedChain>, TraceError> {
    let chains = context.config.chains.iter();
    chains.map(|chain| connect(context, &chain.id)).collect()
}

/// Asks all chains at once; the first that has it is the one.
async fn find(
    chains: Vec<ConnectedChain>,
    hash: TxHash,
) -> Result<(ConnectedChain, u64, Vec<Unsearched>), TxError> {
    let asked = chains.into_iter().map(|chain| async move {
        let found = chain.find_tx(hash).await;
        (chain, found)
    });
    let mut answers: FuturesUnordered<_> = asked.collect();
    let (mut searched, mut unsearched) = (Vec::new(), Vec::new());
    while let Some((chain, answer)) = answers.next().await {
        let id = chain.id().clone();
        let why = match answer {
            Ok(Indexed::Found(height)) => return Ok((chain, height, unsearched)),
            Ok(Indexed::NotFound) => {
                searched.push(id);
                continue;
            }
            Ok(Indexed::NoIndex) => WhyUnsearched::NoIndex,
            Err(error) => WhyUnsearched::NoAnswer(describe(&error)),
        };
        unsearched.push(Unsearched { chain: id, why });
    }
    searched.sort();
    unsearched.sort_by(|a, b| a.chain.cmp(&b.chain));
    Err(TxError::NotFound {
        hash,
        searched,
        unsearched,
    })
}

/// The way of a packet that a transaction of this chain is about.
async fn trace_packet(
    context: &Context,
    engine: &Engine,
    chain: &ConnectedChain,
    packet: &TxPacket,
) -> Result<Hops, TraceError> {
    let src = source(chain, packet).await?;
    follow(context, engine, &src, packet.id.sequence).await
}

async fn source(chain: &ConnectedChain, packet: &TxPacket) -> Result<ChannelKey, TraceError> {
    let id = &packet.id;
    let (Some((src_port, src_channel)), Some((dst_port, dst_channel))) =
        (id.src.as_channel(), id.dst.as_channel())
    else {
        return Err(TraceError::NotOfChannel(id.clone()));
    };
    let src_chain = if packet.role.is_at_src() {
        chain.id().clone()
    } else {
        let end = ChannelKey {
            chain: chain.id().clone(),
            port_id: dst_port.clone(),
            channel_id: dst_channel.clone(),
        };
        match channel_end(&**chain, &end).await? {
            Some(channel) => channel.counterparty_chain,
            None => return Err(TraceError::NoSuchEnd(end)),
        }
    };
    Ok(ChannelKey {
        chain: src_chain,
        port_id: src_port.clone(),
        channel_id: src_channel.clone(),
    })
}

impl TracedPacket {
    /// Whether this packet of a transaction on `chain` is part of the way.
    fn has(&self, chain: &ChainId, packet: &TxPacket) -> bool {
        let Ok(hops) = &self.result else {
            return false;
        };
        let mut traces = hops.traces();
        traces.any(|trace| {
            let end = match packet.role.is_at_src() {
                true => &trace.src,
                false => &trace.dst,
            };
            let id = &packet.id;
            end.chain == *chain
                && (trace.src.end(), trace.dst.end()) == (id.src.clone(), id.dst.clone())
                && trace.sequence == id.sequence
        })
    }
}

/// Without packets that are on the way of another one: the transaction that confirms the
/// last hop also answers the first.
fn without_hops(packets: Vec<TracedPacket>) -> Vec<TracedPacket> {
    let hops_of = |packet: &TracedPacket| -> Vec<_> {
        let next = packet.result.iter().flat_map(|hops| &hops.next);
        next.map(|hop| (hop.trace.src.clone(), hop.trace.sequence))
            .collect()
    };
    let hops: Vec<_> = packets.iter().flat_map(hops_of).collect();
    let is_first = |packet: &TracedPacket| match &packet.result {
        Ok(way) => !hops.contains(&(way.first.src.clone(), way.first.sequence)),
        Err(_) => true,
    };
    packets.into_iter().filter(is_first).collect()
}
