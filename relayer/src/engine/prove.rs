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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tern_chains::{
    Account, Chain, ChainError, ChainId, ChannelEnd, ClientId, ClientParams, Datagram, HeightRules,
    LightClient, Message, NewClient, PacketId, Proven, Root, StorePath, TrustedHeader,
};
use tern_core::ledger::{ChannelKey, Item};
use tern_core::plan::gas::Class;
use tern_core::plan::{Action, Batch, Route, Work};

pub(super) use client::bring_forward;
use client::Forward;

use super::parts::Clock;
use super::steps::Packets;

/// A batch's messages, ready to be cut into transactions.
#[derive(Debug, Default)]
pub struct Messages {
    /// Client updates that go before the first message.
    pub update: Vec<Message>,
    /// The client these bring forward, and its height then. Empty if it is there
    /// already.
    pub updated: Option<(ClientId, u64)>,
    pub messages: Vec<(Item, Message)>,
    /// Those whose messages must come in the order of their sequences.
    pub ordered: BTreeSet<Item>,
    /// Those whose gas is about that of others of their class and size.
    pub classes: BTreeMap<Item, Class>,
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
    /// The destination has another acknowledgement, or none, at this height.
    NotAcknowledged { packet: PacketId, height: u64 },
    /// The counterparty's end is not as it was said to be, at this height of its chain.
    Channel {
        key: ChannelKey,
        end: ChannelEnd,
        height: u64,
    },
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

/// What new clients are made with.
#[derive(Clone, Default)]
pub struct NewClients {
    /// By the chain they are of.
    pub params: BTreeMap<ChainId, ClientParams>,
    /// What is trusted of those chains.
    pub trusted: BTreeMap<ChainId, TrustedHeader>,
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
    new_clients: &NewClients,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    match &batch.route {
        Some(route) => prove_route(chains, batch, route, account, clock).await,
        None => unproven(chains, batch, account, new_clients, clock).await,
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
    new_clients: &NewClients,
    clock: &Clock,
) -> Result<Messages, ChainError> {
    let mut messages = Vec::new();
    for work in &batch.work {
        let datagram = match &work.action {
            Action::CreateClient { of } => {
                let params = new_clients.params.get(of).cloned().unwrap_or_default();
                let of = chain(chains, of)?;
                Datagram::CreateClient(new_client(of, &params, new_clients, clock).await?)
            }
            Action::Misbehaviour {
                client_id,
                misbehaviour,
            } => Datagram::Misbehaviour {
                client_id: client_id.clone(),
                misbehaviour: *misbehaviour.clone(),
            },
            other => init(chains, other, &work.item).ok_or_else(|| ChainError::Local {
                chain: batch.dst.clone(),
                reason: format!("planned without a route for its proof: {other:?}"),
            })?,
        };
        messages.push((work.item.clone(), account.encode(&datagram)?));
    }
    Ok(Messages {
        messages,
        atomic: batch.atomic,
        ..Messages::default()
    })
}

/// What a client starts from, once the header that a node gives is one that is trusted:
/// whoever uses the client trusts it from then on.
async fn new_client(
    of: &ChainAccess,
    params: &ClientParams,
    new_clients: &NewClients,
    clock: &Clock,
) -> Result<NewClient, ChainError> {
    let new = of.light_client.new_client(params).await?;
    let before = new_clients.trusted.get(of.chain.id());
    let trusted = of.light_client.trust(before, new.height, clock());
    let trusted = trusted.await?.client;
    if (trusted.height, &trusted.consensus_state) != (new.height, &new.consensus_state) {
        return Err(ChainError::Unverified {
            chain: of.chain.id().clone(),
            doing: format!("new client at {}", new.height),
            reason: format!(
                "the node's header is not the one that is trusted at {}",
                trusted.height
            ),
        });
    }
    Ok(new)
}

/// A datagram that begins something; it always goes to the side `a`.
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
    if let [Work {
        item,
        action: Action::UpgradeClient { last_height },
        ..
    }] = &*batch.work
    {
        let forward = forward.await?;
        let upgrade = upgrade(src, route, *last_height, &forward, account);
        let (update, step) = upgrade.await?;
        let client = (route.client_on_dst.clone(), *last_height);
        let steps = vec![(item.clone(), step)];
        return Ok(assemble(client, update, steps, batch.atomic));
    }
    let proofs = fetch(&*src.chain, batch, route.height);
    let (forward, proofs) = tokio::join!(forward, proofs);
    let forward = forward?;
    let rules = src.chain.height_rules();
    let proofs = match height_to_prove_again(route, forward.height, rules) {
        Some(height) => fetch(&*src.chain, batch, height).await?,
        None => proofs?,
    };
    let updates = forward.updates.iter();
    let updates = updates.map(|update| account.encode(update));
    let update: Vec<Message> = updates.collect::<Result<_, _>>()?;
    let mut steps = Vec::new();
    for (work, proofs) in batch.work.iter().zip(proofs) {
        let step = match datagram(chains, src, work, &proofs, &forward.root) {
            Ok(Some(datagram)) => Ok(Some(account.encode(&datagram)?)),
            Ok(None) => Ok(None),
            Err(why) => Err(why),
        };
        steps.push((work.item.clone(), step));
    }
    let client = (route.client_on_dst.clone(), forward.height);
    let class = |work: &Work| Some((work.item.clone(), Class::of(&work.action)?));
    Ok(Messages {
        classes: batch.work.iter().filter_map(class).collect(),
        ..assemble(client, update, steps, batch.atomic)
    })
}

/// The update that brings a client to the last height of its chain, and its upgrade with
/// what the chain has committed for it.
async fn upgrade(
    src: &ChainAccess,
    route: &Route,
    last_height: u64,
    forward: &Forward,
    account: &dyn Account,
) -> Result<(Vec<Message>, Result<Option<Message>, NotProven>), ChainError> {
    if forward.height != last_height {
        return Ok((vec![], Err(NotProven::Moot)));
    }
    let planned = src.light_client.client_upgrade(last_height, &forward.root);
    let Some(upgrade) = planned.await? else {
        let reason = format!("no upgrade of clients is proven at {last_height}");
        return Ok((vec![], Err(NotProven::Unprovable(reason))));
    };
    let updates = forward.updates.iter();
    let updates = updates.map(|update| account.encode(update));
    let message = account.encode(&Datagram::UpgradeClient {
        client_id: route.client_on_dst.clone(),
        upgrade,
    })?;
    Ok((updates.collect::<Result<_, _>>()?, Ok(Some(message))))
}

/// At which height of the source the proofs are fetched again, if the client is at
/// another height than planned: somebody has moved it past that.
fn height_to_prove_again(route: &Route, client_height: u64, rules: HeightRules) -> Option<u64> {
    (client_height != route.proof_height).then(|| rules.state_height(client_height))
}

/// The messages of a batch. `client` is the client on the destination and the height
/// that `update` brings it to; each item comes with its message, with none where the
/// update alone is the work, or with the reason why it cannot be proven.
fn assemble(
    client: (ClientId, u64),
    update: Vec<Message>,
    steps: Vec<(Item, Result<Option<Message>, NotProven>)>,
    atomic: bool,
) -> Messages {
    let mut out = Messages {
        updated: (!update.is_empty()).then_some(client),
        update,
        atomic,
        ..Messages::default()
    };
    for (item, step) in steps {
        match step {
            Ok(Some(message)) => out.messages.push((item, message)),
            // The update stands for the item.
            Ok(None) => {
                if let Some(update) = out.update.pop() {
                    out.messages.push((item, update));
                }
            }
            Err(why) => out.not_proven.push((item, why)),
        }
    }
    all_or_none(out)
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
    let paths = packet::paths(action);
    match paths.is_empty() {
        false => paths,
        true => handshake::paths(action),
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
        Action::RecvPacket(_)
        | Action::Acknowledgement { .. }
        | Action::Timeout { .. }
        | Action::TimeoutOnClose { .. } => {
            packet::datagram(&work.action, proofs, src.chain.id(), codec).map(Some)
        }
        step => match init(chains, step, &work.item) {
            Some(datagram) => Ok(Some(datagram)),
            None => handshake::datagram(step, proofs, src.chain.id(), codec).map(Some),
        },
    }
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChannelId, Encoded, End, MessageKind, PortId};
    use tern_core::ledger::{ClientKey, EndKey, PacketKey};

