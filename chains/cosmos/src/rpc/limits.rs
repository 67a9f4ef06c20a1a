//! The two limits of `consensus_params` a relayer needs, read leniently: the
//! library's own type refuses `max_bytes = -1`, which CometBFT 0.38 allows.

use serde::{Deserialize, Serialize};
use tendermint::serializers::from_str;
use tendermint_rpc::dialect::Dialect;
use tendermint_rpc::request::RequestMessage;
use tendermint_rpc::{Method, Request, Response, SimpleRequest};

/// Asks for the newest consensus parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LimitsRequest {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LimitsResponse {
    consensus_params: Params,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Params {
    block: BlockLimits,
}

/// A block's limits; -1 is "no limit" for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlockLimits {
    #[serde(with = "from_str")]
    pub max_bytes: i64,
    #[serde(with = "from_str")]
    pub max_gas: i64,
}

impl RequestMessage for LimitsRequest {
    fn method(&self) -> Method {
        Method::ConsensusParams
    }
}

impl<S: Dialect> Request<S> for LimitsRequest {
    type Response = LimitsResponse;
}

impl<S: Dialect> SimpleRequest<S> for LimitsRequest {
    type Output = BlockLimits;
}

impl Response for LimitsResponse {}

impl From<LimitsResponse> for BlockLimits {
    fn from(response: LimitsResponse) -> Self {
        response.consensus_params.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlimited_blocks_are_read() {
        let json = r#"{"jsonrpc":"2.0","id":-1,"result":{"block_height":"7","consensus_params":{
            "block":{"max_bytes":"-1","max_gas":"-1"},"evidence":{},"new":{"in":"2030"}}}}"#;
        let response = LimitsResponse::from_string(json).unwrap();
        let limits = BlockLimits::from(response);
        assert_eq!((limits.max_bytes, limits.max_gas), (-1, -1));
    }
}
