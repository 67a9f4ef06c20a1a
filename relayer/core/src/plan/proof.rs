//! Which height to prove at, and whether the client must be updated for it.

use tern_chains::{BlockTime, ChainId, ClientId};

use super::{PlanInput, Why};
use crate::ledger::{ClientKey, ClientRecord, ConnectionKey, Delay, EndKey};

/// The way proofs take from `src` to a client on the destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The chain whose state is proven.
    pub src: ChainId,
    /// The client of `src` living on the destination.
    pub client_on_dst: ClientId,
    /// Height of the proven state on `src`.
    pub height: u64,
    /// Height of the consensus state that proves it: the proof height a message
    /// carries.
    pub proof_height: u64,
    /// The client has no consensus state at `proof_height` yet.
    pub update: bool,
    /// That consensus state and no newer one: newer ones are not old enough.
    pub exact: bool,
}

/// The way of a proof over a connection.
pub(super) enum Way {
    Now(Route),
    /// The client is updated along this one first, and the delay period begins.
    UpdateFirst(Route),
}

/// The way of a proof to `dst`, whose end of the channel has this connection's delay period.
/// `need` is the height of `src` whose state, or a later one, is proven; `fits` says of a
/// height whether its consensus state is one that proves it.
pub(super) fn way(
    input: &PlanInput<'_>,
    end: &EndKey,
    src: &ChainId,
    client_on_dst: &ClientId,
    need: u64,
    fits: impl Fn(u64) -> bool,
) -> Result<Way, Why> {
    let dst = &end.chain;
    let Some(delay) = delay(input, end) else {
        return route(input, dst, src, client_on_dst, need).map(Way::Now);
    };
    let newest = route(input, dst, src, client_on_dst, need)?;
    let Some((rules, now)) = input.rules(src).zip(input.view.head(dst)) else {
        return Err(Why::NotReady(src.clone()));
    };
    let client = ClientKey {
        chain: dst.clone(),
        client_id: client_on_dst.clone(),
    };
    let fitting = input.view.processed(&client).iter();
    let fitting: Vec<_> = fitting.filter(|one| fits(one.height)).collect();
    let old_enough = fitting.iter().rev().find(|one| delay.has_passed(one, now));
    match old_enough {
        Some(one) => Ok(Way::Now(Route {
            height: rules.state_height(one.height),
            proof_height: one.height,
            update: false,
            exact: true,
            ..newest
        })),
        None if !fitting.is_empty() => Err(Why::DelayPeriod(dst.clone())),
        None => {
            let head = input.view.head(src).map_or(0, |head| head.height);
            let height = need.max(rules.state_height(head));
            Ok(Way::UpdateFirst(Route {
                height,
                proof_height: rules.proof_height(height),
                update: true,
                ..newest
            }))
        }
    }
}

/// The delay period of the connection under a channel end.
fn delay(input: &PlanInput<'_>, end: &EndKey) -> Option<Delay> {
    let channel = input.view.channel(&end.as_channel()?)?;
    let connection = ConnectionKey {
        chain: end.chain.clone(),
        connection_id: channel.connection_id.clone(),
    };
    let connection = input.view.connection(&connection)?;
    Delay::of(connection.delay_period_ns, input.policy)
}

/// The cheapest route on which `src`'s state at `need` or later can be proven.
///
/// A consensus state that is on chain already costs nothing. Otherwise the
/// newest header serves at once where it is new enough, and the next header is
/// waited for where it is not.
pub(super) fn route(
    input: &PlanInput<'_>,
    dst: &ChainId,
    src: &ChainId,
    client_on_dst: &ClientId,
    need: u64,
) -> Result<Route, Why> {
    if let Some(why) = input.not_ready([src, dst]) {
        return Err(why);
    }
    let head = input.view.head(src).map_or(0, |head| head.height);
    let record = usable_client(input, dst, client_on_dst)?;
    let latest = record.summary.latest_height;
    let Some(rules) = input.rules(src) else {
        return Err(Why::NotReady(src.clone()));
    };
    let near = |a: u64, b: u64| a.abs_diff(b) < input.policy.reuse_blocks_max;
    // A height far above the chain's own is not one that it has.
    let reusable = latest >= rules.proof_height(need) && near(latest, head);
    let height = if reusable {
        rules.state_height(latest)
    } else {
        need.max(rules.state_height(head))
    };
    let proof_height = rules.proof_height(height);
    Ok(Route {
        src: src.clone(),
        client_on_dst: client_on_dst.clone(),
        height,
        proof_height,
        update: latest != proof_height,
        exact: false,
    })
}

/// The client, unless it is frozen, expired or unknown.
pub(super) fn usable_client<'a>(
    input: &PlanInput<'a>,
    chain: &ChainId,
    client_id: &ClientId,
) -> Result<&'a ClientRecord, Why> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let (chain, client) = (chain.clone(), client_id.to_string());
    let Some(record) = input.view.client(&key) else {
        return Err(Why::ClientUnknown { chain, client });
    };
    if record.summary.frozen {
        return Err(Why::ClientFrozen { chain, client });
    }
    let now = input.view.head(&key.chain);
    let now = now.map_or(BlockTime(0), |head| head.time);
    if now >= record.summary.expires_at(record.updated) {
        return Err(Why::ClientExpired { chain, client });
    }
    Ok(record)
}
