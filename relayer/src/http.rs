//! The daemon's HTTP server: the page, status, packets, traces, metrics, health and readiness for
//! everybody who reaches it, and actions for those who have the token.
//!
//! It listens on the loopback address unless the configuration says otherwise, and bounds
//! what a stranger can take: connections, their time, the size of requests, how often the
//! engine is asked ([`Observed`]), and how often the chains are ([`lookups`]).

mod actions;
mod api;
mod description;
mod events;
mod host;
mod lookups;
mod packets;
mod page;
mod problem;
mod query;
mod server;
mod token;
mod trace;

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{middleware, Json, Router};
use serde::Serialize;
use tern::overview::ChainState;
use tokio::sync::Semaphore;

use self::lookups::Lookups;
use self::problem::Problem;
pub use self::server::HttpServer;
use self::token::Token;
use crate::daemon::AtWork;
use crate::metrics;

/// All routes.
fn router(daemon: AtWork, access: &Access) -> Router {
    let served = Arc::new(Served {
        daemon,
        lookups: Lookups::new(),
        token: access.token.clone(),
        listeners: Arc::new(Semaphore::new(events::LISTENERS_MAX)),
        actions: Semaphore::new(actions::ACTIONS_MAX),
    });
    let router = Router::new()
        .merge(page::router())
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(scrape))
        .nest("/api/v1", api::router().merge(actions::router(&served)))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::map_response(with_headers));
    let router = match access.is_local {
        true => router.layer(middleware::from_fn(host::check)),
        false => router,
    };
    router.with_state(served)
}

/// Who is answered.
#[derive(Clone, PartialEq)]
struct Access {
    /// Only this machine can reach the server.
    is_local: bool,
    /// Those who have it may act. None if nobody may.
    token: Option<Token>,
}

/// What the routes share.
struct Served {
    daemon: AtWork,
    lookups: Lookups,
    token: Option<Token>,
    /// Places for those who are told what happens.
    listeners: Arc<Semaphore>,
    /// Places for those who act.
    actions: Semaphore,
}

type State = axum::extract::State<Arc<Served>>;

/// What an orchestrator asks.
#[derive(Debug, PartialEq, Serialize)]
struct Health {
    status: &'static str,
    /// What is not as it should be.
    reasons: Vec<String>,
}

/// Whether the engine lives: it answers.
async fn health(served: State) -> Result<Json<Health>, Problem> {
    served.daemon.observed.look().await?;
    Ok(Json(Health {
        status: "ok",
        reasons: vec![],
    }))
}

/// Whether every chain is followed up to its newest block.
async fn ready(served: State) -> Result<Response, Problem> {
    let overview = served.daemon.observed.look().await?.overview();
    let behind = overview
        .chains
        .iter()
        .filter(|chain| chain.state != ChainState::Following);
    let reasons = behind.map(|chain| match &chain.reason {
        Some(reason) => format!("{}: no node answers: {reason}", chain.chain),
        None => format!("{}: blocks are being read", chain.chain),
    });
    let reasons: Vec<String> = reasons.collect();
    let (code, status) = match reasons.is_empty() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    Ok((code, Json(Health { status, reasons })).into_response())
}

async fn scrape(served: State) -> Result<Response, Problem> {
    let observation = served.daemon.observed.look().await?;
    let text = metrics::text(&observation).map_err(|error| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the metrics cannot be written: {error}"),
        )
    })?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    if page::is_for_people(&headers) {
        return page::not_found(&uri);
    }
    let detail = format!("there is nothing at {}: see /", uri.path());
    Problem::new(StatusCode::NOT_FOUND, detail).into_response()
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} cannot be asked with {method}", uri.path()),
    )
}

/// What is served is for nobody's cache and no other site's frame.
async fn with_headers(mut response: Response) -> Response {
    let headers = [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in headers {
        let value = axum::http::HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

#[cfg(test)]
mod tests;
