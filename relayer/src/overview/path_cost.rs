//! What a packet of a path costs, as shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;
use tern_core::ledger::{EndKey, FeeKind};
use utoipa::ToSchema;

use super::money::{Money, UnitOverview};
use crate::engine::status::{FeesStatus, Status, Wallet};

/// What a packet of a path costs on one of its chains: all that was paid for the path
/// there, by the packets, acknowledgements and timeouts that it was paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CostOverview {
    pub chain: String,
    pub denom: Option<String>,
    /// The unit in which people say it.
    pub unit: Option<UnitOverview>,
    pub amount: String,
}

/// What packets cost, by the end they were sent from.
pub(super) struct Costs<'a> {
    paid: BTreeMap<&'a EndKey, BTreeMap<&'a ChainId, Paid>>,
    status: &'a Status,
    wallets: &'a [Wallet],
}

#[derive(Default)]
struct Paid {
    amount: u128,
    packets: u64,
}

impl<'a> Costs<'a> {
    pub(super) fn of(status: &'a Status, wallets: &'a [Wallet]) -> Self {
        let mut paid: BTreeMap<_, BTreeMap<_, Paid>> = BTreeMap::new();
        for FeesStatus { of, paid: sum } in &status.fees {
            let Some(src) = &of.path else { continue };
            let on_chain = paid.entry(src).or_default().entry(&of.chain).or_default();
            on_chain.amount = on_chain.amount.saturating_add(sum.amount);
            if of.kind == FeeKind::Packets {
                on_chain.packets = on_chain.packets.saturating_add(sum.messages);
            }
        }
        Self {
            paid,
            status,
            wallets,
        }
    }

    /// On each chain where a packet of the path was paid for.
    pub(super) fn of_path(&self, src: &EndKey) -> Vec<CostOverview> {
        let on_chains = self.paid.get(src).into_iter().flatten();
        let costs = on_chains.filter_map(|(chain, paid)| {
            let amount = paid.amount.checked_div(u128::from(paid.packets))?;
            Some(CostOverview {
                chain: chain.to_string(),
                denom: super::fees::denom(self.status, chain),
                unit: UnitOverview::on(self.wallets, chain),
                amount: amount.to_string(),
            })
        });
        costs.collect()
    }
}

impl CostOverview {
    pub fn money(&self) -> Money<'_> {
        Money::of(&self.denom, &self.unit)
    }
}
