//! The other end: what a process that holds keys serves. Whoever writes such a process
//! in Rust implements [`Keys`]; `examples/remote_signer` does.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use tonic::body::BoxBody;
use tonic::codegen::http::{Request as HttpRequest, Response as HttpResponse};
use tonic::codegen::{Body, BoxFuture, Service, StdError};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};

use super::proto::{
    PublicKeyRequest, PublicKeyResponse, SignRequest, SignResponse, PUBLIC_KEY, SERVICE, SIGN,
};

/// What a relayer sends is smaller: a transaction is a megabyte at most.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Keys that sign what they choose to.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    async fn public_key(&self, request: PublicKeyRequest) -> Result<PublicKeyResponse, Status>;
    /// A status of `PermissionDenied` is a refusal, with its reason for the operator.
    async fn sign(&self, request: SignRequest) -> Result<SignResponse, Status>;
}

/// The gRPC service of some keys.
pub struct SignerServer<K>(Arc<K>);

impl<K> SignerServer<K> {
    pub fn new(keys: K) -> Self {
        Self(Arc::new(keys))
    }
}

impl<K> Clone for SignerServer<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> NamedService for SignerServer<K> {
    const NAME: &'static str = SERVICE;
}

struct PublicKey<K>(Arc<K>);
struct Sign<K>(Arc<K>);

impl<K: Keys> UnaryService<PublicKeyRequest> for PublicKey<K> {
    type Response = PublicKeyResponse;
    type Future = BoxFuture<Response<PublicKeyResponse>, Status>;

    fn call(&mut self, request: Request<PublicKeyRequest>) -> Self::Future {
        let keys = self.0.clone();
        Box::pin(async move {
            let answer = keys.public_key(request.into_inner()).await;
            answer.map(Response::new)
        })
    }
}

impl<K: Keys> UnaryService<SignRequest> for Sign<K> {
    type Response = SignResponse;
    type Future = BoxFuture<Response<SignResponse>, Status>;

    fn call(&mut self, request: Request<SignRequest>) -> Self::Future {
        let keys = self.0.clone();
        Box::pin(async move { keys.sign(request.into_inner()).await.map(Response::new) })
    }
}

impl<K, B> Service<HttpRequest<B>> for SignerServer<K>
where
    K: Keys,
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = HttpResponse<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        let keys = self.0.clone();
        Box::pin(async move {
            let answer = match request.uri().path() {
                PUBLIC_KEY => grpc().unary(PublicKey(keys), request).await,
                SIGN => grpc().unary(Sign(keys), request).await,
                _ => Status::unimplemented("there is no such method").into_http(),
            };
            Ok(answer)
        })
    }
}

fn grpc<T, U>() -> Grpc<tonic::codec::ProstCodec<U, T>>
where
    T: prost::Message + Default + Send + 'static,
    U: prost::Message + Send + 'static,
{
    Grpc::new(tonic::codec::ProstCodec::default()).max_decoding_message_size(REQUEST_BYTES_MAX)
}
