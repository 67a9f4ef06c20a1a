//! A search: what is meant is looked for where it can be, and one packet is opened at once.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tern::engine::status::{PacketSearch, TransferSearch};
use tern::overview::{Overview, PacketOverview};
use tern_chains::{ChainId, ChannelId};
use tern_core::ledger::ChannelKey;

use super::super::super::problem::Problem;
use super::super::super::query::Parameters;
use super::super::super::{Served, State};
use super::super::answer::{Page, Unmet};
use super::super::layout::{Place, Renewal, View};
use super::super::search::{self, Query, Results};
use super::super::{packet, paths};
use crate::trace::{self, Engine, Found, Sender, Target};

/// Rows of a list.
const ROWS: usize = 100;
/// Packets of a sender: each is looked up on its chains.
const SENT: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    #[serde(default)]
    q: String,
}

pub async fn search(
    Shared(served): State,
    sought: Result<Parameters<Sought>, Problem>,
) -> Result<Response, Unmet> {
    let Parameters(Sought { q }) = sought?;
    let seen = served.daemon.observed.look().await?.overview();
    let found = match Query::of(&q) {
        Query::Tx(hash) => of_tx(&served, &hash).await,
        Query::Packet {
            chain,
            channel,
            sequence,
        } => of_channel(&seen, chain.as_deref(), &channel, sequence),
        Query::Address(address) => of_address(&served, &address).await?,
        Query::Name(name) => of_name(&served, &seen, &name).await?,
    };
    if let [(src, sequence)] = found.packets.as_slice() {
        let address = packet::address_of(src, sequence.as_u64());
        return Ok(Redirect::to(&address).into_response());
    }
    let page = Page::of(&View {
        title: "Search",
        place: Place::Elsewhere,
        at: &seen.at,
        query: &q,
        renewal: Renewal::Never,
        sections: search::sections(&q, &found, &seen.at),
    });
    Ok(page.into_response())
}

/// The packets of a transaction, by asking the chains.
async fn of_tx(served: &Served, hash: &str) -> Results {
    let Some(hash) = trace::tx_hash(hash) else {
        return Results::default();
    };
    let context = served.daemon.context();
    let packets = trace::packets_of_tx(&context, hash, None);
    match served.lookups.run(packets).await {
        Ok(packets) => Results {
            packets,
            ..Results::default()
        },
        Err(problem) => reason(problem),
    }
}

fn reason(problem: Problem) -> Results {
    Results {
        reason: Some(problem.detail),
        ..Results::default()
    }
}

/// The packet of this sequence on each path from a channel of this name.
fn of_channel(seen: &Overview, chain: Option<&str>, channel: &ChannelId, sequence: u64) -> Results {
    let is_meant = |path: &&tern::overview::PathOverview| {
        path.src.channel.as_deref() == Some(channel.as_str())
            && chain.is_none_or(|chain| path.src.chain == chain)
    };
    let paths = seen.paths.iter().filter(is_meant);
    let packets = paths.filter_map(|path| {
        let src = ChannelKey {
            chain: ChainId::from_string(&path.src.chain),
            port_id: path.src.port.as_deref()?.parse().ok()?,
            channel_id: channel.clone(),
        };
        Some((src, sequence.into()))
    });
    Results {
        packets: packets.take(ROWS).collect(),
        ..Results::default()
    }
}

/// The open packets from and to an address, and the newest that it sent.
async fn of_address(served: &Served, address: &str) -> Result<Results, Unmet> {
    let from = TransferSearch {
        sender: Some(address.to_owned()),
        ..TransferSearch::default()
    };
    let to = TransferSearch {
        receiver: Some(address.to_owned()),
        ..TransferSearch::default()
    };
    let mut found = Results {
        open: open(served, from).await?,
        ..Results::default()
    };
    found.open.extend(open(served, to).await?);
    let Ok(sender) = Sender::read(address) else {
        return Ok(found);
    };
    let target = Target::Sender {
        sender,
        chain: None,
        limit: SENT,
    };
    let context = served.daemon.context();
    let engine = Engine::Here(served.daemon.observed.clone());
    match served
        .lookups
        .run(trace::look(&context, &engine, &target))
        .await
    {
        Ok(Found::Sender(by_sender)) => found.sent = by_sender.packets,
        Ok(Found::Packet(_) | Found::Tx(_)) => {}
        // A receiver may have sent nothing.
        Err(_) if !found.open.is_empty() => {}
        Err(problem) => found.reason = Some(problem.detail),
    }
    Ok(found)
}

/// Paths by a part of their names, and open packets by their denom.
async fn of_name(served: &Served, seen: &Overview, name: &str) -> Result<Results, Unmet> {
    let matching = paths::matching(&seen.paths, name).into_iter();
    let denom = TransferSearch {
        denom: Some(name.to_owned()),
        ..TransferSearch::default()
    };
    Ok(Results {
        paths: matching.cloned().collect(),
        open: match name.is_empty() {
            true => vec![],
            false => open(served, denom).await?,
        },
        ..Results::default()
    })
}

async fn open(served: &Served, transfer: TransferSearch) -> Result<Vec<PacketOverview>, Unmet> {
    let search = PacketSearch {
        transfer,
        limit: ROWS,
        ..PacketSearch::default()
    };
    let (found, now) = served.daemon.observed.search(search).await?;
    let packets = found.packets.iter();
    Ok(packets
        .map(|found| PacketOverview::found(found, now))
        .collect())
}
