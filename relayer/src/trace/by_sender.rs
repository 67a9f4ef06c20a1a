//! The newest packets of one sender, from the index of the nodes.

use std::time::Duration;

use futures::future::{join_all, OptionFuture};
use tern::engine::{channel_end, describe};
use tern::words::counted;
use tern_chains::{BlockTime, ChainError, PacketId, StorePath};
use tern_core::ledger::ChannelKey;

use super::error::{connect, TraceError};
use super::follow::{follow, source_of};
use super::hops::Hops;
use super::sent::{self, ListedPacket, ListedState, SentPacket, Stored, StoredOnDst};
use super::target::Sender;
use super::waits::Engine;
use crate::connect::{ConnectedChain, Context, Indexed};

/// Pages of the sender's transactions that are looked through.
const PAGES_MAX: u32 = 8;

/// Why the packets of a sender are not known.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error(
        "no chain fits an address that starts with `{prefix}`: {}",
        prefixes_text(.known)
    )]
    UnknownPrefix {
        prefix: String,
        /// Chains and their prefixes.
        known: Vec<(String, String)>,
    },
    #[error(
        "no node of {chain} keeps an index of transactions: configure one with \
         `indexer = \"kv\"`, or give chain, channel and sequence of the packet"
    )]
    NoIndex { chain: String },
    #[error("{sender} has sent no packet in {} on {chain}{}", txs_text(*.looked_at), more_text(*.has_more))]
    NothingSent {
        sender: String,
        chain: String,
        looked_at: usize,
        has_more: bool,
    },
}

/// The newest packets of a sender.
pub struct BySender {
    /// The newest first.
    pub packets: Vec<ListedPacket>,
    /// The way of the newest one, if it can be followed.
    pub newest: Option<Result<Hops, TraceError>>,
    /// Why the packets on some chains are not here.
    pub failures: Vec<TraceError>,
}

/// The newest packets of a sender, on one chain.
#[derive(Default)]
struct Search {
    packets: Vec<SentPacket>,
    /// Transactions.
    looked_at: usize,
    /// Whether there are more.
    has_more: bool,
}

/// The newest packets that an address sent, at most `limit`, and the way of the last one.
///
/// # Errors
/// If no chain fits, none of its nodes has an index, or there is no packet.
pub async fn look(
    context: &Context,
    engine: &Engine,
    sender: &Sender,
    chain: Option<&str>,
    limit: usize,
) -> Result<BySender, TraceError> {
    let mut listed: Vec<ListedPacket> = Vec::new();
    let mut failures = Vec::new();
    for id in fitting(context, &sender.prefix, chain)? {
        let chain = connect(context, &id)?;
        match packets_on(context, &chain, &sender.address, limit).await {
            Ok(packets) => listed.extend(packets),
            Err(error) => failures.push(error),
        }
    }
    if listed.is_empty() && !failures.is_empty() {
        return Err(failures.swap_remove(0));
    }
    listed.sort_by_key(|packet| std::cmp::Reverse(packet.time.map(|(time, _)| time)));
    listed.truncate(limit);
    let newest = listed.first().map(|listed| &listed.sent);
    let source = newest.and_then(|sent| source_of(&sent.chain, &sent.packet).zip(Some(sent)));
    let newest: OptionFuture<_> = source
        .map(|(src, sent)| async move {
            let sequence = sent.packet.sequence;
            follow(context, engine, &src, sequence).await
        })
        .into();
    Ok(BySender {
        newest: newest.await,
        packets: listed,
        failures,
    })
}

async fn packets_on(
    context: &Context,
    chain: &ConnectedChain,
    sender: &str,
    limit: usize,
) -> Result<Vec<ListedPacket>, TraceError> {
    let found = search(chain, sender, limit).await?;
    let (_, now) = chain.latest().await?;
    let packets = found.iter().map(|sent| list(context, chain, sent, now));
    Ok(join_all(packets).await)
}

/// Chains whose addresses have this prefix.
fn fitting(
    context: &Context,
    prefix: &str,
    chain: Option<&str>,
) -> Result<Vec<String>, TraceError> {
    if let Some(id) = chain {
        context.chain_config(id)?;
    }
    let chains = &context.config.chains;
    let is_asked = |id: &str| chain.is_none_or(|asked| asked == id);
    let fitting = chains
        .iter()
        .filter(|chain| chain.account_prefix == prefix && is_asked(&chain.id));
    let fitting: Vec<String> = fitting.map(|chain| chain.id.clone()).collect();
    if fitting.is_empty() {
        let known = chains.iter().filter(|chain| is_asked(&chain.id));
        return Err(SenderError::UnknownPrefix {
            prefix: prefix.to_owned(),
            known: known
                .map(|chain| (chain.id.clone(), chain.account_prefix.clone()))
                .collect(),
        }
        .into());
    }
    Ok(fitting)
}

