//! Facts in, changes out.

use tern_chains::{BlockTime, ChainId, ClientId, Event, Packet, PacketId, TxOutcome};

use super::{
    Acknowledgement, Change, ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey,
    ConnectionRecord, Done, Fact, Failure, Finding, Head, Item, PacketKey, PacketRecord, Refusal,
    TxKey, View,
};
use crate::policy::Policy;

/// The changes a fact makes to what is known.
///
/// Pure and idempotent: applied again, a fact makes no change. Packet events on
/// a channel whose counterparty is not one of the chains in the view are not
/// kept.
pub fn apply(view: &View, policy: &Policy, fact: &Fact) -> Vec<Change> {
    match fact {
        Fact::Event { chain, head, event } => apply_event(view, chain, *head, event),
        Fact::Found {
            chain,
            head,
            finding,
        } => apply_finding(view, chain, *head, finding),
        Fact::Outcome { chain, outcome, .. } => apply_outcome(view, policy, chain, outcome),
        Fact::BlockEnd { chain, head } => apply_block_end(view, policy, chain, *head),
        Fact::Signed { key, tx } => vec![Change::Tx(key.clone(), Some(tx.clone()))],
        Fact::Refused { key, refusal } => match view.tx(key) {
            Some(tx) => {
                let mut changes = vec![Change::Tx(key.clone(), None)];
                changes.extend(failures(view, policy, &key.chain, &tx.items, refusal));
                changes
            }
            None => vec![],
        },
        Fact::Failed {
            chain,
            items,
            refusal,
        } => failures(view, policy, chain, items, refusal),
    }
}

fn apply_event(view: &View, chain: &ChainId, head: Head, event: &Event) -> Vec<Change> {
    match event {
        Event::SendPacket(packet) => on_src(view, chain, &PacketId::of(packet), |record| {
            record.packet.get_or_insert_with(|| packet.clone());
            record.sent.get_or_insert(head.height);
        }),
        Event::RecvPacket(id) => on_dst(view, chain, id, |record| {
            record.received.get_or_insert(head.height);
        }),
        Event::WriteAcknowledgement { packet, ack } => {
            on_dst(view, chain, &PacketId::of(packet), |record| {
                write_acknowledgement(record, head.height, packet, ack);
            })
        }
        Event::AcknowledgePacket(id) => on_src(view, chain, id, |record| {
            finish(record, head, Done::Acknowledged)
        }),
        Event::TimeoutPacket(id) => on_src(view, chain, id, |record| {
            finish(record, head, Done::TimedOut)
        }),
        Event::ClientUpdated {
            client_id,
            consensus_heights,
        } => client_updated(view, chain, head.time, client_id, consensus_heights),
        Event::ClientFrozen { client_id } => change_client(view, chain, client_id, |record| {
            record.summary.frozen = true;
        }),
        // Their new state comes as a finding at the same height.
        Event::ClientChanged { .. }
        | Event::ConnectionChanged { .. }
        | Event::ChannelChanged { .. } => vec![],
    }
}

fn write_acknowledgement(record: &mut PacketRecord, height: u64, packet: &Packet, ack: &[u8]) {
    record.received.get_or_insert(height);
    record.packet.get_or_insert_with(|| packet.clone());
    record.ack.get_or_insert_with(|| Acknowledgement {
        height,
        bytes: ack.to_vec(),
    });
}

fn finish(record: &mut PacketRecord, head: Head, done: Done) {
    record.done.get_or_insert((head.height, done));
}

fn on_src(
    view: &View,
    src: &ChainId,
    id: &PacketId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    let key = View::key_on_src(src, id);
    let Some(channel) = view.channel(&key.src) else {
        return vec![];
    };
    change_packet(view, key, id, &channel.counterparty_chain, set)
}

fn on_dst(
    view: &View,
    dst: &ChainId,
    id: &PacketId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    let end = ChannelKey {
        chain: dst.clone(),
        port_id: id.dst_port.clone(),
        channel_id: id.dst_channel.clone(),
    };
    let Some(channel) = view.channel(&end) else {
        return vec![];
    };
    let src = channel.counterparty_chain.clone();
    if view.head(&src).is_none() {
        return vec![];
    }
    change_packet(view, View::key_on_src(&src, id), id, dst, set)
}

