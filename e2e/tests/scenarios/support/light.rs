//! Light clients made and updated by hand, beside a relayer.

use anyhow::{Context, Result};
use ibc_proto::google::protobuf::Any;
use tern_chains::{
    Account as _, Chain as _, ClientId, ClientParams, ClientUpdate, Datagram, Event,
    LightClient as _, StateCodec as _, StorePath, TrustedClient,
};
use tern_cosmos::CosmosAccount;
use tern_cosmos_core::CosmosCodec;

use super::tx::submit;

/// A new client of `of` on `host`.
pub async fn create_client(of: &CosmosAccount, host: &CosmosAccount) -> Result<ClientId> {
    let new = of.chain().new_client(&ClientParams::default()).await?;
    let create = host.encode(&Datagram::CreateClient(new))?;
    let block = submit(host, vec![create]).await?;
    let mut events = block.txs.into_iter().flat_map(|tx| tx.events);
    let created = events.find_map(|event| match event {
        Event::ClientChanged { client_id } => Some(client_id),
        _ => None,
    });
    created.context("no client was created")
}

/// What a chain has stored now.
pub async fn stored(host: &CosmosAccount, path: StorePath) -> Result<Vec<u8>> {
    let value = host.chain().query(path.clone(), None).await?;
    value.with_context(|| format!("there is no {path}"))
}

/// The update of the client on `host` to `target`.
pub async fn update(
    of: &CosmosAccount,
    host: &CosmosAccount,
    client_id: &ClientId,
    target: u64,
) -> Result<ClientUpdate> {
    let state = stored(host, StorePath::ClientState(client_id.clone())).await?;
    let client = CosmosCodec.client(&state).context("no client")?;
    let height = client.summary.latest();
    let path = StorePath::ConsensusState {
        client_id: client_id.clone(),
        height,
    };
    let consensus = CosmosCodec.consensus(&stored(host, path).await?)?;
    let trusted = TrustedClient {
        client_state: client.state,
        height: height.height,
        consensus_state: consensus.state,
    };
    let (_, now) = host.chain().latest().await?;
    Ok(of.chain().client_update(&trusted, target, now).await?)
}

pub fn any<T: prost::Message + prost::Name>(message: &T) -> Any {
    Any {
        type_url: T::type_url(),
        value: message.encode_to_vec(),
    }
}
