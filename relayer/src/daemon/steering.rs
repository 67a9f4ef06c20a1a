//! What a person can do to a running daemon. Commands at the socket and requests over HTTP
//! end here, so that both do the same and say the same.

use std::path::PathBuf;
use std::sync::Arc;

use tern::engine::{Cleared, EngineError};
use tern::words::{counted, grouped};
use tern_core::ledger::{ClientKey, EndKey};
use tern_core::plan::{Pausable, Paused};
use tokio::sync::{mpsc, oneshot, Mutex};

use super::paused_file::{self, PausedFileError};
use super::Observed;

/// The way to act on a daemon. Clones act on the same.
#[derive(Clone)]
pub struct Steering {
    observed: Observed,
    home: PathBuf,
    reloads: mpsc::Sender<Reload>,
    /// Held from a change of what is paused until it is written.
    pausing: Arc<Mutex<()>>,
}

/// A reload that is asked for. The answer says what has changed, or why nothing has.
pub struct Reload {
    pub reply: oneshot::Sender<Result<String, String>>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum SteeringError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {source}", .0, source = std::error::Error::source(.0).map(ToString::to_string).unwrap_or_default())]
    Paused(#[from] PausedFileError),
    /// The configuration stays as it was.
    #[error("nothing is changed: {0}")]
    Refused(String),
}

impl Steering {
    pub fn new(observed: Observed, home: PathBuf, reloads: mpsc::Sender<Reload>) -> Self {
        Self {
            observed,
            home,
            reloads,
            pausing: Arc::default(),
        }
    }

    /// Pauses a chain, or a channel both ways. It stays so when the daemon is restarted.
    pub async fn pause(&self, what: Pausable) -> Result<String, SteeringError> {
        let _until_written = self.pausing.lock().await;
        self.keep(&self.observed.engine().await.pause(what.clone()).await?)?;
        Ok(match what {
            Pausable::Chain(chain) => format!("{chain} is paused: nothing is sent to it"),
            Pausable::Path(src) => format!("the channel of {src} is paused, both ways"),
        })
    }

    pub async fn resume(&self, what: Pausable) -> Result<String, SteeringError> {
        let _until_written = self.pausing.lock().await;
        self.keep(&self.observed.engine().await.resume(what.clone()).await?)?;
        Ok(match what {
            Pausable::Chain(chain) => format!("{chain} is resumed"),
            Pausable::Path(src) => format!("the channel of {src} is resumed, both ways"),
        })
    }

    fn keep(&self, paused: &Paused) -> Result<(), PausedFileError> {
        paused_file::write(&self.home, paused)
    }

    /// Updates a client, and waits until it is.
    pub async fn refresh(&self, client: ClientKey) -> Result<String, SteeringError> {
        let refreshed = self.observed.ask(|engine| {
            let client = client.clone();
            async move { engine.refresh(client).await }
        });
        let height = refreshed.await?;
        Ok(format!("{client} is updated to height {}", grouped(height)))
    }

    /// Upgrades a client, and waits until it is.
    pub async fn upgrade(&self, client: ClientKey) -> Result<String, SteeringError> {
        let upgraded = self.observed.ask(|engine| {
            let client = client.clone();
            async move { engine.upgrade(client).await }
        });
        let of = upgraded.await?;
        Ok(format!("{client} is upgraded: it is a client of {of} now"))
    }

    /// Relays what is pending on a path, and waits until nothing of it can be relayed.
    pub async fn clear(&self, src: EndKey) -> Result<Cleared, SteeringError> {
        let cleared = self.observed.ask(|engine| {
            let src = src.clone();
            async move { engine.clear(src).await }
        });
        Ok(cleared.await?)
    }

    /// Reads the configuration again and goes on with it, or refuses it as a whole.
    pub async fn reload(&self) -> Result<String, SteeringError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.reloads.send(Reload { reply }).await;
        sent.map_err(|_| EngineError::Stopped)?;
        let answer = answer.await.map_err(|_| EngineError::Stopped)?;
        answer.map_err(SteeringError::Refused)
    }

    /// Takes no new work. Done when nothing is in flight; then the daemon ends.
    pub async fn drain(&self) -> Result<String, SteeringError> {
        self.observed.engine().await.drain().await?;
        Ok("nothing is in flight any more: the daemon ends".to_owned())
    }
}

/// What became of the packets of a path, in words.
pub fn cleared_text(cleared: &Cleared) -> String {
    let done = [
        (cleared.received, "received"),
        (cleared.acknowledged, "acknowledged"),
        (cleared.timed_out, "timed out"),
    ];
    let done = done.iter().filter(|(count, _)| *count > 0);
    let done: Vec<String> = done
        .map(|(count, what)| format!("{} {what}", counted(*count as u64, "packet")))
        .collect();
    let done = match done.is_empty() {
        true => "nothing was to be relayed".to_owned(),
        false => done.join(", "),
    };
    match cleared.left.as_slice() {
        [] => done,
        left @ [first, ..] => format!(
            "{done}; {} cannot be relayed now, the first: {}",
            counted(left.len() as u64, "packet"),
            first.why
        ),
    }
}