fn change_packet(
    view: &View,
    key: PacketKey,
    id: &PacketId,
    dst: &ChainId,
    set: impl FnOnce(&mut PacketRecord),
) -> Vec<Change> {
    if view.head(dst).is_none() {
        return vec![];
    }
    let old = view.packet(&key);
    let mut new = old
        .cloned()
        .unwrap_or_else(|| PacketRecord::new(id.clone(), dst.clone()));
    set(&mut new);
    if new.done.is_some() {
        // What is only needed to relay it is dropped; the facts stay.
        new.packet = None;
        new.ack = None;
    }
    if old == Some(&new) {
        return vec![];
    }
    vec![Change::Packet(key, Some(Box::new(new)))]
}

fn client_updated(
    view: &View,
    chain: &ChainId,
    time: BlockTime,
    client_id: &ClientId,
    heights: &[u64],
) -> Vec<Change> {
    change_client(view, chain, client_id, |record| {
        let newest = heights.iter().copied().max().unwrap_or_default();
        if newest > record.summary.latest_height {
            record.summary.latest_height = newest;
            record.updated = time;
        }
    })
}

fn change_client(
    view: &View,
    chain: &ChainId,
    client_id: &ClientId,
    set: impl FnOnce(&mut ClientRecord),
) -> Vec<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let Some(old) = view.client(&key) else {
        return vec![];
    };
    let mut new = old.clone();
    set(&mut new);
    if *old == new {
        return vec![];
    }
    vec![Change::Client(key, new)]
}

fn apply_finding(view: &View, chain: &ChainId, head: Head, finding: &Finding) -> Vec<Change> {
    match finding {
        Finding::Client {
            client_id,
            summary,
            consensus_time,
        } => {
            let record = ClientRecord {
                summary: summary.clone(),
                updated: consensus_time.unwrap_or(head.time),
                seen: head.height,
            };
            client_found(view, chain, client_id, record)
        }
        Finding::Connection { connection_id, end } => {
            let key = ConnectionKey {
                chain: chain.clone(),
                connection_id: connection_id.clone(),
            };
            connection_found(view, key, head, end)
        }
        Finding::Channel { key, end } => channel_found(view, key, head, end),
        Finding::Settled { packet } => {
            let sent_before = view
                .packet(&View::key_on_src(chain, packet))
                .and_then(|record| record.sent)
                .is_some_and(|sent| sent <= head.height);
            if !sent_before {
                return vec![];
            }
            on_src(view, chain, packet, |record| {
                finish(record, head, Done::Settled)
            })
        }
    }
}

fn client_found(
    view: &View,
    chain: &ChainId,
    client_id: &ClientId,
    record: ClientRecord,
) -> Vec<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let is_known = view
        .client(&key)
        .is_some_and(|old| old.seen > record.seen || old.summary == record.summary);
    if is_known {
        return vec![];
    }
    vec![Change::Client(key, record)]
}

fn connection_found(
    view: &View,
    key: ConnectionKey,
    head: Head,
    end: &tern_chains::ConnectionEnd,
) -> Vec<Change> {
    let client = ClientKey {
        chain: key.chain.clone(),
        client_id: end.client_id().clone(),
    };
    let Some(client) = view.client(&client) else {
        return vec![];
    };
    let old = view.connection(&key);
    if old.is_some_and(|old| old.seen >= head.height) {
        return vec![];
    }
    let record = ConnectionRecord {
        state: *end.state(),
        client_id: end.client_id().clone(),
        counterparty_chain: client.summary.chain_id.clone(),
        counterparty_client_id: end.counterparty().client_id().clone(),
        counterparty_connection_id: end.counterparty().connection_id().cloned(),
        seen: head.height,
    };
    vec![Change::Connection(key, record)]
}

