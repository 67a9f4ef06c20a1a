//! Facts in, changes out.

mod fees;
mod misbehaviour;
mod packet;
mod topology;
mod tx;

use tern_chains::{ChainId, ClientId, Event, TrustedHeader};

use super::processed::remember;
use super::{
    Change, ClientKey, ClientRecord, ConnectionKey, Delay, Done, Entry, Fact, Finding, Head,
    Intent, PacketKey, PacketRecord, View,
};
use crate::admission::Admission;
use crate::policy::Policy;
pub use misbehaviour::headers_left_out;
use packet::{finish, on_dst, on_src, take_back, write_acknowledgement};
use topology::{channel_found, client_found, client_updated, connection_found};
use tx::failures;

/// How often finished packets are forgotten, in blocks.
const PRUNE_EVERY: u64 = 50;

/// The changes an entry makes to what is known.
///
/// Pure; for facts idempotent: applied again, a fact makes no change. Packet
/// events on a channel whose counterparty is not one of the chains in the view are
/// not kept.
pub fn apply(view: &View, policy: &Policy, entry: &Entry) -> Vec<Change> {
    match entry {
        Entry::Fact(fact) => apply_fact(view, policy, fact),
        Entry::Intent(intent) => apply_intent(view, policy, intent),
    }
}

fn apply_fact(view: &View, policy: &Policy, fact: &Fact) -> Vec<Change> {
    match fact {
        Fact::Event { chain, head, event } => apply_event(view, policy, chain, *head, event),
        Fact::Found {
            chain,
            height,
            finding,
        } => apply_finding(view, &policy.admission, chain, *height, finding),
        Fact::Outcome {
            chain,
            height,
            outcome,
        } => {
            let mut changes = tx::outcome(view, policy, chain, outcome);
            changes.extend(misbehaviour::seen(view, policy, chain, *height, outcome));
            changes
        }
        Fact::BlockEnd { chain, head } => apply_block_end(view, policy, chain, *head),
    }
}

fn apply_intent(view: &View, policy: &Policy, intent: &Intent) -> Vec<Change> {
    match intent {
        Intent::Signed { key, tx } => vec![Change::Tx(key.clone(), Some(tx.clone()))],
        Intent::Refused { key, refusal } => match view.tx(key) {
            Some(tx) => {
                let mut changes = vec![Change::Tx(key.clone(), None)];
                changes.extend(failures(view, policy, &key.chain, &tx.items, refusal));
                changes
            }
            None => vec![],
        },
        Intent::Failed {
            chain,
            items,
            refusal,
        } => failures(view, policy, chain, items, refusal),
    }
}

/// The packet whose record a fact is about: if the store has it and memory does
/// not, it must be loaded before the fact is applied.
pub fn packet_of(view: &View, fact: &Fact) -> Option<PacketKey> {
    let (chain, id, is_on_src) = match fact {
        Fact::Event { chain, event, .. } => match event {
            Event::SendPacket(packet) => (chain, packet.id(), true),
            Event::AcknowledgePacket(id) | Event::TimeoutPacket(id) => (chain, id.clone(), true),
            Event::RecvPacket(id) => (chain, id.clone(), false),
            Event::WriteAcknowledgement { packet, .. } => (chain, packet.id(), false),
            Event::FeesOffered { src, sequence, .. } => {
                return Some(packet::sent_from(chain, src, *sequence));
            }
            _ => return None,
        },
        Fact::Found { chain, finding, .. } => match finding {
            Finding::Settled { packet } | Finding::NotSettled { packet } => {
                (chain, packet.clone(), true)
            }
            Finding::Received { packet }
            | Finding::NotReceived { packet }
            | Finding::NotAcknowledged { packet } => (chain, packet.clone(), false),
            _ => return None,
        },
        _ => return None,
    };
    if is_on_src {
        Some(View::key_on_src(chain, &id))
    } else {
        packet::key_on_dst(view, chain, &id)
    }
}

fn apply_event(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    head: Head,
    event: &Event,
) -> Vec<Change> {
    let admission = &policy.admission;
    match event {
        Event::SendPacket(packet) => on_src(view, admission, chain, &packet.id(), |record| {
            record.packet.get_or_insert_with(|| packet.clone());
            record.sent.get_or_insert(head.height);
            record.sent_at.get_or_insert(head.time);
        }),
        Event::RecvPacket(id) => on_dst(view, admission, chain, id, |record| {
            // What is found in state can be older than the event.
            record.received = record.received.max(Some(head.height));
        }),
        Event::WriteAcknowledgement { packet, ack } => {
            on_dst(view, admission, chain, &packet.id(), |record| {
                write_acknowledgement(record, head.height, packet, ack);
            })
        }
        Event::AcknowledgePacket(id) => on_src(view, admission, chain, id, |record| {
            finish(record, head.height, Done::Acknowledged)
        }),
        Event::TimeoutPacket(id) => on_src(view, admission, chain, id, |record| {
            finish(record, head.height, Done::TimedOut)
        }),
        // For one that is not known it was offered before its send, and no packet may follow.
        Event::FeesOffered {
            src,
            sequence,
            recv,
        } => {
            let record = view.packet(&packet::sent_from(chain, src, *sequence));
            let id = record.map(|record| record.id.clone());
            id.map_or(vec![], |id| {
                on_src(view, admission, chain, &id, |record| record.offer(recv))
            })
        }
        Event::ClientUpdated {
            client_id,
            consensus_heights,
        } => {
            let mut changes = client_updated(view, chain, head.time, client_id, consensus_heights);
            changes.extend(processed(
                view,
                policy,
                chain,
                head,
                (client_id, consensus_heights),
            ));
            changes
        }
        // Its new state comes as a finding at the same height.
        Event::ClientChanged { client_id } => misbehaviour::client_changed(view, chain, client_id),
        // So does theirs.
        Event::ClientFrozen { .. }
        | Event::ConnectionChanged { .. }
        | Event::ChannelChanged { .. } => vec![],
    }
}

