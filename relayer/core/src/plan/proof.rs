//! Which height to prove at, and whether the client must be updated for it.

use tern_chains::{BlockTime, ChainId, ClientId};

use super::{PlanInput, Why};
use crate::ledger::{ClientKey, ClientRecord};

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
