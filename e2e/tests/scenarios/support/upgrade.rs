//! A planned upgrade of a chain that ends its revision.

use anyhow::Result;
use ibc_proto::cosmos::upgrade::v1beta1::Plan;
use ibc_proto::ibc::core::client::v1 as client;
use ibc_proto::ibc::lightclients::tendermint::v1::ClientState;
use prost::Message as _;
use tern_chains::{Account as _, ClientParams, Height, LightClient as _, Message};
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::convert;

use super::light::any;

/// Plans the upgrade of a chain (ibc-go `MsgIBCSoftwareUpgrade`): `last_height` is the last of
/// its revision, and clients of it are at `latest` of the chain `id` then.
pub async fn software_upgrade(
    account: &CosmosAccount,
    last_height: u64,
    id: &str,
    latest: Height,
) -> Result<Message> {
    let new = account.chain().new_client(&ClientParams::default()).await?;
    let mut state = ClientState::decode(new.client_state.bytes.as_slice())?;
    state.chain_id = id.to_owned();
    state.latest_height = Some(client::Height {
        revision_number: latest.revision,
        revision_height: latest.height,
    });
    let message = client::MsgIbcSoftwareUpgrade {
        plan: Some(Plan {
            name: id.to_owned(),
            height: last_height.try_into()?,
            ..Plan::default()
        }),
        upgraded_client_state: Some(any(&state)),
        signer: account.address().to_owned(),
    };
    Ok(convert::message(any(&message)))
}
