//! A view as an answer, and an error as a view.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use tern::engine::EngineError;
use tern::words;

use super::super::problem::Problem;
use super::layout::{self, Place, Renewal, View};
use crate::clock;

/// Nothing from elsewhere, and nothing within the markup, is run or shown.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                      connect-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// A view with its frame.
pub struct Page {
    status: StatusCode,
    text: String,
}

impl Page {
    pub fn of(view: &View<'_>) -> Self {
        Self {
            status: StatusCode::OK,
            text: layout::document(view).into_string(),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CONTENT_SECURITY_POLICY, POLICY),
        ];
        (self.status, headers, self.text).into_response()
    }
}

/// Why a view cannot be shown, as a view.
pub struct Unmet(pub Problem);

impl From<Problem> for Unmet {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<EngineError> for Unmet {
    fn from(error: EngineError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Unmet {
    fn into_response(self) -> Response {
        let Problem {
            title,
            status,
            detail,
            ..
        } = self.0;
        let view = View {
            title,
            place: Place::Elsewhere,
            at: &words::rfc3339(clock::now()),
            query: "",
            renewal: Renewal::Never,
            sections: html! {
                section #unmet {
                    h1 { (title) }
                    p { (words::quoted(&detail)) }
                    p { a href="/" { "Overview" } }
                }
            },
        };
        let status = StatusCode::from_u16(status);
        let page = Page {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            text: layout::document(&view).into_string(),
        };
        page.into_response()
    }
}