async fn search(
    chain: &ConnectedChain,
    sender: &str,
    limit: usize,
) -> Result<Vec<SentPacket>, TraceError> {
    let id = chain.id();
    let mut search = Search::default();
    for page in 1..=PAGES_MAX {
        let found = match chain.txs_of_sender(sender, page).await? {
            Indexed::Found(found) => found,
            Indexed::NotFound => break,
            // Past the last page a node answers with an error, too.
            Indexed::NoIndex if page > 1 => break,
            Indexed::NoIndex => {
                let chain = id.to_string();
                return Err(SenderError::NoIndex { chain }.into());
            }
        };
        search.looked_at += found.txs.len();
        for tx in &found.txs {
            let packets = sent::packets_of(id, tx, sender);
            // A transaction may move to the next page while pages are read.
            let new = packets
                .into_iter()
                .filter(|packet| !search.packets.contains(packet));
            let new: Vec<_> = new.collect();
            search.packets.extend(new);
        }
        search.has_more = found.has_next;
        if search.packets.len() >= limit || !search.has_more {
            break;
        }
    }
    if search.packets.is_empty() {
        return Err(SenderError::NothingSent {
            sender: sender.to_owned(),
            chain: id.to_string(),
            looked_at: search.looked_at,
            has_more: search.has_more,
        }
        .into());
    }
    search.packets.truncate(limit);
    Ok(search.packets)
}

async fn list(
    context: &Context,
    chain: &ConnectedChain,
    sent: &SentPacket,
    now: BlockTime,
) -> ListedPacket {
    let id = sent.packet.id();
    let (time, stored) = tokio::join!(chain.block_time(sent.height), stored(context, chain, &id));
    let failed = |error: &ChainError| tracing::debug!(error = describe(error), "not listed");
    let time = time.inspect_err(failed).ok();
    ListedPacket {
        sent: sent.clone(),
        state: stored
            .inspect_err(failed)
            .map_or(ListedState::Unknown, |stored| sent::state(&stored)),
        time: time.map(|time| (time, Duration::from_nanos(now.0.saturating_sub(time.0)))),
    }
}

async fn stored(
    context: &Context,
    src: &ConnectedChain,
    id: &PacketId,
) -> Result<Stored, ChainError> {
    let (end, sequence) = (id.src.clone(), id.sequence);
    let commitment = src.query(StorePath::Commitment { src: end, sequence }, None);
    let commitment = commitment.await?.is_some();
    let on_dst: OptionFuture<_> = destination(context, src, id)
        .await?
        .map(|dst| async move { stored_on_dst(&dst, id).await.ok() })
        .into();
    Ok(Stored {
        commitment,
        on_dst: on_dst.await.flatten(),
    })
}

/// The chain that a packet goes to, if it is configured.
async fn destination(
    context: &Context,
    src: &ConnectedChain,
    id: &PacketId,
) -> Result<Option<ConnectedChain>, ChainError> {
    let Some((port, channel)) = id.src.as_channel() else {
        return Ok(None);
    };
    let end = ChannelKey {
        chain: src.id().clone(),
        port_id: port.clone(),
        channel_id: channel.clone(),
    };
    let dst = channel_end(&**src, &end).await?;
    Ok(dst.and_then(|channel| context.connect(channel.counterparty_chain.as_str()).ok()))
}

async fn stored_on_dst(dst: &ConnectedChain, id: &PacketId) -> Result<StoredOnDst, ChainError> {
    let (end, sequence) = (|| id.dst.clone(), id.sequence);
    let receipt = StorePath::Receipt {
        dst: end(),
        sequence,
    };
    let ack = StorePath::Acknowledgement {
        dst: end(),
        sequence,
    };
    let (receipt, ack) = tokio::try_join!(dst.query(receipt, None), dst.query(ack, None))?;
    Ok(StoredOnDst {
        // Ordered channels keep no receipts.
        is_received: receipt.is_some() || ack.is_some(),
        ack,
    })
}

fn prefixes_text(known: &[(String, String)]) -> String {
    let known = known
        .iter()
        .map(|(id, prefix)| format!("those of {id} start with `{prefix}`"));
    known.collect::<Vec<_>>().join(", ")
}

fn txs_text(looked_at: usize) -> String {
    match looked_at {
        0 => "any transaction that the nodes know".to_owned(),
        _ => format!("its newest {}", counted(looked_at as u64, "transaction")),
    }
}

fn more_text(has_more: bool) -> &'static str {
    match has_more {
        true => "; older ones are not looked at: give chain, channel and sequence of the packet",
        false => "",
    }
}
