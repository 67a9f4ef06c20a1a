//! The gRPC connection of a node: one lazily opened HTTP/2 connection, shared by every query
//! client, with the same bound on requests in flight as the RPC, the node's, and counted by
//! method.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ibc_proto::cosmos::base::query::v1beta1::{PageRequest, PageResponse};
use ibc_proto::cosmos::base::tendermint::v1beta1::{service_client, GetNodeInfoRequest};
use tern_chains::{Blame, ChainError};
use tokio::sync::OnceCell;
use tonic::codec::ProstCodec;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Response, Status};
use url::Url;

use self::counted::Counted;
use crate::errors::{shortened, with_causes, Fault, Origin, Result};
use crate::request::trace_request;
use crate::request_stats::RequestCounter;
use crate::settings::CosmosSettings;

mod counted;

/// The largest answer accepted, in bytes.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Entries asked for in one page of a list, and pages read of one list.
const PAGE_LIMIT: u64 = 1000;
const PAGES_MAX: usize = 10_000;
/// The largest list that is kept, in bytes of its entries: some millions of packet
/// commitments, or some hundred thousand clients.
const LIST_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Headers of an answer. The text of a refusal is one of them, with three bytes for some
/// of its letters, and may repeat what was sent, which is a megabyte at most: a longer
/// one would count as the node's fault, and be asked for again and again.
const HEADER_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// TCP keep-alive. HTTP/2 pings are not used: grpc-go closes a connection that
/// pings more often than every five minutes.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// One node's gRPC.
pub(crate) struct Grpc {
    pub origin: Origin,
    endpoint: Endpoint,
    channel: OnceLock<Counted<Channel>>,
    requests: Arc<RequestCounter>,
    /// Set once the node has said that it serves the configured chain.
    network: OnceCell<()>,
}

/// Gives a generated query client the shared channel and our size limit.
macro_rules! client {
    ($grpc:expr, $client:path) => {{
        use $client as Client;
        Client::new($grpc.channel()).max_decoding_message_size($crate::grpc::answer_bytes_max())
    }};
}
pub(crate) use client;

pub(crate) const fn answer_bytes_max() -> usize {
    ANSWER_BYTES_MAX
}

impl Grpc {
    pub fn new(
        settings: &CosmosSettings,
        address: &Url,
        requests: Arc<RequestCounter>,
    ) -> Result<Self> {
        let origin = Origin::new(&settings.id, address);
        let wrong = |error: tonic::transport::Error| {
            let why = with_causes(&error);
            origin.local(format!("grpc `{}`: {why}", origin.node))
        };
        if !matches!(address.scheme(), "http" | "https") {
            let reason = "write it as http:// or https://";
            return Err(origin.local(format!("grpc `{}`: {reason}", origin.node)));
        }
        let mut endpoint = Endpoint::from_shared(address.as_str().to_owned())
            .map_err(wrong)?
            .user_agent(concat!("tern/", env!("CARGO_PKG_VERSION")))
            .map_err(wrong)?
            .connect_timeout(settings.request_timeout)
            .timeout(settings.request_timeout)
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .tcp_nodelay(true)
            .tcp_keepalive(Some(TCP_KEEPALIVE));
        if address.scheme() == "https" {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(wrong)?;
        }
        Ok(Self {
            origin,
            endpoint,
            channel: OnceLock::new(),
            requests,
            network: OnceCell::new(),
        })
    }

    /// Fails if the node serves another chain than the configured one, as it
    /// does where the addresses of two chains were mixed up. Asks once.
    pub async fn check_network(&self) -> Result<()> {
        use service_client::ServiceClient;
        let ask = || async {
            let mut client = client!(self, ServiceClient);
            let doing = "query node info";
            let request = GetNodeInfoRequest {};
            let info = self.call(doing, client.get_node_info(request)).await?;
            let actual = info.default_node_info.unwrap_or_default().network;
            if actual == self.origin.chain.as_str() {
                return Ok(());
            }
            Err(ChainError::WrongChain {
                expected: self.origin.chain.clone(),
                actual,
                node: self.origin.node.clone(),
            })
        };
        self.network.get_or_try_init(ask).await.copied()
    }

    /// The shared channel. Made on first use, as making it needs a runtime.
    pub fn channel(&self) -> Counted<Channel> {
        self.channel
            .get_or_init(|| Counted::new(self.endpoint.connect_lazy(), self.requests.clone()))
            .clone()
    }

