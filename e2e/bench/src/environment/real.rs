//! Real chains: CometBFT, the Cosmos SDK, ibc-go.

use std::path::PathBuf;

use anyhow::Result;
use tern_e2e::{ChainSpec, Network, TestChain};

use super::endpoint::{Endpoint, HeaderTime};

const BLOCK_TIME: &str = "1s";

/// They end with their owner.
pub struct RealChains(Network);

pub fn start() -> Result<(RealChains, [Endpoint; 2], PathBuf)> {
    let specs = [ChainSpec::akash(), ChainSpec::kava()].map(|spec| ChainSpec {
        block_time: BLOCK_TIME,
        ..spec
    });
    let network = Network::of(specs.to_vec())?;
    let endpoints = [endpoint(&network.chains[0]), endpoint(&network.chains[1])];
    let folder = network.path();
    Ok((RealChains(network), endpoints, folder))
}

impl RealChains {
    pub fn passed(self) -> Result<()> {
        self.0.passed()
    }
}

fn endpoint(chain: &TestChain) -> Endpoint {
    Endpoint {
        id: chain.spec.id,
        prefix: chain.spec.prefix,
        denom: chain.spec.denom,
        rpc_port: chain.rpc_port,
        grpc_port: chain.grpc_port,
        header_time: HeaderTime::OfTheLastCommit,
    }
}
