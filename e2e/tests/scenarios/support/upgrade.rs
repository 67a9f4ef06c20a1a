//! A planned upgrade of a chain that ends its revision.

use anyhow::Result;
use ibc_proto::cosmos::upgrade::v1beta1::Plan;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1 as client;
use ibc_proto::ibc::lightclients::tendermint::v1::ClientState;
use prost::Message as _;
use tern_chains::{Account as _, ClientParams, Height, LightClient as _, Message};
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::convert;
use tern_e2e::IbcGo;

use super::governance;
use super::light::any;

/// Plans the upgrade of a chain (ibc-go `MsgIBCSoftwareUpgrade`): `last_height` is the last of
/// its revision, and clients of it are at `latest` of the chain `id` then.
pub async fn software_upgrade(
    account: &CosmosAccount,
    last_height: u64,
    id: &str,
    latest: Height,
) -> Result<Message> {
    let state = upgraded_client(account, id, latest).await?;
    let plan = plan(last_height, id)?;
    let message = by_message(plan, state, account.address());
    Ok(convert::message(message))
}

/// The same as a proposal, in the form that governance of this version takes.
pub async fn proposed_upgrade(
    account: &CosmosAccount,
    version: IbcGo,
    last_height: u64,
    id: &str,
    latest: Height,
) -> Result<Message> {
    let state = upgraded_client(account, id, latest).await?;
    let plan = plan(last_height, id)?;
    let content = match version {
        IbcGo::V7 => governance::legacy(any(&client::UpgradeProposal {
            title: id.to_owned(),
            description: id.to_owned(),
            plan: Some(plan),
            upgraded_client_state: Some(state),
        })),
        _ => by_message(plan, state, governance::ADDRESS),
    };
    Ok(governance::proposal(content, account))
}

fn by_message(plan: Plan, state: Any, signer: &str) -> Any {
    any(&client::MsgIbcSoftwareUpgrade {
        plan: Some(plan),
        upgraded_client_state: Some(state),
        signer: signer.to_owned(),
    })
}

fn plan(last_height: u64, id: &str) -> Result<Plan> {
    Ok(Plan {
        name: id.to_owned(),
        height: last_height.try_into()?,
        ..Plan::default()
    })
}

async fn upgraded_client(account: &CosmosAccount, id: &str, latest: Height) -> Result<Any> {
    let new = account.chain().new_client(&ClientParams::default()).await?;
    let mut state = ClientState::decode(new.client_state.bytes.as_slice())?;
    state.chain_id = id.to_owned();
    state.latest_height = Some(client::Height {
        revision_number: latest.revision,
        revision_height: latest.height,
    });
    Ok(any(&state))
}
