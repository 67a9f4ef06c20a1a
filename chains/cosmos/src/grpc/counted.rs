//! A gRPC channel whose requests are counted by method. An answer ends with its trailers,
//! so it is counted there: the last bytes of a long list are part of what it takes.
//!
//! The details of a status are taken out: nobody reads them, and tonic 0.12 panics where they
//! are no base64 (`Status::from_header_map`), so a node could end a task with them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tonic::body::BoxBody;
use tonic::codegen::http::header::CONTENT_TYPE;
use tonic::codegen::http::{HeaderMap, Request, Response, StatusCode};
use tonic::codegen::{BoxFuture, Bytes, Service};
use tonic::{Code, Status};

use super::is_transport_code;
use crate::request_stats::{Asked, RequestCounter};

const GRPC_STATUS: &str = "grpc-status";
const GRPC_STATUS_DETAILS: &str = "grpc-status-details-bin";

/// Counts what is asked through it.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    inner: S,
    requests: Arc<RequestCounter>,
}

/// The rest of an answer. One that is dropped before its end is not counted, such as one
/// that is larger than the limit.
pub(crate) struct CountedBody {
    inner: BoxBody,
    /// `None` once it is counted.
    asked: Option<Asked>,
}

impl<S> Counted<S> {
    pub fn new(inner: S, requests: Arc<RequestCounter>) -> Self {
        Self { inner, requests }
    }
}

impl<S> Service<Request<BoxBody>> for Counted<S>
where
    S: Service<Request<BoxBody>, Response = Response<BoxBody>>,
    S::Future: Send + 'static,
{
    type Response = Response<CountedBody>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<BoxBody>) -> Self::Future {
        let asked = self.requests.asks(method(request.uri().path()));
        let answering = self.inner.call(request);
        Box::pin(async move {
            let mut answer = match answering.await {
                Ok(answer) => answer,
                Err(error) => {
                    asked.ended(false);
                    return Err(error);
                }
            };
            answer.headers_mut().remove(GRPC_STATUS_DETAILS);
            let asked = match success(answer.headers()) {
                // Most refusals have nothing but a head.
                Some(is_ok) => end(asked, is_ok),
                // Of something in between.
                None if !speaks_grpc(&answer) => end(asked, false),
                None => Some(asked),
            };
            Ok(answer.map(|inner| CountedBody { inner, asked }))
        })
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame {
            if let Some(trailers) = frame.trailers_mut() {
                trailers.remove(GRPC_STATUS_DETAILS);
            }
        }
        let is_ok = match &frame {
            Some(Ok(frame)) => frame
                .trailers_ref()
                .map(|trailers| success(trailers).unwrap_or(false)),
            // It broke off, or has no trailers.
            Some(Err(_)) | None => Some(false),
        };
        if let Some(is_ok) = is_ok {
            self.asked = self.asked.take().and_then(|asked| end(asked, is_ok));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn end(asked: Asked, is_ok: bool) -> Option<Asked> {
    asked.ended(is_ok);
    None
}

/// Whether the node answered, if these headers have a status: a refusal of the chain is an
/// answer.
fn success(headers: &HeaderMap) -> Option<bool> {
    // The message and the details are not needed, so they are not decoded.
    let code = Code::from_bytes(headers.get(GRPC_STATUS)?.as_bytes());
    Some(!is_transport_code(code))
}

fn speaks_grpc<B>(answer: &Response<B>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    answer.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The last part of `/cosmos.tx.v1beta1.Service/Simulate`.
fn method(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
