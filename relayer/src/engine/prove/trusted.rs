//! Bringing the client on the destination to the height a batch is proven at.

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::client::v1::MsgUpdateClient;
use ibc_proto::Protobuf;
use ibc_relayer_types::clients::ics07_tendermint::consensus_state::ConsensusState;
use ibc_relayer_types::core::ics02_client::height::Height;
use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use ibc_relayer_types::core::ics24_host::path::{ClientConsensusStatePath, ClientStatePath};
use prost::Message as _;
use tern_chains::{Chain, ChainError, ClientId, ClientSummary, Message, Path, TrustedClient};
use tern_core::plan::Route;

use super::super::Clock;

/// A client state at `height`, there already or through `messages`.
pub struct Forward {
    pub height: u64,
    pub root: CommitmentRoot,
    pub messages: Vec<Message>,
}

/// Reads what the destination trusts and verifies headers from there to the
/// route's height. A client that is there already costs nothing.
pub async fn bring_forward(
    dst: &dyn Chain,
    src: &dyn Chain,
    route: &Route,
    signer: &str,
    clock: &Clock,
) -> Result<Forward, ChainError> {
    let trusted = read(dst, &route.client_on_dst).await?;
    let target = route.height + 1;
    if trusted.height >= target {
        return Ok(Forward {
            height: trusted.height,
            root: root(dst, &trusted)?,
            messages: vec![],
        });
    }
    let update = src.client_update(&trusted, target, clock()).await?;
    let message = |header: Any| {
        let update = MsgUpdateClient {
            client_id: route.client_on_dst.to_string(),
            client_message: Some(header),
            signer: signer.to_owned(),
        };
        Any {
            type_url: "/ibc.core.client.v1.MsgUpdateClient".into(),
            value: update.encode_to_vec(),
        }
    };
    Ok(Forward {
        height: update.height,
        root: update.root,
        messages: update.headers.into_iter().map(message).collect(),
    })
}

/// The client's state and its newest consensus state, as the host stores them.
async fn read(dst: &dyn Chain, client_id: &ClientId) -> Result<TrustedClient, ChainError> {
    let unusable = |reason: &str| ChainError::ClientUnusable {
        chain: dst.id().clone(),
        doing: format!("reading client {client_id}"),
        reason: reason.to_owned(),
    };
    let path = Path::ClientState(ClientStatePath(client_id.clone()));
    let state = dst.query(path, None).await?;
    let state = state.ok_or_else(|| unusable("there is no such client"))?;
    let summary = ClientSummary::decode(&state)
        .ok_or_else(|| unusable("it is not a 07-tendermint client"))?;
    let height = Height::new(summary.chain_id.version(), summary.latest_height)
        .map_err(|_| unusable("its latest height is zero"))?;
    let path = Path::ClientConsensusState(ClientConsensusStatePath {
        client_id: client_id.clone(),
        epoch: height.revision_number(),
        height: height.revision_height(),
    });
    let consensus = dst.query(path, None).await?;
    let consensus = consensus.ok_or_else(|| unusable("its newest consensus state is gone"))?;
    Ok(TrustedClient {
        client_state: any(dst, &state)?,
        height: summary.latest_height,
        consensus_state: any(dst, &consensus)?,
    })
}

fn any(dst: &dyn Chain, value: &[u8]) -> Result<Any, ChainError> {
    Any::decode(value).map_err(|source| malformed(dst, source.into()))
}

fn root(dst: &dyn Chain, trusted: &TrustedClient) -> Result<CommitmentRoot, ChainError> {
    let state =
        <ConsensusState as Protobuf<Any>>::decode_vec(&trusted.consensus_state.encode_to_vec())
            .map_err(|source| malformed(dst, source.to_string().into()))?;
    Ok(state.root)
}

fn malformed(dst: &dyn Chain, source: Box<dyn std::error::Error + Send + Sync>) -> ChainError {
    ChainError::Malformed {
        chain: dst.id().clone(),
        doing: "reading a client".into(),
        source,
    }
}
