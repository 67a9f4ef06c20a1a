//! The chain itself: mempool, blocks, finality. Pure: the time is an argument, and
//! there is no I/O.

use std::sync::Arc;

use tern_attested_core::{Attestor, ClientState, Header, SealedHeader};
use tern_chains::{BlockTime, TxHash};
use tern_cosmos_core::tendermint_time;
use tern_devnet::{DevnetError, Gas, Machine, Refusal};

use crate::block::{Block, Included};
use crate::call::Call;
use crate::deliver::{run, Now, State};
use crate::genesis::Genesis;
use crate::mempool::{Added, Mempool};
use crate::refusal::{block_gas, expired, funds, of_call, too_large};
use crate::tx::{calls, Tx};

/// The prefix of the store that counterparties are told.
pub(crate) const STORE_PREFIX: &str = "attested";

/// One chain. It changes only in calls.
#[derive(Clone)]
pub struct Attested {
    pub(crate) genesis: Arc<Genesis>,
    attestors: Arc<Vec<Attestor>>,
    /// From height 1 on; the newest are not final.
    blocks: Vec<Arc<Block>>,
    /// The states after them, from height 0 on.
    states: Vec<State>,
    /// The newest final height.
    final_height: u64,
    mempool: Mempool,
    /// If set, every transaction fails like this.
    failing: Option<Refusal>,
    /// What another transaction replaced in the mempool.
    replaced: Vec<TxHash>,
}

/// What a node says of a transaction at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Added to the mempool.
    Added,
    /// Added in place of the waiting transaction with this hash.
    Replaced(TxHash),
    /// Already in the mempool or in a block.
    Known,
    /// Its account sequence is used, or another transaction waits with it and pays
    /// as much.
    WrongSequence {
        log: String,
    },
    Full,
    Refused(Refusal),
}

impl Attested {
    pub fn new(genesis: &Genesis) -> Result<Self, DevnetError> {
        let time = tendermint_time(BlockTime(genesis.time_ns));
        let time = time.unwrap_or(tendermint::Time::unix_epoch());
        let mut first = tern_devnet::Genesis::new(&genesis.chain_id, &genesis.prefix, time);
        for (address, amount) in &genesis.accounts {
            first = first.fund(address, &[(&genesis.denom, *amount)]);
        }
        let attestors = 0..genesis.attestors;
        let attestor = |at| Attestor::new(&genesis.chain_id, genesis.seed, at);
        let state = State {
            machine: Machine::new(&first, STORE_PREFIX)?,
            sequences: Default::default(),
        };
        Ok(Self {
            attestors: Arc::new(attestors.map(attestor).collect()),
            genesis: Arc::new(genesis.clone()),
            blocks: vec![],
            states: vec![state],
            final_height: 0,
            mempool: Mempool::default(),
            failing: None,
            replaced: vec![],
        })
    }

    /// Height and time of the newest final block; 0 before the first.
    pub fn latest(&self) -> (u64, BlockTime) {
        let block = self.block(self.final_height);
        let time = block.map_or(self.genesis.time_ns, |block| block.header.time_ns);
        (self.final_height, BlockTime(time))
    }

    /// The final block at `height`.
    pub fn block(&self, height: u64) -> Option<&Arc<Block>> {
        let index = usize::try_from(height.checked_sub(1)?).ok()?;
        self.blocks
            .get(index)
            .filter(|_| height <= self.final_height)
    }

