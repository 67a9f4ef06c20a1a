//! The chain itself: genesis, mempool, blocks, history. Pure: the time is an
//! argument, and there is no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;

use tendermint::abci::types::ExecTxResult;
use tendermint::block::Commit;
use tendermint::validator::Set;
use tendermint::Time;

use crate::ante::{ante, Mode};
use crate::block::{seal, Before, Committed};
use crate::chain_info::ChainInfo;
use crate::error::DevnetError;
use crate::gas::{Gas, Kv};
use crate::genesis::{Coin, Genesis, ValidatorUpdate};
use crate::host::Now;
use crate::mempool::{Mempool, NotAdded};
use crate::preopened_channels::Entries;
use crate::refusal::Refusal;
use crate::run;
use crate::state::{BANK, IBC};
use crate::store::Multistore;
use crate::tx::{self, Tx};
use crate::upgrade_plan::UpgradePlan;
use crate::validators::Validators;

mod deliver;
mod first;

use deliver::deliver;
pub(crate) use first::first_state;

use crate::bank;

/// One chain. It changes only in calls.
#[derive(Clone)]
pub struct Devnet {
    pub(crate) info: ChainInfo,
    pub(crate) validators: Validators,
    genesis_time: Time,
    /// Validator updates of future blocks, by height.
    updates: BTreeMap<u64, Vec<ValidatorUpdate>>,
    /// Entries to write into the `ibc` store at the start of the next block.
    injected: Entries,
    /// The upgrade to a new revision, if one is planned.
    upgrade: Option<UpgradePlan>,
    /// If set, every transaction fails like this.
    failing: Option<Refusal>,
    /// The state after the newest block.
    state: Multistore,
    /// That state with the fees and account sequences of the mempool applied.
    check: Multistore,
    pub(crate) mempool: Mempool,
    /// Blocks and the states after them, by height, within the limit of history.
    blocks: BTreeMap<u64, Arc<Committed>>,
    states: BTreeMap<u64, Multistore>,
    /// Height and index of each transaction, by hash.
    index: BTreeMap<[u8; 32], (u64, usize)>,
}

/// The result of CheckTx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Added to the mempool.
    Added,
    /// Already in the mempool or in a block.
    Known,
    /// The mempool is full.
    Full,
    /// The mempool takes none of this size.
    TooLarge {
        max: u64,
    },
    Refused(Refusal),
}

impl Devnet {
    pub fn new(genesis: &Genesis) -> Result<Self, DevnetError> {
        let info = ChainInfo::of(genesis)?;
        let validators = Validators::new(&info.chain_id, genesis.seed, genesis.validators)?;
        let state = first_state(genesis)?;
        let mut updates = BTreeMap::<u64, Vec<_>>::new();
        for (height, update) in &genesis.validator_updates {
            updates.entry(*height).or_default().push(*update);
        }
        Ok(Self {
            mempool: Mempool::new(info.limits.mempool_txs),
            info,
            validators,
            updates,
            injected: Entries::new(),
            upgrade: None,
            failing: None,
            genesis_time: genesis.time,
            check: state.clone(),
            states: BTreeMap::from([(0, state.clone())]),
            state,
            blocks: BTreeMap::new(),
            index: BTreeMap::new(),
        })
    }

    pub fn chain_id(&self) -> &str {
        &self.info.chain_id
    }

    pub fn genesis_time(&self) -> Time {
        self.genesis_time
    }

    /// Height and time of the newest block; 0 before the first.
    pub fn latest(&self) -> (u64, Time) {
        match self.blocks.last_key_value() {
            Some((height, block)) => (*height, block.time()),
            None => (0, self.genesis_time),
        }
    }

    /// The height of the oldest block kept.
    pub fn earliest(&self) -> u64 {
        self.blocks.keys().next().copied().unwrap_or(0)
    }

    pub fn block(&self, height: u64) -> Option<&Arc<Committed>> {
        self.blocks.get(&height)
    }

    /// Blocks from `height` on.
    pub fn blocks_from(&self, height: u64) -> impl DoubleEndedIterator<Item = &Arc<Committed>> {
        self.blocks.range(height..).map(|(_, block)| block)
    }

