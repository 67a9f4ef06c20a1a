//! A batch becomes messages: the client update and every proof at once, each
//! checked before it is paid for.
//!
//! The proofs of state `h` are fetched while `h + 1` is being made; the header
//! of `h + 1` is verified by the light client from the consensus state the
//! destination already trusts; each value and proof is then checked against the
//! verified root. What does not hold is told with its reason; the rest goes on.

mod connection;
mod handshake;
mod packet;
mod trusted;

use std::collections::BTreeMap;
use std::sync::Arc;

use ibc_relayer_types::core::ics23_commitment::commitment::CommitmentRoot;
use tern_chains::{
    Chain, ChainError, ChainId, ClientId, ClientParams, Message, PacketId, Path, Proven,
};
use tern_core::ledger::Item;
use tern_core::plan::{Batch, Datagram, Route, Work};

use super::steps::Packets;
use super::Clock;

/// A batch's messages, ready to be cut into transactions.
#[derive(Debug)]
pub struct Messages {
    /// `MsgUpdateClient`s that go before the first message.
    pub update: Vec<Message>,
    /// The client these bring forward, and its height then. Empty if it is there
    /// already.
    pub updated: Option<(ClientId, u64)>,
    pub messages: Vec<(Item, Message)>,
    /// All in one transaction.
    pub whole: bool,
    /// Items that turned out to need nothing, or not to be provable.
    pub set_aside: Vec<(Item, Verdict)>,
}

/// Why an item of a batch got no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The commitment is gone from the source, seen at this source height.
    Settled { packet: PacketId, height: u64 },
    /// The state has moved past this step; its event is on its way.
    Moot,
    /// The value or proof is not what it should be.
    Unprovable(String),
}

/// All chains by their id.
pub type Chains = BTreeMap<ChainId, Arc<dyn Chain>>;

/// Where a message's proofs come from and who signs it.
struct Context<'a> {
    signer: &'a str,
    /// Height of the proven state; the message says `height + 1`.
    height: u64,
    revision: u64,
}

/// Proves a batch, for `signer` to submit.
///
/// # Errors
/// A node that does not answer or a client that cannot be brought forward
/// fails the whole batch.
#[tracing::instrument(level = "debug", skip_all, fields(
    chain = %batch.dst,
    height = batch.route.as_ref().map(|route| route.height),
    packets = %Packets(batch.work.iter().map(|work| &work.item)),
    size = batch.work.len(),
))]
pub async fn prove(
    chains: &Chains,
    batch: &Batch,
    signer: &str,
    params: &BTreeMap<ChainId, ClientParams>,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    let dst = chain(chains, &batch.dst)?;
    match &batch.route {
        Some(route) => prove_route(chains, &*dst, batch, route, signer, clock).await,
        None => unproven(chains, &*dst, batch, signer, params).await,
    }
}

fn chain(chains: &Chains, id: &ChainId) -> Result<Arc<dyn Chain>, ChainError> {
    chains.get(id).cloned().ok_or_else(|| ChainError::Local {
        chain: id.clone(),
        reason: "not in the configuration".into(),
    })
}

/// Messages that carry no proof.
async fn unproven(
    chains: &Chains,
    dst: &dyn Chain,
    batch: &Batch,
    signer: &str,
    params: &BTreeMap<ChainId, ClientParams>,
) -> Result<Messages, ChainError> {
    let mut messages = Vec::new();
    for work in &batch.work {
        let message = match &work.datagram {
            Datagram::CreateClient { of } => {
                let params = params.get(of).cloned().unwrap_or_default();
                let client = chain(chains, of)?.new_client(&params).await?;
                handshake::create_client(client, signer)
            }
            other => handshake::init(other, signer).ok_or_else(|| no_route(dst, other))?,
        };
        messages.push((work.item.clone(), message));
    }
    Ok(Messages {
        update: vec![],
        updated: None,
        messages,
        whole: batch.whole,
        set_aside: vec![],
    })
}

fn no_route(dst: &dyn Chain, datagram: &Datagram) -> ChainError {
    ChainError::Local {
        chain: dst.id().clone(),
        reason: format!("planned without a route for its proof: {datagram:?}"),
    }
}

async fn prove_route(
    chains: &Chains,
    dst: &dyn Chain,
    batch: &Batch,
    route: &Route,
    signer: &str,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    let src = chain(chains, &route.src)?;
    let update = trusted::bring_forward(dst, &*src, route, signer, clock);
    let proofs = fetch(&*src, batch, route.height);
    let (update, mut proofs) = tokio::try_join!(update, proofs)?;
    if update.height != route.height + 1 {
        // Somebody has moved the client past it: prove at the newer height.
        proofs = fetch(&*src, batch, update.height - 1).await?;
    }
    let context = Context {
        signer,
        height: update.height - 1,
        revision: src.id().version(),
    };
    let is_update = !update.messages.is_empty();
    let mut out = Messages {
        updated: is_update.then(|| (route.client_on_dst.clone(), update.height)),
        update: update.messages,
        messages: vec![],
        whole: batch.whole,
        set_aside: vec![],
    };
    for (work, proofs) in batch.work.iter().zip(proofs) {
        match message(&*src, work, &proofs, &update.root, &context) {
            Ok(Some(message)) => out.messages.push((work.item.clone(), message)),
            // The update alone is the work; it stands for the item.
            Ok(None) => {
                if let Some(update) = out.update.pop() {
                    out.messages.push((work.item.clone(), update));
                }
            }
            Err(verdict) => out.set_aside.push((work.item.clone(), verdict)),
        }
    }
    Ok(out)
}

/// The proofs of each work, all asked for at once.
async fn fetch(
    src: &dyn Chain,
    batch: &Batch,
    height: u64,
) -> Result<Vec<Vec<Proven>>, ChainError> {
    let paths: Vec<Vec<Path>> = batch
        .work
        .iter()
        .map(|work| paths(&work.datagram))
        .collect();
    let all = paths.iter().flatten().cloned().collect();
    let mut proven = src.query_proven(all, height).await?.into_iter();
    let mut fetched: Vec<Vec<Proven>> = paths
        .iter()
        .map(|paths| proven.by_ref().take(paths.len()).collect())
        .collect();
    for (work, proofs) in batch.work.iter().zip(&mut fetched) {
        let more = handshake::consensus_path(&work.datagram, proofs);
        if let Some(path) = more {
            proofs.extend(src.query_proven(vec![path], height).await?);
        }
    }
    Ok(fetched)
}

/// What a datagram needs to have proven, on the route's source.
fn paths(datagram: &Datagram) -> Vec<Path> {
    packet::path(datagram)
        .map(|path| vec![path])
        .unwrap_or_else(|| handshake::paths(datagram))
}

fn message(
    src: &dyn Chain,
    work: &Work,
    proofs: &[Proven],
    root: &CommitmentRoot,
    context: &Context<'_>,
) -> Result<Option<Message>, Verdict> {
    for proven in proofs {
        src.verify(proven, root)
            .map_err(|error| Verdict::Unprovable(error.to_string()))?;
    }
    match &work.datagram {
        Datagram::UpdateClient => Ok(None),
        Datagram::RecvPacket(_) | Datagram::Acknowledgement { .. } | Datagram::Timeout { .. } => {
            let [proven] = proofs else {
                return Err(Verdict::Unprovable("no proof was given".into()));
            };
            packet::message(&work.datagram, proven, context).map(Some)
        }
        step => match handshake::init(step, context.signer) {
            Some(message) => Ok(Some(message)),
            None => handshake::message(step, proofs, context).map(Some),
        },
    }
}