    use super::*;

    fn client() -> ClientId {
        "07-tendermint-0".parse().unwrap()
    }

    fn message(kind: MessageKind, byte: u8) -> Message {
        Message {
            kind,
            encoded: Encoded {
                type_name: String::new(),
                bytes: vec![byte],
            },
        }
    }

    fn update(header: u8) -> Message {
        message(MessageKind::UpdateClient, header)
    }

    fn recv(sequence: u8) -> (Item, Message) {
        let item = Item::Recv(PacketKey {
            src: EndKey {
                chain: ChainId::from_string("akash-1"),
                end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
            },
            sequence: u64::from(sequence).into(),
        });
        (item, message(MessageKind::RecvPacket, sequence))
    }

    fn refresh() -> Item {
        Item::Refresh(ClientKey {
            chain: ChainId::from_string("kava-1"),
            client_id: client(),
        })
    }

    fn assembled(
        update: Vec<Message>,
        steps: Vec<(Item, Result<Option<Message>, NotProven>)>,
    ) -> Messages {
        assemble((client(), 40), update, steps, false)
    }

    #[test]
    fn what_cannot_be_proven_is_left_out_and_the_rest_goes_on() {
        let [(first, message), (second, _)] = [recv(1), recv(2)];
        let steps = vec![
            (second.clone(), Err(NotProven::Moot)),
            (first.clone(), Ok(Some(message.clone()))),
        ];
        let out = assembled(vec![update(40)], steps);
        assert_eq!(out.messages, [(first, message)]);
        assert_eq!(out.not_proven, [(second, NotProven::Moot)]);
        assert_eq!(out.update, [update(40)]);
        assert_eq!(out.updated, Some((client(), 40)));
    }

