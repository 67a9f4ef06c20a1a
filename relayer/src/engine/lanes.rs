//! The submitting tasks: a lane for each account of each chain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{Account, ChainId, SignedTx, TxHash};
use tern_core::ledger::Head;
use tern_core::plan::gas::Ended;
use tern_core::policy::Policy;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::submit::{Gas, Job, Lane, LaneSettings, SendRequest, Sent, JOBS_MAX};
use super::tasks::{Task, Tasks};

pub struct Lanes {
    by_chain: BTreeMap<ChainId, OfChain>,
    policy: Policy,
    /// Cancelled when the engine stops: what is not yet with a lane is dropped.
    pub stopping: CancellationToken,
}

struct OfChain {
    settings: LaneSettings,
    head: watch::Sender<Head>,
    /// Changes when a transaction of a lane has died in no block.
    expired: watch::Sender<()>,
    unsent: Arc<Semaphore>,
    lanes: Vec<Handle>,
}

/// The way into a lane. Whoever holds one has a batch for it.
#[derive(Clone)]
pub struct Handle {
    pub account: Arc<dyn Account>,
    pub jobs: mpsc::Sender<Job>,
    busy: Arc<()>,
}

impl Handle {
    /// How many batches it has.
    pub fn batches(&self) -> usize {
        Arc::strong_count(&self.busy) - 1
    }
}

