//! `MsgUpdateClient` (ICS-02).

use ibc_proto::ibc::core::client::v1::MsgUpdateClient;
use tern_chains::{ClientId, Encoded};

use crate::convert::any;

pub(super) fn encode(client_id: &ClientId, header: &Encoded, signer: &str) -> Encoded {
    let message = MsgUpdateClient {
        client_id: client_id.to_string(),
        client_message: Some(any(header)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.client.v1.MsgUpdateClient", &message)
}
