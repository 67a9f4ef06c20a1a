//! gRPC reflection lists and describes the services.

use tendermint::Time;
use tern_devnet::{serve, Genesis, Node};
use tokio::net::TcpListener;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::ServerReflectionRequest;

async fn request(url: String, question: MessageRequest) -> MessageResponse {
    let channel = tonic::transport::Endpoint::from_shared(url).expect("a URL");
    let mut client = ServerReflectionClient::new(channel.connect_lazy());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let response = client
        .server_reflection_info(tokio_stream::once(request))
        .await;
    let answer = response.expect("an answer").into_inner().message().await;
    let answer = answer.expect("an answer").expect("one message");
    answer.message_response.expect("something")
}

#[tokio::test]
async fn services_are_listed_and_those_of_ibc_described() {
    let start = Time::from_unix_timestamp(1_700_000_000, 0).expect("in range");
    let node = Node::new(&Genesis::new("akash-1", "akash", start)).expect("a chain");
    let bind = || TcpListener::bind("127.0.0.1:0");
    let (rpc, grpc) = (bind().await.expect("a port"), bind().await.expect("a port"));
    let url = format!("http://{}", grpc.local_addr().expect("an address"));
    tokio::spawn(serve(node, rpc, grpc, std::future::pending()));
    let listed = request(url.clone(), MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = listed else {
        panic!("{listed:?}");
    };
    let names: Vec<&str> = listed
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    for name in ["cosmos.tx.v1beta1.Service", "ibc.core.channel.v1.Query"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let symbol = MessageRequest::FileContainingSymbol("ibc.core.channel.v1.Query".to_owned());
    let described = request(url, symbol).await;
    assert!(
        matches!(described, MessageResponse::FileDescriptorResponse(_)),
        "{described:?}"
    );
}
