//! The ledger's records: what is kept of each thing.

use serde::{Deserialize, Serialize};
use tern_chains::{
    BlockTime, ChainId, ChannelId, ChannelState, ClientId, ClientSummary, Coin, ConnectionId,
    ConnectionState, ConnectionVersion, Deadline, Misbehaviour, Ordering, Packet, PacketId, PortId,
};

use crate::policy::Policy;

use super::{ChannelKey, HandshakeStep, Item, PacketKey, SeenHeaderKey};

/// The newest followed block of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub height: u64,
    pub time: BlockTime,
}

/// A client on a host chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRecord {
    pub summary: ClientSummary,
    /// Time of the newest consensus state; for an update seen in a block, the
    /// block's time stands for it.
    pub updated: BlockTime,
    /// Host height this was seen at.
    pub seen: u64,
    /// A transaction of ours created it.
    pub is_ours: bool,
}

/// Proof that the chain of a client has forked: what it takes to freeze the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub misbehaviour: Misbehaviour,
    /// Where the header was shown to the client.
    pub seen: SeenHeaderKey,
}

/// A connection end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    pub state: ConnectionState,
    /// The client on this chain.
    pub client_id: ClientId,
    pub counterparty_chain: ChainId,
    pub counterparty_client_id: ClientId,
    pub counterparty_connection_id: Option<ConnectionId>,
    /// How old a consensus state must be on this chain before it proves packets.
    #[serde(default)]
    pub delay_period_ns: u64,
    /// Those it can still agree on, or the one that it has agreed on.
    #[serde(default)]
    pub versions: Vec<ConnectionVersion>,
    /// Height on this chain it was seen at.
    pub seen: u64,
}

/// A channel end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    pub state: ChannelState,
    pub ordering: Ordering,
    pub version: String,
    pub connection_id: ConnectionId,
    /// The client on this chain, of the counterparty.
    pub client_id: ClientId,
    pub counterparty_chain: ChainId,
    pub counterparty_port_id: PortId,
    pub counterparty_channel_id: Option<ChannelId>,
    /// Height on this chain it was seen at.
    pub seen: u64,
}

impl ChannelRecord {
    /// Whether senders can pay relayers on it: the fee middleware (ICS-29) is above its
    /// application, and puts its own version around that of the application.
    pub fn has_fees(&self) -> bool {
        let version = serde_json::from_str::<serde_json::Value>(&self.version);
        version.is_ok_and(|version| version["fee_version"].is_string())
    }
}

/// An acknowledgement written on the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Height on the destination.
    pub height: u64,
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

/// How a packet ended, on its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    Acknowledged,
    TimedOut,
    /// The commitment is gone; which of the two it was happened unseen.
    Settled,
}

/// What the chains stated about a packet. Each field is set once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketRecord {
    pub id: PacketId,
    pub dst: ChainId,
    /// Data and timeouts; from `send_packet` or `write_acknowledgement`.
    /// Dropped when the packet is done.
    pub packet: Option<Packet>,
    /// Source height.
    pub sent: Option<u64>,
    /// Time of the block with its send, where that was read.
    #[serde(default)]
    pub sent_at: Option<BlockTime>,
    /// Destination height: of the event, or else at which it was found to be received.
    pub received: Option<u64>,
    pub ack: Option<Acknowledgement>,
    /// Source height and how.
    pub done: Option<(u64, Done)>,
    /// What Tern has paid for it.
    #[serde(default)]
    pub paid: PacketFees,
    /// What is offered to whoever relays its receipt (ICS-29), at most
    /// [`PacketRecord::OFFERED_MAX`] denoms, as far as blocks with it were read.
    #[serde(default)]
    pub recv_fees: Vec<Coin>,
}

/// Fees paid for a packet, in the smallest unit of each chain's own denom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketFees {
    pub on_src: u128,
    pub on_dst: u128,
}

impl PacketFees {
    /// The fees on one of the packet's two chains.
    pub fn on(&mut self, packet: &PacketKey, chain: &ChainId) -> &mut u128 {
        match packet.src.chain == *chain {
            true => &mut self.on_src,
            false => &mut self.on_dst,
        }
    }
}

/// Where a packet is on its way, derived from its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PacketState {
    /// A later step was seen, the send not yet: its block comes.
    Unseen,
    Sent,
    Received,
    AckWritten,
    Done,
}

impl PacketRecord {
    /// Anybody can offer as many denoms as there are.
    pub const OFFERED_MAX: usize = 8;

    pub fn new(id: PacketId, dst: ChainId) -> Self {
        Self {
            id,
            dst,
            packet: None,
            sent: None,
            sent_at: None,
            received: None,
            ack: None,
            done: None,
            paid: PacketFees::default(),
            recv_fees: Vec::new(),
        }
    }

    /// Adds what is offered for its receipt by now. It only grows, so of two that are told the
    /// order does not matter.
    pub fn offer(&mut self, recv: &[Coin]) {
        for coin in recv {
            let has_room = self.recv_fees.len() < Self::OFFERED_MAX;
            let mut known = self.recv_fees.iter_mut();
            match known.find(|known| known.denom == coin.denom) {
                Some(known) => known.amount = known.amount.max(coin.amount),
                None if has_room => self.recv_fees.push(coin.clone()),
                None => {}
            }
        }
    }

