//! The gRPC endpoint: dispatches every unary method by name to the query router.
//!
//! No generated servers: one handler passes bytes on, as the SDK's own server
//! does.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::Router;
use futures::future::BoxFuture;
use prost::bytes::{Buf, BufMut, Bytes};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, UnaryService};
use tonic::service::Routes;
use tonic::Status;

use crate::node::Node;
use crate::query;

mod reflection;

/// The header that names the height of a query.
const HEIGHT: &str = "x-cosmos-block-height";
/// The largest request: enough for a simulated transaction.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Serves until `shutdown` completes.
pub async fn serve(
    node: Node,
    listener: TcpListener,
    shutdown: impl std::future::Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let routes = Routes::from(Router::new().fallback(handle).with_state(node));
    tonic::transport::Server::builder()
        .add_routes(reflection::add(routes))
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown)
        .await
}

async fn handle(State(node): State<Node>, request: Request) -> Response {
    let method = request.uri().path().to_owned();
    let mut grpc = Grpc::new(Raw).max_decoding_message_size(REQUEST_BYTES_MAX);
    let response = grpc.unary(Method { node, method }, request).await;
    response.map(Body::new)
}

#[derive(Clone)]
struct Method {
    node: Node,
    method: String,
}

impl UnaryService<Bytes> for Method {
    type Response = Vec<u8>;
    type Future = BoxFuture<'static, Result<tonic::Response<Vec<u8>>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            method.node.answers().await;
            method.answer(&request)
        })
    }
}

impl Method {
    fn answer(&self, request: &tonic::Request<Bytes>) -> Result<tonic::Response<Vec<u8>>, Status> {
        let height = requested_height(request.metadata());
        let (bytes, height) = self.node.read(|chain| {
            let bytes = query::answer(chain, &self.method, request.get_ref(), height);
            (bytes, height.unwrap_or(chain.latest().0))
        });
        let mut response = tonic::Response::new(bytes?);
        if let Ok(height) = height.to_string().parse() {
            response.metadata_mut().insert(HEIGHT, height);
        }
        Ok(response)
    }
}

/// 0 means the newest, like no header.
fn requested_height(metadata: &MetadataMap) -> Option<u64> {
    let text = metadata.get(HEIGHT)?.to_str().ok()?;
    text.parse().ok().filter(|height| *height > 0)
}

/// Passes messages through as bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
