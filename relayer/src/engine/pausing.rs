//! What the operator has paused, and whether the engine drains.

use std::collections::BTreeSet;

use tern_chains::{BlockTime, ChainId};
use tern_core::ledger::{EndKey, View};
use tern_core::plan::{Pausable, Paused};
use tokio::sync::oneshot;
use tracing::info;

use super::error::EngineError;

#[derive(Default)]
pub struct Pausing {
    paused: Paused,
    /// Who waits for the end of what is in flight. `None` if new work is taken.
    draining: Option<Vec<oneshot::Sender<()>>>,
}

impl Pausing {
    pub fn new(paused: Paused) -> Self {
        Self {
            paused,
            draining: None,
        }
    }

    pub fn paused(&self) -> &Paused {
        &self.paused
    }

    pub fn into_paused(self) -> Paused {
        self.paused
    }

    pub fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    /// Pauses a chain, or a channel by one of its ends: both ways.
    ///
    /// # Errors
    /// If there is no such chain or channel.
    pub fn pause(
        &mut self,
        what: &Pausable,
        view: &View,
        served: &BTreeSet<ChainId>,
        now: BlockTime,
    ) -> Result<Paused, String> {
        match what {
            Pausable::Chain(chain) if !served.contains(chain) => {
                return Err(EngineError::UnknownChain(chain.clone()).to_string());
            }
            Pausable::Path(src) if view.path(src).is_none() => {
                return Err(format!("there is no open channel {src}"));
            }
            _ => {}
        }
        for what in both_ways(what, view) {
            self.paused.pause(what, now);
        }
        info!(%what, "paused by the operator");
        Ok(self.paused.clone())
    }

    /// Resumes a chain or a channel.
    ///
    /// # Errors
    /// If it was not paused.
    pub fn resume(&mut self, what: &Pausable, view: &View) -> Result<Paused, String> {
        let resumed: Vec<bool> = both_ways(what, view)
            .iter()
            .map(|what| self.paused.resume(what))
            .collect();
        if !resumed.contains(&true) {
            return Err(format!("{what} is not paused"));
        }
        info!(%what, "resumed by the operator");
        Ok(self.paused.clone())
    }

    /// Takes no new work from now on.
    pub fn drain(&mut self, drained: oneshot::Sender<()>) {
        info!("no new work is taken: the relayer ends once nothing is in flight");
        self.draining.get_or_insert_default().push(drained);
    }

    /// Tells those who wait that nothing is in flight any more.
    pub fn drained(&mut self) {
        for waiting in self.draining.iter_mut().flat_map(|all| all.drain(..)) {
            // Whoever asked may have gone.
            let _ = waiting.send(());
        }
    }
}

/// A channel by both of its ends.
fn both_ways(what: &Pausable, view: &View) -> Vec<Pausable> {
    let dst = |src: &EndKey| view.path(src).map(|path| Pausable::Path(path.dst));
    let back = match what {
        Pausable::Path(src) => dst(src),
        Pausable::Chain(_) => None,
    };
    [what.clone()].into_iter().chain(back).collect()
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, End, PortId};

    use super::*;

    fn end(chain: &str, channel: u64) -> EndKey {
        EndKey {
            chain: ChainId::from_string(chain),
            end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
        }
    }

    fn view() -> View {
        let mut view = View::default();
        for change in crate::engine::testing::open_channel("a-1", "b-1") {
            view.commit(&change);
        }
        view
    }

    #[test]
    fn a_channel_is_paused_and_resumed_both_ways_by_either_end() {
        let (view, served) = (view(), BTreeSet::new());
        let [a, b] = [end("a-1", 0), end("b-1", 0)];
        let mut pausing = Pausing::default();
        let paused = pausing.pause(&Pausable::Path(a.clone()), &view, &served, BlockTime(7));
        let paused = paused.unwrap();
        let since = Some(BlockTime(7));
        assert_eq!((paused.path(&a), paused.path(&b)), (since, since));
        let left = pausing.resume(&Pausable::Path(b.clone()), &view).unwrap();
        assert_eq!((left.path(&a), left.path(&b)), (None, None));
    }

    #[test]
    fn what_is_not_there_or_not_paused_is_an_error() {
        let view = view();
        let served = BTreeSet::from([ChainId::from_string("a-1")]);
        let mut pausing = Pausing::default();
        for what in [
            Pausable::Path(end("a-1", 9)),
            Pausable::Chain(ChainId::from_string("c-1")),
        ] {
            let paused = pausing.pause(&what, &view, &served, BlockTime(7));
            assert!(paused.is_err(), "{what}");
            assert!(pausing.resume(&what, &view).is_err(), "{what}");
        }
        assert_eq!(*pausing.paused(), Paused::default());
    }
}
