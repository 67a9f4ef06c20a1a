//! Where the views are, and what each of them looks at.

mod packet;
mod search;

use std::sync::Arc;

use axum::extract::{Path as Segments, State as Shared};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::Router;
use serde::Deserialize;
use tern::engine::status::Status;
use tern::overview::{
    ClientOverview, DayFeesOverview, FeesOverview, Overview, PacketOverview, PathOverview,
    TxOverview,
};
use tern::words;
use tern_chains::BlockTime;

use super::super::problem::Problem;
use super::super::query::Parameters;
use super::super::trace::channel_end;
use super::super::{api, Served, State};
use super::answer::{Page, Unmet};
use super::layout::{Place, Renewal, View};
use super::{assets, clients, events, fees, overview, path};

/// Seconds between two looks of a script at a view, at least.
const LOOK_EVERY: u32 = 1;

pub fn router() -> Router<Arc<Served>> {
    Router::new()
        .route("/", get(index))
        .route("/paths/:chain/:port/:channel", get(one_path))
        .route(
            "/packets/:chain/:port/:channel/:sequence",
            get(packet::packet),
        )
        .route("/search", get(search::search))
        .route("/clients", get(all_clients))
        .route("/fees", get(all_fees))
        .route("/events", get(all_events))
        .route("/assets/style.css", get(assets::style))
        .route("/assets/page.js", get(assets::script))
        .route("/assets/icon.svg", get(assets::icon))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// From 1.
    page: Option<usize>,
}

/// Whether a browser asks, which takes HTML before all.
pub fn is_for_people(headers: &HeaderMap) -> bool {
    let accepts = headers
        .get(ACCEPT)
        .and_then(|accepts| accepts.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

pub fn not_found(uri: &Uri) -> Response {
    let detail = format!("there is nothing at {}", uri.path());
    Unmet(Problem::new(StatusCode::NOT_FOUND, detail)).into_response()
}

/// The overview for people, and where to look for programs.
async fn index(
    served: State,
    headers: HeaderMap,
    asked: Result<Parameters<Asked>, Problem>,
) -> Result<Response, Unmet> {
    if !is_for_people(&headers) {
        return Ok(api::index().await.into_response());
    }
    let Parameters(asked) = asked?;
    let seen = served.daemon.observed.look().await?.overview();
    let page = Page::of(&View {
        title: &seen.verdict,
        place: Place::Overview,
        at: &seen.at,
        query: "",
        renewal: Renewal::Every(LOOK_EVERY),
        sections: overview::sections(&seen, asked.page.unwrap_or(1)),
    });
    Ok(page.into_response())
}

async fn one_path(
    Shared(served): State,
    Segments((chain, port, channel)): Segments<(String, String, String)>,
) -> Result<Page, Unmet> {
    let src = channel_end(&chain, &port, &channel)?;
    let seen = served.daemon.observed.look().await?;
    let (status, now) = served.daemon.observed.path(src.clone()).await?;
    let found = status.paths.iter().find(|path| path.src == src);
    let found = found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("no path from {src} is known"),
        )
    })?;
    let wallets = served.daemon.observed.wallets();
    let shown = PathOverview::of(found, &status, &wallets, now);
    let at = words::rfc3339(now);
    let packets = status.packets.iter();
    let packets: Vec<_> = packets
        .map(|packet| PacketOverview::of(packet, now))
        .collect();
    let fees = FeesOverview::all(&status, &wallets).into_iter();
    let fees: Vec<_> = fees
        .filter(|fees| fees.src.as_ref() == Some(&shown.src))
        .collect();
    let txs = seen.status.txs.iter();
    let txs = txs.filter(|tx| tx.paths.contains(&src));
    let sections = path::sections(&path::Path {
        path: &shown,
        clients: &clients_of(&shown, &status, now),
        packets: &packets,
        latencies: &status.latencies,
        fees: &fees,
        txs: &txs.map(TxOverview::of).collect::<Vec<_>>(),
        chains: &seen.chains(),
        now: &at,
    });
    Ok(Page::of(&View {
        title: &path::title(&shown),
        place: Place::Elsewhere,
        at: &at,
        query: "",
        renewal: Renewal::Every(LOOK_EVERY),
        sections,
    }))
}

/// The clients under a path, as far as they are known.
fn clients_of(path: &PathOverview, status: &Status, now: BlockTime) -> Vec<ClientOverview> {
    let on_src = Some((path.src.chain.as_str(), path.client_on_src.as_str()));
    let on_dst = path.client_on_dst.as_deref();
    let on_dst = on_dst.map(|client| (path.dst.chain.as_str(), client));
    let ends = [on_src, on_dst];
    let clients = status
        .clients
        .iter()
        .map(|client| ClientOverview::of(client, now));
    let is_under = |client: &ClientOverview| {
        let of = (client.chain.as_str(), client.client.as_str());
        ends.contains(&Some(of))
    };
    clients.filter(is_under).collect()
}

async fn all_clients(
    Shared(served): State,
    asked: Result<Parameters<Asked>, Problem>,
) -> Result<Page, Unmet> {
    let Parameters(asked) = asked?;
    let seen = served.daemon.observed.look().await?.overview();
    let sections = clients::sections(&seen.clients, asked.page.unwrap_or(1), &seen.at);
    Ok(listed("Clients", Place::Clients, &seen, sections))
}

async fn all_fees(
    Shared(served): State,
    asked: Result<Parameters<Asked>, Problem>,
) -> Result<Page, Unmet> {
    let Parameters(asked) = asked?;
    let observation = served.daemon.observed.look().await?;
    let seen = observation.overview();
    let sections = fees::sections(&fees::Fees {
        sums: &FeesOverview::all(&observation.status, &observation.wallets),
        days: &DayFeesOverview::all(&observation.status, &observation.wallets),
        chains: &seen.chains,
        paths: &seen.paths,
        page: asked.page.unwrap_or(1),
        now: &seen.at,
    });
    Ok(listed("Fees", Place::Fees, &seen, sections))
}

fn listed(title: &str, place: Place, seen: &Overview, sections: maud::Markup) -> Page {
    Page::of(&View {
        title,
        place,
        at: &seen.at,
        query: "",
        renewal: Renewal::Every(LOOK_EVERY),
        sections,
    })
}

async fn all_events(served: State) -> Result<Page, Unmet> {
    let seen = served.daemon.observed.look().await?.overview();
    Ok(Page::of(&View {
        title: "Events",
        place: Place::Events,
        at: &seen.at,
        query: "",
        renewal: Renewal::Lines,
        sections: events::sections(&seen.chains),
    }))
}