fn channel_found(
    view: &View,
    key: &ChannelKey,
    head: Head,
    end: &tern_chains::ChannelEnd,
) -> Vec<Change> {
    let Some(connection_id) = end.connection_hops().first() else {
        return vec![];
    };
    let connection = ConnectionKey {
        chain: key.chain.clone(),
        connection_id: connection_id.clone(),
    };
    let Some(connection) = view.connection(&connection) else {
        return vec![];
    };
    let old = view.channel(key);
    if old.is_some_and(|old| old.seen >= head.height) {
        return vec![];
    }
    let record = ChannelRecord {
        state: *end.state(),
        ordering: *end.ordering(),
        version: end.version().to_string(),
        connection_id: connection_id.clone(),
        client_id: connection.client_id.clone(),
        counterparty_chain: connection.counterparty_chain.clone(),
        counterparty_port_id: end.counterparty().port_id().clone(),
        counterparty_channel_id: end.counterparty().channel_id().cloned(),
        seen: head.height,
    };
    vec![Change::Channel(key.clone(), record)]
}

fn apply_outcome(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    outcome: &TxOutcome,
) -> Vec<Change> {
    let key = TxKey {
        chain: chain.clone(),
        hash: outcome.hash,
    };
    let Some(tx) = view.tx(&key) else {
        return vec![];
    };
    let mut changes = vec![Change::Tx(key, None)];
    if outcome.code == 0 {
        let failed = tx.items.iter().filter(|item| view.failure(item).is_some());
        changes.extend(failed.map(|item| Change::Failure(item.clone(), None)));
    } else {
        let refusal = Refusal {
            reason: format!(
                "tx {} failed in its block: {} (codespace {}, code {})",
                outcome.hash, outcome.log, outcome.codespace, outcome.code
            ),
            culprit: match tx.items.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
        };
        let failed = failures(view, policy, chain, &tx.items, &refusal);
        let split = refusal.culprit.is_none();
        changes.extend(failed.into_iter().map(|change| match change {
            Change::Failure(item, Some(failure)) if split => Change::Failure(
                item,
                Some(Failure {
                    alone: true,
                    ..failure
                }),
            ),
            other => other,
        }));
    }
    changes
}

/// Every item failed once more; the culprit also counts a refusal.
fn failures(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    items: &[Item],
    refusal: &Refusal,
) -> Vec<Change> {
    let height = view.head(chain).map_or(0, |head| head.height);
    let failed = |item: &Item| {
        let before = view.failure(item);
        let is_culprit = refusal.culprit.as_ref() == Some(item);
        let tries = before.map_or(0, |failure| failure.tries) + 1;
        let wait = 1u64
            .checked_shl(tries)
            .unwrap_or(u64::MAX)
            .min(policy.backoff_blocks_max);
        Failure {
            refusals: before.map_or(0, |failure| failure.refusals) + u32::from(is_culprit),
            tries,
            alone: before.is_some_and(|failure| failure.alone) || is_culprit,
            not_before: height.saturating_add(wait),
            reason: refusal.reason.clone(),
        }
    };
    // The innocent companions of a named culprit go again at once.
    let concerned =
        |item: &&Item| refusal.culprit.is_none() || refusal.culprit.as_ref() == Some(*item);
    items
        .iter()
        .filter(concerned)
        .map(|item| Change::Failure(item.clone(), Some(failed(item))))
        .collect()
}

fn apply_block_end(view: &View, policy: &Policy, chain: &ChainId, head: Head) -> Vec<Change> {
    if view
        .head(chain)
        .is_some_and(|old| old.height >= head.height)
    {
        return vec![];
    }
    let mut changes = vec![Change::Head(chain.clone(), head)];
    let expired = view
        .txs()
        .filter(|(key, tx)| key.chain == *chain && tx.timeout_height <= head.height);
    changes.extend(expired.map(|(key, _)| Change::Tx(key.clone(), None)));
    if head.height % PRUNE_EVERY == 0 {
        let forgotten = view.packets().filter(|(key, record)| {
            key.src.chain == *chain
                && record
                    .done
                    .is_some_and(|(done, _)| done + policy.history_blocks < head.height)
        });
        changes.extend(forgotten.map(|(key, _)| Change::Packet(key.clone(), None)));
    }
    changes
}

/// How often finished packets are looked through, in blocks.
const PRUNE_EVERY: u64 = 50;
