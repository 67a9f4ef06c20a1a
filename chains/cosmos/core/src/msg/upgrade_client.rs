//! `MsgUpgradeClient` (ICS-02, ibc-go `02-client`).

use ibc_proto::ibc::core::client::v1::MsgUpgradeClient;
use tern_chains::{ClientId, ClientUpgrade, Encoded};

use crate::convert::any;

pub(super) fn encode(client_id: &ClientId, upgrade: &ClientUpgrade, signer: &str) -> Encoded {
    let message = MsgUpgradeClient {
        client_id: client_id.to_string(),
        client_state: Some(any(&upgrade.client_state)),
        consensus_state: Some(any(&upgrade.consensus_state)),
        proof_upgrade_client: upgrade.proof_client.bytes.clone(),
        proof_upgrade_consensus_state: upgrade.proof_consensus.bytes.clone(),
        signer: signer.to_owned(),
    };
    super::message("/ibc.core.client.v1.MsgUpgradeClient", &message)
}
