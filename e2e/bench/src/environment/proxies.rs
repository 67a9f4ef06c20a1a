//! Proxies before all ports of both nodes, with one recorder.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{End, Environment};
use crate::proxy::{Plan, Protocol, Proxy, Recorder};
use crate::relayer::Nodes;

/// A relayer reaches the nodes through these when its requests are counted or delayed.
pub struct Proxies {
    pub recorder: Arc<Recorder>,
    rpc: [Proxy; 2],
    grpc: [Proxy; 2],
}

impl Proxies {
    pub fn open(environment: &Environment, round_trip: Duration) -> Result<Self> {
        let recorder = Arc::new(Recorder::default());
        let open = |end: End, protocol: Protocol| {
            let endpoint = environment.endpoint(end);
            let port = match protocol {
                Protocol::Rpc => endpoint.rpc_port,
                Protocol::Grpc => endpoint.grpc_port,
            };
            let plan = Plan {
                to: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                protocol,
                chain: endpoint.id,
                round_trip,
            };
            Proxy::open(&environment.runtime, plan, recorder.clone())
        };
        Ok(Self {
            rpc: [
                open(End::Akash, Protocol::Rpc)?,
                open(End::Kava, Protocol::Rpc)?,
            ],
            grpc: [
                open(End::Akash, Protocol::Grpc)?,
                open(End::Kava, Protocol::Grpc)?,
            ],
            recorder,
        })
    }

    pub fn nodes(&self) -> Nodes {
        Nodes {
            rpc: [self.rpc[0].port, self.rpc[1].port],
            grpc: [self.grpc[0].port, self.grpc[1].port],
        }
    }
}
