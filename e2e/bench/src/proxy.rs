//! A gate before a node: bytes pass unaltered, late if asked, and are read along.
//!
//! The delay is that of a distant node: half of the round trip each way for every
//! byte, and a whole one before a new connection can carry anything. What is asked
//! is seen by taps that read copies of the bytes: `http1` for CometBFT RPC and
//! its WebSocket, `http2` for gRPC.

mod http1;
mod http2;
mod pump;
mod tally;
mod tap;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

pub use tally::{Call, Counts, Door, Tally};
use tap::Tap;

/// A listening port that leads to a node's port. Dropping it closes it, with all
/// its connections.
pub struct Gate {
    pub port: u16,
    accepting: JoinHandle<()>,
}

/// Where a gate leads, and what is noted of what passes.
#[derive(Clone)]
pub struct Plan {
    pub to: SocketAddr,
    pub door: Door,
    /// The chain's id, for the tally.
    pub chain: &'static str,
    pub round_trip: Duration,
}

impl Gate {
    pub fn open(runtime: &Runtime, plan: Plan, tally: Arc<Tally>) -> Result<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.context("no free port for a gate")?;
        Ok(Self {
            port: listener.local_addr()?.port(),
            accepting: runtime.spawn(accept(listener, plan, tally)),
        })
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, plan: Plan, tally: Arc<Tally>) {
    // Ends the connections with the gate.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of file descriptors, say: the client sees it hang.
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(pass(client, plan.clone(), tally.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(client: TcpStream, plan: Plan, tally: Arc<Tally>) {
    // The handshake of TCP takes a round trip; here it was done at once.
    let established = Instant::now() + plan.round_trip;
    let one_way = plan.round_trip / 2;
    let Ok(node) = TcpStream::connect(plan.to).await else {
        return;
    };
    for stream in [&client, &node] {
        // Only speeds things up.
        let _ = stream.set_nodelay(true);
    }
    let connection = tally.connected(plan.chain, plan.door);
    let (asks, answers) = Tap::pair(connection, tally);
    let (from_client, to_client) = client.into_split();
    let (from_node, to_node) = node.into_split();
    tokio::join!(
        pump::pump(from_client, to_node, established, one_way, asks),
        pump::pump(from_node, to_client, established, one_way, answers),
    );
}
