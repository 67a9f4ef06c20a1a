//! From the configuration to an engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use tern::engine::{Engine, EngineError, LaneSettings, Parts, Store, StoreError};
use tern_chains::{Account, ChainId, ClientParams, Coin};
use tern_config::{AdmissionConfig, ChainConfig, Config, LimitConfig, ListConfig};
use tern_core::admission::{Admission, Glob, List, MinFees, Rules, Sequences};
use tern_core::budget::{Budget, Budgets};
use tern_core::ledger::View;
use tern_core::plan::Assignment;
use tern_core::policy::Policy;

use crate::clock::system_clock;
use crate::connect::{ConnectedChain, Context, KeyId};
use crate::output;

/// A chain that an engine relays for, with its signing accounts.
#[derive(Clone)]
pub struct ServedChain {
    pub chain: ConnectedChain,
    pub accounts: Vec<Arc<dyn Account>>,
}

/// The store in the home folder.
///
/// # Errors
/// [`StoreError::InUse`] if another process uses it.
pub async fn open_store(context: &Context) -> Result<(Store, View), EngineError> {
    let policy = policy(&context.config);
    Engine::open_store(&context.home, &policy).await
}

/// An engine for one command. If another process uses the store in the home
/// folder, it works without a store, and reads the chains only.
pub async fn engine_for_command(
    context: &Context,
    chains: &[ServedChain],
) -> anyhow::Result<Engine> {
    let (store, view) = match open_store(context).await {
        Err(EngineError::Store(StoreError::InUse { .. })) => {
            output::note(
                "note: another `tern` uses the store in this home folder: continuing without \
                 the store, with data from the chains only",
            );
            (Store::none(), View::default())
        }
        opened => opened?,
    };
    let parts = parts(context, chains, store, view)?;
    Ok(Engine::start(parts, Assignment::nothing()))
}

/// What an engine for these chains is made of.
pub fn parts(
    context: &Context,
    chains: &[ServedChain],
    store: Store,
    view: View,
) -> anyhow::Result<Parts> {
    let mut policy = policy(&context.config);
    policy.budgets = budgets(context, chains)?;
    let mut parts = Parts::new(policy, system_clock(), store, view);
    parts.reconcile_every = context.config.policy.clear_interval;
    for ServedChain { chain, accounts } in chains {
        let id = chain.id().clone();
        let config = context.chain_config(id.as_str())?;
        parts.lanes.insert(id.clone(), lane(config));
        parts.clients.insert(id.clone(), client(config));
        parts.accounts.insert(id.clone(), accounts.clone());
        parts.chains.insert(id, chain.access());
    }
    Ok(parts)
}

/// Connects to a configured chain with its key. Fails if the account of the key
/// is not on chain, because nothing can be signed without it.
pub async fn funded(context: &Context, id: &str) -> anyhow::Result<ServedChain> {
    let chain = context.connect(id)?;
    let account = context.account(&chain, None).await?;
    account.state().await?;
    Ok(ServedChain {
        chain,
        accounts: vec![account],
    })
}

/// A configured chain with all its accounts. Whoever signs with them has claimed the keys.
pub async fn served_chain(context: &Context, config: &ChainConfig) -> anyhow::Result<ServedChain> {
    let chain = context.connect(&config.id)?;
    let mut accounts = Vec::new();
    for key in config.keys() {
        accounts.push(context.account(&chain, Some(key)).await?);
    }
    Ok(ServedChain { chain, accounts })
}

/// The keys of all configured chains.
pub fn key_ids(context: &Context) -> Vec<KeyId> {
    let chains = context.config.chains.iter();
    let keys = chains.flat_map(|config| config.keys().map(|key| (&config.id, key)));
    keys.map(|(chain, name)| KeyId {
        chain: chain.clone(),
        name: name.to_owned(),
    })
    .collect()
}

/// The id of a configured chain.
pub fn chain_id(context: &Context, id: &str) -> anyhow::Result<ChainId> {
    Ok(ChainId::from_string(&context.chain_config(id)?.id))
}

/// The limits and rules of the configuration, and the defaults of all others.
fn policy(config: &Config) -> Policy {
    let limits = &config.policy;
    Policy {
        admission: admission(config),
        refresh_after_percent: limits.refresh_after_percent,
        catch_up_blocks_max: limits.catch_up_blocks,
        items_in_flight_max: limits.items_in_flight,
        packets_in_memory_max: limits.packets_in_memory,
        freezes_forked_clients: limits.freeze_forked_clients,
        ..Policy::default()
    }
}

