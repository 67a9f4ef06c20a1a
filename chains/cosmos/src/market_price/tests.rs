//! A node that answers what each fee market is asked, on a loopback socket.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};

use tern_chains::{Account, AccountState, ChainId, Deadline, TxDraft};
use tern_cosmos_core::fee_market::PriceRequest;
use tern_cosmos_core::Key;
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
use crate::{CosmosAccount, CosmosChain, CosmosSettings, FeeMarketSettings};

/// A tenth, as a `LegacyDec`.
const TENTH: &[u8] = b"100000000000000000";

/// What the markets know.
#[derive(Clone, Default)]
struct Markets {
    asked: Arc<AtomicU32>,
    silent: Arc<AtomicBool>,
}

impl UnaryService<PriceRequest> for Markets {
    type Response = PriceAnswer;
    type Future = BoxFuture<Response<PriceAnswer>, Status>;

    fn call(&mut self, request: Request<PriceRequest>) -> Self::Future {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let silent = self.silent.load(Ordering::SeqCst);
        Box::pin(async move {
            if silent {
                return Err(Status::unavailable("no market today"));
            }
            let denom = request.into_inner().denom;
            // Skip's market alone is told a denom, and answers with a coin.
            let price = match denom.len() {
                0 => TENTH.to_vec(),
                length => [
                    &[10, length as u8],
                    denom.as_bytes(),
                    &[18, TENTH.len() as u8],
                    TENTH,
                ]
                .concat(),
            };
            Ok(Response::new(PriceAnswer { price }))
        })
    }
}

/// The services, by name. Each has the one method that is asked.
macro_rules! services {
    ($($service:ident $name:literal)*) => {$(
        #[derive(Clone)]
        struct $service(Markets);

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
                let markets = self.0.clone();
                Box::pin(async move {
                    let codec = ProstCodec::<PriceAnswer, PriceRequest>::default();
                    Ok(tonic::server::Grpc::new(codec).unary(markets, request).await)
                })
            }
        }
    )*};
}

services! {
    Osmosis "osmosis.txfees.v1beta1.Query"
    Skip "feemarket.feemarket.v1.Query"
    CosmosEvm "cosmos.evm.feemarket.v1.Query"
}

/// Stops when dropped.
struct Node {
    markets: Markets,
    port: u16,
    task: JoinHandle<()>,
}

impl Node {
    async fn serve() -> Self {
        let markets = Markets::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let incoming = TcpIncoming::from_listener(listener, true, None).unwrap();
        let server = Server::builder()
            .add_service(Osmosis(markets.clone()))
            .add_service(Skip(markets.clone()))
            .add_service(CosmosEvm(markets.clone()));
        let task = tokio::spawn(async move {
            server.serve_with_incoming(incoming).await.unwrap();
        });
        Self {
            markets,
            port,
            task,
        }
    }

    /// An account on a chain with this market, where nobody else is asked.
    fn account(&self, market: FeeMarket, priority_price: Option<Decimal>) -> CosmosAccount {
        let url: url::Url = format!("http://127.0.0.1:{}", self.port).parse().unwrap();
        let id = ChainId::from_string("a-1");
        let price = "0.025stake".parse().unwrap();
        let mut settings = CosmosSettings::new(id, url.clone(), url, "cosmos", price);
        settings.gas_price_max = Decimal::new(1, 0);
        settings.fee_market = Some(FeeMarketSettings {
            market,
            multiplier: Decimal::new(12, 1),
            priority_price,
        });
        let chain = Arc::new(CosmosChain::new(settings).unwrap());
        CosmosAccount::new(chain, Key::from_private_key(&[7; 32], "cosmos").unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn draft(account: &CosmosAccount) -> TxDraft {
    TxDraft {
        messages: vec![],
        memo: String::new(),
        account: AccountState {
            address: account.address().to_owned(),
            account_number: 1,
            account_sequence: 2,
        },
        gas: 100_000,
        deadline: Deadline::Height(3),
    }
}

#[tokio::test]
async fn a_transaction_pays_what_the_fee_market_asks_for() {
    let node = Node::serve().await;
    for market in [
        FeeMarket::Osmosis,
        FeeMarket::Feemarket,
        FeeMarket::CosmosEvm,
    ] {
        let account = node.account(market, None);
        assert_eq!(account.fee(100_000).unwrap().amount, 2_500);
        let tx = account.sign(&draft(&account)).await.unwrap();
        assert_eq!(tx.fee, 12_000, "{market:?}");
    }
}

#[tokio::test]
async fn transactions_that_are_signed_together_ask_once() {
    let node = Node::serve().await;
    let account = node.account(FeeMarket::Osmosis, None);
    let draft = draft(&account);
    let (one, two) = futures::join!(account.sign(&draft), account.sign(&draft));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(node.markets.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_an_answer_of_the_market_the_configured_price_is_paid() {
    let node = Node::serve().await;
    node.markets.silent.store(true, Ordering::SeqCst);
    let account = node.account(FeeMarket::Feemarket, None);
    let tx = account.sign(&draft(&account)).await.unwrap();
    assert_eq!(tx.fee, 2_500);
}

#[tokio::test]
async fn a_transaction_says_how_much_more_than_the_base_fee_it_pays() {
    use ibc_proto::cosmos::tx::v1beta1::{TxBody, TxRaw};
    use prost::Message;
    let node = Node::serve().await;
    let account = node.account(FeeMarket::CosmosEvm, Some(Decimal::new(0, 0)));
    let tx = account.sign(&draft(&account)).await.unwrap();
    let raw = TxRaw::decode(tx.bytes.as_slice()).unwrap();
    let body = TxBody::decode(raw.body_bytes.as_slice()).unwrap();
    let [option] = body.extension_options.as_slice() else {
        panic!("{body:?}");
    };
    assert_eq!(
        option.type_url,
        "/cosmos.evm.ante.v1.ExtensionOptionDynamicFeeTx"
    );
    assert_eq!(option.value, b"\x0a\x010");
}