fn apply_finding(
    view: &View,
    admission: &Admission,
    chain: &ChainId,
    height: u64,
    finding: &Finding,
) -> Vec<Change> {
    match finding {
        Finding::Client {
            client_id,
            summary,
            consensus_time,
        } => {
            let record = ClientRecord {
                summary: summary.clone(),
                updated: *consensus_time,
                seen: height,
                is_ours: false,
            };
            client_found(view, chain, client_id, record)
        }
        Finding::Trusted(header) => trusted(view, chain, header),
        Finding::HeaderChecked { seen, misbehaviour } => {
            misbehaviour::checked(view, seen, misbehaviour.as_deref())
        }
        Finding::RevisionEnds { last_height } => match view.planned_end(chain) {
            Some(known) if known == *last_height => vec![],
            _ => vec![Change::RevisionEnd(chain.clone(), *last_height)],
        },
        Finding::Connection { connection_id, end } => {
            let key = ConnectionKey {
                chain: chain.clone(),
                connection_id: connection_id.clone(),
            };
            connection_found(view, key, height, end)
        }
        Finding::Channel { key, end } => channel_found(view, key, height, end),
        Finding::Received { packet } => on_dst(view, admission, chain, packet, |record| {
            record.received.get_or_insert(height);
        }),
        Finding::NotReceived { packet } => {
            take_back(view, packet::key_on_dst(view, chain, packet), |record| {
                let is_wrong = record.received.is_some_and(|received| received <= height);
                is_wrong.then(|| PacketRecord {
                    received: None,
                    ack: None,
                    ..record.clone()
                })
            })
        }
        Finding::NotAcknowledged { packet } => {
            take_back(view, packet::key_on_dst(view, chain, packet), |record| {
                let ack = record.ack.as_ref();
                let is_wrong = ack.is_some_and(|ack| ack.height <= height);
                is_wrong.then(|| PacketRecord {
                    ack: None,
                    ..record.clone()
                })
            })
        }
        Finding::NotSettled { packet } => {
            take_back(view, Some(View::key_on_src(chain, packet)), |record| {
                let is_wrong = record.done.is_some_and(|(done, _)| done <= height);
                is_wrong.then(|| PacketRecord {
                    done: None,
                    ..record.clone()
                })
            })
        }
        Finding::Settled { packet } => {
            // Of one whose send was never read, the finding itself says that it
            // was sent before.
            let record = view.packet(&View::key_on_src(chain, packet));
            let is_sent =
                record.is_some_and(|record| record.sent.is_none_or(|sent| sent <= height));
            if !is_sent {
                return vec![];
            }
            on_src(view, admission, chain, packet, |record| {
                finish(record, height, Done::Settled)
            })
        }
    }
}

/// Consensus states that a client has been given, if packets are proven to it over a connection
/// with a delay period.
fn processed(
    view: &View,
    policy: &Policy,
    chain: &ChainId,
    head: Head,
    (client_id, heights): (&ClientId, &[u64]),
) -> Option<Change> {
    let key = ClientKey {
        chain: chain.clone(),
        client_id: client_id.clone(),
    };
    let delay = Delay::over(view, policy, &key)?;
    let states = remember(view.processed(&key), delay, heights, head)?;
    Some(Change::Processed(key, states))
}

/// An older one takes nothing back, unless trust has begun anew.
fn trusted(view: &View, chain: &ChainId, header: &TrustedHeader) -> Vec<Change> {
    let is_older = view.trusted(chain).is_some_and(|known| {
        known.origin == header.origin && known.client.height >= header.client.height
    });
    match is_older {
        true => vec![],
        false => vec![Change::Trusted(chain.clone(), Box::new(header.clone()))],
    }
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
        .filter(|(key, tx)| key.chain == *chain && tx.deadline.is_past(head.height, head.time));
    for (key, tx) in expired {
        changes.push(Change::Tx(key.clone(), None));
        changes.extend(tx::expired(view, policy, chain, tx));
    }
    if head.height.is_multiple_of(PRUNE_EVERY) {
        let forgotten = head.height.saturating_sub(policy.history_blocks);
        let forgotten = view.finished_before(chain, forgotten);
        changes.extend(forgotten.map(|key| Change::Packet(key, None)));
        let past = view.fees().past(chain, head.time);
        changes.extend(past.map(|slot| Change::Paid(chain.clone(), slot, None)));
        let past_days = view.fees().past_days(chain, head.time);
        changes.extend(past_days.map(|day| Change::FeesDay(day.clone(), None)));
    }
    changes
}
