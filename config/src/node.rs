//! One `[[chain.node]]` table.

use serde::Deserialize;
use url::Url;

use crate::field;

/// The addresses of one more node of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// CometBFT RPC, `http://` or `https://`.
    #[serde(deserialize_with = "field::http_url")]
    pub rpc: Url,
    /// Cosmos gRPC, `http://` or `https://`.
    #[serde(deserialize_with = "field::http_url")]
    pub grpc: Url,
}
