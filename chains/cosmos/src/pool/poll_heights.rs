//! Asking every node how far it is.

use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::StreamExt;
use tern_chains::{BlockTime, ChainError};
use tokio::time::{sleep_until, Instant};

use super::{weight, Kind, Need, Pool};
use crate::errors::{answer, with_causes, Result};
use crate::info::{self, NodeHealth};

/// How long the others have once one has answered.
const GRACE: Duration = Duration::from_millis(300);

impl Pool {
    /// The newest block of those who answer, and its time.
    ///
    /// # Errors
    /// When nobody does.
    pub async fn newest(&self) -> Result<(u64, BlockTime)> {
        let health = match self.nodes.as_slice() {
            [_] => {
                let ask = |node: std::sync::Arc<crate::node::Node>| async move {
                    info::health(&node.rpc).await
                };
                let health = self.read(Kind::Header, Need::Newest, ask).await?;
                self.saw(0, health.height);
                health
            }
            _ => self.poll_heights().await?,
        };
        Ok((health.height, health.time))
    }

    async fn poll_heights(&self) -> Result<NodeHealth> {
        let asked = self.nodes.iter();
        let mut asked: FuturesUnordered<_> = asked
            .filter(|node| self.is_heard(node.index))
            .map(|node| async move {
                let _permit = node.enter(Kind::Header).await;
                (node.index, info::health(&node.rpc).await)
            })
            .collect();
        let mut best: Option<NodeHealth> = None;
        let mut errors = Vec::new();
        let mut enough = Instant::now() + self.timeout;
        loop {
            let (index, said) = tokio::select! {
                next = asked.next() => match next {
                    Some(next) => next,
                    None => break,
                },
                () = sleep_until(enough), if best.is_some() => break,
            };
            match said {
                Ok(health) => {
                    self.saw(index, health.height);
                    self.note_answer(index, Kind::Header);
                    enough = enough.min(Instant::now() + GRACE);
                    best = match best {
                        Some(best) if best.height >= health.height => Some(best),
                        _ => Some(health),
                    };
                }
                Err(error) => {
                    match &error {
                        ChainError::WrongChain { .. } => self.set_aside(index, &error),
                        error if answer(error).is_some() => {}
                        error => self.failed(index, Kind::Header, &with_causes(error)),
                    }
                    errors.push(error);
                }
            }
        }
        let nobody = || self.origin().local("no node is left to ask");
        best.ok_or_else(|| errors.into_iter().min_by_key(weight).unwrap_or_else(nobody))
    }
}
