//! The relayers have paid for nothing that served nobody: no client of a stranger, no
//! transaction that changed nothing, and none that failed but for a fault.

use std::collections::BTreeMap;

use tern_chains::End;
use tern_core::ledger::{ClientKey, Item, PacketKey};

use super::history::{History, Included};
use crate::fault_counts::Fault;
use crate::fault_schedule::REFUSED;
use crate::poison::Poison;
use crate::relayer::Relayer;
use crate::signed_log::{Signed, SignedLog};
use crate::world::World;

/// How often a packet whose transaction fails in a block is paid for, for each start of
/// the relayer: until it is alone, and then twice as rarely each time, for as long as a
/// run lasts.
const FAILED_MAX: u64 = 12;

pub fn nothing_was_paid_for_nothing(world: &World, history: &History) -> Result<(), String> {
    let strangers = strangers_clients(world, history);
    for relayer in &world.relayers {
        let mut failed: BTreeMap<PacketKey, u64> = BTreeMap::new();
        for (key, signed) in relayer.signed_log.signed() {
            let Some(included) = history.included(&key) else {
                continue;
            };
            let at = format!(
                "tx {} in block {} of {}",
                key.hash, included.height, key.chain
            );
            let updated = included.updated_clients().into_iter();
            let updated = updated.filter_map(|id| {
                Some(ClientKey {
                    chain: key.chain.clone(),
                    client_id: id.parse().ok()?,
                })
            });
            for client in updated {
                if strangers.contains(&client) {
                    return Err(format!("{at} has updated {client}, a stranger's"));
                }
            }
            let gas = included.outcome.gas_wanted;
            if relayer.gas_max.is_some_and(|most| gas > most) {
                return Err(format!(
                    "{at} may use {gas} gas, more than the operator's limit"
                ));
            }
            if included.outcome.code != 0 {
                let poison = failed_for(world, relayer, history, &included, &signed);
                let poison = poison.map_err(|why| format!("{at} has failed: {why}"))?;
                for packet in poison {
                    *failed.entry(packet).or_default() += 1;
                }
                continue;
            }
            did_something(world, relayer, &included, &signed)
                .map_err(|why| format!("{at} {why}"))?;
        }
        let most = FAILED_MAX * relayer.starts;
        if let Some((packet, times)) = failed.iter().find(|(_, times)| **times > most) {
            return Err(format!(
                "{times} transactions with {packet} have failed, more than {most}"
            ));
        }
    }
    Ok(())
}

/// The clients that strangers have created.
fn strangers_clients(world: &World, history: &History) -> Vec<ClientKey> {
    let mut clients = world.strangers.clients();
    for key in world.strangers.txs() {
        let created = history.included(&key);
        let created = created.into_iter().flat_map(|tx| &tx.outcome.clients);
        clients.extend(created.map(|client_id| ClientKey {
            chain: key.chain.clone(),
            client_id: client_id.clone(),
        }));
    }
    clients
}

/// What a transaction fails with before its fee is paid: past its deadline, or with an
/// account sequence that somebody else has used.
const FREE: [(&str, u32); 2] = [("sdk", 30), ("sdk", 32)];

/// Whether a packet has timed out between the signature and the block.
fn has_come_late(history: &History, included: &Included<'_>, signed: &Signed) -> bool {
    let is_late = |item: &Item| {
        let Item::Recv(key) = item else { return false };
        let Some((from, packet)) = history.packet(key) else {
            return false;
        };
        let block = &history.blocks[1 - from][included.height as usize - 1];
        packet.is_timed_out_at(block)
    };
    signed.items.iter().any(is_late)
}

/// Whether a transaction of the relayer that came before has failed, unknown to it when it
/// signed, or is in no block, and with it the client update that this one needs:
/// transactions do not wait for each other.
fn follows_a_failure(
    relayer: &Relayer,
    history: &History,
    included: &Included<'_>,
    this: &Signed,
) -> bool {
    const BLOCKS_MAX: u64 = 12;
    let chain = &history.chains[included.side];
    let known_then = this.known(chain);
    let signed = relayer.signed_log.signed();
    let mut here = signed
        .iter()
        .filter(|(key, _)| included.is_on(history.side(&key.chain)));
    here.any(|(key, other)| match history.included(key) {
        Some(other) => {
            let is_before = (other.height, other.index) < (included.height, included.index);
            is_before && other.height > known_then && other.outcome.code != 0
        }
        None => {
            let known = other.known(&key.chain);
            known < included.height && known + BLOCKS_MAX >= included.height
        }
    })
}

