//! Executes the transactions of a block.

use std::collections::BTreeMap;

use ibc::core::handler::types::events::IbcEvent;
use tendermint::Time;
use tern_chains::{ClientMessage, Datagram, Event, TxHash, TxOutcome};
use tern_devnet::{Gas, Machine, Refusal};

use crate::block::Included;
use crate::call::Call;
use crate::events::read;
use crate::refusal::{funds, of_call, out_of_gas, unreadable};
use crate::tx::Tx;

/// Gas of a transaction before its calls, and of each of their bytes.
const TX_GAS: u64 = 21_000;
const BYTE_GAS: u64 = 4;

/// The state after a block. A clone is a snapshot.
#[derive(Clone)]
pub(crate) struct State {
    pub machine: Machine,
    /// The next account sequence of each account, 0 where it has none.
    pub sequences: BTreeMap<String, u64>,
}

/// The block a transaction is executed in.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    pub height: u64,
    pub time: Time,
    /// Whether that block is being made. Otherwise calls are only tried.
    pub is_in_block: bool,
}

impl State {
    pub fn next_sequence(&self, address: &str) -> u64 {
        self.sequences.get(address).copied().unwrap_or_default()
    }

    /// Executes one transaction of a block. The fee is paid and the account
    /// sequence used even if a call fails. With `failing`, one does.
    pub fn deliver(
        &mut self,
        now: Now,
        tx: &Tx,
        bytes: Vec<u8>,
        denom: &str,
        failing: Option<&Refusal>,
    ) -> Included {
        let gas = Gas::default();
        let next = tx.body.account_sequence + 1;
        self.sequences.insert(tx.signer.clone(), next);
        let collector = self.machine.fee_collector();
        let has = self.machine.balance(&tx.signer, denom);
        let fee = tx.body.fee;
        let paid = self.machine.pay(&tx.signer, &collector, denom, fee);
        let mut branch = self.machine.clone();
        let done = match (paid, failing) {
            (Err(_), _) => Err(funds(fee, has)),
            (_, Some(refusal)) => Err(refusal.clone()),
            (Ok(()), None) => {
                let calls = (&*tx.calls, tx.calls_bytes);
                run(&mut branch, now, &tx.signer, calls, &gas, tx.body.gas_limit)
            }
        };
        let (refusal, events) = match done {
            Ok(events) => {
                self.machine = branch;
                (None, events)
            }
            Err(refusal) => (Some(refusal), vec![]),
        };
        let refusal = refusal.unwrap_or_else(|| Refusal::new("", 0, ""));
        Included {
            bytes,
            outcome: TxOutcome {
                hash: TxHash(tx.hash),
                code: refusal.code,
                codespace: refusal.codespace.to_owned(),
                log: refusal.log,
                message_index: refusal.message_index,
                clients: events.iter().filter_map(Event::changed_client).collect(),
                client_messages: client_messages(&tx.calls),
                gas_wanted: tx.body.gas_limit,
                gas_used: gas.used(),
            },
            events,
        }
    }
}

/// What the calls of a transaction show to clients.
fn client_messages(calls: &[Call]) -> Vec<ClientMessage> {
    let messages = calls.iter().filter_map(|call| {
        let Call::Datagram(datagram) = call else {
            return None;
        };
        let Datagram::UpdateClient { client_id, header } = &**datagram else {
            return None;
        };
        Some(ClientMessage {
            client_id: client_id.clone(),
            message: header.clone(),
        })
    });
    messages.collect()
}

/// Executes calls on `machine`, which the caller discards where one fails.
pub(crate) fn run(
    machine: &mut Machine,
    now: Now,
    signer: &str,
    (calls, bytes): (&[Call], u64),
    gas: &Gas,
    gas_limit: u64,
) -> Result<Vec<Event>, Refusal> {
    gas.charge(TX_GAS + BYTE_GAS * bytes);
    let mut events = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let message = call.handled(signer).map_err(unreadable);
        let message = message.map_err(|refusal| of_call(refusal, index))?;
        let done: Result<Vec<IbcEvent>, Refusal> = machine.execute(
            (now.height, now.time, now.is_in_block),
            signer,
            &message,
            gas,
        );
        let done = done.map_err(|refusal| of_call(refusal, index))?;
        events.extend(done.iter().filter_map(read));
        if gas.used() > gas_limit {
            return Err(out_of_gas(gas_limit, gas.used()));
        }
    }
    Ok(events)
}