    #[test]
    fn a_client_that_is_there_already_is_not_updated() {
        let (item, message) = recv(1);
        let out = assembled(vec![], vec![(item, Ok(Some(message)))]);
        assert_eq!((out.update, out.updated), (vec![], None));
    }

    #[test]
    fn the_last_header_of_an_update_stands_for_the_refresh_of_the_client() {
        let steps = || vec![(refresh(), Ok(None))];
        let out = assembled(vec![update(20), update(40)], steps());
        assert_eq!(out.update, [update(20)]);
        assert_eq!(out.messages, [(refresh(), update(40))]);
        // Somebody else has refreshed it: there is nothing to do.
        assert!(assembled(vec![], steps()).messages.is_empty());
    }

    #[test]
    fn proofs_are_fetched_again_only_if_the_client_is_past_the_planned_height() {
        let route = Route {
            src: ChainId::from_string("akash-1"),
            client_on_dst: client(),
            height: 39,
            proof_height: 40,
            update: true,
            exact: false,
        };
        let rules = HeightRules {
            proof_lag: 1,
            finality_lag: 0,
        };
        assert_eq!(height_to_prove_again(&route, 40, rules), None);
        assert_eq!(height_to_prove_again(&route, 45, rules), Some(44));
    }

    #[test]
    fn of_an_atomic_batch_all_is_sent_or_nothing() {
        let [(first, message), (second, _)] = [recv(1), recv(2)];
        let why = || NotProven::Unprovable("no proof".into());
        let steps = || {
            vec![
                (first.clone(), Ok(Some(message.clone()))),
                (second.clone(), Err(why())),
            ]
        };
        let out = assemble((client(), 40), vec![update(40)], steps(), true);
        assert!(out.messages.is_empty());
        assert_eq!(
            out.not_proven,
            [
                (second.clone(), why()),
                (first.clone(), NotProven::Companion)
            ]
        );
        assert_eq!(assembled(vec![update(40)], steps()).messages.len(), 1);
    }
}
