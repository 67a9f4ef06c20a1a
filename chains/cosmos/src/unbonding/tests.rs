//! Nodes of chains with a staking module, as a consumer chain, and with neither.

use std::convert::Infallible;
use std::task::{Context, Poll};

use ibc_proto::cosmos::base::tendermint::v1beta1::GetNodeInfoResponse;
use tern_chains::ChainId;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::BoxBody;
use tonic::codec::ProstCodec;
use tonic::codegen::http::{Request as HttpRequest, Response as HttpResponse};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::*;
use crate::{CosmosChain, CosmosSettings};

/// What one method always answers.
#[derive(Clone)]
struct Answer<T>(T);

impl<T: prost::Message + Clone + 'static> UnaryService<()> for Answer<T> {
    type Response = T;
    type Future = BoxFuture<Response<T>, Status>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let answer = self.0.clone();
        Box::pin(async move { Ok(Response::new(answer)) })
    }
}

/// Services by name. Each answers as one method does, whatever is asked.
macro_rules! services {
    ($($service:ident $answer:ty, $name:literal)*) => {$(
        #[derive(Clone)]
        struct $service($answer);

        impl NamedService for $service {
            const NAME: &'static str = $name;
        }

        impl Service<HttpRequest<BoxBody>> for $service {
            type Response = HttpResponse<BoxBody>;
            type Error = Infallible;
            type Future = BoxFuture<Self::Response, Infallible>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: HttpRequest<BoxBody>) -> Self::Future {
                let answer = Answer(self.0.clone());
                Box::pin(async move {
                    let codec = ProstCodec::<$answer, ()>::default();
                    Ok(tonic::server::Grpc::new(codec).unary(answer, request).await)
                })
            }
        }
    )*};
}

services! {
    Info GetNodeInfoResponse, "cosmos.base.tendermint.v1beta1.Service"
    Staking staking::QueryParamsResponse, "cosmos.staking.v1beta1.Query"
    Consumer consumer::QueryParamsResponse, "interchain_security.ccv.consumer.v1.Query"
}

fn days(days: i64) -> Option<ProtoDuration> {
    Some(ProtoDuration {
        seconds: days * 86_400,
        nanos: 0,
    })
}

fn of_staking() -> Staking {
    let params = staking::Params {
        unbonding_time: days(21),
        ..Default::default()
    };
    Staking(staking::QueryParamsResponse {
        params: Some(params),
    })
}

fn of_validation(period: Option<ProtoDuration>) -> Consumer {
    use ibc_proto::interchain_security::ccv::v1::ConsumerParams;
    let params = ConsumerParams {
        unbonding_period: period,
        ..Default::default()
    };
    Consumer(consumer::QueryParamsResponse {
        params: Some(params),
    })
}

/// Stops when dropped.
struct Node {
    port: u16,
    task: JoinHandle<()>,
}

impl Node {
    async fn serve(staking: Option<Staking>, consumer: Option<Consumer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let incoming = TcpIncoming::from_listener(listener, true, None).unwrap();
        let mut info = GetNodeInfoResponse::default();
        let node_info = info.default_node_info.get_or_insert_default();
        node_info.network = "a-1".to_owned();
        let server = Server::builder()
            .add_service(Info(info))
            .add_optional_service(staking)
            .add_optional_service(consumer);
        let task = tokio::spawn(async move {
            server.serve_with_incoming(incoming).await.unwrap();
        });
        Self { port, task }
    }

    async fn unbonding_period(&self) -> Result<Duration> {
        let url: url::Url = format!("http://127.0.0.1:{}", self.port).parse().unwrap();
        let id = ChainId::from_string("a-1");
        let price = "0.025stake".parse().unwrap();
        let settings = CosmosSettings::new(id, url.clone(), url, "cosmos", price);
        CosmosChain::new(settings).unwrap().unbonding_period().await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn the_staking_module_says_how_long_stake_is_held_back() {
    let node = Node::serve(Some(of_staking()), None).await;
    let period = node.unbonding_period().await.unwrap();
    assert_eq!(period.as_secs(), 21 * 86_400);
}

#[tokio::test]
async fn a_consumer_chain_without_staking_has_the_period_of_validation() {
    let node = Node::serve(None, Some(of_validation(days(20)))).await;
    let period = node.unbonding_period().await.unwrap();
    assert_eq!(period.as_secs(), 20 * 86_400);
}

#[tokio::test]
async fn a_chain_that_says_no_period_is_not_trusted_for_one() {
    let node = Node::serve(None, None).await;
    let error = node.unbonding_period().await.unwrap_err().to_string();
    assert!(error.contains("staking parameters"), "{error}");
    let node = Node::serve(None, Some(of_validation(None))).await;
    let error = node.unbonding_period().await.unwrap_err().to_string();
    assert!(error.contains("parameters of a consumer chain"), "{error}");
}
