//! Why nothing can be said of what was asked for.

use tern::engine::EngineError;
use tern_chains::{ChainError, PacketId};
use tern_config::UnknownChain;
use tern_core::ledger::ChannelKey;

use super::by_sender::SenderError;
use super::tx::TxError;
use crate::connect::{ConnectedChain, Context};
use crate::daemon::SocketError;
use crate::path::PathError;

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error(transparent)]
    UnknownChain(#[from] UnknownChain),
    #[error(transparent)]
    Path(PathError),
    #[error(transparent)]
    Tx(#[from] TxError),
    #[error(transparent)]
    Sender(#[from] SenderError),
    #[error("packet #{sequence} was not sent on {src} yet: the next sequence is #{next}")]
    NotSent {
        src: ChannelKey,
        sequence: u64,
        next: u64,
    },
    #[error("packet {0} is not of a channel")]
    NotOfChannel(PacketId),
    /// Its chain does not have an end that was named.
    #[error("there is no channel {0}, but its other end or a packet refers to it")]
    NoSuchEnd(ChannelKey),
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The daemon of the home folder cannot be asked.
    #[error(transparent)]
    Daemon(#[from] SocketError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The configuration of a chain cannot be used.
    #[error("{0:#}")]
    Settings(anyhow::Error),
}

impl From<PathError> for TraceError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Chain(error) => Self::Chain(error),
            error => Self::Path(error),
        }
    }
}

/// A configured chain.
pub fn connect(context: &Context, id: &str) -> Result<ConnectedChain, TraceError> {
    let connected = context.connect(id);
    connected.map_err(|error| match error.downcast::<UnknownChain>() {
        Ok(unknown) => TraceError::UnknownChain(unknown),
        Err(error) => TraceError::Settings(error),
    })
}
