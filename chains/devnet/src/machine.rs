//! IBC with its applications and a bank, as state that messages change: what a
//! simulated chain of another kind is built on. It has no blocks, transactions,
//! accounts or fees; those are what kinds of chains differ in.

use ibc::core::handler::types::events::IbcEvent;
use ibc_proto::google::protobuf::Any;
use ics23::CommitmentProof;
use tendermint::Time;
use tern_chains::Encoded;

use crate::address;
use crate::bank;
use crate::chain_info::ChainInfo;
use crate::devnet::first_state;
use crate::error::DevnetError;
use crate::gas::{Gas, Kv};
use crate::genesis::Genesis;
use crate::host::Now;
use crate::message::Message;
use crate::refusal::Refusal;
use crate::run;
use crate::state::{put, BANK, IBC};
use crate::store::{Multistore, Tree};

/// The state of one chain. A clone is a snapshot, and cheap.
#[derive(Clone)]
pub struct Machine {
    state: Multistore,
    info: ChainInfo,
    store_prefix: &'static str,
}

impl Machine {
    /// The state before the first block. Of the genesis, the chain id, the address
    /// prefix and the accounts matter.
    pub fn new(genesis: &Genesis, store_prefix: &'static str) -> Result<Self, DevnetError> {
        Ok(Self {
            info: ChainInfo::of(genesis)?,
            state: first_state(genesis)?,
            store_prefix,
        })
    }

    /// Executes a message of ibc-go in the block at this height and time, or tries it
    /// there. The caller discards the state where it fails.
    pub fn execute(
        &mut self,
        (height, time, is_in_block): (u64, Time, bool),
        signer: &str,
        message: &Encoded,
        gas: &Gas,
    ) -> Result<Vec<IbcEvent>, Refusal> {
        let now = Now {
            revision: self.info.revision,
            store_prefix: self.store_prefix,
            height,
            time,
            is_in_block,
        };
        let any = Any {
            type_url: message.type_name.clone(),
            value: message.bytes.clone(),
        };
        let decoded = Message::decode(&any)?;
        let url = &any.type_url;
        let done = run::execute(
            &mut self.state,
            &self.info,
            &now,
            signer,
            &decoded,
            url,
            gas,
        )?;
        Ok(done.ibc)
    }

    /// Moves an account's coins, without gas.
    pub fn pay(&mut self, from: &str, to: &str, denom: &str, amount: u128) -> Result<(), Refusal> {
        let mut store = Kv::new(self.state.store(BANK), &Gas::default());
        bank::send(&mut store, from, to, denom, amount)?;
        put(&mut self.state, BANK, store.tree);
        Ok(())
    }

    pub fn balance(&self, address: &str, denom: &str) -> u128 {
        let store = Kv::new(self.state.store(BANK), &Gas::default());
        bank::balance(&store, address, denom)
    }

    /// The account that fees are paid to.
    pub fn fee_collector(&self) -> String {
        let account = address::module("fee_collector");
        address::encode(&self.info.prefix, &account).unwrap_or_default()
    }

    /// Later writes belong to the block at this height.
    pub fn set_height(&mut self, height: u64) {
        self.state.set_version(height);
    }

    /// The `ibc` store.
    pub fn ibc(&self) -> &Tree {
        self.state.store(IBC)
    }

    /// The root of the `ibc` store.
    pub fn root(&self) -> [u8; 32] {
        self.ibc().hash()
    }

    /// A proof of a value of the `ibc` store, or of its absence, under the root.
    pub fn prove(&self, key: &[u8]) -> Option<CommitmentProof> {
        self.ibc().prove(key)
    }
}
