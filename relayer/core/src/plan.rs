//! What to do next, decided from what is known.
//!
//! Each planner proposes work in its own file: [`packet`] (receive,
//! acknowledge, time out), [`client`] (refresh), [`upgrade`] (clients of chains that were
//! upgraded), [`handshake`] (clients, connections, channels; also those that others have
//! begun), `closing` (the other end of a channel that is closed) and `misbehaviour` (clients of
//! chains that have forked). [`plan`] merges the proposals for one destination,
//! client and proof height into [`Batch`]es. What
//! cannot be done now is a [`Wait`] with its reason: "not yet" is a value.
//!
//! This is ICS-18's `pendingDatagrams`, made pure.

mod ack_batching;
mod assignment;
mod batch;
pub mod client;
mod closing;
pub mod cut;
pub mod gas;
pub mod gas_margin;
pub mod handshake;
mod misbehaviour;
pub mod packet;
mod paused;
mod proof;
pub mod upgrade;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, HeightRules};

use crate::admission::NotAdmitted;
use crate::budget::{OverBudget, Pauses, Purpose};
use crate::ledger::{ClientKey, EndKey, HandshakeRequest, Item, View};
use crate::policy::Policy;

pub use assignment::Assignment;
pub use batch::{Action, Batch, Work};
pub use misbehaviour::serves_client;
pub use paused::{Pausable, Paused};
pub use proof::Route;

/// Everything a plan depends on.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    pub view: &'a View,
    pub policy: &'a Policy,
    /// How the heights of each chain hang together.
    pub height_rules: &'a BTreeMap<ChainId, HeightRules>,
    /// Chains whose followed head has caught up with their node.
    pub ready: &'a BTreeSet<ChainId>,
    /// Source ends whose packets were not yet compared with both chains since
    /// some of their blocks were not followed.
    pub unreconciled: &'a BTreeSet<EndKey>,
    /// Chains whose in-flight limit is reached.
    pub full: &'a BTreeSet<ChainId>,
    /// What the budgets do not allow now.
    pub pauses: &'a Pauses,
    /// Items between plan and signature.
    pub in_progress: &'a BTreeSet<Item>,
    pub assignment: &'a Assignment,
    /// Source ends whose packets are relayed although they are not assigned,
    /// because a command asked for it.
    pub cleared: &'a BTreeSet<EndKey>,
    /// Channels that commands asked to be opened.
    pub handshakes: &'a [HandshakeRequest],
    /// Clients that are refreshed or upgraded now, because a command asked for it.
    pub refreshed: &'a BTreeSet<ClientKey>,
    /// What the operator has paused.
    pub paused: &'a Paused,
    /// Whether the engine is about to end: nothing new is sent.
    pub is_draining: bool,
}

/// What to do, and what waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub batches: Vec<Batch>,
    pub waits: Vec<Wait>,
}

/// An item that cannot be done now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    pub item: Item,
    pub why: Why,
}

/// Why an item waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Why {
    #[error("not served: {0}")]
    NotAdmitted(NotAdmitted),
    #[error("in flight: it is being proven, or is in a transaction")]
    InFlight,
    #[error("the in-flight limit for {0} is reached")]
    Full(ChainId),
    #[error("paused: {0}")]
    OverBudget(OverBudget),
    #[error("the operator has paused {0}")]
    Paused(Pausable),
    #[error("the relayer is about to end and takes no new work")]
    Draining,
    #[error("waiting for more acknowledgements to share a client update")]
    AwaitingBatch,
    #[error("the acknowledgement is not written yet")]
    AckNotWritten,
    #[error("the block with its send is not read yet")]
    SendNotSeen,
    #[error("the block that has what is needed for it was not found: {0}")]
    NotLocated(String),
    #[error("{0} is not followed up to its newest block yet")]
    NotReady(ChainId),
    #[error("the packets of its channel are being compared with both chains")]
    Unreconciled,
    #[error("the channel is not open on {0}")]
    ChannelNotOpen(ChainId),
    #[error("the delay period of its connection on {0} has not passed")]
    DelayPeriod(ChainId),
    #[error("packets of the channel must go first")]
    PacketsFirst,
    #[error("an earlier packet of this ordered channel must go first")]
    Predecessor,
    #[error("too late to be received on {0}: it times out once {0} has passed its timeout")]
    TooLate(ChainId),
    #[error("client {client} on {chain} is frozen: it needs recovery by governance")]
    ClientFrozen { chain: ChainId, client: String },
    #[error("client {client} on {chain} has expired: it needs recovery by governance")]
    ClientExpired { chain: ChainId, client: String },
    #[error("client {client} on {chain} is not known")]
    ClientUnknown { chain: ChainId, client: String },
    #[error("failed {tries} times, next try at height {not_before}: {reason}")]
    Failed {
        tries: u32,
        not_before: u64,
        reason: String,
    },
}

