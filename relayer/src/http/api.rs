//! The API under `/api/v1`, and its description as OpenAPI.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tern::overview::{
    ChainOverview, ClientOverview, DayFeesOverview, EventOverview, FeesOverview, LineOverview,
    Overview, PathOverview, TxOverview, WalletOverview,
};
use utoipa::{IntoParams, Modify, OpenApi};

use super::description::Problems;
use super::problem::Problem;
use super::query::Parameters;
use super::{events, packets, trace, Served, State};

/// Rows of an answer, if no number is asked for, and the most.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1_000;
const OFFSET_MAX: usize = 1_000_000;

pub fn router() -> Router<Arc<Served>> {
    Router::new()
        .route("/status", get(status))
        .route("/chains", get(chains))
        .route("/paths", get(paths))
        .route("/packets", get(packets::packets))
        .route("/trace", get(trace::trace))
        .route("/wallets", get(wallets))
        .route("/clients", get(clients))
        .route("/txs", get(txs))
        .route("/fees", get(fees))
        .route("/fees/days", get(fees_by_day))
        .route("/events", get(events::events))
        .route("/openapi.json", get(description))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tern",
        description = "What a running relayer does, what needs a person, and what can be done \
                       about it. Errors are problem documents (RFC 9457).",
    ),
    servers((url = "/api/v1")),
    paths(
        status, chains, paths, packets::packets, trace::trace, wallets, clients, txs, fees,
        fees_by_day, events::events,
    ),
    components(schemas(Problem, EventOverview, LineOverview)),
)]
struct Description;

async fn description() -> Json<utoipa::openapi::OpenApi> {
    let mut description = Description::openapi();
    description.merge(super::actions::description());
    Problems.modify(&mut description);
    Json(description)
}

/// Where to look.
#[derive(Serialize)]
pub struct Index {
    version: &'static str,
    see: [&'static str; 5],
}

pub async fn index() -> Json<Index> {
    Json(Index {
        version: env!("CARGO_PKG_VERSION"),
        see: [
            "/api/v1/status",
            "/api/v1/openapi.json",
            "/metrics",
            "/health",
            "/ready",
        ],
    })
}

/// Everything at one moment, with what needs a person.
#[utoipa::path(get, path = "/status", responses(
    (status = 200, body = Overview),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn status(
    Shared(served): State,
    Parameters(Nothing {}): Parameters<Nothing>,
) -> Result<Json<Overview>, Problem> {
    Ok(Json(served.daemon.observed.look().await?.overview()))
}

/// Chains with their nodes and budgets.
#[utoipa::path(get, path = "/chains", responses(
    (status = 200, body = Vec<ChainOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn chains(
    Shared(served): State,
    Parameters(Nothing {}): Parameters<Nothing>,
) -> Result<Json<Vec<ChainOverview>>, Problem> {
    Ok(Json(served.daemon.observed.look().await?.overview().chains))
}

/// Signing accounts with their balances.
#[utoipa::path(get, path = "/wallets", responses(
    (status = 200, body = Vec<WalletOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn wallets(
    Shared(served): State,
    Parameters(Nothing {}): Parameters<Nothing>,
) -> Result<Json<Vec<WalletOverview>>, Problem> {
    Ok(Json(
        served.daemon.observed.look().await?.overview().wallets,
    ))
}

/// Clients under served paths, the first to expire first.
#[utoipa::path(get, path = "/clients", params(Page), responses(
    (status = 200, body = Vec<ClientOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn clients(
    Shared(served): State,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Vec<ClientOverview>>, Problem> {
    let clients = served.daemon.observed.look().await?.overview().clients;
    Ok(Json(part(clients, page.limit, page.offset)?))
}

/// The newest transactions since the start, the last one first.
#[utoipa::path(get, path = "/txs", params(Page), responses(
    (status = 200, body = Vec<TxOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn txs(
    Shared(served): State,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Vec<TxOverview>>, Problem> {
    let txs = served.daemon.observed.look().await?.overview().txs;
    Ok(Json(part(txs, page.limit, page.offset)?))
}

/// Fees since the store was made, by path and purpose, the newest first.
#[utoipa::path(get, path = "/fees", params(OfChain), responses(
    (status = 200, body = Vec<FeesOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn fees(
    Shared(served): State,
    Parameters(query): Parameters<OfChain>,
) -> Result<Json<Vec<FeesOverview>>, Problem> {
    let observation = served.daemon.observed.look().await?;
    let fees = FeesOverview::all(&observation.status, &observation.wallets).into_iter();
    let wanted = fees.filter(|fees| query.is_wanted(&fees.chain));
    Ok(Json(part(wanted, query.limit, query.offset)?))
}

/// Fees of the last month by day in UTC, chain and purpose, the newest day first.
#[utoipa::path(get, path = "/fees/days", params(OfChain), responses(
    (status = 200, body = Vec<DayFeesOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn fees_by_day(
    Shared(served): State,
    Parameters(query): Parameters<OfChain>,
) -> Result<Json<Vec<DayFeesOverview>>, Problem> {
    let observation = served.daemon.observed.look().await?;
    let days = DayFeesOverview::all(&observation.status, &observation.wallets).into_iter();
    let wanted = days.filter(|fees| query.is_wanted(&fees.chain));
    Ok(Json(part(wanted, query.limit, query.offset)?))
}

/// Paths, those with trouble first.
#[utoipa::path(get, path = "/paths", params(OfChain), responses(
    (status = 200, body = Vec<PathOverview>),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
async fn paths(
    Shared(served): State,
    Parameters(query): Parameters<OfChain>,
) -> Result<Json<Vec<PathOverview>>, Problem> {
    let is_wanted =
        |path: &PathOverview| query.is_wanted(&path.src.chain) || query.is_wanted(&path.dst.chain);
    let paths = served.daemon.observed.look().await?.overview().paths;
    let wanted = paths.into_iter().filter(is_wanted);
    Ok(Json(part(wanted, query.limit, query.offset)?))
}

/// No parameters: one that is given is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Most rows of the answer. Default: 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Rows to leave out first. Default: 0.
    #[param(minimum = 0, maximum = 1000000)]
    offset: Option<usize>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfChain {
    /// Only those of this chain: paths from or to it, fees on it.
    chain: Option<String>,
    /// Most rows of the answer. Default: 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Rows to leave out first. Default: 0.
    #[param(minimum = 0, maximum = 1000000)]
    offset: Option<usize>,
}

impl OfChain {
    fn is_wanted(&self, chain: &str) -> bool {
        self.chain.as_ref().is_none_or(|wanted| wanted == chain)
    }
}

/// The part of a list that is asked for.
fn part<T>(
    rows: impl IntoIterator<Item = T>,
    limit: Option<usize>,
    offset: Option<usize>,
) -> Result<Vec<T>, Problem> {
    let (limit, offset) = self::rows(limit, offset)?;
    Ok(rows.into_iter().skip(offset).take(limit).collect())
}

/// How many rows are asked for, and how many are left out before them.
pub fn rows(limit: Option<usize>, offset: Option<usize>) -> Result<(usize, usize), Problem> {
    let (limit, offset) = (limit.unwrap_or(LIMIT), offset.unwrap_or_default());
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "`limit` is {limit}: it has to be from 1 to {LIMIT_MAX}"
        )));
    }
    if offset > OFFSET_MAX {
        return Err(Problem::bad_request(format!(
            "`offset` is {offset}: it has to be {OFFSET_MAX} at most"
        )));
    }
    Ok((limit, offset))
}
