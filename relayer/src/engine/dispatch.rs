//! Batches in progress: proven in tasks of their own, then handed to their lane.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{Account, ChainId, Class, ClientParams, Ordering};
use tern_core::ledger::{summary, Fact, Finding, Intent, Item, Refusal, View};
use tern_core::plan::{Action, Batch, Work};
use tokio::sync::{mpsc, oneshot, OwnedSemaphorePermit};
use tracing::{debug, error, warn};

use super::follow::describe;
use super::input::Input;
use super::lanes::{Handle, Lanes};
use super::parts::Clock;
use super::prove::{prove, Chains, Messages, NewClients, NotProven};
use super::submit::Job;
use super::tasks::{Task, Tasks};

/// The batches between plan and broadcast, and the lanes that take them.
pub struct Dispatching {
    pub lanes: Lanes,
    /// Items between plan and signature.
    in_progress: BTreeSet<Item>,
    clients: BTreeMap<ChainId, ClientParams>,
    clock: Clock,
}

impl Dispatching {
    /// `clients` is what new clients of each chain are created with.
    pub fn new(lanes: Lanes, clients: BTreeMap<ChainId, ClientParams>, clock: Clock) -> Self {
        Self {
            lanes,
            in_progress: BTreeSet::new(),
            clients,
            clock,
        }
    }

    pub fn in_progress(&self) -> &BTreeSet<Item> {
        &self.in_progress
    }

    /// The batch with these items has gone its way.
    pub fn released(&mut self, items: &[Item]) {
        for item in items {
            self.in_progress.remove(item);
        }
    }

    /// What the clients that a batch creates are made with.
    fn new_clients(&self, batch: &Batch, view: &View) -> NewClients {
        let of = batch.work.iter().filter_map(|work| match &work.action {
            Action::CreateClient { of } => Some(of),
            _ => None,
        });
        let trusted = of.filter_map(|of| Some((of.clone(), view.trusted(of)?.clone())));
        NewClients {
            params: self.clients.clone(),
            trusted: trusted.collect(),
        }
    }

    /// Starts a batch if a lane can take that many items. They are in progress until the
    /// batch is released.
    pub fn start(
        &mut self,
        batch: Batch,
        view: &View,
        is_low: impl Fn(&dyn Account) -> bool,
        chains: &Chains,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut Tasks,
    ) {
        let items = batch.work.iter().map(|work| &work.item);
        let ordered = items.filter(|item| is_ordered(view, item));
        let ordered: BTreeSet<Item> = ordered.cloned().collect();
        let in_order = !ordered.is_empty();
        // What keeps clients in use alive is paid to the end.
        let is_refresh = |work: &Work| {
            matches!(
                work.item,
                Item::Refresh(_) | Item::Upgrade(_) | Item::Misbehaviour(_)
            )
        };
        let is_refresh = batch.work.iter().all(is_refresh);
        let may_use = |account: &dyn Account| is_refresh || !is_low(account);
        let items = batch.work.len();
        let Some((lane, permit)) = self.lanes.choose(&batch.dst, in_order, items, may_use) else {
            return;
        };
        let items = batch.work.iter().map(|work| work.item.clone());
        self.in_progress.extend(items);
        let name = Task::Batch {
            dst: batch.dst.clone(),
        };
        let task = BatchTask {
            chains: chains.clone(),
            new_clients: self.new_clients(&batch, view),
            clock: Arc::clone(&self.clock),
            inputs: inputs.clone(),
            lane,
            ordered,
            _permit: permit,
        };
        let stopping = self.lanes.stopping.clone();
        tasks.spawn(name, async move {
            // What a lane has taken it finishes, whether or not it is waited for.
            stopping.run_until_cancelled(task.run(batch)).await;
        });
    }
}

/// Whether a packet of an ordered channel is moved.
fn is_ordered(view: &View, item: &Item) -> bool {
    let path = item.packet().and_then(|packet| view.path(&packet.src));
    path.is_some_and(|path| path.ordering == Ordering::Ordered)
}

struct BatchTask {
    chains: Chains,
    new_clients: NewClients,
    clock: Clock,
    inputs: mpsc::Sender<Input>,
    lane: Handle,
    ordered: BTreeSet<Item>,
    _permit: OwnedSemaphorePermit,
}

impl BatchTask {
    async fn run(mut self, batch: Batch) {
        let items: Vec<Item> = batch.work.iter().map(|work| work.item.clone()).collect();
        let account = &*self.lane.account;
        match prove(
            &self.chains,
            &batch,
            account,
            &self.new_clients,
            &self.clock,
        )
        .await
        {
            Ok(mut messages) => {
                for input in not_proven(&batch, std::mem::take(&mut messages.not_proven)) {
                    self.send(input).await;
                }
                messages.ordered = std::mem::take(&mut self.ordered);
                self.submit(messages).await;
            }
            Err(error) => {
                let reason = describe(&error);
                let class = error.class();
                if matches!(class, Class::Local | Class::Bug) {
                    error!(chain = %batch.dst, what = %summary(&items), reason, "cannot get what is to be relayed proven; trying again later");
                } else {
                    warn!(chain = %batch.dst, what = %summary(&items), reason, "cannot get what is to be relayed proven; trying again later");
                }
                let intent = Intent::Failed {
                    chain: batch.dst.clone(),
                    items: items.clone(),
                    refusal: Refusal::of(class, reason),
                };
                self.send(Input::Intent(intent)).await;
            }
        }
        self.send(Input::Released(items)).await;
    }

