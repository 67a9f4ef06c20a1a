//! Gates to all doors of both nodes, with one tally.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{End, Stage};
use crate::proxy::{Door, Gate, Plan, Tally};
use crate::relayer::Nodes;

/// What a relayer sees of the nodes when it is measured through gates.
pub struct Gates {
    pub tally: Arc<Tally>,
    rpc: [Gate; 2],
    grpc: [Gate; 2],
}

impl Gates {
    pub fn open(stage: &Stage, round_trip: Duration) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let open = |end: End, door: Door| {
            let site = stage.site(end);
            let port = match door {
                Door::Rpc => site.rpc_port,
                Door::Grpc => site.grpc_port,
            };
            let plan = Plan {
                to: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                door,
                chain: site.id,
                round_trip,
            };
            Gate::open(&stage.runtime, plan, tally.clone())
        };
        Ok(Self {
            rpc: [open(End::Akash, Door::Rpc)?, open(End::Kava, Door::Rpc)?],
            grpc: [open(End::Akash, Door::Grpc)?, open(End::Kava, Door::Grpc)?],
            tally,
        })
    }

    pub fn nodes(&self) -> Nodes {
        Nodes {
            rpc: [self.rpc[0].port, self.rpc[1].port],
            grpc: [self.grpc[0].port, self.grpc[1].port],
        }
    }
}
