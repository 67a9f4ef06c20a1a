//! From the configuration to a running engine, and how it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tern::engine::{Clock, Engine, EngineError, LaneSettings, Observer, Parts, Store, StoreError};
use tern_chains::{BlockTime, Chain, ChainId, ClientParams};
use tern_config::ChainConfig;
use tern_core::ledger::View;
use tern_core::plan::Scope;
use tern_core::policy::Policy;
use tokio::signal::unix::{signal, SignalKind};
use tokio_util::sync::CancellationToken;

use crate::connect::Context;
use crate::output;

/// An engine over these chains, with the home's store.
///
/// A command that finds the store in use by a daemon works from the chains
/// alone; the daemon itself needs it.
pub async fn engine(
    context: &Context,
    chains: &[Arc<dyn Chain>],
    scope: Scope,
    observer: Observer,
) -> anyhow::Result<Engine> {
    let policy = Policy::default();
    let (store, view) = match Engine::open_store(&context.home, &policy).await {
        Err(EngineError::Store(StoreError::InUse { .. })) if scope != Scope::Everything => {
            output::note(
                "a `tern` is running with this home: working beside it, from the chains alone",
            );
            (Store::in_memory(), View::default())
        }
        opened => opened?,
    };
    let mut parts = Parts {
        chains: BTreeMap::new(),
        lanes: BTreeMap::new(),
        clients: BTreeMap::new(),
        policy,
        clock: system_clock(),
        reconcile_every: context.config.policy.clear_interval,
        store,
        view,
        observer,
    };
    for chain in chains {
        let id = chain.id().clone();
        let config = context.chain_config(id.as_str())?;
        parts.lanes.insert(id.clone(), lane(config));
        parts.clients.insert(id.clone(), client(config));
        parts.chains.insert(id, Arc::clone(chain));
    }
    Ok(Engine::start(parts, scope))
}

/// A chain of the configuration, with its key. The account must exist: without
/// it nothing can be signed, and it is better told now.
pub async fn funded(context: &Context, id: &str) -> anyhow::Result<Arc<dyn Chain>> {
    let chain = context.connect(id, None)?;
    chain.account().await?;
    Ok(chain.shared())
}

/// The newest height of each chain now: what an engine tells of later blocks has
/// happened since, the rest it has only caught up with.
pub async fn heights(chains: &[Arc<dyn Chain>]) -> anyhow::Result<BTreeMap<ChainId, u64>> {
    let mut heights = BTreeMap::new();
    for chain in chains {
        heights.insert(chain.id().clone(), chain.latest().await?.0);
    }
    Ok(heights)
}

/// Ends with SIGINT or SIGTERM.
pub fn shutdown() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let ended = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ended.cancel();
    });
    Ok(token)
}

/// The id of a configured chain.
pub fn chain_id(context: &Context, id: &str) -> anyhow::Result<ChainId> {
    Ok(ChainId::from_string(&context.chain_config(id)?.id))
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

/// The machine's clock: the one place that reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "the shell hands time to everything else"
)]
pub fn now() -> BlockTime {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    BlockTime(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
