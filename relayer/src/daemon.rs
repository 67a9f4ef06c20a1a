//! The daemon: an engine that serves every path, and a socket by which the commands
//! in the same home folder reach it.
//!
//! It owns both and ends them in order: first no new commands, then the engine,
//! then the answers to the commands that were waiting.

mod client;
mod protocol;
mod socket;

use tern::engine::Engine;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::connect::Context;
use crate::setup::{self, ServedChain};
pub use client::DaemonClient;
use socket::Socket;
use tern_core::plan::Assignment;

/// A daemon that is about to run.
pub struct Daemon {
    engine: Engine,
    /// None if commands cannot reach it.
    socket: Option<Socket>,
}

impl Daemon {
    /// Opens store and socket in the home folder. The lock of the store makes it
    /// the only daemon there.
    pub async fn open(context: &Context, chains: &[ServedChain]) -> anyhow::Result<Self> {
        let engine = setup::engine_with_store(context, chains, Assignment::Everything).await?;
        let socket = match Socket::bind(&context.home) {
            Ok(socket) => Some(socket),
            Err(error) => {
                let reason = anyhow::Error::from(error);
                warn!(
                    reason = format!("{reason:#}"),
                    "commands cannot reach this daemon"
                );
                None
            }
        };
        Ok(Self { engine, socket })
    }

    /// Relays until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { engine, socket } = self;
        // Also when the engine ends by itself.
        let stopping = shutdown.child_token();
        let serving = socket.map(|socket| socket.serve(engine.handle(), stopping.clone()));
        let serving = async {
            if let Some(serving) = serving {
                serving.await;
            }
        };
        let relaying = async {
            let ended = engine.run(stopping.clone()).await;
            stopping.cancel();
            ended
        };
        let (ended, ()) = tokio::join!(relaying, serving);
        Ok(ended?)
    }
}
