//! `MsgConnectionOpenInit` (ICS-03).

use ibc_proto::ibc::core::connection::v1::MsgConnectionOpenInit;
use tern_chains::{ClientId, ConnectionCounterparty, ConnectionVersion, Encoded};

use crate::convert::{raw_counterparty, raw_version};

pub(super) fn encode(
    client_id: &ClientId,
    counterparty: &ConnectionCounterparty,
    delay_period_ns: u64,
    version: Option<&ConnectionVersion>,
    signer: &str,
) -> Encoded {
    let message = MsgConnectionOpenInit {
        client_id: client_id.to_string(),
        counterparty: Some(raw_counterparty(counterparty)),
        version: version.map(raw_version),
        delay_period: delay_period_ns,
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.connection.v1.MsgConnectionOpenInit", &message)
}