    async fn submit(&self, messages: Messages) {
        let (done, submitted) = oneshot::channel();
        let job = Job::Submit { messages, done };
        if self.lane.jobs.send(job).await.is_ok() {
            // Ends when the lane drops its end: all is broadcast or refused.
            let _ = submitted.await;
        }
    }

    async fn send(&self, input: Input) {
        // The engine is gone when it stops: then nobody needs to know.
        let _ = self.inputs.send(input).await;
    }
}

/// What became of items that got no message, for the engine.
fn not_proven(batch: &Batch, items: Vec<(Item, NotProven)>) -> Vec<Input> {
    let src = batch.route.as_ref().map(|route| route.src.clone());
    let input = |(item, why): (Item, NotProven)| {
        debug!(chain = %batch.dst, %item, ?why, "no message");
        let found = |chain: &ChainId, height, finding| {
            let chain = chain.clone();
            Input::Facts(vec![Fact::Found {
                chain,
                height,
                finding,
            }])
        };
        match (why, &src) {
            (NotProven::Settled { packet, height }, Some(src)) => {
                found(src, height, Finding::Settled { packet })
            }
            (NotProven::NotAcknowledged { packet, height }, Some(src)) => {
                found(src, height, Finding::NotAcknowledged { packet })
            }
            (NotProven::Channel { key, end, height }, Some(src)) => {
                found(src, height, Finding::Channel { key, end })
            }
            (why, _) => Input::Intent(Intent::Failed {
                chain: batch.dst.clone(),
                refusal: Refusal {
                    class: class(&why),
                    culprit: (!matches!(why, NotProven::Moot | NotProven::Companion))
                        .then(|| item.clone()),
                    reason: reason(&why),
                    together_max: None,
                },
                items: vec![item],
            }),
        }
    };
    items.into_iter().map(input).collect()
}

fn class(why: &NotProven) -> Class {
    match why {
        // Neither is the item's fault.
        NotProven::Unverified(_) | NotProven::Companion => Class::Node,
        NotProven::Settled { .. }
        | NotProven::NotAcknowledged { .. }
        | NotProven::Channel { .. }
        | NotProven::Moot
        | NotProven::Unprovable(_) => Class::Rejected,
    }
}

fn reason(why: &NotProven) -> String {
    match why {
        NotProven::Settled { .. } => "the commitment is gone from the source".into(),
        NotProven::NotAcknowledged { .. } => {
            "the acknowledgement on the destination is another one".into()
        }
        NotProven::Channel { key, end, .. } => format!("{key} is {}", end.state),
        NotProven::Moot => "the chain has moved past this step".into(),
        NotProven::Unprovable(reason) | NotProven::Unverified(reason) => reason.clone(),
        NotProven::Companion => "another message of its transaction is not proven".into(),
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, ClientId, End, PacketId, PortId, Sequence};
    use tern_core::ledger::{EndKey, PacketKey};
    use tern_core::plan::Route;

    use super::*;

    fn chain(name: &str) -> ChainId {
        ChainId::from_string(name)
    }

    fn end(channel: u64) -> End {
        End::channel(&PortId::transfer(), &ChannelId::new(channel))
    }

    fn item() -> Item {
        Item::Recv(PacketKey {
            src: EndKey {
                chain: chain("a-1"),
                end: end(0),
            },
            sequence: Sequence::from(3),
        })
    }

    /// What the engine is told of an item of a batch from a-1 to b-1.
    fn told(why: NotProven) -> Input {
        let batch = Batch {
            dst: chain("b-1"),
            route: Some(Route {
                src: chain("a-1"),
                client_on_dst: "07-tendermint-0".parse::<ClientId>().unwrap(),
                height: 9,
                proof_height: 10,
                update: true,
                exact: false,
            }),
            work: vec![],
            atomic: false,
        };
        let mut inputs = not_proven(&batch, vec![(item(), why)]);
        assert_eq!(inputs.len(), 1);
        inputs.remove(0)
    }

    #[test]
    fn a_packet_without_commitment_is_a_fact_of_its_source() {
        let packet = PacketId {
            src: end(0),
            dst: end(1),
            sequence: Sequence::from(3),
        };
        let why = NotProven::Settled {
            packet: packet.clone(),
            height: 9,
        };
        let Input::Facts(facts) = told(why) else {
            panic!("not a fact");
        };
        let expected = Fact::Found {
            chain: chain("a-1"),
            height: 9,
            finding: Finding::Settled { packet },
        };
        assert_eq!(facts, [expected]);
    }

    #[test]
    fn only_an_item_that_cannot_be_proven_is_itself_to_blame() {
        let blamed = |why| match told(why) {
            Input::Intent(Intent::Failed {
                chain: at,
                items,
                refusal,
            }) => {
                assert_eq!((at, items), (chain("b-1"), vec![item()]));
                refusal
            }
            _ => panic!("not a failure"),
        };
        let unprovable = blamed(NotProven::Unprovable("no proof".into()));
        let expected = Refusal {
            class: Class::Rejected,
            reason: "no proof".into(),
            culprit: Some(item()),
            together_max: None,
        };
        assert_eq!(unprovable, expected);
        assert_eq!(blamed(NotProven::Moot).culprit, None);
    }

    #[test]
    fn a_proof_that_does_not_verify_is_the_nodes_fault() {
        let Input::Intent(Intent::Failed { refusal, .. }) =
            told(NotProven::Unverified("wrong root".into()))
        else {
            panic!("not a failure");
        };
        assert_eq!(refusal.class, Class::Node);
    }
}
