//! Questions people and health checks ask: balances and the node's state.

use std::time::Duration;

use ibc_proto::cosmos::bank::v1beta1 as bank;
use tern_chains::{BlockTime, Unit};
use tokio::time::Instant;

use crate::block_time::block_time;
use crate::errors::Result;
use crate::grpc::{self, Grpc};
use crate::node::Node;
use crate::rpc::Rpc;

pub use ibc_proto::cosmos::base::v1beta1::Coin;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHealth {
    /// The chain it serves.
    pub network: String,
    /// CometBFT's version.
    pub version: String,
    /// The newest committed block.
    pub height: u64,
    pub time: BlockTime,
    /// The oldest block it still has.
    pub earliest_height: u64,
    /// Whether it is still behind the chain.
    pub catching_up: bool,
}

/// One node, looked at.
#[derive(Debug)]
pub struct NodeReport {
    /// Its addresses, without credentials.
    pub rpc: String,
    pub grpc: String,
    pub health: Result<NodeHealth>,
    /// How long its status took, on a connection that is open.
    pub latency: Duration,
    /// Whether its gRPC serves the chain.
    pub grpc_health: Result<()>,
}

/// Looks at a node through both its endpoints.
pub(crate) async fn report(node: &Node) -> NodeReport {
    let status = async {
        let first = health(&node.rpc).await;
        let start = Instant::now();
        let health = match first {
            Ok(_) => health(&node.rpc).await,
            Err(error) => Err(error),
        };
        (health, start.elapsed())
    };
    let ((health, latency), grpc_health) = futures::join!(status, node.grpc_health());
    NodeReport {
        rpc: node.rpc.origin.node.clone(),
        grpc: node.grpc_address().to_owned(),
        health,
        latency,
        grpc_health,
    }
}

pub(crate) async fn health(rpc: &Rpc) -> Result<NodeHealth> {
    let status = rpc.status().await?;
    let sync = status.sync_info;
    Ok(NodeHealth {
        network: status.node_info.network.to_string(),
        version: String::from(status.node_info.version),
        height: sync.latest_block_height.value(),
        time: block_time(sync.latest_block_time),
        earliest_height: sync.earliest_block_height.value(),
        catching_up: sync.catching_up,
    })
}

/// What an account has of one denom; 0 if it has none or does not exist.
pub(crate) async fn balance(grpc: &Grpc, address: &str, denom: &str) -> Result<u128> {
    use bank::query_client::QueryClient;
    let doing = format!("query balance of {address}");
    let mut client = grpc::client!(grpc, QueryClient);
    let request = bank::QueryBalanceRequest {
        address: address.to_owned(),
        denom: denom.to_owned(),
    };
    let answer = grpc.call(&doing, client.balance(request)).await?;
    let amount = answer.balance.map_or("0".to_owned(), |coin| coin.amount);
    let parsed = amount.parse();
    parsed.map_err(|error: std::num::ParseIntError| grpc.origin.malformed(doing, error))
}

/// The unit in which people say amounts of a denom, as the bank module tells it: of its units
/// the one to be displayed. `None` if it tells none, or nothing that could be one.
pub(crate) async fn unit(grpc: &Grpc, denom: &str) -> Result<Option<Unit>> {
    use bank::query_client::QueryClient;
    let doing = format!("query the unit of {denom}");
    let mut client = grpc::client!(grpc, QueryClient);
    let request = bank::QueryDenomMetadataRequest {
        denom: denom.to_owned(),
    };
    match grpc.ask(&doing, client.denom_metadata(request)).await {
        Ok(answer) => Ok(answer.metadata.as_ref().and_then(unit_of)),
        Err(status) if tells_none(&status) => Ok(None),
        Err(status) => Err(grpc.error(&doing, &status)),
    }
}

/// The chain has nothing about the denom, or no such query.
fn tells_none(status: &tonic::Status) -> bool {
    matches!(
        status.code(),
        tonic::Code::NotFound | tonic::Code::Unimplemented | tonic::Code::InvalidArgument
    )
}

fn unit_of(metadata: &bank::Metadata) -> Option<Unit> {
    let mut units = metadata.denom_units.iter();
    let displayed = units.find(|unit| unit.denom == metadata.display)?;
    let symbol = match metadata.symbol.as_str() {
        "" => displayed.denom.to_uppercase(),
        symbol => symbol.to_owned(),
    };
    Unit::new(&symbol, displayed.exponent)
}

/// Everything an account has.
pub(crate) async fn balances(grpc: &Grpc, address: &str) -> Result<Vec<Coin>> {
    use bank::query_client::QueryClient;
    let doing = format!("query balances of {address}");
    grpc.pages(&doing, |page| {
        let mut client = grpc::client!(grpc, QueryClient);
        let request = bank::QueryAllBalancesRequest {
            address: address.to_owned(),
            pagination: Some(page),
            ..Default::default()
        };
        let doing = &doing;
        async move {
            let answer = grpc.call(doing, client.all_balances(request)).await?;
            Ok((answer.balances, answer.pagination))
        }
    })
    .await
}