    /// Asks once. The error is the bare status, for callers who read it.
    pub async fn ask<T, F>(&self, doing: &str, call: F) -> std::result::Result<T, Status>
    where
        F: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        trace_request(&self.origin, doing);
        call.await.map(Response::into_inner)
    }

    /// Asks once. An error is the node's, or the chain's refusal.
    pub async fn call<T, F>(&self, doing: &str, call: F) -> Result<T>
    where
        F: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        let answer = self.ask(doing, call).await;
        answer.map_err(|status| self.error(doing, &status))
    }

    /// Asks a method for which there is no generated client. The error is the bare status.
    pub async fn unary<T, U>(
        &self,
        doing: &str,
        method: &'static str,
        request: T,
    ) -> std::result::Result<U, Status>
    where
        T: prost::Message + 'static,
        U: prost::Message + Default + 'static,
    {
        let mut client =
            tonic::client::Grpc::new(self.channel()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let asked = async {
            client
                .ready()
                .await
                .map_err(|error| Status::unavailable(with_causes(&error)))?;
            let (path, codec) = (PathAndQuery::from_static(method), ProstCodec::default());
            client.unary(Request::new(request), path, codec).await
        };
        self.ask(doing, asked).await
    }

    /// Reads a whole list, page by page.
    pub async fn pages<T: prost::Message, F>(
        &self,
        doing: &str,
        mut page: impl FnMut(PageRequest) -> F,
    ) -> Result<Vec<T>>
    where
        F: Future<Output = Result<(Vec<T>, Option<PageResponse>)>>,
    {
        let mut all = Vec::new();
        let mut key = Vec::new();
        let mut bytes = 0;
        for _ in 0..PAGES_MAX {
            let request = PageRequest {
                key: key.clone(),
                limit: PAGE_LIMIT,
                ..PageRequest::default()
            };
            let (items, next) = page(request).await?;
            // What an entry takes in memory is more than its bytes, and never nothing.
            let size = |item: &T| item.encoded_len() + std::mem::size_of::<T>();
            bytes += items.iter().map(size).sum::<usize>();
            if bytes > LIST_BYTES_MAX {
                let limit = LIST_BYTES_MAX / 1024 / 1024;
                let limit = format!("the list is larger than {limit} MiB, the limit for a list");
                return Err(self.origin.node(doing, limit));
            }
            all.extend(items);
            let next_key = next.map(|next| next.next_key).unwrap_or_default();
            // The same key again would repeat the page for ever.
            if next_key.is_empty() || next_key == key {
                return Ok(all);
            }
            key = next_key;
        }
        let limit = format!("the list does not end within {PAGES_MAX} pages");
        Err(self.origin.node(doing, limit))
    }

    /// What a status means: the node failed, or the chain said no.
    pub fn error(&self, doing: &str, status: &Status) -> ChainError {
        if is_transport(status) {
            return self.origin.node(doing, status_line(status));
        }
        if passes_by_itself(status.message()) {
            return self.origin.node(doing, Fault::NotYet(status_line(status)));
        }
        ChainError::Rejected {
            chain: self.origin.chain.clone(),
            doing: doing.to_owned(),
            codespace: "grpc".to_owned(),
            code: status.code() as u32,
            log: shortened(status.message().to_owned()),
            blame: Blame::Unnamed,
        }
    }
}

/// Whether this status came from the way to the node rather than from the chain.
///
/// A status the node sent has no source; one tonic made of a broken connection
/// has. `Unknown` and the argument errors are how the SDK reports a failed
/// query or simulation.
fn is_transport(status: &Status) -> bool {
    use std::error::Error;
    status.source().is_some()
        // An HTTP error of something in between.
        || status.message().starts_with("grpc-status header missing")
        || is_transport_code(status.code())
}

fn is_transport_code(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::ResourceExhausted
            | Code::Internal
            | Code::Unimplemented
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::DataLoss
    )
}

/// What a node says for some seconds after its start, while it catches up, or for a moment
/// while it commits a block, and not the chain: `sdk` code 26 and some of 18, which a
/// gRPC status has as text alone.
fn passes_by_itself(message: &str) -> bool {
    const SAID: [&str; 3] = [
        "context did not contain latest block height",
        "cannot query with height in the future",
        "is not ready; please wait for first block",
    ];
    SAID.iter().any(|said| message.contains(said))
}

fn status_line(status: &Status) -> String {
    use std::error::Error;
    let text = match status.source() {
        Some(source) => with_causes(source),
        None => status.message().to_owned(),
    };
    shortened(format!("gRPC {:?}: {text}", status.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grpc() -> Grpc {
        let origin = Origin::new(
            &tern_chains::ChainId::from_string("a-1"),
            &"http://127.0.0.1:1".parse().unwrap(),
        );
        Grpc {
            origin,
            endpoint: Endpoint::from_static("http://127.0.0.1:1"),
            channel: OnceLock::new(),
            requests: Arc::default(),
            network: OnceCell::new(),
        }
    }

    #[tokio::test]
    async fn a_list_that_does_not_end_is_left_at_the_limit() {
        let mut asked = 0u8;
        let grpc = grpc();
        let endless = grpc.pages("list", |_| {
            asked += 1;
            let next_key = vec![asked];
            async move {
                let next = PageResponse { next_key, total: 0 };
                // One entry of 32 MiB a page.
                Ok((vec![vec![0u8; ANSWER_BYTES_MAX]], Some(next)))
            }
        });
        let error = endless.await.unwrap_err();
        assert_eq!(error.class(), tern_chains::Class::Node);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(
            source,
            "the list is larger than 256 MiB, the limit for a list"
        );
        assert_eq!(usize::from(asked), LIST_BYTES_MAX / ANSWER_BYTES_MAX);
    }

    #[test]
    fn what_a_node_says_after_its_start_is_not_the_chains_word() {
        let grpc = grpc();
        let class = |message: &str| grpc.error("simulation", &Status::unknown(message)).class();
        let starting = "codespace sdk code 26: invalid height: context did not contain latest \
                        block height in either check state or finalize block state (0)";
        assert_eq!(class(starting), tern_chains::Class::Node);
        let error = grpc.error("simulation", &Status::unknown(starting));
        assert!(crate::errors::is_not_yet(&error));
        let refused =
            "failed to execute message; message index: 1: consensus state: invalid height";
        assert_eq!(class(refused), tern_chains::Class::Rejected);
    }
}
