//! The way to a running engine: commands in, a snapshot of its status out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use tern_chains::{Account, Chain, ChainId, NodeStatus};
use tern_core::ledger::{ClientKey, EndKey, Fact, HandshakeRequest};
use tern_core::plan::{Assignment, Pausable, Paused};
use tokio::sync::{mpsc, oneshot};

use super::command::Command;
use super::error::EngineError;
use super::follow::describe;
use super::input::Input;
use super::requests::{Cleared, HandshakeNote, Made};
use super::status::{FoundPackets, PacketSearch, Status, Wallet};
use super::submit::{SendRequest, Sent};

/// Commits that wait for whoever watches: some minutes of blocks.
const FACTS_MAX: usize = 1_024;

/// Speaks to one engine. Clones speak to the same; every method fails with
/// [`EngineError::Stopped`] once the engine has ended.
#[derive(Clone)]
pub struct EngineHandle {
    inputs: mpsc::Sender<Input>,
    chains: Arc<[Arc<dyn Chain>]>,
    accounts: Arc<[Arc<dyn Account>]>,
}

impl EngineHandle {
    pub(super) fn new(
        inputs: mpsc::Sender<Input>,
        chains: Vec<Arc<dyn Chain>>,
        accounts: Vec<Arc<dyn Account>>,
    ) -> Self {
        Self {
            inputs,
            chains: chains.into(),
            accounts: accounts.into(),
        }
    }

    /// What the engine knows and does now, with the open packets of one path, or the
    /// first of all. Asks no chain.
    pub async fn status(&self, of: Option<EndKey>) -> Result<Status, EngineError> {
        self.ask(|reply| Command::Status { of, reply }).await
    }

    /// The open packets that fit, as far as memory has them. Asks no chain.
    pub async fn packets(&self, search: PacketSearch) -> Result<FoundPackets, EngineError> {
        let search = Box::new(search);
        self.ask(|reply| Command::Packets { search, reply }).await
    }

    /// The nodes of each chain, as they have behaved so far. Asks nobody.
    pub fn nodes(&self) -> BTreeMap<ChainId, Vec<NodeStatus>> {
        let chains = self.chains.iter();
        let nodes = chains.map(|chain| (chain.id().clone(), chain.nodes()));
        nodes.collect()
    }

    /// Whether an account is one of those that pay its fees.
    pub fn pays_from(&self, chain: &ChainId, address: &str) -> bool {
        let mut accounts = self.accounts.iter();
        accounts.any(|account| account.chain_id() == chain && account.payer() == address)
    }

    /// The paying accounts with their balances, which are asked of the chains.
    pub async fn wallets(&self) -> Vec<Wallet> {
        let mut seen = BTreeSet::new();
        let accounts = self.accounts.iter();
        // One may pay for several.
        let payers = accounts.filter(|account| seen.insert((account.chain_id(), account.payer())));
        let wallets = payers.map(|account| async {
            let balance = account.balance().await;
            Wallet {
                chain: account.chain_id().clone(),
                address: account.payer().to_owned(),
                balance: balance.map_err(|error| describe(&error)),
                // Without one, amounts are said in the denom.
                unit: account.fee_unit().await.ok().flatten(),
            }
        });
        join_all(wallets).await
    }

    /// Makes a client, a connection or a channel with what it needs, and waits until it is
    /// there, and open on both ends. `notes` gets a note of every step that is in a block.
    /// Dropping the future gives the request up.
    ///
    /// # Errors
    /// [`EngineError::CommandFailed`] says why it cannot be made.
    pub async fn make(
        &self,
        request: HandshakeRequest,
        notes: mpsc::Sender<HandshakeNote>,
    ) -> Result<Made, EngineError> {
        let made = self.ask(|reply| Command::Make {
            request,
            notes,
            reply,
        });
        made.await?.map_err(EngineError::CommandFailed)
    }

    /// Compares the packets of a path with both chains, relays them whether or not
    /// the path is assigned, and waits until nothing of it can be relayed any
    /// further. Dropping the future gives the request up.
    pub async fn clear(&self, src: EndKey) -> Result<Cleared, EngineError> {
        let cleared = self.ask(|reply| Command::Clear { src, reply });
        cleared.await?.map_err(EngineError::CommandFailed)
    }

    /// Compares the packets of a path with both chains, and waits until the ledger has
    /// them as the chains do. Nothing of the path is planned meanwhile.
    pub async fn compare(&self, src: EndKey) -> Result<(), EngineError> {
        let compared = self.ask(|reply| Command::Compare { src, reply });
        compared.await?.map_err(EngineError::CommandFailed)
    }

    /// Updates a client now, whether or not it is time for it, and waits until it is. The
    /// answer is its new revision height. Dropping the future gives the request up.
    pub async fn refresh(&self, client: ClientKey) -> Result<u64, EngineError> {
        let refreshed = self.ask(|reply| Command::Refresh { client, reply });
        refreshed.await?.map_err(EngineError::CommandFailed)
    }

    /// Upgrades a client whose chain has ended its revision, and waits until it is. The
    /// answer is the chain that the client is of then. Dropping the future gives the request
    /// up.
    pub async fn upgrade(&self, client: ClientKey) -> Result<ChainId, EngineError> {
        let upgraded = self.ask(|reply| Command::Upgrade { client, reply });
        upgraded.await?.map_err(EngineError::CommandFailed)
    }

    /// Pauses a chain, or a channel by one of its ends: both ways. What is in flight stays
    /// so. The answer is all that is paused.
    pub async fn pause(&self, what: Pausable) -> Result<Paused, EngineError> {
        let paused = self.ask(|reply| Command::Pause { what, reply });
        paused.await?.map_err(EngineError::CommandFailed)
    }

    /// Resumes what was paused. The answer is what is left.
    pub async fn resume(&self, what: Pausable) -> Result<Paused, EngineError> {
        let paused = self.ask(|reply| Command::Resume { what, reply });
        paused.await?.map_err(EngineError::CommandFailed)
    }

    /// Takes no new work, and waits until every transaction that was begun is in a block or
    /// dead. Then the engine ends.
    pub async fn drain(&self) -> Result<(), EngineError> {
        self.ask(|reply| Command::Drain { reply }).await
    }

    /// Changes which paths the engine serves. What is in flight stays so.
    pub async fn assign(&self, assignment: Assignment) -> Result<(), EngineError> {
        self.ask(|reply| Command::Assign { assignment, reply })
            .await
    }

    /// Signs and broadcasts messages that are not relayed packets, with an account of
    /// this engine. Nothing of it is tried again: whoever asked follows its fate.
    pub async fn send(&self, request: SendRequest) -> Result<Sent, EngineError> {
        self.ask(|reply| Command::Send { request, reply }).await
    }

    /// The facts of all chains from now on, as they are committed. The receiver ends
    /// with the engine, or when it is some hundred commits behind.
    pub async fn watch(&self) -> Result<mpsc::Receiver<Vec<Fact>>, EngineError> {
        let (facts, watched) = mpsc::channel(FACTS_MAX);
        self.ask(|reply| Command::Watch { facts, reply }).await?;
        Ok(watched)
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.inputs.send(Input::Command(command(reply))).await;
        sent.map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Stopped)
    }
}
