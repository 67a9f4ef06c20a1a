//! `MsgCreateClient` (ICS-02).

use ibc_proto::ibc::core::client::v1::MsgCreateClient;
use tern_chains::{Encoded, NewClient};

use crate::convert::any;

pub(super) fn encode(client: &NewClient, signer: &str) -> Encoded {
    let message = MsgCreateClient {
        client_state: Some(any(&client.client_state)),
        consensus_state: Some(any(&client.consensus_state)),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.client.v1.MsgCreateClient", &message)
}
