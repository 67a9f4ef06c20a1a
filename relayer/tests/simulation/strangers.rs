//! A stranger who makes work for others: clients with short trusting periods, half-open
//! connections and channels over them, and a channel of its own with packets on it. No
//! relayer that is left to itself may pay for any of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tern::engine::{Engine, Made, Store};
use tern_chains::{
    ClientId, ClientParams, ConnectionCounterparty, Datagram, Message, Ordering, PortId, Timeout,
};
use tern_core::ledger::{ClientKey, TxKey, View};
use tern_core::plan::Assignment;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::channels::{request, Channel};
use super::fault_counts::Fault;
use super::node::{RelayedChain, Transfer};
use super::place::Place;
use super::side::STRANGER;
use super::signed_log::SignedLog;
use super::submit::submit;

/// What the stranger has made. Clones share it.
#[derive(Clone, Default)]
pub struct Strangers {
    clients: Arc<Mutex<Vec<ClientKey>>>,
    signed_log: SignedLog,
}

impl Strangers {
    /// The clients made by hand.
    pub fn clients(&self) -> Vec<ClientKey> {
        self.clients.lock().unwrap().clone()
    }

    /// The transactions of the handshake of its own channel.
    pub fn txs(&self) -> impl Iterator<Item = TxKey> {
        self.signed_log.signed().into_keys()
    }

    /// Works until all is made.
    pub async fn run(self, place: Place) {
        let chaos = place.chaos.clone();
        if chaos.has(Fault::JunkClients) {
            for _ in 0..1 + chaos.rng.below(3) {
                let side = chaos.rng.below(2) as usize;
                self.make_clients(&place, side).await;
                sleep(Duration::from_millis(chaos.rng.below(3_000))).await;
            }
        }
        if chaos.has(Fault::JunkChannel) {
            self.open_channel(&place).await;
        }
    }

    /// Two clients, and over each a connection and a channel that are never opened on
    /// the other side.
    async fn make_clients(&self, place: &Place, side: usize) {
        let chain = place.sides[side].chain(STRANGER);
        let other = place.sides[1 - side].chain(STRANGER);
        let params = short_lived(place);
        let new = other.new_client(&params).await.expect("a client");
        let create = encode(&*chain, &Datagram::CreateClient(new));
        let Some(created) = submit(&*chain, vec![create.clone(), create]).await else {
            return;
        };
        for client_id in &created.clients {
            place.chaos.fault_counts.fault(Fault::JunkClients);
            self.clients.lock().unwrap().push(ClientKey {
                chain: place.sides[side].id(),
                client_id: client_id.clone(),
            });
            self.begin_channel(place, side, client_id).await;
        }
    }

    async fn begin_channel(&self, place: &Place, side: usize, client_id: &ClientId) {
        let chain = place.sides[side].chain(STRANGER);
        let other = place.sides[1 - side].chain(STRANGER);
        // As if it were a connection to a client that is served.
        let theirs = other.clients().await.expect("a list").remove(0);
        let connection = Datagram::ConnOpenInit {
            client_id: client_id.clone(),
            counterparty: ConnectionCounterparty {
                client_id: theirs,
                connection_id: None,
                prefix: other.codec().store_prefix(),
            },
            delay_period_ns: 0,
            version: None,
        };
        let connection = encode(&*chain, &connection);
        submit(&*chain, vec![connection.clone(), connection]).await;
        let connections = chain.connections().await.expect("a list").all.into_iter();
        let own = connections.filter(|one| one.connection_end.client_id == *client_id);
        for connection in own {
            let channel = Datagram::ChanOpenInit {
                connection_id: connection.connection_id,
                port_id: PortId::transfer(),
                counterparty_port_id: PortId::transfer(),
                ordering: Ordering::Unordered,
                version: String::new(),
            };
            submit(&*chain, vec![encode(&*chain, &channel)]).await;
        }
    }

    /// Opens a channel with a relayer of its own, and sends on it from both sides.
    async fn open_channel(&self, place: &Place) {
        let mut parts = place.parts(Store::none(), View::default(), |side| side.chain(STRANGER));
        for params in parts.clients.values_mut() {
            *params = short_lived(place);
        }
        parts.observer = self.signed_log.observer();
        let engine = Engine::start(parts, Assignment::nothing());
        let ids = place.sides.each_ref().map(super::side::Side::id);
        let request = request(ids, &PortId::transfer(), Ordering::Unordered);
        let opened = engine.make(request, CancellationToken::new()).await;
        // A chain that has halted, or refuses all, leaves it half open.
        let Ok(Made::Channel(opened)) = opened else {
            return;
        };
        place.chaos.fault_counts.fault(Fault::JunkChannel);
        let channel = Channel::of(&opened);
        for (at, side) in place.sides.iter().enumerate() {
            let transfer = Transfer {
                channel: channel.id(at),
                denom: side.denom.to_owned(),
                amount: 1,
                receiver: place.sides[1 - at].address(STRANGER),
                timeout: Timeout {
                    timestamp_ns: (place.clock)().0 + 30_000_000_000,
                    ..Timeout::default()
                },
            };
            let send = side.node.transfer(STRANGER, &transfer);
            submit(&*side.chain(STRANGER), vec![send.clone(), send]).await;
        }
    }
}

/// Less than what is looked after, and more than the run takes.
fn short_lived(place: &Place) -> ClientParams {
    let seconds = 30 + place.chaos.rng.below(570);
    ClientParams {
        trusting_period: Some(Duration::from_secs(seconds)),
        ..ClientParams::default()
    }
}

fn encode(chain: &dyn RelayedChain, datagram: &Datagram) -> Message {
    chain.encode(datagram).expect("a message")
}
