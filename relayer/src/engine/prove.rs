//! A batch becomes messages: the client update and every proof at once, each
//! checked before it is paid for.
//!
//! The proofs of the route's state are fetched while the block that proves it is
//! being made; its header is verified by the light client from the consensus
//! state the destination already trusts; each value and proof is then checked
//! against the verified root. What does not hold is reported with its reason; the rest
//! goes on as datagrams, which the destination's account encodes.

mod client;
mod handshake;
mod packet;

use std::collections::BTreeMap;
use std::sync::Arc;

use tern_chains::{
    Account, Chain, ChainError, ChainId, ClientId, ClientParams, Datagram, LightClient, Message,
    PacketId, Proven, Root, StorePath,
};
use tern_core::ledger::Item;
use tern_core::plan::{Action, Batch, Route, Work};

use super::steps::Packets;
use super::Clock;

/// A batch's messages, ready to be cut into transactions.
#[derive(Debug)]
pub struct Messages {
    /// Client updates that go before the first message.
    pub update: Vec<Message>,
    /// The client these bring forward, and its height then. Empty if it is there
    /// already.
    pub updated: Option<(ClientId, u64)>,
    pub messages: Vec<(Item, Message)>,
    /// All in one transaction.
    pub atomic: bool,
    /// Items that turned out to need nothing, or not to be provable.
    pub not_proven: Vec<(Item, NotProven)>,
}

/// Why an item of a batch got no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotProven {
    /// The commitment is gone from the source, seen at this source height.
    Settled { packet: PacketId, height: u64 },
    /// The state has moved past this step; its event is on its way.
    Moot,
    /// The value or proof is not what it should be.
    Unprovable(String),
    /// The node's value or proof does not verify: the node's fault, not the item's.
    Unverified(String),
    /// Another message of the same transaction is not proven.
    Companion,
}

/// A chain as the engine reaches it.
#[derive(Clone)]
pub struct ChainAccess {
    pub chain: Arc<dyn Chain>,
    pub light_client: Arc<dyn LightClient>,
}

impl ChainAccess {
    /// Of an implementation that is both.
    pub fn new<C: Chain + LightClient>(chain: Arc<C>) -> Self {
        Self {
            chain: chain.clone(),
            light_client: chain,
        }
    }
}

/// All chains by their id.
pub type Chains = BTreeMap<ChainId, ChainAccess>;

/// Proves a batch, for `account` to submit.
///
/// # Errors
/// A node that does not answer or a client that cannot be client_heights forward
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
    account: &dyn Account,
    params: &BTreeMap<ChainId, ClientParams>,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    match &batch.route {
        Some(route) => prove_route(chains, batch, route, account, clock).await,
        None => unproven(chains, batch, account, params).await,
    }
}

fn chain<'a>(chains: &'a Chains, id: &ChainId) -> Result<&'a ChainAccess, ChainError> {
    chains.get(id).ok_or_else(|| ChainError::Local {
        chain: id.clone(),
        reason: "not in the configuration".into(),
    })
}

/// Messages that dispatch no proof.
async fn unproven(
    chains: &Chains,
    batch: &Batch,
    account: &dyn Account,
    params: &BTreeMap<ChainId, ClientParams>,
) -> Result<Messages, ChainError> {
    let mut messages = Vec::new();
    for work in &batch.work {
        let datagram = match &work.action {
            Action::CreateClient { of } => {
                let params = params.get(of).cloned().unwrap_or_default();
                let light_client = &chain(chains, of)?.light_client;
                Datagram::CreateClient(light_client.new_client(&params).await?)
            }
            other => init(chains, other, &work.item).ok_or_else(|| ChainError::Local {
                chain: batch.dst.clone(),
                reason: format!("planned without a route for its proof: {other:?}"),
            })?,
        };
        messages.push((work.item.clone(), account.encode(&datagram)?));
    }
    Ok(Messages {
        update: vec![],
        updated: None,
        messages,
        atomic: batch.atomic,
        not_proven: vec![],
    })
}

/// The first datagram of a handshake; it always goes to the side `a`.
fn init(chains: &Chains, action: &Action, item: &Item) -> Option<Datagram> {
    let Item::Handshake { b, .. } = item else {
        return None;
    };
    let prefix = chains.get(b)?.chain.codec().store_prefix();
    handshake::init(action, prefix)
}

