//! ICS-20: bank operations (escrow, vouchers, denoms), callbacks and `MsgTransfer`.
//! The rules are ibc-rs' own.

mod bank;
mod module;
mod send;

pub(crate) use bank::{trace_of, Transfer};
pub(crate) use send::send;
