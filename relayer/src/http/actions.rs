//! What can be done over HTTP by those who have the token.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as Shared};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tern::engine::EngineError;
use tern_chains::ChainId;
use tern_core::ledger::{ClientKey, EndKey};
use tern_core::plan::Pausable;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use super::problem::Problem;
use super::query::Segments;
use super::trace::channel_end;
use super::{Served, State};
use crate::daemon::{cleared_text, SteeringError};

/// Actions at a time.
pub const ACTIONS_MAX: usize = 8;
/// An action that takes longer is given up by the server; what it has begun goes on.
const ACTION_TIME_MAX: Duration = Duration::from_secs(120);

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    /// In words.
    done: String,
}

/// What an action is answered with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it is a description")]
enum Answer {
    /// It is done.
    #[response(status = 200)]
    Done(#[to_schema] Done),
    /// The path of the request names nothing that there can be.
    #[response(status = 400)]
    BadRequest(#[to_schema] Problem),
    /// The token is missing or wrong.
    #[response(status = 401)]
    Unauthorized(#[to_schema] Problem),
    /// The configuration names no token.
    #[response(status = 403)]
    Forbidden(#[to_schema] Problem),
    /// It cannot be done as things are.
    #[response(status = 409)]
    Conflict(#[to_schema] Problem),
    /// The relayer is about to end, or too much is being done.
    #[response(status = 503)]
    Unavailable(#[to_schema] Problem),
    /// It takes long, and goes on.
    #[response(status = 504)]
    TooLong(#[to_schema] Problem),
}

#[derive(OpenApi)]
#[openapi(paths(
    pause_path,
    resume_path,
    clear,
    pause_chain,
    resume_chain,
    refresh,
    reload,
    drain
))]
struct Description;

/// The description of the actions, and of the token.
pub fn description() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("token", token);
    description
}

pub fn router(served: &Arc<Served>) -> Router<Arc<Served>> {
    Router::new()
        .route("/paths/:chain/:port/:channel/pause", post(pause_path))
        .route("/paths/:chain/:port/:channel/resume", post(resume_path))
        .route("/paths/:chain/:port/:channel/clear", post(clear))
        .route("/chains/:chain/pause", post(pause_chain))
        .route("/chains/:chain/resume", post(resume_chain))
        .route("/clients/:chain/:client/refresh", post(refresh))
        .route("/reload", post(reload))
        .route("/drain", post(drain))
        .route_layer(middleware::from_fn_with_state(Arc::clone(served), check))
}

/// Lets those through who have the token.
async fn check(Shared(served): State, request: Request, next: Next) -> Response {
    let Some(token) = &served.token else {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "nobody may act over HTTP: write `token_file` in the section [http] of config.toml, \
             and run `tern reload`",
        )
        .into_response();
    };
    let given = request.headers().get(AUTHORIZATION);
    if given.is_some_and(|given| token.is_given(given.as_bytes())) {
        return next.run(request).await;
    }
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "the token is missing or wrong: send `Authorization: Bearer TOKEN` with the content of \
         `token_file`",
    );
    let mut response = problem.into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
}

/// A channel by one of its ends.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ChannelEnd {
    /// The chain.
    chain: String,
    /// Such as `transfer`.
    port: String,
    /// Such as `channel-0`.
    channel: String,
}

impl ChannelEnd {
    fn key(&self) -> Result<EndKey, Problem> {
        channel_end(&self.chain, &self.port, &self.channel)
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Chain {
    /// Its id.
    chain: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Client {
    /// The chain that has it.
    chain: String,
    /// Such as `07-tendermint-0`.
    client: String,
}

type Acted = Result<Json<Done>, Problem>;

/// Holds all packets of a channel, both ways, until it is resumed. Its clients are kept alive.
#[utoipa::path(
    post, path = "/paths/{chain}/{port}/{channel}/pause", params(ChannelEnd),
    responses(Answer), security(("token" = [])),
)]
async fn pause_path(Shared(served): State, Segments(end): Segments<ChannelEnd>) -> Acted {
    let what = Pausable::Path(end.key()?);
    act(&served, served.daemon.steering.pause(what)).await
}

/// Goes on with a channel that is paused.
#[utoipa::path(
    post, path = "/paths/{chain}/{port}/{channel}/resume", params(ChannelEnd),
    responses(Answer), security(("token" = [])),
)]
async fn resume_path(Shared(served): State, Segments(end): Segments<ChannelEnd>) -> Acted {
    let what = Pausable::Path(end.key()?);
    act(&served, served.daemon.steering.resume(what)).await
}

