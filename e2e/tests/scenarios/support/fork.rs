//! A chain that forks: what freezes clients of it, and what governance does about it.

use anyhow::{Context, Result};
use ibc_proto::ibc::core::client::v1::{MsgRecoverClient, MsgUpdateClient};
use ibc_proto::ibc::lightclients::tendermint::v1::{Header, Misbehaviour};
use prost::Message as _;
use tern_chains::{Account as _, Chain as _, ClientId, Datagram, StateCodec as _, StorePath};
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::{convert, CosmosCodec};

use super::light::{any, create_client, stored, update};
use super::tx::submit;

/// Freezes a client on `host`: its chain's validator has signed two blocks of one height, one
/// on each side of the fork.
pub async fn freeze(
    sides: [&CosmosAccount; 2],
    host: &CosmosAccount,
    client_id: &ClientId,
) -> Result<()> {
    let (mut next, mut headers) = (0, Vec::new());
    for side in sides {
        next = next.max(side.chain().latest().await?.0 + 1);
    }
    for side in sides {
        let mut update = update(side, host, client_id, next).await?;
        let header = update.headers.pop().context("no header")?;
        headers.push(Header::decode(header.bytes.as_slice())?);
    }
    #[expect(deprecated, reason = "ibc-go still checks that there is a client's id")]
    let misbehaviour = Misbehaviour {
        client_id: client_id.to_string(),
        header_2: headers.pop(),
        header_1: headers.pop(),
    };
    let message = MsgUpdateClient {
        client_id: client_id.to_string(),
        client_message: Some(any(&misbehaviour)),
        signer: host.address().to_owned(),
    };
    submit(host, vec![convert::message(any(&message))]).await?;
    Ok(())
}

/// Updates a client on `host` with a header of one side that is new to it.
pub async fn show(side: &CosmosAccount, host: &CosmosAccount, client_id: &ClientId) -> Result<()> {
    let state = stored(host, StorePath::ClientState(client_id.clone())).await?;
    let client = CosmosCodec.client(&state).context("no client")?;
    let (newest, _) = side.chain().latest().await?;
    // The first block after a fork can be one that was proposed before it.
    let target = (newest + 2).max(client.summary.latest_height + 1);
    let update = update(side, host, client_id, target).await?;
    let messages = update.headers.into_iter().map(|header| {
        host.encode(&Datagram::UpdateClient {
            client_id: client_id.clone(),
            header,
        })
    });
    submit(host, messages.collect::<Result<_, _>>()?).await?;
    Ok(())
}

/// What a proposal does that has passed: a new client of `of` takes the place of this one.
/// `host` may do what governance does.
pub async fn recover(of: &CosmosAccount, host: &CosmosAccount, client_id: &ClientId) -> Result<()> {
    let substitute = create_client(of, host).await?;
    let message = MsgRecoverClient {
        subject_client_id: client_id.to_string(),
        substitute_client_id: substitute.to_string(),
        signer: host.address().to_owned(),
    };
    submit(host, vec![convert::message(any(&message))]).await?;
    Ok(())
}
