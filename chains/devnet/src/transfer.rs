//! ICS-20: the bank's side of it (escrow, vouchers, denoms), the callbacks, and
//! `MsgTransfer`. The rules are ibc-rs' own.

mod bank;
mod module;
mod send;

pub(crate) use bank::{trace_of, Transfer};
pub(crate) use send::send;
