//! What happens, as Server-Sent Events.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tern::overview::EventOverview;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use super::problem::Problem;
use super::query::Parameters;
use super::State;
use crate::logging;

/// Listeners at a time: each of them is told every block.
pub const LISTENERS_MAX: usize = 16;
/// A comment is sent as often where nothing happens, so that a connection that is gone is
/// noticed.
const SILENCE_MAX: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only those of this chain.
    chain: Option<String>,
}

/// What blocks say from now on, one event for each thing; `data` is an `EventOverview`.
/// Between them the lines of the log, as events of the name `log`; `data` is a
/// `LineOverview`. Whoever reads too slowly is cut off, and everybody after ten minutes: ask again then.
#[utoipa::path(get, path = "/events", params(EventsQuery), responses(
    (status = 200, content_type = "text/event-stream", body = String),
    (status = 400, body = Problem), (status = 503, body = Problem),
))]
pub async fn events(
    Shared(served): State,
    Parameters(query): Parameters<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Ok(place) = Arc::clone(&served.listeners).try_acquire_owned() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{LISTENERS_MAX} others listen already: ask again later"),
        ));
    };
    let facts = served.daemon.observed.engine().await.watch().await?;
    let chain: Option<Arc<str>> = query.chain.map(Into::into);
    let lines = lines(chain.clone());
    // The place is kept as long as the stream.
    let commits = stream::unfold((facts, place), |(mut facts, place)| async move {
        let commit = facts.recv().await?;
        Some((commit, (facts, place)))
    });
    let events = commits.flat_map(move |commit| {
        let chain = chain.clone();
        let events = commit.iter().filter_map(EventOverview::of);
        let wanted = events.filter(|event| {
            let chain = chain.as_deref();
            chain.is_none_or(|chain| chain == event.chain)
        });
        stream::iter(wanted.filter_map(|event| told(&event)).collect::<Vec<_>>())
    });
    // The end of the engine ends both.
    let events = events.map(Some).chain(stream::iter([None]));
    let told = stream::select(events, lines.map(Some));
    let told = told.take_while(|event| ready(event.is_some()));
    Ok(Sse::new(told.filter_map(ready).map(Ok)).keep_alive(KeepAlive::new().interval(SILENCE_MAX)))
}

/// Lines of the log: all of them, or those about a chain.
fn lines(chain: Option<Arc<str>>) -> impl Stream<Item = Event> {
    let said = stream::unfold(logging::listen(), |mut lines| async move {
        loop {
            match lines.recv().await {
                Ok(line) => return Some((line, lines)),
                // The others are on their way.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    said.filter_map(move |line| {
        let is_wanted = chain.is_none() || line.chain.as_deref() == chain.as_deref();
        let data = serde_json::to_string(&line).ok().filter(|_| is_wanted);
        ready(data.map(|data| Event::default().event("log").data(data)))
    })
}

fn told(event: &EventOverview) -> Option<Event> {
    // Plain data: it can be written.
    let data = serde_json::to_string(event).ok()?;
    Some(Event::default().event(&event.kind).data(data))
}
