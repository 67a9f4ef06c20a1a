//! Knowing that a block is there. The newest committed height flows out of here,
//! through a `watch`, to whoever waits for it.
//!
//! A WebSocket subscription gives the knock: any message on it means "look",
//! and if the height can be read from it, one question is saved. It is never
//! the only source: whoever waits also asks the node itself, slowly while the
//! socket is up and quickly while it is down. So a lost message costs a moment,
//! never a block.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::Instrument;

use crate::errors::Result;
use crate::rpc::Rpc;

mod socket;

/// How often a waiter asks for the newest height while the socket is down,
/// and while it is up.
const POLL: Duration = Duration::from_millis(500);
const SECOND_OPINION: Duration = Duration::from_secs(2);
/// Pauses between attempts to open the socket.
const RECONNECT_MIN: Duration = Duration::from_millis(250);
const RECONNECT_MAX: Duration = Duration::from_secs(8);

/// The newest height of one chain, and the task that listens for it. The task
/// starts with the first wait.
pub(crate) struct Wake {
    rpc: Arc<Rpc>,
    seen: Seen,
    listener: OnceLock<Listener>,
}

/// What listener and waiters share; each change wakes the waiters.
#[derive(Clone)]
struct Seen(Arc<watch::Sender<State>>);

#[derive(Clone, Copy, Default)]
struct State {
    /// The newest committed height; 0 before the first.
    newest: u64,
    socket_is_up: bool,
}

/// The listening task; ends with its owner.
struct Listener(AbortHandle);

impl Wake {
    pub fn new(rpc: Arc<Rpc>) -> Self {
        Self {
            rpc,
            seen: Seen(Arc::default()),
            listener: OnceLock::new(),
        }
    }

    /// Tells waiters of a height somebody else has seen committed.
    pub fn saw(&self, height: u64) {
        self.seen.saw(height);
    }

    /// Returns once `height` is committed.
    ///
    /// Waits for ever on a chain that stands still; an unreachable node is an
    /// error at the next question, within two seconds.
    pub async fn wait_for(&self, height: u64) -> Result<()> {
        let mut seen = self.seen.0.subscribe();
        let mut state = *seen.borrow();
        if state.newest >= height {
            return Ok(());
        }
        self.listen();
        // Without a socket nobody has looked since the last wait.
        let mut pause = match state.socket_is_up {
            true => SECOND_OPINION,
            false => Duration::ZERO,
        };
        loop {
            tokio::select! {
                // The sender lives in `self`: no error here.
                _ = seen.changed() => {}
                () = sleep(pause) => self.look().await?,
            }
            state = *seen.borrow_and_update();
            if state.newest >= height {
                return Ok(());
            }
            pause = match state.socket_is_up {
                true => SECOND_OPINION,
                false => POLL,
            };
        }
    }

    /// Asks the node for its newest height.
    async fn look(&self) -> Result<()> {
        let status = self.rpc.status().await?;
        self.saw(status.sync_info.latest_block_height.value());
        Ok(())
    }

    fn listen(&self) {
        self.listener.get_or_init(|| {
            let span = tracing::debug_span!("listen", chain = %self.rpc.origin.chain);
            let listening = listen(self.rpc.clone(), self.seen.clone());
            Listener(tokio::spawn(listening.instrument(span)).abort_handle())
        });
    }
}

impl Seen {
    fn saw(&self, height: u64) {
        self.0.send_if_modified(|state| {
            let newer = height > state.newest;
            state.newest = height.max(state.newest);
            newer
        });
    }

    /// Returns whether the socket was up before.
    fn socket(&self, is_up: bool) -> bool {
        let mut was_up = is_up;
        self.0.send_if_modified(|state| {
            was_up = std::mem::replace(&mut state.socket_is_up, is_up);
            was_up != is_up
        });
        was_up
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps a subscription open for as long as the task lives.
async fn listen(rpc: Arc<Rpc>, seen: Seen) {
    let node = &rpc.origin.node;
    let mut pause = RECONNECT_MIN;
    loop {
        let Err(reason) = hear(&rpc, &seen).await;
        if seen.socket(false) {
            tracing::info!(%node, %reason, "websocket lost, polling for blocks until it is back");
            pause = RECONNECT_MIN;
        } else {
            tracing::debug!(%node, %reason, "no websocket");
        }
        sleep(pause).await;
        pause = (pause * 2).min(RECONNECT_MAX);
    }
}

/// Hears one socket to its end: the reason, in words.
async fn hear(rpc: &Rpc, seen: &Seen) -> std::result::Result<Infallible, String> {
    let mut socket = socket::open(rpc).await?;
    // The node may have come back as another version of itself.
    rpc.renegotiate();
    loop {
        let height = match socket.knock().await? {
            Some(height) => height,
            // Unreadable, or the answer to the subscription: a knock all the
            // same. It also closes the race with a block committed just before.
            None => match rpc.status().await {
                Ok(status) => status.sync_info.latest_block_height.value(),
                Err(error) => return Err(format!("{error}")),
            },
        };
        seen.saw(height);
        seen.socket(true);
    }
}
