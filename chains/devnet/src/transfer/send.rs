//! `MsgTransfer`: a packet sent by an account.

use ibc::apps::transfer::handler::send_transfer;
use ibc::apps::transfer::types::msgs::transfer::MsgTransfer;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer as RawMsgTransfer;

use super::{trace_of, Transfer};
use crate::host::Host;
use crate::refusal::Refusal;

/// Returns the packet's sequence.
pub(crate) fn send(
    host: &mut Host,
    transfer: &mut Transfer,
    mut raw: RawMsgTransfer,
) -> Result<u64, Refusal> {
    if raw.sender != host.signer {
        let log = format!("{} did not sign: {} did", raw.sender, host.signer);
        return Err(Refusal::unauthorized(log));
    }
    if let Some(token) = &mut raw.token {
        if matches!(token.amount.parse::<u128>(), Err(_) | Ok(0)) {
            return Err(Refusal::invalid_coins(format!("amount `{}`", token.amount)));
        }
        // A packet names a voucher by its trace, not by its hash.
        if let Some(hash) = token.denom.strip_prefix("ibc/") {
            let trace = trace_of(&transfer.modules.transfer, hash);
            let trace = trace.ok_or_else(|| {
                Refusal::invalid_coins(format!("denom `{}` has no trace", token.denom))
            })?;
            token.denom = format!("{}/{}", trace.path, trace.base_denom);
        }
    }
    let key = format!(
        "nextSequenceSend/ports/{}/channels/{}",
        raw.source_port, raw.source_channel
    );
    let message = MsgTransfer::try_from(raw).map_err(Refusal::unknown_request)?;
    let sequence = crate::host::keys::sequence(&host.store, &key);
    let sequence = sequence.map_err(Refusal::unknown_request)?;
    send_transfer(host, transfer, message)?;
    Ok(sequence.value())
}
