//! A transaction of ours is in a block: what it cost, and for what.

use std::collections::BTreeMap;

use tern_chains::{BlockTime, ChainId};

use crate::ledger::fees::{day, slot};
use crate::ledger::{
    Change, EndKey, FeeKind, FeesDayKey, FeesKey, FeesRecord, Item, TxRecord, View,
};

/// The fee, added to the chain's span of time, to the sums by path and kind, to those of the
/// day, and to the packets it was paid for.
pub(super) fn paid(view: &View, chain: &ChainId, tx: &TxRecord, succeeded: bool) -> Vec<Change> {
    if tx.fee == 0 {
        return vec![];
    }
    let now = view.head(chain).map_or(BlockTime(0), |head| head.time);
    let fees = view.fees();
    let slot = slot(now);
    let in_slot = fees.paid_in(chain, slot).saturating_add(tx.fee);
    let mut changes = vec![Change::Paid(chain.clone(), slot, Some(in_slot))];
    let mut by_kind: BTreeMap<FeeKind, (u128, u64)> = BTreeMap::new();
    for ((path, kind), (amount, messages)) in shares(tx, succeeded) {
        let key = FeesKey {
            chain: chain.clone(),
            path,
            kind,
        };
        let record = FeesRecord::and(fees.sum(&key), amount, messages, now);
        changes.push(Change::Fees(key, record));
        let of_kind = by_kind.entry(kind).or_default();
        *of_kind = (of_kind.0 + amount, of_kind.1 + messages);
    }
    for (kind, (amount, messages)) in by_kind {
        let key = FeesDayKey {
            chain: chain.clone(),
            day: day(now),
            kind,
        };
        let record = FeesRecord::and(fees.of_day(&key), amount, messages, now);
        changes.push(Change::FeesDay(key, Some(record)));
    }
    changes.extend(packets(view, chain, tx));
    changes
}

type Shares = BTreeMap<(Option<EndKey>, FeeKind), (u128, u64)>;

/// The fee by path and kind, with the number of messages. It is shared evenly among the
/// messages, those of client updates among the items that needed them; what cannot be
/// divided goes to the first.
fn shares(tx: &TxRecord, succeeded: bool) -> Shares {
    let mut shares = Shares::new();
    let mut add = |path, kind, amount, messages| {
        let sum: &mut (u128, u64) = shares.entry((path, kind)).or_default();
        *sum = (sum.0 + amount, sum.1 + messages);
    };
    let kind = |kind| if succeeded { kind } else { FeeKind::Failures };
    let messages = tx.updates + tx.items.len();
    if tx.items.is_empty() {
        add(None, kind(FeeKind::Commands), tx.fee, 1);
        return shares;
    }
    let of_updates = tx.fee / messages as u128 * tx.updates as u128;
    let mut updates = split(of_updates, tx.items.len());
    let mut others = split(tx.fee - of_updates, tx.items.len());
    for (number, item) in tx.items.iter().enumerate() {
        let path = item.packet().map(|packet| packet.src.clone());
        let amount = others.next().unwrap_or_default();
        add(path.clone(), kind(kind_of(item)), amount, 1);
        let of_update = updates.next().unwrap_or_default();
        let messages = if number == 0 { tx.updates as u64 } else { 0 };
        if tx.updates > 0 {
            add(path, kind(FeeKind::Updates), of_update, messages);
        }
    }
    shares
}

/// An amount in so many parts.
fn split(amount: u128, parts: usize) -> impl Iterator<Item = u128> {
    let each = amount / parts as u128;
    let first = amount - each * (parts as u128 - 1);
    std::iter::once(first).chain(std::iter::repeat_n(each, parts - 1))
}

fn kind_of(item: &Item) -> FeeKind {
    match item {
        Item::Recv(_) | Item::Ack(_) | Item::Timeout(_) => FeeKind::Packets,
        Item::Refresh(_) | Item::Upgrade(_) | Item::Misbehaviour(_) => FeeKind::Updates,
        Item::Handshake { .. } | Item::Connection { .. } | Item::Channel { .. } => {
            FeeKind::Handshakes
        }
    }
}

/// What was paid for each packet that is not done.
fn packets(view: &View, chain: &ChainId, tx: &TxRecord) -> Vec<Change> {
    let each = tx.fee / (tx.items.len() as u128).max(1);
    let packet = |item: &Item| {
        let key = item.packet()?;
        let mut record = view.packet(key)?.clone();
        if record.done.is_some() {
            return None;
        }
        let paid = record.paid.on(key, chain);
        *paid = paid.saturating_add(each);
        Some(Change::Packet(key.clone(), Some(Box::new(record))))
    };
    tx.items.iter().filter_map(packet).collect()
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, Deadline, End, PortId};

    use super::*;
    use crate::ledger::{ClientKey, PacketKey};

    fn chain() -> ChainId {
        ChainId::from_string("akash-a")
    }

    fn end(channel: u64) -> EndKey {
        EndKey {
            chain: chain(),
            end: End::channel(&PortId::transfer(), &ChannelId::new(channel)),
        }
    }

    fn recv(channel: u64, sequence: u64) -> Item {
        Item::Recv(PacketKey {
            src: end(channel),
            sequence: sequence.into(),
        })
    }

    fn tx(fee: u128, updates: usize, items: Vec<Item>) -> TxRecord {
        TxRecord {
            signer: "relayer".into(),
            account_sequence: 1,
            deadline: Deadline::Height(9),
            items,
            updates,
            is_unasked: false,
            fee,
            bytes: vec![],
        }
    }

    fn of(shares: &Shares, path: Option<u64>, kind: FeeKind) -> Option<(u128, u64)> {
        shares.get(&(path.map(end), kind)).copied()
    }

    #[test]
    fn a_fee_is_shared_among_paths_and_kinds_and_nothing_is_lost() {
        let tx = tx(1_003, 1, vec![recv(0, 1), recv(0, 2), recv(1, 1)]);
        let shares = shares(&tx, true);
        assert_eq!(of(&shares, Some(0), FeeKind::Packets), Some((502, 2)));
        assert_eq!(of(&shares, Some(1), FeeKind::Packets), Some((251, 1)));
        assert_eq!(of(&shares, Some(0), FeeKind::Updates), Some((167, 1)));
        assert_eq!(of(&shares, Some(1), FeeKind::Updates), Some((83, 0)));
        let sum: u128 = shares.values().map(|(amount, _)| amount).sum();
        assert_eq!(sum, 1_003);
    }

    #[test]
    fn a_refresh_is_an_update_of_no_path() {
        let client = ClientKey {
            chain: chain(),
            client_id: "07-tendermint-0".parse().unwrap(),
        };
        let shares = shares(&tx(90, 0, vec![Item::Refresh(client)]), true);
        assert_eq!(of(&shares, None, FeeKind::Updates), Some((90, 1)));
    }

    #[test]
    fn all_of_a_failed_transaction_is_a_failure_of_its_paths() {
        let shares = shares(&tx(90, 1, vec![recv(0, 1), recv(1, 1)]), false);
        assert_eq!(of(&shares, Some(0), FeeKind::Failures), Some((45, 2)));
        assert_eq!(of(&shares, Some(1), FeeKind::Failures), Some((45, 1)));
        assert_eq!(shares.len(), 2);
    }

    #[test]
    fn what_a_command_sent_is_counted_as_such() {
        let shares = shares(&tx(7, 0, vec![]), true);
        assert_eq!(of(&shares, None, FeeKind::Commands), Some((7, 1)));
    }
}