/// Relays the packets that were sent from this end and are pending.
#[utoipa::path(
    post, path = "/paths/{chain}/{port}/{channel}/clear", params(ChannelEnd),
    responses(Answer), security(("token" = [])),
)]
async fn clear(Shared(served): State, Segments(end): Segments<ChannelEnd>) -> Acted {
    let src = end.key()?;
    let clear = async { Ok(cleared_text(&served.daemon.steering.clear(src).await?)) };
    act(&served, clear).await
}

/// Sends nothing to a chain, and holds all packets from and to it, until it is resumed.
#[utoipa::path(
    post, path = "/chains/{chain}/pause", params(Chain),
    responses(Answer), security(("token" = [])),
)]
async fn pause_chain(Shared(served): State, Segments(Chain { chain }): Segments<Chain>) -> Acted {
    let what = Pausable::Chain(ChainId::from_string(&chain));
    act(&served, served.daemon.steering.pause(what)).await
}

/// Goes on with a chain that is paused.
#[utoipa::path(
    post, path = "/chains/{chain}/resume", params(Chain),
    responses(Answer), security(("token" = [])),
)]
async fn resume_chain(Shared(served): State, Segments(Chain { chain }): Segments<Chain>) -> Acted {
    let what = Pausable::Chain(ChainId::from_string(&chain));
    act(&served, served.daemon.steering.resume(what)).await
}

/// Updates a client now.
#[utoipa::path(
    post, path = "/clients/{chain}/{client}/refresh", params(Client),
    responses(Answer), security(("token" = [])),
)]
async fn refresh(Shared(served): State, Segments(client): Segments<Client>) -> Acted {
    let client = ClientKey {
        chain: ChainId::from_string(&client.chain),
        client_id: client.client.parse().map_err(Problem::bad_request)?,
    };
    act(&served, served.daemon.steering.refresh(client)).await
}

/// Reads the configuration again and goes on with it, or refuses it as a whole.
#[utoipa::path(post, path = "/reload", responses(Answer), security(("token" = [])))]
async fn reload(Shared(served): State) -> Acted {
    // A new section [http] ends this server, and the reload must not end with it.
    let steering = served.daemon.steering.clone();
    let reload = tokio::spawn(async move { steering.reload().await });
    let reloaded = async { reload.await.unwrap_or(Err(EngineError::Stopped.into())) };
    act(&served, reloaded).await
}

/// Takes no new work from now on. The relayer ends once nothing is in flight.
#[utoipa::path(post, path = "/drain", responses(Answer), security(("token" = [])))]
async fn drain(Shared(served): State) -> Acted {
    let steering = served.daemon.steering.clone();
    // Whoever asked does not wait for it.
    tokio::spawn(async move { steering.drain().await });
    Ok(Json(Done {
        done: "no new work is taken; the relayer ends once nothing is in flight".to_owned(),
    }))
}

/// Waits for an action, for a while.
async fn act(
    served: &Served,
    action: impl Future<Output = Result<String, SteeringError>>,
) -> Acted {
    let Ok(_place) = served.actions.try_acquire() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{ACTIONS_MAX} actions are being done already: ask again later"),
        ));
    };
    match tokio::time::timeout(ACTION_TIME_MAX, action).await {
        Ok(done) => Ok(Json(Done { done: done? })),
        Err(_) => Err(Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "it takes long; see /api/v1/status for what is being done",
        )),
    }
}

impl From<SteeringError> for Problem {
    fn from(error: SteeringError) -> Self {
        let status = match &error {
            SteeringError::Engine(EngineError::CommandFailed(_)) | SteeringError::Refused(_) => {
                StatusCode::CONFLICT
            }
            SteeringError::Engine(_) | SteeringError::Paused(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}