    pub fn state(&self) -> PacketState {
        if self.done.is_some() {
            PacketState::Done
        } else if self.ack.is_some() {
            PacketState::AckWritten
        } else if self.received.is_some() {
            PacketState::Received
        } else if self.sent.is_some() && self.packet.is_some() {
            PacketState::Sent
        } else {
            PacketState::Unseen
        }
    }
}

/// A signed transaction whose fate is open: Tern's only kind of intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxRecord {
    pub signer: String,
    pub account_sequence: u64,
    /// Past it the transaction is certainly dead.
    pub deadline: Deadline,
    /// What its messages do, in their order, after the client updates.
    pub items: Vec<Item>,
    /// How many messages update a client before those of the items.
    pub updates: usize,
    /// Of one without items: the relayer sends it by itself, not for a command.
    #[serde(default)]
    pub is_unasked: bool,
    /// What is paid when it is in a block, in the smallest unit of the denom of fees.
    pub fee: u128,
    /// The signed bytes: after a restart the same tx is sent again, which
    /// cannot be paid twice.
    #[serde(with = "hex::serde")]
    pub bytes: Vec<u8>,
}

/// Why an item did not go through, and when to try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// All failed tries in a row, whoever's fault: a command gives up after some.
    pub tries: u32,
    /// Those that were not the fault of a node: the wait grows with each.
    pub refusals: u32,
    /// A tx it was in was refused and no culprit named, or did not get into a block
    /// twice: until it goes through it travels with at most so many items, itself
    /// included. Half as many each time, so that the culprit is found.
    pub together_max: Option<usize>,
    /// A tx it was in died in no block.
    pub has_expired: bool,
    /// Not before this height of the chain the item goes to.
    pub not_before: u64,
    pub reason: String,
}

impl Failure {
    /// Whether a command does not wait for it any longer.
    pub fn is_given_up(&self, policy: &Policy) -> bool {
        self.refusals >= policy.command_refusals_max || self.tries >= policy.command_tries_max
    }
}

/// Something that somebody wants made between `a` and `b`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeRequest {
    pub a: ChainId,
    pub b: ChainId,
    pub goal: Goal,
    /// What it goes through, as far as it was found or made.
    pub progress: HandshakeProgress,
    /// This step alone, if it is the next one.
    pub only: Option<HandshakeStep>,
}

/// What a request ends with. What it needs is made on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// A client of `b` on `a`.
    Client,
    /// A connection that is open on both ends.
    Connection(ConnectionTerms),
    /// A channel that is open on both ends.
    Channel(ChannelTerms),
    /// The channel of this end, which is on `a`, closed at both ends.
    Close(ChannelKey),
}

/// Which connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTerms {
    pub delay_period_ns: u64,
    /// The orders that its channels can have. Empty: all that the chains know.
    pub orders: Vec<Ordering>,
}

/// Which channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelTerms {
    pub a_port: PortId,
    pub b_port: PortId,
    pub ordering: Ordering,
    /// Empty: the application on `a` chooses.
    pub version: String,
}

impl HandshakeRequest {
    /// The delay period of a connection that is made for it.
    pub fn delay_period_ns(&self) -> u64 {
        match &self.goal {
            Goal::Connection(terms) => terms.delay_period_ns,
            Goal::Client | Goal::Channel(_) | Goal::Close(_) => 0,
        }
    }

    /// The version of a connection that is made for it. `None`: all that chain `a` speaks.
    pub fn connection_version(&self) -> Option<ConnectionVersion> {
        match &self.goal {
            Goal::Connection(terms) if !terms.orders.is_empty() => {
                Some(ConnectionVersion::of_orders(&terms.orders))
            }
            _ => None,
        }
    }

    /// Whether a connection that is there is one that it could have made.
    pub fn fits_connection(&self, end: &ConnectionRecord) -> bool {
        // In records of older versions of the program there is none.
        let Some(version) = end.versions.first() else {
            return true;
        };
        match &self.goal {
            Goal::Connection(terms) => {
                let all = [Ordering::Ordered, Ordering::Unordered];
                let orders = match terms.orders.is_empty() {
                    true => &all[..],
                    false => &terms.orders,
                };
                let fits = |order: &Ordering| version.allows(*order) == orders.contains(order);
                end.delay_period_ns == terms.delay_period_ns && all.iter().all(fits)
            }
            Goal::Channel(terms) => version.allows(terms.ordering),
            Goal::Client | Goal::Close(_) => true,
        }
    }

    /// The terms of the channel, if it is one that is wanted.
    pub fn channel(&self) -> Option<&ChannelTerms> {
        match &self.goal {
            Goal::Channel(terms) => Some(terms),
            Goal::Client | Goal::Connection(_) | Goal::Close(_) => None,
        }
    }
}

/// The identifiers a request has settled on. Once set they stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeProgress {
    pub client_on_a: Option<ClientId>,
    pub client_on_b: Option<ClientId>,
    pub connection_on_a: Option<ConnectionId>,
    pub channel_on_a: Option<ChannelId>,
}
