//! An error as a problem document (RFC 9457).

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tern::engine::EngineError;
use utoipa::ToSchema;

/// The media type of such a document.
pub const CONTENT: &str = "application/problem+json";

/// Why a request was not met.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// What the status code means.
    pub title: &'static str,
    pub status: u16,
    /// What was wrong with this request, and what to do.
    pub detail: String,
    /// When it may be asked again, as the header `Retry-After`.
    #[serde(skip)]
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            retry_after_seconds: None,
        }
    }

    /// The same, to be asked again after this time, in whole seconds.
    pub fn retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after_seconds: Some(wait.as_secs_f64().ceil() as u64),
            ..self
        }
    }

    pub fn bad_request(detail: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail.to_string())
    }
}

impl From<EngineError> for Problem {
    /// The engine has ended, or is about to.
    fn from(error: EngineError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Plain data: it can be written.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let headers = [(CONTENT_TYPE, CONTENT)];
        let mut response = (status, headers, body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