async fn prove_route(
    chains: &Chains,
    batch: &Batch,
    route: &Route,
    account: &dyn Account,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    let (src, dst) = (chain(chains, &route.src)?, chain(chains, &batch.dst)?);
    let forward = client::bring_forward(&*dst.chain, src, route, clock);
    let proofs = fetch(&*src.chain, batch, route.height);
    let (forward, mut proofs) = tokio::try_join!(forward, proofs)?;
    if forward.height != route.proof_height {
        // Somebody has moved the client past it: prove at the newer height.
        let height = src.chain.height_rules().state_height(forward.height);
        proofs = fetch(&*src.chain, batch, height).await?;
    }
    let updates = forward.updates.iter();
    let updates = updates.map(|update| account.encode(update));
    let update: Vec<Message> = updates.collect::<Result<_, _>>()?;
    let mut out = Messages {
        updated: (!update.is_empty()).then(|| (route.client_on_dst.clone(), forward.height)),
        update,
        messages: vec![],
        atomic: batch.atomic,
        not_proven: vec![],
    };
    for (work, proofs) in batch.work.iter().zip(proofs) {
        match datagram(chains, src, work, &proofs, &forward.root) {
            Ok(Some(datagram)) => {
                let message = account.encode(&datagram)?;
                out.messages.push((work.item.clone(), message));
            }
            // The update alone is the work; it stands for the item.
            Ok(None) => {
                if let Some(update) = out.update.pop() {
                    out.messages.push((work.item.clone(), update));
                }
            }
            Err(why) => out.not_proven.push((work.item.clone(), why)),
        }
    }
    Ok(all_or_none(out))
}

/// Without one message of an atomic batch the others are not sent either, nor the
/// client update: what the rest does not prove may be false.
fn all_or_none(mut messages: Messages) -> Messages {
    if messages.atomic && !messages.not_proven.is_empty() {
        let rest = messages.messages.drain(..);
        let rest = rest.map(|(item, _)| (item, NotProven::Companion));
        messages.not_proven.extend(rest);
    }
    messages
}

/// The proofs of each work, all asked for at once.
async fn fetch(
    src: &dyn Chain,
    batch: &Batch,
    height: u64,
) -> Result<Vec<Vec<Proven>>, ChainError> {
    let paths: Vec<Vec<StorePath>> = batch.work.iter().map(|work| paths(&work.action)).collect();
    let all = paths.iter().flatten().cloned().collect();
    let mut proven = src.query_proven(all, height).await?.into_iter();
    let mut fetched: Vec<Vec<Proven>> = paths
        .iter()
        .map(|paths| proven.by_ref().take(paths.len()).collect())
        .collect();
    for (work, proofs) in batch.work.iter().zip(&mut fetched) {
        let more = handshake::further_path(&work.action, proofs, src.codec());
        if let Some(path) = more {
            proofs.extend(src.query_proven(vec![path], height).await?);
        }
    }
    Ok(fetched)
}

/// What an action needs to have proven, on the route's source.
fn paths(action: &Action) -> Vec<StorePath> {
    match packet::path(action) {
        Some(path) => vec![path],
        None => handshake::paths(action),
    }
}

/// The datagram of one work, its proofs checked; `None` where the client update
/// is all that is wanted.
fn datagram(
    chains: &Chains,
    src: &ChainAccess,
    work: &Work,
    proofs: &[Proven],
    root: &Root,
) -> Result<Option<Datagram>, NotProven> {
    for proven in proofs {
        src.light_client
            .verify(proven, root)
            .map_err(|error| NotProven::Unverified(error.to_string()))?;
    }
    let codec = src.chain.codec();
    match &work.action {
        Action::UpdateClient => Ok(None),
        Action::RecvPacket(_) | Action::Acknowledgement { .. } | Action::Timeout { .. } => {
            let [proven] = proofs else {
                return Err(NotProven::Unverified("no proof was given".into()));
            };
            packet::datagram(&work.action, proven, codec).map(Some)
        }
        step => match init(chains, step, &work.item) {
            Some(datagram) => Ok(Some(datagram)),
            None => handshake::datagram(step, proofs, codec).map(Some),
        },
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{Encoded, MessageKind};
    use tern_core::ledger::HandshakeStep;

    use super::*;

    fn messages(atomic: bool) -> Messages {
        let item = |step| Item::Handshake {
            a: ChainId::from_string("a-1"),
            b: ChainId::from_string("b-1"),
            step,
        };
        let message = Message {
            kind: MessageKind::Other,
            encoded: Encoded::default(),
        };
        let why = NotProven::Unprovable("no proof".into());
        Messages {
            update: vec![message.clone()],
            updated: None,
            messages: vec![(item(HandshakeStep::ChanOpenInit), message)],
            atomic,
            not_proven: vec![(item(HandshakeStep::ConnOpenAck), why)],
        }
    }

    #[test]
    fn of_an_atomic_batch_all_is_sent_or_nothing() {
        let apart = all_or_none(messages(false));
        assert_eq!((apart.messages.len(), apart.not_proven.len()), (1, 1));
        let atomic = all_or_none(messages(true));
        assert!(atomic.messages.is_empty());
        let why: Vec<_> = atomic.not_proven.iter().map(|(_, why)| why).collect();
        assert!(matches!(
            why[..],
            [NotProven::Unprovable(_), NotProven::Companion]
        ));
    }
}