    /// The state after the block at `height`.
    pub fn state(&self, height: u64) -> Option<&Multistore> {
        self.states.get(&height)
    }

    pub fn newest_state(&self) -> &Multistore {
        &self.state
    }

    /// Block and index of a transaction.
    pub fn find_tx(&self, hash: &[u8; 32]) -> Option<(&Arc<Committed>, usize)> {
        let (height, index) = self.index.get(hash)?;
        Some((self.blocks.get(height)?, *index))
    }

    /// The number of transactions in the mempool.
    pub fn waiting(&self) -> usize {
        self.mempool.len()
    }

    /// An account's balance in one denom.
    pub fn balance(&self, address: &str, denom: &str) -> u128 {
        let store = Kv::new(self.state.store(BANK), &Gas::default());
        bank::balance(&store, address, denom)
    }

    /// All balances of an account.
    pub fn balances(&self, address: &str) -> Vec<Coin> {
        let store = Kv::new(self.state.store(BANK), &Gas::default());
        let coins = bank::balances(&store, address).into_iter();
        coins
            .map(|(denom, amount)| Coin { denom, amount })
            .collect()
    }

    /// The validators that sign `height`; `None` if they are not decided yet.
    pub fn validators(&self, height: u64) -> Option<Arc<Set>> {
        let decided = height <= self.latest().0 + 2;
        decided.then(|| self.validators.at(height).set.clone())
    }

    /// Changes a validator's power; decided in the next block.
    pub fn update_validator(&mut self, update: ValidatorUpdate) {
        let next = self.latest().0 + 1;
        self.updates.entry(next).or_default().push(update);
    }

    /// Makes every transaction of the next blocks fail like this, until `None`.
    pub fn fail_txs(&mut self, refusal: Option<Refusal>) {
        self.failing = refusal;
    }

    /// Plans an upgrade from the next block on (ibc-go `MsgIBCSoftwareUpgrade`).
    pub fn plan_upgrade(&mut self, plan: UpgradePlan) {
        self.upgrade = Some(plan);
    }

    /// Writes entries into the `ibc` store at the start of the next block.
    pub(crate) fn inject_state(&mut self, written: Entries) {
        self.injected.extend(written);
    }

    /// This chain as it was at `height`, with an empty mempool.
    #[must_use]
    pub fn as_of(&self, height: u64) -> Self {
        let mut then = self.clone();
        then.blocks.split_off(&(height + 1));
        then.states.split_off(&(height + 1));
        then.index.retain(|_, (at, _)| *at <= height);
        if let Some(state) = then.states.get(&height) {
            then.state = state.clone();
        }
        then.check = then.state.clone();
        then.mempool = Mempool::new(then.info.limits.mempool_txs);
        then
    }

    /// A commit for a header, which may be a forged one.
    pub(crate) fn sign(&self, block: &Committed) -> Commit {
        let header = &block.block.header;
        let signers = self.validators.at(block.height());
        signers.commit(&self.info.id, header.height, block.id, header.time)
    }

    /// CheckTx: adds a transaction to the mempool if it is valid.
    pub fn check_tx(&mut self, bytes: Vec<u8>) -> Checked {
        let max = self.info.limits.tx_bytes;
        if bytes.len() as u64 > max {
            return Checked::TooLarge { max };
        }
        let hash = tx::hash(&bytes);
        match self.mempool.admits(&hash) {
            Ok(()) => {}
            Err(NotAdded::Known) => return Checked::Known,
            Err(NotAdded::Full) => return Checked::Full,
        }
        match self.check(&bytes, Mode::Check) {
            Ok(gas_wanted) => {
                self.mempool.add(hash, bytes, gas_wanted);
                Checked::Added
            }
            Err(refusal) => Checked::Refused(refusal),
        }
    }