    /// All final blocks, the first first.
    pub fn final_blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        let last = usize::try_from(self.final_height).unwrap_or(usize::MAX);
        self.blocks.iter().take(last)
    }

    /// An account's balance after the newest final block.
    pub fn balance(&self, address: &str, denom: &str) -> u128 {
        let state = self.state(self.final_height);
        state.map_or(0, |state| state.machine.balance(address, denom))
    }

    /// The state after the final block at `height`.
    pub(crate) fn state(&self, height: u64) -> Option<&State> {
        let index = usize::try_from(height).ok()?;
        self.states
            .get(index)
            .filter(|_| height <= self.final_height)
    }

    /// The state after the newest block, which may be replaced.
    pub(crate) fn newest(&self) -> &State {
        // There is always the state before the first block.
        &self.states[self.states.len() - 1]
    }

    fn newest_time_ns(&self) -> u64 {
        let newest = self.blocks.last();
        newest.map_or(self.genesis.time_ns, |block| block.header.time_ns)
    }

    /// A client of this chain that is at this height.
    pub(crate) fn client(&self, latest_height: u64) -> ClientState {
        ClientState {
            chain_id: self.genesis.chain_id.clone(),
            attestors: self.attestors.iter().map(Attestor::public_key).collect(),
            quorum: self.genesis.quorum(),
            latest_height,
            frozen: false,
        }
    }

    /// A header with the committee's signatures; it may be a forged one.
    pub(crate) fn seal(&self, header: Header) -> SealedHeader {
        let attestors = self.attestors.iter().take(self.genesis.quorum());
        SealedHeader {
            attestations: attestors.map(|one| one.attest(&header)).collect(),
            header,
        }
    }

    /// Makes every transaction of the next blocks fail like this, until `None`.
    pub fn fail_txs(&mut self, refusal: Option<Refusal>) {
        self.failing = refusal;
    }

    /// The transactions that another replaced in the mempool.
    pub fn replaced(&self) -> &[TxHash] {
        &self.replaced
    }

    /// Makes the next block from the mempool. Its time is `time`, or just after the
    /// block before it. Returns the newest final height.
    pub fn make_block(&mut self, BlockTime(time_ns): BlockTime) -> u64 {
        let time_ns = time_ns.max(self.newest_time_ns() + 1);
        let mut state = self.newest().clone();
        let height = self.blocks.len() as u64 + 1;
        state.machine.set_height(height);
        let time = tendermint_time(BlockTime(time_ns));
        let now = Now {
            height,
            time: time.unwrap_or(tendermint::Time::unix_epoch()),
            is_in_block: true,
        };
        let gas_max = self.genesis.block_gas;
        let taken = self.mempool.take(time_ns, &state.sequences, gas_max);
        let (denom, failing) = (&self.genesis.denom, self.failing.as_ref());
        let txs = taken.into_iter();
        let txs: Vec<Included> = txs
            .map(|(tx, bytes)| state.deliver(now, &tx, bytes, denom, failing))
            .collect();
        let header = Header {
            chain_id: self.genesis.chain_id.clone(),
            height,
            time_ns,
            root: state.machine.root().to_vec(),
        };
        self.blocks.push(Arc::new(Block { header, txs }));
        self.states.push(state);
        let settled = height.saturating_sub(self.genesis.finality_lag);
        self.final_height = self.final_height.max(settled);
        self.final_height
    }

    /// Takes back up to so many of the blocks that are not final; the next blocks
    /// are made in their place. Of their transactions those for which `keeps` is
    /// true wait again. Returns how many blocks were taken back.
    pub fn replace_blocks(&mut self, most: u64, mut keeps: impl FnMut() -> bool) -> u64 {
        let unsettled = self.blocks.len() as u64 - self.final_height;
        let replaced = most.min(unsettled);
        let left = self.blocks.len() - replaced as usize;
        let taken_back = self.blocks.split_off(left);
        self.states.truncate(left + 1);
        for tx in taken_back.iter().flat_map(|block| &block.txs) {
            if keeps() {
                self.check_tx(tx.bytes.clone());
            }
        }
        replaced
    }

    /// This chain as it was when `height` was the newest final one, with an empty
    /// mempool.
    #[must_use]
    pub fn as_of(&self, height: u64) -> Self {
        let mut then = self.clone();
        then.final_height = height.min(self.final_height);
        let newest = then.final_height + self.genesis.finality_lag;
        let newest = usize::try_from(newest).unwrap_or(usize::MAX);
        then.blocks.truncate(newest);
        then.states.truncate(newest.saturating_add(1));
        then.mempool = Mempool::default();
        then
    }

    /// Adds a transaction to the mempool if it may be included.
    pub fn check_tx(&mut self, bytes: Vec<u8>) -> Checked {
        if bytes.len() as u64 > self.genesis.tx_bytes {
            return Checked::Refused(too_large(bytes.len(), self.genesis.tx_bytes));
        }
        let tx = Tx::decode(&bytes, &self.genesis.chain_id, &self.genesis.prefix);
        let tx = match tx {
            Ok(tx) => tx,
            Err(refusal) => return Checked::Refused(refusal),
        };
        let is_of_tx = |included: &Included| included.outcome.hash.0 == tx.hash;
        let is_included = |block: &Arc<Block>| block.txs.iter().any(is_of_tx);
        if self.blocks.iter().rev().any(is_included) {
            return Checked::Known;
        }
        if let Some(refusal) = self.refuses(&tx) {
            return Checked::Refused(refusal);
        }
        let next = self.newest().next_sequence(&tx.signer);
        match self.mempool.add(tx, bytes, next, self.genesis.mempool_txs) {
            Added::Waits => Checked::Added,
            Added::Replaces(hash) => {
                self.replaced.push(TxHash(hash));
                Checked::Replaced(TxHash(hash))
            }
            Added::Known => Checked::Known,
            Added::Full => Checked::Full,
            Added::Underpriced { fee } => Checked::WrongSequence {
                log: format!("another transaction with this account sequence pays {fee}"),
            },
            Added::WrongSequence { next } => Checked::WrongSequence {
                log: format!("the next account sequence is {next}"),
            },
        }
    }

    fn refuses(&self, tx: &Tx) -> Option<Refusal> {
        let body = &tx.body;
        let now_ns = self.newest_time_ns();
        if body.expires_ns <= now_ns {
            return Some(expired(body.expires_ns, now_ns));
        }
        if body.gas_limit > self.genesis.block_gas {
            return Some(block_gas(body.gas_limit, self.genesis.block_gas));
        }
        let machine = &self.newest().machine;
        let has = machine.balance(&tx.signer, &self.genesis.denom);
        (has < body.fee).then(|| funds(body.fee, has))
    }

    /// The most gas that calls of this signer would use, on the newest state or on the
    /// final one: what the blocks between have done may be undone, and then a packet that
    /// they received is to be received again.
    pub(crate) fn simulate(
        &self,
        signer: &str,
        raw: &[Box<serde_json::value::RawValue>],
    ) -> Result<u64, Refusal> {
        let read = calls(raw).map_err(|refusal| of_call(refusal, 0))?;
        let calls = (&*read, crate::tx::bytes(raw));
        let on_newest = self.simulate_on(self.newest(), signer, calls)?;
        // It may need what is in no final block yet.
        let on_final = self.state(self.final_height);
        let on_final = on_final.and_then(|state| self.simulate_on(state, signer, calls).ok());
        Ok(on_newest.max(on_final.unwrap_or_default()))
    }

    fn simulate_on(
        &self,
        state: &State,
        signer: &str,
        calls: (&[Call], u64),
    ) -> Result<u64, Refusal> {
        let gas = Gas::default();
        let time = tendermint_time(BlockTime(self.newest_time_ns()));
        let now = Now {
            height: (self.blocks.len() as u64).max(1),
            time: time.unwrap_or(tendermint::Time::unix_epoch()),
            is_in_block: false,
        };
        run(
            &mut state.machine.clone(),
            now,
            signer,
            calls,
            &gas,
            u64::MAX,
        )?;
        Ok(gas.used())
    }
}