/// Plans the next work. Pure: equal situations give equal plans.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut proposals = batch::Proposals::default();
    packet::propose(input, &mut proposals);
    client::propose(input, &mut proposals);
    misbehaviour::propose(input, &mut proposals);
    upgrade::propose(input, &mut proposals);
    let left = closing::propose(input, input.channel_steps_left(), &mut proposals);
    let left = handshake::propose_begun_connections(input, left, &mut proposals);
    handshake::propose_begun_channels(input, left, &mut proposals);
    for request in input.handshakes {
        handshake::propose(input, request, &mut proposals);
    }
    proposals.into_plan(input)
}

impl PlanInput<'_> {
    /// Whether packets sent from this end are relayed.
    fn serves(&self, src: &EndKey) -> bool {
        self.assignment.has_path(src) || self.cleared.contains(src)
    }

    /// Why this item may not be planned at all right now, if so.
    fn hold(&self, item: &Item, dst: &ChainId) -> Option<Why> {
        if self.in_progress.contains(item) || self.view.intent(item).is_some() {
            return Some(Why::InFlight);
        }
        if self.is_draining {
            return Some(Why::Draining);
        }
        if let Some(what) = self.paused.holds(self.view, item, dst) {
            return Some(Why::Paused(what));
        }
        if self.full.contains(dst) {
            return Some(Why::Full(dst.clone()));
        }
        if let Some(why) = self.over_budget(item, dst) {
            return Some(Why::OverBudget(why));
        }
        let failure = self.view.failure(item)?;
        let height = self.view.head(dst).map_or(0, |head| head.height);
        (height < failure.not_before).then(|| Why::Failed {
            tries: failure.tries,
            not_before: failure.not_before,
            reason: failure.reason.clone(),
        })
    }

    fn over_budget(&self, item: &Item, dst: &ChainId) -> Option<OverBudget> {
        if !self.pauses.is_empty() {
            let purpose = Purpose::of(self.view, item);
            if let Some(why) = self.pauses.get(&(dst.clone(), purpose)) {
                return Some(why.clone());
            }
        }
        self.policy.budgets.packet(self.view, dst, item).err()
    }

    /// How many more steps of connections and channels may be planned that nobody has asked for.
    fn channel_steps_left(&self) -> usize {
        let under_way = self.in_progress.iter().chain(self.view.intended());
        let under_way =
            under_way.filter(|item| matches!(item, Item::Connection { .. } | Item::Channel { .. }));
        let max = self.policy.channel_steps_max;
        max.saturating_sub(under_way.count())
    }

    /// The height rules of a chain. A chain that is not served has no head, and
    /// nothing is planned for it.
    fn rules(&self, chain: &ChainId) -> Option<HeightRules> {
        self.height_rules.get(chain).copied()
    }

    fn not_ready(&self, chains: [&ChainId; 2]) -> Option<Why> {
        let chain = chains
            .into_iter()
            .find(|chain| !self.ready.contains(*chain))?;
        Some(Why::NotReady(chain.clone()))
    }
}
