//! What messages would cost: a simulation in the node's newest state.

use ibc_proto::cosmos::tx::v1beta1::service_client::ServiceClient;
use ibc_proto::cosmos::tx::v1beta1::SimulateRequest;
use tern_chains::{AccountState, Blame, ChainError, Message};
use tern_cosmos_core::fee_grant::NOT_ALLOWED;
use tern_cosmos_core::outcome::message_index;
use tonic::Status;

use crate::errors::Result;
use crate::gas::Decimal;
use crate::grpc::{self, Grpc};
use crate::key::PublicKey;
use crate::unsigned::{body, Terms, Unsigned};

const DOING: &str = "simulation";
/// The length of the signature that is yet to come: it costs gas by the byte.
const SIGNATURE_BYTES: usize = 64;
/// Gas the simulated transaction offers to pay for: some, so that taking a fee
/// is part of what is measured, and little, so that it can be afforded.
pub(crate) const OFFERED_GAS: u64 = 1;

/// The gas limit for these messages: simulated gas times the multiplier. `terms` are those for
/// [`OFFERED_GAS`].
///
/// A message that would fail is `ChainError::Rejected` with its index.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %grpc.origin.chain, messages = messages.len()))]
pub(crate) async fn estimate(
    grpc: &Grpc,
    key: &PublicKey,
    account: &AccountState,
    messages: &[Message],
    terms: Terms,
    multiplier: Decimal,
) -> Result<u64> {
    let body = body(messages, "", 0);
    let tx = Unsigned::new(key, account, body, terms, OFFERED_GAS);
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
        } => ChainError::Rejected {
            chain,
            doing,
            codespace,
            code,
            blame: blame(&log),
            log,
        },
        error => error,
    }
}

/// A simulation's failure comes as text alone: its gRPC status has no code of the SDK.
fn blame(log: &str) -> Blame {
    if let Some(index) = message_index(log) {
        return Blame::Message(index);
    }
    let says = |text| log.contains(text);
    if says("account sequence mismatch") {
        Blame::Sequence
    } else if says("insufficient funds") || says("insufficient fee") || says(NOT_ALLOWED) {
        Blame::Funds
    } else {
        Blame::Unnamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_says_in_words_what_is_refused() {
        for (log, expected) in [
            (
                "failed to execute message; message index: 2: acknowledge packet verification \
                 failed: … : invalid proof with gas used: '91234'",
                Blame::Message(2),
            ),
            (
                "failed to execute message; message index: 0: insufficient funds",
                Blame::Message(0),
            ),
            (
                "account sequence mismatch, expected 6, got 5: incorrect account sequence \
                 with gas used: '31245'",
                Blame::Sequence,
            ),
            (
                "spendable balance 1uakt is smaller than 500uakt: insufficient funds",
                Blame::Funds,
            ),
            (
                "akash1rich does not allow to pay fees for akash1me: fee-grant not found: not \
                 found",
                Blame::Funds,
            ),
            ("out of gas in location: ReadFlat", Blame::Unnamed),
        ] {
            assert_eq!(blame(log), expected, "{log}");
        }
    }
}