fn admission(config: &Config) -> Admission {
    let Rules {
        trusting_period_min,
        memo_bytes_max,
        receiver_bytes_max,
        ..
    } = Admission::default().everywhere;
    let mut everywhere = rules(&config.policy.admission);
    everywhere.trusting_period_min = everywhere.trusting_period_min.or(trusting_period_min);
    everywhere.memo_bytes_max = everywhere.memo_bytes_max.or(memo_bytes_max);
    everywhere.receiver_bytes_max = everywhere.receiver_bytes_max.or(receiver_bytes_max);
    let chains = config.chains.iter().map(|chain| {
        let id = ChainId::from_string(&chain.id);
        (id, rules(&chain.admission))
    });
    Admission {
        everywhere,
        chains: chains.collect(),
    }
}

/// What may be spent on each chain. An amount that is not set is what some gas costs, so
/// that there is always a limit.
fn budgets(context: &Context, chains: &[ServedChain]) -> anyhow::Result<Budgets> {
    let budget = |served: &ServedChain| {
        let id = served.chain.id().clone();
        let config = context.chain_config(id.as_str())?;
        if served.accounts.is_empty() {
            return Ok((id, Budget::unlimited(config.fee_denom())));
        }
        let cost = |gas| {
            let cost = served.chain.dear_fee(gas);
            cost.with_context(|| format!("chain `{id}`: the price × {gas} gas is too large"))
        };
        let limit = |limit: &Option<LimitConfig>, gas| match limit {
            None => cost(gas),
            Some(LimitConfig::None) => Ok(u128::MAX),
            Some(LimitConfig::Amount { amount, .. }) => Ok(*amount),
        };
        let limits = &config.budget;
        let budget = Budget {
            denom: config.fee_denom().to_owned(),
            hour_max: limit(&limits.hour, Budget::HOUR_GAS)?,
            day_max: limit(&limits.day, Budget::DAY_GAS)?,
            packet_max: limit(&limits.packet, Budget::PACKET_GAS)?,
            wallet_min: match &limits.wallet_min {
                Some(LimitConfig::Amount { amount, .. }) => *amount,
                Some(LimitConfig::None) | None => 0,
            },
        };
        Ok((id, budget))
    };
    let chains = chains.iter().map(budget);
    let chains: anyhow::Result<BTreeMap<ChainId, Budget>> = chains.collect();
    Ok(Budgets { chains: chains? })
}

fn rules(config: &AdmissionConfig) -> Rules {
    let list = |list: &ListConfig| {
        let globs = |patterns: &[String]| patterns.iter().map(Glob::new).collect();
        List {
            allow: globs(&list.allow),
            deny: globs(&list.deny),
        }
    };
    let excluded = config.excluded_sequences.iter();
    let excluded = excluded.filter_map(|(channel, ranges)| {
        // The configuration has checked it.
        Some((channel.parse().ok()?, ranges.clone()))
    });
    let min_recv_fees = config.min_recv_fees.iter().map(|(channel, coins)| {
        let coins = coins.iter().map(|coin| Coin {
            denom: coin.denom.clone(),
            amount: coin.amount,
        });
        (Glob::new(channel), coins.collect())
    });
    Rules {
        min_recv_fees: MinFees::new(min_recv_fees),
        ports: list(&config.ports),
        channels: list(&config.channels),
        connections: list(&config.connections),
        clients: list(&config.clients),
        counterparty_chains: list(&config.counterparty_chains),
        finish_connections: config.finish_connections.iter().map(Glob::new).collect(),
        finish_channels: config.finish_channels.iter().map(Glob::new).collect(),
        senders: list(&config.senders),
        receivers: list(&config.receivers),
        denoms: list(&config.denoms),
        excluded_sequences: Sequences::new(excluded),
        trusting_period_min: config.trusting_period_min,
        memo_bytes_max: config.memo_bytes_max,
        receiver_bytes_max: config.receiver_bytes_max,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_the_policy() {
        let mut config = Config::parse(tern_config::EXAMPLE).unwrap();
        config.chains.clear();
        assert_eq!(policy(&config), Policy::default());
    }
}
