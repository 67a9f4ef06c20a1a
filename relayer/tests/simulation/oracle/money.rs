//! Balances add up exactly: tokens have arrived, or were refunded.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tern_chains::{ChannelId, PortId};

use super::history::{History, PacketHistory};
use crate::side::{Side, FUNDS, KEYS, USER};
use crate::users::voucher;
use crate::world::World;

pub fn adds_up(world: &World, history: &History) -> Result<(), String> {
    for home in 0..2 {
        let (side, other) = (&world.place.sides[home], &world.place.sides[1 - home]);
        let escrow = balance(side, &escrow(side.prefix, "channel-0"), side.denom);
        let junk = junk_escrow(world, history, home);
        let away = balance(other, &other.address(USER), &voucher(side.denom));
        let arrived = |from: usize, denom: &str| {
            amounts(world, history, from, denom, PacketHistory::has_arrived)
        };
        let returned_denom = format!("transfer/channel-0/{}", side.denom);
        let returned = arrived(1 - home, &returned_denom)?;
        let arrived = arrived(home, side.denom)?;
        let [kept, under_way] = [(home, side.denom), (1 - home, &*returned_denom)]
            .map(|(from, denom)| amounts(world, history, from, denom, PacketHistory::is_under_way));
        let (kept, under_way) = (kept?, under_way?);
        if escrow != away + kept + under_way || away + returned + under_way != arrived {
            return Err(format!(
                "{}: {arrived} arrived and {returned} came back, {escrow} are kept and {away} are away",
                side.denom
            ));
        }
        let owners = KEYS.map(|key| side.address(key));
        let owned: u128 = owners
            .iter()
            .map(|owner| balance(side, owner, side.denom))
            .sum();
        let fees = balance(side, &module(side.prefix, b"fee_collector"), side.denom);
        let all = FUNDS * KEYS.len() as u128;
        if owned + fees + escrow + junk != all {
            return Err(format!(
                "{}: {owned} are owned, {fees} paid as fees, {escrow} and {junk} kept: not {all}",
                side.denom
            ));
        }
    }
    Ok(())
}

/// What is kept for packets of channels that are not served.
fn junk_escrow(world: &World, history: &History, home: usize) -> u128 {
    let side = &world.place.sides[home];
    let channels = history.channels[home].iter();
    let junk = channels.filter(|channel| {
        channel.port_id == PortId::transfer() && channel.channel_id != ChannelId::new(0)
    });
    junk.map(|channel| {
        let account = escrow(side.prefix, channel.channel_id.as_str());
        balance(side, &account, side.denom)
    })
    .sum()
}

/// The amount of a denom in those packets sent from a side that are meant.
fn amounts(
    world: &World,
    history: &History,
    from: usize,
    denom: &str,
    is_meant: fn(&PacketHistory) -> bool,
) -> Result<u128, String> {
    let end = world.channels.transfer.end(from);
    let packets = history.packets[from].values();
    let meant = packets.filter(|packet| packet.packet.src == end && is_meant(packet));
    meant
        .map(|packet| amount(packet, denom))
        .sum::<Option<u128>>()
        .ok_or_else(|| "a packet that is no transfer".to_owned())
}

fn amount(packet_history: &PacketHistory, denom: &str) -> Option<u128> {
    let data: Value = serde_json::from_slice(packet_history.packet.data()).ok()?;
    if data["denom"].as_str()? != denom {
        return Some(0);
    }
    data["amount"].as_str()?.parse().ok()
}

fn balance(side: &Side, address: &str, denom: &str) -> u128 {
    side.node.balance(address, denom)
}

/// ibc-go `GetEscrowAddress`.
fn escrow(prefix: &str, channel: &str) -> String {
    module(prefix, format!("ics20-1\0transfer/{channel}").as_bytes())
}

/// SDK `NewModuleAddress`.
fn module(prefix: &str, name: &[u8]) -> String {
    let hash = Sha256::digest(name);
    let prefix = bech32::Hrp::parse(prefix).expect("a prefix");
    bech32::encode::<bech32::Bech32>(prefix, &hash[..20]).expect("an address")
}