impl Lanes {
    pub fn new(policy: &Policy) -> Self {
        Self {
            policy: policy.clone(),
            by_chain: BTreeMap::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// A chain to submit to, with `head` as its newest followed block. It has no
    /// lane yet.
    pub fn add_chain(&mut self, id: &ChainId, settings: LaneSettings, head: Head) {
        let of_chain = OfChain {
            settings,
            head: watch::Sender::new(head),
            expired: watch::Sender::default(),
            unsent: Arc::new(Semaphore::new(self.policy.items_unsent_max)),
            lanes: vec![],
        };
        self.by_chain.insert(id.clone(), of_chain);
    }

    /// A lane for an account. Does nothing for a chain that is not submitted to.
    pub fn add(
        &mut self,
        account: Arc<dyn Account>,
        inputs: &mpsc::Sender<Input>,
        tasks: &mut Tasks,
    ) {
        let id = account.chain_id();
        let Some(of_chain) = self.by_chain.get_mut(id) else {
            return;
        };
        let task = Task::Submit {
            chain: id.clone(),
            lane: of_chain.lanes.len(),
        };
        let (sender, jobs) = mpsc::channel(JOBS_MAX);
        of_chain.lanes.push(Handle {
            account: Arc::clone(&account),
            jobs: sender,
            busy: Arc::default(),
        });
        let budget = self.policy.budgets.chains.get(id).cloned();
        let lane = Lane {
            signer: account,
            settings: of_chain.settings.clone(),
            budget,
            jobs,
            inputs: inputs.clone(),
            head: of_chain.head.subscribe(),
            expired: of_chain.expired.subscribe(),
            account: None,
            is_hindered: false,
            in_flight: BTreeSet::new(),
            params: None,
            gas: Gas::default(),
            client_heights: BTreeMap::new(),
        };
        tasks.spawn(task, lane.run());
    }

    /// Of the lanes that may be used the one with the fewest batches, or the first for what
    /// must stay in order, with a permit for so many items. None if the limit is reached.
    pub fn choose(
        &self,
        chain: &ChainId,
        in_order: bool,
        items: usize,
        may_use: impl Fn(&dyn Account) -> bool,
    ) -> Option<(Handle, OwnedSemaphorePermit)> {
        let of_chain = self
            .by_chain
            .get(chain)
            .filter(|_| self.takes_batches(chain))?;
        let lanes = of_chain.lanes.iter();
        let mut lanes = lanes.filter(|lane| may_use(&*lane.account));
        let lane = if in_order {
            lanes.next()
        } else {
            lanes.min_by_key(|lane| lane.batches())
        };
        let items = u32::try_from(self.weight(items)).ok()?;
        let permit = Arc::clone(&of_chain.unsent).try_acquire_many_owned(items);
        Some((lane?.clone(), permit.ok()?))
    }

    /// What a batch counts against the limit of unsent items.
    fn weight(&self, items: usize) -> usize {
        let max = self.batch_weight_max();
        items.clamp(self.policy.batch_items_min.min(max), max)
    }

    /// The most that a batch counts against the limit: another one may be started while
    /// this much of it is left.
    fn batch_weight_max(&self) -> usize {
        let Policy {
            batch_items_max,
            items_unsent_max,
            ..
        } = self.policy;
        batch_items_max.min(items_unsent_max)
    }

    /// Whether another batch may be started for a chain.
    pub fn takes_batches(&self, chain: &ChainId) -> bool {
        let of_chain = self.by_chain.get(chain);
        of_chain
            .is_some_and(|of_chain| of_chain.unsent.available_permits() >= self.batch_weight_max())
    }

    /// No more jobs: each lane ends after those it has.
    pub fn close(&mut self) {
        self.by_chain.clear();
        self.stopping.cancel();
    }

    /// A chain's newest followed block.
    pub fn head(&self, chain: &ChainId, head: Head) {
        if let Some(of_chain) = self.by_chain.get(chain) {
            of_chain.head.send_replace(head);
        }
    }

    /// Tells the lanes that a transaction has died: its account sequence is free,
    /// and others may wait for it.
    pub fn expired(&self, chain: &ChainId) {
        if let Some(of_chain) = self.by_chain.get(chain) {
            of_chain.expired.send_replace(());
        }
    }

    /// Tells the lanes of a transaction of theirs. Only their estimates suffer
    /// if they are too busy to listen.
    pub fn included(&self, chain: &ChainId, hash: TxHash, ended: Ended) {
        for lane in self.of(chain) {
            let _ = lane.jobs.try_send(Job::Included { hash, ended });
        }
    }

    /// Sends messages with the account that is asked for.
    pub fn send(&self, request: SendRequest, reply: oneshot::Sender<Sent>) {
        let is_wanted = |lane: &&Handle| lane.account.address() == request.address;
        let Some(lane) = self.of(&request.chain).iter().find(is_wanted) else {
            let reason = format!("no account {} on {}", request.address, request.chain);
            let _ = reply.send(Sent::Failed(reason));
            return;
        };
        // A lane that is gone answers by dropping the reply.
        let taken = lane.jobs.try_send(Job::Send { request, reply });
        if let Err(TrySendError::Full(Job::Send { reply, .. })) = taken {
            let reason = "the account has much to relay".to_owned();
            let _ = reply.send(Sent::Busy(reason));
        }
    }

    /// Sends again what `signer` had signed. False if it could not be taken.
    pub fn resend(&self, chain: &ChainId, signer: &str, txs: Vec<SignedTx>) -> bool {
        let is_signers = |lane: &&Handle| lane.account.address() == signer;
        // Any lane can broadcast them, should the account be gone.
        let lanes = self.of(chain);
        let lane = lanes.iter().find(is_signers).or(lanes.first());
        lane.is_some_and(|lane| lane.jobs.try_send(Job::Resend(txs)).is_ok())
    }

    /// The lanes of all chains.
    pub fn all(&self) -> impl Iterator<Item = &Handle> {
        self.by_chain.values().flat_map(|of_chain| &of_chain.lanes)
    }

    fn of(&self, chain: &ChainId) -> &[Handle] {
        let of_chain = self.by_chain.get(chain);
        of_chain.map_or(&[], |of_chain| &of_chain.lanes)
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::BlockTime;
    use tern_cosmos_core::Key;
    use tern_devnet::{DevnetChain, Genesis, Node};

    use super::*;

    fn account(node: &Node, key: u8) -> Arc<dyn Account> {
        let key = Key::from_private_key(&[key; 32], "akash").unwrap();
        let price = "0uakt".parse().unwrap();
        Arc::new(DevnetChain::new(node.clone(), key, price).unwrap())
    }

    #[tokio::test]
    async fn batches_go_to_the_account_with_the_fewest_and_ordered_ones_to_the_first() {
        let time = tendermint::Time::from_unix_timestamp(1_700_000_000, 0).unwrap();
        let node = Node::new(&Genesis::new("akash-dev", "akash", time)).unwrap();
        let (inputs, _inputs) = mpsc::channel(8);
        let mut tasks = Tasks::default();
        let mut lanes = Lanes::new(&Policy::default());
        let settings = LaneSettings {
            messages_max: 100,
            gas_max: None,
            timeout_blocks: 20,
            memo: String::new(),
        };
        let id = ChainId::from_string("akash-dev");
        let head = Head {
            height: 1,
            time: BlockTime(0),
        };
        lanes.add_chain(&id, settings, head);
        for key in [1, 2] {
            lanes.add(account(&node, key), &inputs, &mut tasks);
        }
        let signer = |handle: &Handle| handle.account.address().to_owned();

        let choose = |in_order| lanes.choose(&id, in_order, 10, |_| true).unwrap().0;
        let first = choose(false);
        let second = choose(false);
        assert_ne!(signer(&first), signer(&second));
        let in_order = choose(true);
        assert_eq!(signer(&in_order), signer(&first));
        // The first has two batches now, the second one; then it is free again.
        assert_eq!(signer(&choose(false)), signer(&second));
        drop((first, in_order));
        let (third, fourth) = (choose(false), choose(false));
        assert_ne!(signer(&third), signer(&second));
        drop(fourth);
        let other = ChainId::from_string("other");
        assert!(lanes.choose(&other, false, 10, |_| true).is_none());
    }
}
