//! What nodes answer to a generated client, good and bad.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::io;

use futures::FutureExt;
use ibc_proto::cosmos::tx::v1beta1::service_client::ServiceClient;
use ibc_proto::cosmos::tx::v1beta1::SimulateRequest;
use tonic::body::boxed;
use tonic::codegen::http::HeaderValue;
use tower::service_fn;

use super::*;

/// A body of these parts.
struct Frames(VecDeque<Result<Frame<Bytes>, Status>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn answer(frames: impl IntoIterator<Item = Result<Frame<Bytes>, Status>>) -> Response<BoxBody> {
    let mut answer = Response::new(boxed(Frames(frames.into_iter().collect())));
    let grpc = HeaderValue::from_static("application/grpc");
    answer.headers_mut().insert(CONTENT_TYPE, grpc);
    answer
}

/// An empty message: its flags and its length.
fn message() -> Result<Frame<Bytes>, Status> {
    Ok(Frame::data(Bytes::from_static(&[0; 5])))
}

fn trailers(code: Code) -> Result<Frame<Bytes>, Status> {
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, (code as i32).into());
    Ok(Frame::trailers(trailers))
}

fn html(status: StatusCode) -> Response<BoxBody> {
    let mut answer = answer([Ok(Frame::data(Bytes::from_static(b"<html>")))]);
    answer.headers_mut().remove(CONTENT_TYPE);
    *answer.status_mut() = status;
    answer
}

type Answered = Result<Response<BoxBody>, io::Error>;

/// Asks once: the method, answers and errors that are counted, and whether the client took
/// it for an answer.
async fn ask(answered: Answered) -> (Vec<(String, u64, u64)>, bool) {
    let requests = Arc::<RequestCounter>::default();
    let mut answered = Some(answered);
    let node = service_fn(move |_| ready(answered.take().unwrap()));
    let mut client = ServiceClient::new(Counted::new(node, requests.clone()));
    let result = client.simulate(SimulateRequest::default()).await;
    let stats = requests.stats().into_iter();
    let counts = stats.map(|stats| (stats.method, stats.ok, stats.errors));
    (counts.collect(), result.is_ok())
}

fn simulate(ok: u64, errors: u64) -> Vec<(String, u64, u64)> {
    vec![("Simulate".to_owned(), ok, errors)]
}

#[tokio::test]
async fn an_answer_is_counted_at_its_end() {
    let answered = ask(Ok(answer([message(), trailers(Code::Ok)]))).await;
    assert_eq!(answered, (simulate(1, 0), true));
}

#[tokio::test]
async fn the_chains_refusal_is_an_answer() {
    let refused = ask(Ok(Status::unknown("out of gas").into_http())).await;
    assert_eq!(refused, (simulate(1, 0), false));
    // The SDK sends headers of its own before a refusal.
    let refused = ask(Ok(answer([trailers(Code::InvalidArgument)]))).await;
    assert_eq!(refused, (simulate(1, 0), false));
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    let broken = Err(Status::internal("the connection is lost"));
    for answered in [
        Err(io::ErrorKind::ConnectionRefused.into()),
        Ok(Status::unavailable("starting").into_http()),
        Ok(answer([trailers(Code::ResourceExhausted)])),
        Ok(html(StatusCode::BAD_GATEWAY)),
        Ok(html(StatusCode::OK)),
        Ok(answer([message(), broken])),
    ] {
        assert_eq!(ask(answered).await, (simulate(0, 1), false));
    }
}

#[tokio::test]
async fn an_answer_that_ends_without_a_status_is_an_error_though_the_client_takes_it() {
    let answered = ask(Ok(answer([message()]))).await;
    assert_eq!(answered, (simulate(0, 1), true));
}

#[tokio::test]
async fn a_request_that_is_dropped_is_not_counted() {
    let requests = Arc::<RequestCounter>::default();
    let silent = service_fn(|_| pending::<Answered>());
    let mut client = ServiceClient::new(Counted::new(silent, requests.clone()));
    let asked = client.simulate(SimulateRequest::default());
    assert!(asked.now_or_never().is_none());
    assert_eq!(requests.stats(), []);
}

#[test]
fn a_method_is_the_last_part_of_its_path() {
    assert_eq!(method("/cosmos.tx.v1beta1.Service/Simulate"), "Simulate");
    assert_eq!(method("Simulate"), "Simulate");
}

#[tokio::test]
async fn details_of_a_status_that_are_no_base64_do_no_harm() {
    let nonsense = HeaderValue::from_static("!");
    let mut head = answer([]);
    head.headers_mut()
        .insert(GRPC_STATUS, (Code::Unknown as i32).into());
    head.headers_mut()
        .insert(GRPC_STATUS_DETAILS, nonsense.clone());
    assert_eq!(ask(Ok(head)).await, (simulate(1, 0), false));

    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, (Code::Unknown as i32).into());
    trailers.insert(GRPC_STATUS_DETAILS, nonsense);
    let refused = answer([message(), Ok(Frame::trailers(trailers))]);
    assert_eq!(ask(Ok(refused)).await, (simulate(1, 0), false));
}
