//! Executes one transaction of a block.

use tendermint::abci::types::ExecTxResult;
use tendermint::abci::Event;

use crate::ante::{ante, Mode};
use crate::chain_info::ChainInfo;
use crate::gas::Gas;
use crate::host::Now;
use crate::refusal::Refusal;
use crate::run;
use crate::store::Multistore;
use crate::tx::Tx;

/// Executes one transaction of a block. The fee is charged and the account
/// sequence incremented even if a message fails. With `failing`, one does.
pub(super) fn deliver(
    state: &mut Multistore,
    info: &ChainInfo,
    now: &Now,
    bytes: &[u8],
    failing: Option<&Refusal>,
) -> ExecTxResult {
    let gas = Gas::default();
    let tx = match Tx::decode(bytes, &info.prefix) {
        Ok(tx) => tx,
        Err(refusal) => return outcome(Err(refusal), Vec::new(), 0, &gas),
    };
    let wanted = tx.fee.gas_limit;
    let mut events = match ante(state, info, now, &tx, &gas, Mode::Deliver) {
        Ok(events) => events,
        Err(refusal) => return outcome(Err(refusal), Vec::new(), wanted, &gas),
    };
    let mut branch = state.clone();
    let done = match failing {
        Some(refusal) => Err(refusal.clone()),
        None => run::messages(&mut branch, info, now, &tx, &gas, Some(wanted)),
    };
    match done {
        Ok(done) => {
            *state = branch;
            events.extend(done.events);
            outcome(Ok(done.data), events, wanted, &gas)
        }
        Err(refusal) => outcome(Err(refusal), events, wanted, &gas),
    }
}

fn outcome(
    done: Result<Vec<u8>, Refusal>,
    events: Vec<Event>,
    wanted: u64,
    gas: &Gas,
) -> ExecTxResult {
    let gas_of = |gas: u64| i64::try_from(gas).unwrap_or(i64::MAX);
    let mut result = ExecTxResult {
        gas_wanted: gas_of(wanted),
        gas_used: gas_of(gas.used()),
        events,
        ..ExecTxResult::default()
    };
    match done {
        Ok(data) => result.data = data.into(),
        Err(refusal) => {
            result.code = refusal.code.into();
            result.codespace = refusal.codespace.to_owned();
            result.log = refusal.log;
        }
    }
    result
}
