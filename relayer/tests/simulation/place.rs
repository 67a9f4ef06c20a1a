//! What everything in a world shares: the chains, the faults, the clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tern::engine::{ChainAccess, Clock, LaneSettings, Parts, Store};
use tern_chains::{ClientParams, Sequence};
use tern_core::ledger::View;
use tern_core::policy::Policy;

use super::channels::Channel;
use super::chaos::Chaos;
use super::node::RelayedChain;
use super::side::{Side, USER};

/// Most messages of a transaction.
pub const MESSAGES_MAX: usize = 5;
/// How often packets are compared with chain state while all goes well.
pub const RECONCILE_EVERY: Duration = Duration::from_secs(12);

#[derive(Clone)]
pub struct Place {
    pub sides: [Side; 2],
    pub chaos: Chaos,
    pub clock: Clock,
}

impl Place {
    /// The packets of a channel that were sent from a side and have not ended, by the
    /// chain itself.
    pub async fn open(&self, channel: &Channel, side: usize) -> BTreeSet<Sequence> {
        let chain = self.sides[side].chain(USER);
        let open = chain.commitments(&channel.end(side)).await;
        let open = open.expect("the chain itself answers");
        open.all.into_iter().collect()
    }

    /// Whether the end of a channel on this side is closed.
    pub async fn is_closed(&self, channel: &Channel, side: usize) -> bool {
        let channels = self.sides[side].chain(USER).channels().await;
        let channels = channels.expect("the chain itself answers");
        let mut channels = channels.all.into_iter();
        channels.any(|one| {
            one.channel_id == channel.ends[side].channel_id && one.channel_end.state.is_closed()
        })
    }

    /// What an engine with one account on each chain is made of.
    pub fn parts(
        &self,
        store: Store,
        view: View,
        chain: impl Fn(&Side) -> Arc<dyn RelayedChain>,
    ) -> Parts {
        let mut parts = Parts::new(Policy::default(), Arc::clone(&self.clock), store, view);
        parts.reconcile_every = RECONCILE_EVERY;
        for side in &self.sides {
            let lane = LaneSettings {
                messages_max: MESSAGES_MAX,
                gas_max: None,
                timeout_blocks: 8,
                memo: String::new(),
            };
            parts.lanes.insert(side.id(), lane);
            parts.clients.insert(side.id(), ClientParams::default());
            let chain = chain(side);
            let access = ChainAccess {
                chain: chain.clone(),
                light_client: chain.clone(),
            };
            parts.chains.insert(side.id(), access);
            parts.accounts.insert(side.id(), vec![chain]);
        }
        parts
    }
}
