//! Commands as requests: the same engine, run until the request is met.

use tern_chains::ChainId;
use tern_core::ledger::{ChannelKey, ConnectionKey, ConnectionRecord, EndKey, Item};
use tern_core::plan::{handshake, Scope, Wait, Why};
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineError};

/// Both ends of a channel that is open.
#[derive(Clone, Debug)]
pub struct OpenedChannel {
    pub a: ChannelKey,
    pub b: ChannelKey,
    pub connection_on_a: (ConnectionKey, ConnectionRecord),
    pub connection_on_b: (ConnectionKey, ConnectionRecord),
    pub version: String,
}

/// What `packet clear` leaves: packets that cannot be relayed now, and why.
#[derive(Clone, Debug, Default)]
pub struct Cleared {
    pub left: Vec<Wait>,
}

impl Engine {
    /// Runs until the requested channel is open on both ends.
    pub async fn open_channel(
        mut self,
        shutdown: CancellationToken,
    ) -> Result<OpenedChannel, EngineError> {
        let met = loop {
            if let Some(opened) = self.opened() {
                break Ok(opened);
            }
            if let Some(reason) = self.given_up() {
                break Err(EngineError::CommandFailed(reason));
            }
            match self.step(&shutdown).await {
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        self.stop().await?;
        met
    }

    /// Runs until no packet of the scope can be relayed any further.
    pub async fn clear(mut self, shutdown: CancellationToken) -> Result<Cleared, EngineError> {
        let Scope::Packets(src) = self.scope.clone() else {
            return Err(EngineError::CommandFailed("no channel to clear".into()));
        };
        let mut has_reconciled = false;
        let cleared = loop {
            has_reconciled |= self.has_begun(&src);
            if has_reconciled {
                if let Some(cleared) = self.cleared(&src) {
                    break Ok(cleared);
                }
            }
            match self.step(&shutdown).await {
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        self.stop().await?;
        cleared
    }

    async fn step(&mut self, shutdown: &CancellationToken) -> Result<(), EngineError> {
        let wakeup = tokio::select! {
            biased;
            () = shutdown.cancelled() => return Err(EngineError::Stopped),
            wakeup = self.wakeup() => wakeup,
        };
        self.round(wakeup).await
    }

    /// Lets the request take what is on chain already.
    pub(super) fn resume(&mut self) {
        let Scope::Handshake(request) = &self.scope else {
            return;
        };
        if self.ready.contains(&request.a) && self.ready.contains(&request.b) {
            self.scope = Scope::Handshake(handshake::resume(&self.view, request));
        }
    }

    fn opened(&self) -> Option<OpenedChannel> {
        let Scope::Handshake(request) = &self.scope else {
            return None;
        };
        let (a, b) = handshake::completed(&self.view, request)?;
        let (on_a, on_b) = handshake::connection(&self.view, request);
        let connection = |key: ConnectionKey| {
            let record = self.view.connection(&key)?.clone();
            Some((key, record))
        };
        Some(OpenedChannel {
            version: self.view.channel(&a)?.version.clone(),
            connection_on_a: connection(on_a?)?,
            connection_on_b: connection(on_b?)?,
            a,
            b,
        })
    }

    /// Why the handshake cannot go on, if a step has failed too often.
    fn given_up(&self) -> Option<String> {
        if let Some(reason) = self.wrong_connection() {
            return Some(reason);
        }
        let waits = self.plan().waits;
        waits.iter().find_map(|wait| {
            let failure = self.view.failure(&wait.item)?;
            (failure.tries >= self.policy.command_tries_max).then(|| {
                format!(
                    "{} failed {} times: {}",
                    wait.item, failure.tries, failure.reason
                )
            })
        })
    }

    /// Why the connection the request was given cannot serve it.
    fn wrong_connection(&self) -> Option<String> {
        let Scope::Handshake(request) = &self.scope else {
            return None;
        };
        let connection_id = request.progress.connection_on_a.clone()?;
        if !self.ready.contains(&request.a) || !self.ready.contains(&request.b) {
            return None;
        }
        let key = ConnectionKey {
            chain: request.a.clone(),
            connection_id,
        };
        match self.view.connection(&key) {
            None => Some(format!(
                "there is no connection {key}: `tern query connections {}` lists them",
                key.chain
            )),
            Some(end) if end.counterparty_chain != request.b => Some(format!(
                "connection {key} leads to {}, not to {}",
                end.counterparty_chain, request.b
            )),
            Some(_) => None,
        }
    }

    /// True once the channel's packets were compared with both chains.
    fn has_begun(&self, src: &EndKey) -> bool {
        let is_ready = |chain: &ChainId| self.ready.contains(chain);
        self.view
            .destination(src)
            .is_some_and(|dst| is_ready(&dst.chain))
            && is_ready(&src.chain)
            && !self.unreconciled.contains(src)
            && !self.uncompared.contains_key(src)
            && !self.reconciling.contains(src)
    }

    /// `Some` when nothing is in flight and all that is left waits for others.
    fn cleared(&self, src: &EndKey) -> Option<Cleared> {
        let plan = self.plan();
        let is_busy = !plan.batches.is_empty()
            || !self.in_progress.is_empty()
            || plan.waits.iter().any(|wait| {
                let is_retried = self
                    .view
                    .failure(&wait.item)
                    .is_some_and(|failure| failure.tries < self.policy.command_tries_max);
                match &wait.why {
                    Why::InFlight
                    | Why::Full(_)
                    | Why::AwaitingBatch
                    | Why::NotReady(_)
                    | Why::Unreconciled
                    | Why::SendNotSeen => true,
                    Why::Failed { .. } => is_retried,
                    _ => false,
                }
            });
        if is_busy {
            return None;
        }
        let left = plan.waits;
        debug_assert!(left.iter().all(|wait| of_channel(&wait.item, src)));
        Some(Cleared { left })
    }
}

fn of_channel(item: &Item, src: &EndKey) -> bool {
    item.packet().is_some_and(|packet| packet.src == *src)
}
