//! Balances and the supply of every denom.

use crate::gas::Kv;
use crate::refusal::Refusal;

const SUPPLY: u8 = 0x00;
const BALANCE: u8 = 0x02;

/// The balance of `address` in `denom`.
pub(crate) fn balance(store: &Kv, address: &str, denom: &str) -> u128 {
    read(store.get(&balance_key(address, denom)))
}

/// All balances of `address`, by denom.
pub(crate) fn balances(store: &Kv, address: &str) -> Vec<(String, u128)> {
    let prefix = balance_key(address, "");
    let entries = store.tree.with_prefix(&prefix);
    let entries = entries.map(|(key, value)| {
        let denom = String::from_utf8_lossy(&key[prefix.len()..]);
        (denom.into_owned(), read(Some(value)))
    });
    entries.collect()
}

pub(crate) fn supply(store: &Kv, denom: &str) -> u128 {
    read(store.get(&supply_key(denom)))
}

/// Mints coins.
pub(crate) fn mint(store: &mut Kv, to: &str, denom: &str, amount: u128) -> Result<(), Refusal> {
    let supply = supply(store, denom)
        .checked_add(amount)
        .ok_or_else(|| Refusal::invalid_coins(format!("supply of {denom} overflows")))?;
    write(store, supply_key(denom), supply);
    // Cannot overflow: no balance is above the supply.
    let has = balance(store, to, denom).saturating_add(amount);
    write(store, balance_key(to, denom), has);
    Ok(())
}

pub(crate) fn burn(store: &mut Kv, from: &str, denom: &str, amount: u128) -> Result<(), Refusal> {
    take(store, from, denom, amount)?;
    let supply = supply(store, denom).saturating_sub(amount);
    write(store, supply_key(denom), supply);
    Ok(())
}

pub(crate) fn send(
    store: &mut Kv,
    from: &str,
    to: &str,
    denom: &str,
    amount: u128,
) -> Result<(), Refusal> {
    take(store, from, denom, amount)?;
    let has = balance(store, to, denom).saturating_add(amount);
    write(store, balance_key(to, denom), has);
    Ok(())
}

/// Whether `from` could pay this.
pub(crate) fn affords(store: &Kv, from: &str, denom: &str, amount: u128) -> Result<u128, Refusal> {
    let has = balance(store, from, denom);
    has.checked_sub(amount).ok_or_else(|| {
        let log = format!("spendable balance {has}{denom} is smaller than {amount}{denom}");
        Refusal::insufficient_funds(log)
    })
}

fn take(store: &mut Kv, from: &str, denom: &str, amount: u128) -> Result<(), Refusal> {
    let rest = affords(store, from, denom, amount)?;
    write(store, balance_key(from, denom), rest);
    Ok(())
}

/// A balance of zero is removed, so that lists contain no zeros.
fn write(store: &mut Kv, key: Vec<u8>, amount: u128) {
    match amount {
        0 => store.remove(&key),
        amount => store.set(key, amount.to_string()),
    }
}

fn read(value: Option<&[u8]>) -> u128 {
    let text = value.and_then(|value| std::str::from_utf8(value).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn balance_key(address: &str, denom: &str) -> Vec<u8> {
    [&[BALANCE], address.as_bytes(), &[0], denom.as_bytes()].concat()
}

fn supply_key(denom: &str) -> Vec<u8> {
    [&[SUPPLY], denom.as_bytes()].concat()
}
