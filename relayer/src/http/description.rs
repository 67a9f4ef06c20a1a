//! The description of the API as OpenAPI: what is so for every route is added here.

use axum::http::StatusCode;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response};
use utoipa::Modify;

use super::problem;

/// Errors are problem documents, whichever route they come from.
pub struct Problems;

impl Modify for Problems {
    fn modify(&self, api: &mut OpenApi) {
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            let responses = &mut operation.responses.responses;
            for (status, response) in responses.iter_mut() {
                let is_error = status.starts_with(['4', '5']);
                if let (true, RefOr::T(response)) = (is_error, response) {
                    tell(response, status);
                }
            }
            let misdirected = StatusCode::MISDIRECTED_REQUEST.as_str();
            let mut response = Response::new("Asked by a name that is not this machine's.");
            tell(&mut response, misdirected);
            responses
                .entry(misdirected.to_owned())
                .or_insert(RefOr::T(response));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ];
    methods.into_iter().filter_map(Option::as_mut)
}

/// The answer is a problem document.
fn tell(response: &mut Response, status: &str) {
    let problem = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    response.content.clear();
    response
        .content
        .insert(problem::CONTENT.to_owned(), content);
    if response.description.is_empty() {
        let code = status.parse::<StatusCode>().ok();
        let reason = code.and_then(|code| code.canonical_reason());
        response.description = format!("{}.", reason.unwrap_or("Error"));
    }
}
