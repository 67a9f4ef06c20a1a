//! A proxy before a node. Bytes pass unaltered, and delayed if asked; requests are counted.
//!
//! The delay is that of a distant node: half of the round trip each way for every
//! byte, and a whole one before a new connection can carry anything. What is asked
//! is seen by taps that read copies of the bytes: `http1` for CometBFT RPC and
//! its WebSocket, `http2` for gRPC.

mod forward;
mod http1;
mod http2;
mod recorder;
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

pub use recorder::{Call, Counts, Protocol, Recorder};
use tap::Tap;

/// A listening port that leads to a node's port. Dropping it closes it and all its
/// connections.
pub struct Proxy {
    pub port: u16,
    accepting: JoinHandle<()>,
}

/// Where a proxy leads, and how its connections are recorded.
#[derive(Clone)]
pub struct Plan {
    pub to: SocketAddr,
    pub protocol: Protocol,
    /// The chain's id, for the recorder.
    pub chain: &'static str,
    pub round_trip: Duration,
}

impl Proxy {
    pub fn open(runtime: &Runtime, plan: Plan, recorder: Arc<Recorder>) -> Result<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.context("no free port for a proxy")?;
        Ok(Self {
            port: listener.local_addr()?.port(),
            accepting: runtime.spawn(accept(listener, plan, recorder)),
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, plan: Plan, recorder: Arc<Recorder>) {
    // Ends the connections with the proxy.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of file descriptors, say: the client sees it hang.
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(pass(client, plan.clone(), recorder.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(client: TcpStream, plan: Plan, recorder: Arc<Recorder>) {
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
    let connection = recorder.connected(plan.chain, plan.protocol);
    let (asks, answers) = Tap::pair(connection, recorder);
    let (from_client, to_client) = client.into_split();
    let (from_node, to_node) = node.into_split();
    tokio::join!(
        forward::forward(from_client, to_node, established, one_way, asks),
        forward::forward(from_node, to_client, established, one_way, answers),
    );
}
