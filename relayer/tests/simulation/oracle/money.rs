//! Balances add up exactly: tokens have arrived, or were refunded.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::history::{History, PacketHistory};
use crate::side::{Side, FUNDS, OTHER_RELAYER, RELAYER, USER};
use crate::users::voucher;
use crate::world::World;

pub fn adds_up(world: &World, history: &History) -> Result<(), String> {
    for home in 0..2 {
        let (side, other) = (&world.sides[home], &world.sides[1 - home]);
        let escrow = balance(side, &escrow(side.prefix), side.denom);
        let away = balance(other, &other.address(USER), &voucher(side.denom));
        let arrived = arrived(history, home, side.denom)?;
        let returned = format!("transfer/channel-0/{}", side.denom);
        let returned = self::arrived(history, 1 - home, &returned)?;
        if escrow != away || away + returned != arrived {
            return Err(format!(
                "{}: {arrived} arrived and {returned} came back, {escrow} are kept and {away} are away",
                side.denom
            ));
        }
        let owners = [RELAYER, OTHER_RELAYER, USER].map(|key| side.address(key));
        let owned: u128 = owners
            .iter()
            .map(|owner| balance(side, owner, side.denom))
            .sum();
        let fees = balance(side, &module(side.prefix, b"fee_collector"), side.denom);
        if owned + fees + escrow != FUNDS * 3 {
            return Err(format!(
                "{}: {owned} are owned, {fees} paid as fees and {escrow} kept: not {}",
                side.denom,
                FUNDS * 3
            ));
        }
    }
    Ok(())
}

/// The amount of a denom that was sent from a side and has arrived.
fn arrived(history: &History, from: usize, denom: &str) -> Result<u128, String> {
    let packet_histories = history.packets[from].values();
    let arrived = packet_histories.filter(|packet_history| packet_history.has_arrived());
    arrived
        .map(|packet_history| amount(packet_history, denom))
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
fn escrow(prefix: &str) -> String {
    module(prefix, b"ics20-1\0transfer/channel-0")
}

/// SDK `NewModuleAddress`.
fn module(prefix: &str, name: &[u8]) -> String {
    let hash = Sha256::digest(name);
    let prefix = bech32::Hrp::parse(prefix).expect("a prefix");
    bech32::encode::<bech32::Bech32>(prefix, &hash[..20]).expect("an address")
}