    /// The gas a transaction would use, run on the newest state.
    pub fn simulate(&self, bytes: &[u8]) -> Result<u64, (Refusal, u64)> {
        let gas = Gas::default();
        let mut state = self.check.clone();
        let now = self.now();
        let done = Tx::decode(bytes, &self.info.prefix).and_then(|tx| {
            ante(&mut state, &self.info, &now, &tx, &gas, Mode::Simulate)?;
            run::messages(&mut state, &self.info, &now, &tx, &gas, None)
        });
        match done {
            Ok(_) => Ok(gas.used()),
            Err(refusal) => Err((refusal, gas.used())),
        }
    }

    /// Makes the next block, at `time`, from the mempool.
    pub fn make_block(&mut self, time: Time) -> Result<Arc<Committed>, DevnetError> {
        let (last, last_time) = self.latest();
        if time <= last_time {
            return Err(DevnetError::Time {
                last: last_time.to_rfc3339(),
                requested: time.to_rfc3339(),
            });
        }
        let limits = &self.info.limits;
        let txs = self.mempool.take(limits.block_bytes, limits.block_gas);
        let before = Before {
            last: self.blocks.get(&last).map(Arc::as_ref),
            app_hash: self.state.root(),
        };
        let signers = [last + 1, last + 2].map(|height| self.validators.at(height).as_ref());
        let (block, id, commit) = seal(&self.info.id, signers, limits, &before, time, txs)?;
        let validator_updates = self.updates.remove(&(last + 1)).unwrap_or_default();
        self.validators.update(last + 3, &validator_updates)?;
        let now = Now {
            revision: self.info.revision,
            store_prefix: IBC,
            height: last + 1,
            time,
            is_in_block: true,
        };
        self.state.set_version(now.height);
        let ibc = self.state.store_mut(IBC);
        for (key, value) in self.injected.drain(..) {
            ibc.set(key, value);
        }
        if let Some(plan) = &self.upgrade {
            plan.write(&mut self.state, &self.info, &block.header);
        }
        let results = block.data.iter();
        let results = results
            .map(|tx| deliver(&mut self.state, &self.info, &now, tx, self.failing.as_ref()))
            .collect::<Vec<_>>();
        let failed = |(_, result): &(&Vec<u8>, &ExecTxResult)| result.code.is_err();
        for (tx, _) in block.data.iter().zip(&results).filter(failed) {
            self.mempool.forget(&tx::hash(tx));
        }
        let block = Arc::new(Committed {
            block,
            id,
            commit,
            results,
            app_hash: self.state.root(),
            validator_updates,
        });
        self.keep(block.clone());
        self.recheck();
        Ok(block)
    }

    fn now(&self) -> Now {
        let (height, time) = self.latest();
        Now {
            revision: self.info.revision,
            store_prefix: IBC,
            height,
            time,
            is_in_block: false,
        }
    }

    /// Stores a block and prunes the oldest.
    fn keep(&mut self, block: Arc<Committed>) {
        let height = block.height();
        for (position, tx) in block.block.data.iter().enumerate() {
            self.index.insert(tx::hash(tx), (height, position));
        }
        self.blocks.insert(height, block);
        self.states.insert(height, self.state.clone());
        let oldest = (height + 1).saturating_sub(self.info.limits.history.max(1));
        while let Some(entry) = self.blocks.first_entry().filter(|at| *at.key() < oldest) {
            for tx in &entry.remove().block.data {
                self.index.remove(&tx::hash(tx));
            }
        }
        while let Some(entry) = self.states.first_entry().filter(|at| *at.key() < oldest) {
            entry.remove();
        }
    }

    /// Checks the rest of the mempool on the new state (CometBFT recheck).
    fn recheck(&mut self) {
        self.check = self.state.clone();
        for tx in self.mempool.take_all() {
            if self.check(&tx.bytes, Mode::Recheck).is_ok() {
                self.mempool.put_back(tx);
            } else {
                self.mempool.forget(&tx.hash);
            }
        }
    }

    /// Runs the ante handler; returns the transaction's gas limit.
    fn check(&mut self, bytes: &[u8], mode: Mode) -> Result<u64, Refusal> {
        let tx = Tx::decode(bytes, &self.info.prefix)?;
        let now = self.now();
        let gas = Gas::default();
        ante(&mut self.check, &self.info, &now, &tx, &gas, mode)?;
        Ok(tx.fee.gas_limit)
    }
}
