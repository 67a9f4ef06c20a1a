//! Knowing that a block is there. The newest committed height flows out of here,
//! through a `watch`, to whoever waits for it.
//!
//! A WebSocket subscription to each node gives the notification: any message on it means
//! "look", and if the height can be read from it, one question is saved. It is
//! never the only source: whoever waits also asks the nodes themselves, slowly
//! while a socket is up and quickly while none is. So a lost message costs a
//! moment, never a block.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tracing::Instrument;

use crate::errors::{Origin, Result};
use crate::node::Node;
use crate::pool::Pool;

mod socket;

/// How often a waiter asks for the newest height while the socket is down,
/// and while it is up.
const POLL: Duration = Duration::from_millis(500);
const SECOND_OPINION: Duration = Duration::from_secs(2);
/// Pauses between attempts to open the socket.
const RECONNECT_MIN: Duration = Duration::from_millis(250);
const RECONNECT_MAX: Duration = Duration::from_secs(8);

/// The newest height of one chain, and the tasks that listen for it, one a
/// node. They start with the first wait.
pub(crate) struct Wake {
    pool: Arc<Pool>,
    seen: Seen,
    listeners: OnceLock<Vec<Listener>>,
}

/// What listeners and waiters share; each change wakes the waiters.
#[derive(Clone)]
struct Seen(Arc<watch::Sender<State>>);

#[derive(Clone, Copy, Default)]
struct State {
    /// The newest committed height; 0 before the first.
    newest: u64,
    sockets_up: usize,
}

/// A listening task; ends with its owner.
struct Listener(AbortHandle);

impl Wake {
    pub fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            seen: Seen(Arc::default()),
            listeners: OnceLock::new(),
        }
    }

    /// Tells waiters of a height somebody else has seen committed.
    pub fn saw(&self, height: u64) {
        self.seen.saw(height);
    }

    /// What is above `height` is perhaps not committed after all.
    pub fn doubt(&self, height: u64) {
        self.seen
            .0
            .send_modify(|state| state.newest = state.newest.min(height));
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
        let mut pause = if state.sockets_up > 0 {
            SECOND_OPINION
        } else {
            Duration::ZERO
        };
        loop {
            let look = async {
                sleep(pause).await;
                self.look().await
            };
            tokio::select! {
                // The sender lives in `self`: no error here.
                _ = seen.changed() => {}
                looked = look => looked?,
            }
            state = *seen.borrow_and_update();
            if state.newest >= height {
                return Ok(());
            }
            pause = if state.sockets_up > 0 {
                SECOND_OPINION
            } else {
                POLL
            };
        }
    }

    /// Asks the nodes for their newest height.
    async fn look(&self) -> Result<()> {
        let (height, _) = self.pool.newest().await?;
        self.saw(height);
        Ok(())
    }

    fn listen(&self) {
        let one = |node: &Arc<Node>| {
            let span = tracing::debug_span!("listen", chain = %node.rpc.origin.chain);
            let listening = listen(self.pool.clone(), node.clone(), self.seen.clone());
            Listener(tokio::spawn(listening.instrument(span)).abort_handle())
        };
        let all = || self.pool.nodes().iter().map(one).collect();
        self.listeners.get_or_init(all);
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

    fn socket_is_up(&self) {
        self.0.send_modify(|state| state.sockets_up += 1);
    }

    fn socket_is_down(&self) {
        let fewer = |state: &mut State| state.sockets_up = state.sockets_up.saturating_sub(1);
        self.0.send_modify(fewer);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps a subscription to one node open for as long as the task lives.
async fn listen(pool: Arc<Pool>, node: Arc<Node>, seen: Seen) {
    let Origin {
        chain, node: name, ..
    } = &node.rpc.origin;
    let mut pause = RECONNECT_MIN;
    let mut outage = Outage::default();
    loop {
        let mut is_up = false;
        let Err(reason) = hear(&pool, &node, &seen, &mut is_up, &mut outage).await;
        if is_up {
            seen.socket_is_down();
            // The node may come back as another version of itself.
            node.rpc.renegotiate();
            pause = RECONNECT_MIN;
        }
        if outage.failed() {
            tracing::warn!(%chain, node = %name, %reason, "no WebSocket to the node: asking for new blocks until there is one");
        } else {
            tracing::debug!(%chain, node = %name, %reason, "no WebSocket");
        }
        sleep(pause).await;
        pause = (pause * 2).min(RECONNECT_MAX);
    }
}

/// Hears one socket to its end: the reason, in words.
async fn hear(
    pool: &Pool,
    node: &Node,
    seen: &Seen,
    is_up: &mut bool,
    outage: &mut Outage,
) -> std::result::Result<Infallible, String> {
    let mut socket = socket::open(&node.rpc).await?;
    loop {
        let height = match socket.notification().await? {
            Some(height) => height,
            // Unreadable, or the answer to the subscription: a notification all the
            // same. It also closes the race with a block committed just before.
            None => match node.rpc.status().await {
                Ok(status) => status.sync_info.latest_block_height.value(),
                Err(error) => return Err(format!("{error}")),
            },
        };
        pool.saw(node.index, height);
        if pool.is_heard(node.index) {
            seen.saw(height);
        }
        if !std::mem::replace(is_up, true) {
            seen.socket_is_up();
            if outage.ended() {
                let Origin { chain, node, .. } = &node.rpc.origin;
                tracing::info!(%chain, node, recovered = true, "the WebSocket to the node is there again");
            }
        }
    }
}

/// A socket that cannot be opened. Nodes and proxies close one now and then, which is no
/// news if the next one opens.
#[derive(Default)]
struct Outage {
    failures: u32,
}

/// So many failures in a row are an outage. Default 6: eight seconds, which is longer than a
/// node takes to start again.
const OUTAGE_FAILURES: u32 = 6;

impl Outage {
    /// A socket was lost or not opened. Returns whether an outage begins.
    fn failed(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures == OUTAGE_FAILURES
    }

    /// A socket is open. Returns whether an outage is over.
    fn ended(&mut self) -> bool {
        std::mem::take(&mut self.failures) >= OUTAGE_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_opened_again_at_once_is_no_news() {
        let mut outage = Outage::default();
        assert!((1..OUTAGE_FAILURES).all(|_| !outage.failed()));
        assert!(!outage.ended());
    }

    #[test]
    fn an_outage_is_said_once_and_its_end_once() {
        let mut outage = Outage::default();
        let said = (0..OUTAGE_FAILURES * 2).filter(|_| outage.failed());
        assert_eq!(said.count(), 1);
        assert!(outage.ended() && !outage.ended());
    }
}