/// Whether another relayer had sent one of the packets before the transaction was in a
/// block, or the client update in a transaction that then failed: a node estimates on the
/// state that its mempool will make, in which such a packet or update costs little.
fn others_were_in_the_mempool(
    world: &World,
    relayer: &Relayer,
    history: &History,
    included: &Included<'_>,
    this: &Signed,
) -> bool {
    const BLOCKS_MAX: u64 = 12;
    let chain = &history.chains[included.side];
    let others = world
        .relayers
        .iter()
        .filter(|other| other.key != relayer.key);
    let mut signed = others
        .map(|other| &other.signed_log)
        .chain([&world.other_signed])
        .flat_map(SignedLog::signed)
        .filter(|(key, _)| key.chain == *chain);
    signed.any(|(key, other)| {
        let known_then = other.known(chain);
        let is_of_that_time =
            known_then <= included.height && known_then + BLOCKS_MAX >= this.known(chain);
        let has_failed = history.included(&key).is_some_and(|other| {
            let is_before = (other.height, other.index) < (included.height, included.index);
            is_before && other.height > this.known(chain) && other.outcome.code != 0
        });
        is_of_that_time && (has_failed || other.items.iter().any(|item| this.items.contains(item)))
    })
}

/// Whether somebody has closed the channel of a packet, or the end that was to be closed, since
/// the blocks that the relayer knew when it signed.
fn has_closed(history: &History, included: &Included<'_>, signed: &Signed) -> bool {
    let chain = &history.chains[included.side];
    let known = signed.known(chain);
    let is_since = |end: &End| {
        let closed = history.closed_at(included.side, end);
        closed.is_some_and(|closed| known < closed && closed <= included.height)
    };
    let has_closed = |item: &Item| {
        if let Item::Channel { end, .. } = item {
            return is_since(&end.end());
        }
        let packet = item.packet().and_then(|key| history.packet(key));
        packet.is_some_and(|(from, packet)| {
            let packet = &packet.packet;
            let end = match included.is_on(from) {
                true => &packet.src,
                false => &packet.dst,
            };
            is_since(end)
        })
    };
    signed.items.iter().any(has_closed)
}

/// The poison that a failed transaction has failed for; none where a fault explains it.
fn failed_for(
    world: &World,
    relayer: &Relayer,
    history: &History,
    included: &Included<'_>,
    signed: &Signed,
) -> Result<Vec<PacketKey>, String> {
    let outcome = included.outcome;
    let poison = |kind: Poison| {
        let items = signed.items.iter();
        let received = items.filter_map(|item| match item {
            Item::Recv(key) => Some(key),
            _ => None,
        });
        let is_it = |key: &&PacketKey| {
            let packet = history.packet(key);
            packet.is_some_and(|(_, packet)| Poison::of(&packet.packet) == Some(kind))
        };
        received.filter(is_it).cloned().collect::<Vec<_>>()
    };
    if FREE.contains(&(outcome.codespace.as_str(), outcome.code)) {
        return Ok(vec![]);
    }
    if outcome.log == REFUSED && world.has(Fault::FailedInBlock) {
        return Ok(vec![]);
    }
    if included.ran_out_of_gas() {
        let heavy = poison(Poison::Heavy);
        let is_wrong = relayer.estimates.was_wrong(outcome.hash)
            || others_were_in_the_mempool(world, relayer, history, included, signed);
        if !heavy.is_empty() || is_wrong {
            return Ok(heavy);
        }
    }
    let is_explained = has_come_late(history, included, signed)
        || follows_a_failure(relayer, history, included, signed)
        || has_closed(history, included, signed);
    if is_explained {
        return Ok(vec![]);
    }
    let panics = poison(Poison::PanicsInBlocks);
    match panics.is_empty() {
        false => Ok(panics),
        true => Err(format!(
            "{} (codespace {}, code {}), with {:?}",
            outcome.log, outcome.codespace, outcome.code, signed.items
        )),
    }
}

/// A transaction that succeeded has moved a packet, or is a step of a handshake, unless
/// somebody else was faster.
fn did_something(
    world: &World,
    relayer: &Relayer,
    included: &Included<'_>,
    signed: &Signed,
) -> Result<(), String> {
    let is_alone = world.relayers.len() == 1 && !world.has(Fault::OtherRelayer);
    let is_useful = |item: &Item| match item {
        Item::Handshake { .. } | Item::Connection { .. } | Item::Channel { .. } => true,
        // No client grows old in the time that a run takes.
        Item::Refresh(_) | Item::Upgrade(_) | Item::Misbehaviour(_) => false,
        Item::Recv(_) | Item::Ack(_) | Item::Timeout(_) => included.did(item),
    };
    // With its store it has lost what it had sent.
    match signed.items.iter().any(is_useful) || !is_alone || relayer.store_was_lost {
        true => Ok(()),
        false => Err(format!("has changed nothing: {:?}", signed.items)),
    }
}
