//! Starts an engine from the configuration, and stops it on a signal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tern::engine::{Clock, Engine, EngineError, LaneSettings, Observer, Parts, Store, StoreError};
use tern_chains::{Account, BlockTime, ChainId, ClientParams};
use tern_config::{ChainConfig, PolicyConfig};
use tern_core::ledger::View;
use tern_core::plan::Scope;
use tern_core::policy::Policy;
use tokio::signal::unix::{signal, SignalKind};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connect::{ConnectedChain, Context};
use crate::output;

/// A chain that an engine relays for, with its signing accounts.
pub struct ServedChain {
    pub chain: ConnectedChain,
    pub accounts: Vec<Arc<dyn Account>>,
}

/// Starts an engine for these chains, with the store in the home folder.
///
/// If a daemon uses the store, other commands run without a store and read the
/// chains only. The daemon itself needs the store.
pub async fn engine(
    context: &Context,
    chains: &[ServedChain],
    scope: Scope,
    observer: Observer,
) -> anyhow::Result<Engine> {
    let policy = policy(&context.config.policy);
    let (store, view) = match Engine::open_store(&context.home, &policy).await {
        Err(EngineError::Store(StoreError::InUse { .. })) if scope != Scope::Everything => {
            output::note(
                "note: another `tern` uses the store in this home folder: continuing without \
                 the store, with data from the chains only",
            );
            (Store::none(), View::default())
        }
        opened => opened?,
    };
    let mut parts = Parts {
        chains: BTreeMap::new(),
        accounts: BTreeMap::new(),
        lanes: BTreeMap::new(),
        clients: BTreeMap::new(),
        policy,
        clock: system_clock(),
        reconcile_every: context.config.policy.clear_interval,
        store,
        view,
        observer,
    };
    for ServedChain { chain, accounts } in chains {
        let id = chain.id().clone();
        let config = context.chain_config(id.as_str())?;
        parts.lanes.insert(id.clone(), lane(config));
        parts.clients.insert(id.clone(), client(config));
        parts.accounts.insert(id.clone(), accounts.clone());
        parts.chains.insert(id, chain.access());
    }
    Ok(Engine::start(parts, scope))
}

/// Connects to a configured chain with its key. Fails if the account of the key
/// is not on chain, because nothing can be signed without it.
pub async fn funded(context: &Context, id: &str) -> anyhow::Result<ServedChain> {
    let chain = context.connect(id)?;
    let account = context.account(&chain, None)?;
    account.state().await?;
    Ok(ServedChain {
        chain,
        accounts: vec![account],
    })
}

/// Every configured chain with all its accounts. Does no network I/O.
pub fn served_chains(context: &Context) -> anyhow::Result<Vec<ServedChain>> {
    let mut served = Vec::new();
    for config in &context.config.chains {
        let chain = context.connect(&config.id)?;
        let keys = std::iter::once(None).chain(config.extra_keys.iter().map(Some));
        let accounts = keys.map(|key| context.account(&chain, key.map(String::as_str)));
        let accounts = accounts.collect::<anyhow::Result<_>>()?;
        served.push(ServedChain { chain, accounts });
    }
    Ok(served)
}

/// The newest height of each chain. Later blocks are new; the engine reads earlier
/// blocks only to catch up.
pub async fn heights(chains: &[ServedChain]) -> anyhow::Result<BTreeMap<ChainId, u64>> {
    let mut heights = BTreeMap::new();
    for ServedChain { chain, .. } in chains {
        heights.insert(chain.id().clone(), chain.latest().await?.0);
    }
    Ok(heights)
}

/// Waits for SIGINT or SIGTERM as long as it exists.
pub struct Shutdown {
    token: CancellationToken,
    _signals: JoinSet<()>,
}

impl Shutdown {
    /// A token that is cancelled by the first signal.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

/// Starts to wait for SIGINT or SIGTERM.
pub fn shutdown() -> anyhow::Result<Shutdown> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let ended = token.clone();
    let mut signals = JoinSet::new();
    signals.spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ended.cancel();
    });
    Ok(Shutdown {
        token,
        _signals: signals,
    })
}

/// The id of a configured chain.
pub fn chain_id(context: &Context, id: &str) -> anyhow::Result<ChainId> {
    Ok(ChainId::from_string(&context.chain_config(id)?.id))
}

/// The limits of the configuration, and the defaults of all others.
fn policy(config: &PolicyConfig) -> Policy {
    Policy {
        refresh_after_percent: config.refresh_after_percent,
        catch_up_blocks_max: config.catch_up_blocks,
        items_in_flight_max: config.items_in_flight,
        packets_in_memory_max: config.packets_in_memory,
        ..Policy::default()
    }
}

fn lane(config: &ChainConfig) -> LaneSettings {
    LaneSettings {
        messages_max: config.max_msgs_per_tx,
        gas_max: config.max_gas,
        timeout_blocks: config.tx_timeout_blocks,
        memo: config.memo.clone(),
    }
}

fn client(config: &ChainConfig) -> ClientParams {
    ClientParams {
        trusting_period: config.trusting_period,
        max_clock_drift: config.max_clock_drift,
        ..ClientParams::default()
    }
}

fn system_clock() -> Clock {
    Arc::new(now)
}

/// The time of the machine's clock. Nothing else reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "everything else gets the time as an argument"
)]
pub fn now() -> BlockTime {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    BlockTime(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_policy() {
        assert_eq!(policy(&PolicyConfig::default()), Policy::default());
    }
}
