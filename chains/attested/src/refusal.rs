//! Why a transaction is refused or failed, in the codes of this kind of chain.

use tern_devnet::Refusal;

const CODESPACE: &str = "attested";
/// The code of a transaction that used more gas than it paid for.
pub const OUT_OF_GAS: u32 = 6;

fn of(code: u32, log: String) -> Refusal {
    Refusal::new(CODESPACE, code, log)
}

pub(crate) fn unreadable(error: impl std::fmt::Display) -> Refusal {
    of(1, format!("not a transaction of this chain: {error}"))
}

pub(crate) fn not_signed() -> Refusal {
    of(2, "the signature is not of this transaction and key".into())
}

pub(crate) fn expired(expires_ns: u64, now_ns: u64) -> Refusal {
    of(3, format!("expired at {expires_ns} ns, it is {now_ns} ns"))
}

pub(crate) fn funds(needed: u128, has: u128) -> Refusal {
    of(4, format!("the fee is {needed}, the account has {has}"))
}

pub(crate) fn block_gas(gas: u64, max: u64) -> Refusal {
    of(5, format!("{gas} gas, and a block has {max}"))
}

pub(crate) fn out_of_gas(limit: u64, used: u64) -> Refusal {
    of(OUT_OF_GAS, format!("out of gas: {used} used, {limit} paid"))
}

pub(crate) fn too_large(bytes: usize, max: u64) -> Refusal {
    of(
        7,
        format!("{bytes} bytes, and a transaction has at most {max}"),
    )
}

/// Of one call of a transaction, unless it is a panic, which is nobody's.
pub(crate) fn of_call(refusal: Refusal, index: usize) -> Refusal {
    if refusal.is_panic() {
        return refusal;
    }
    Refusal {
        message_index: Some(index),
        ..refusal
    }
}
