//! What messages would cost: a simulation in the node's newest state.

use std::str::FromStr;

use ibc_proto::cosmos::tx::v1beta1::service_client::ServiceClient;
use ibc_proto::cosmos::tx::v1beta1::SimulateRequest;
use tern_chains::{AccountState, ChainError, Message};
use tonic::Status;

use crate::errors::Result;
use crate::gas::{Decimal, GasPrice};
use crate::grpc::{self, Grpc};
use crate::key::Key;
use crate::unsigned::{body, Unsigned};

const DOING: &str = "simulation";
/// The length of the signature that is yet to come: it costs gas by the byte.
const SIGNATURE_BYTES: usize = 64;
/// Gas the simulated transaction offers to pay for: some, so that taking a fee
/// is part of what is measured, and little, so that it can be afforded.
const OFFERED_GAS: u64 = 1;

/// The gas limit for these messages: simulated gas times the multiplier.
///
/// A message that would fail is `ChainError::Rejected` with its index; a stale
/// account sequence is code 32 of codespace `sdk`.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %grpc.origin.chain, messages = messages.len()))]
pub(crate) async fn estimate(
    grpc: &Grpc,
    key: &Key,
    account: &AccountState,
    messages: &[Message],
    price: &GasPrice,
    multiplier: Decimal,
) -> Result<u64> {
    let fee = price.fee(OFFERED_GAS).unwrap_or_default();
    let body = body(messages, "", 0);
    let tx = Unsigned::new(key, account, body, fee, OFFERED_GAS);
    let request = SimulateRequest {
        tx_bytes: tx.with_signature(vec![0; SIGNATURE_BYTES]),
        ..SimulateRequest::default()
    };
    let mut client = grpc::client!(grpc, ServiceClient);
    let answer = grpc.ask(DOING, client.simulate(request)).await;
    let answer = answer.map_err(|status| failed(grpc, &status))?;
    let used = answer.gas_info.map(|info| info.gas_used);
    let used = used.ok_or_else(|| grpc.origin.malformed(DOING, "the answer names no gas"))?;
    let limit = multiplier.mul_ceil(used);
    limit
        .and_then(|limit| u64::try_from(limit).ok())
        .ok_or_else(|| grpc.origin.local("gas_multiplier is too large"))
}

/// A refusal with all that its text says.
fn failed(grpc: &Grpc, status: &Status) -> ChainError {
    match grpc.error(DOING, status) {
        ChainError::Rejected {
            chain,
            doing,
            codespace,
            code,
            log,
            ..
        } => {
            let known = refusal_code(&log);
            ChainError::Rejected {
                chain,
                doing,
                codespace: known.map_or(codespace, |(codespace, _)| codespace.to_owned()),
                code: known.map_or(code, |(_, code)| code),
                message_index: message_index(&log),
                log,
            }
        }
        error => error,
    }
}

/// A simulation's failure comes as text alone. The SDK writes "failed to execute
/// message; message index: 3: …".
fn message_index<T: FromStr>(log: &str) -> Option<T> {
    let (_, rest) = log.split_once("message index: ")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// Codespace and code of the one refusal that has to be told from the others.
fn refusal_code(log: &str) -> Option<(&'static str, u32)> {
    log.contains("account sequence mismatch")
        .then_some(("sdk", 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failing_message_is_named() {
        for (log, index) in [
            (
                "failed to execute message; message index: 2: acknowledge packet verification \
                 failed: … : invalid proof with gas used: '91234'",
                Some(2),
            ),
            ("failed to execute message; message index: 0: x", Some(0)),
            ("message index: 17", Some(17)),
            ("message index: none", None),
            ("out of gas in location: ReadFlat", None),
        ] {
            assert_eq!(message_index(log), index, "{log}");
        }
    }

    #[test]
    fn a_stale_account_sequence_keeps_its_code() {
        let log = "account sequence mismatch, expected 6, got 5: incorrect account sequence \
                   with gas used: '31245'";
        assert_eq!(refusal_code(log), Some(("sdk", 32)));
        assert_eq!(refusal_code("packet sequence out of order"), None);
    }
}
