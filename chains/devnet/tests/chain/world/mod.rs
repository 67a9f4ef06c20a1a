//! Two chains in one process, and a minimal relayer between them: every step is a
//! signed transaction, and proofs are checked before they are sent.

#![allow(deprecated)]

mod handshake;
mod packets;

use std::sync::Arc;
use std::time::Duration;

use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::core::channel::v1 as chan;
use ibc_proto::ibc::core::client::v1 as client;
use tendermint::Time;
use tern_chains::StateCodec as _;
use tern_chains::{
    Account, AccountState, Block, BlockTime, Chain, ClientParams, Deadline, Event, LightClient,
    Packet, Root, StorePath, TrustedClient, TxDraft, TxOutcome,
};
use tern_cosmos::{CosmosAccount, CosmosChain, CosmosSettings};
use tern_cosmos_core::convert::{any as raw_any, message, raw_packet};
use tern_cosmos_core::{CosmosCodec, Key};
use tern_devnet::{serve, DevnetChain, Genesis, Node};

pub const START: i64 = 1_700_000_000;
pub const PORT: &str = "transfer";
/// More blocks than any test makes: the deadline of its transactions.
pub const LAST_HEIGHT: u64 = 1_000;

/// One end of the path: a chain, and the test's identifiers on it.
pub struct End {
    pub node: Node,
    /// The chain as the test reaches it.
    /// The endpoint this test uses.
    pub endpoint: Endpoint,
    pub address: String,
    pub denom: &'static str,
    pub client: String,
    pub connection: String,
    pub channel: String,
}

pub struct World {
    pub ends: [End; 2],
    pub kind: Kind,
    /// Seconds since the start.
    pub clock: i64,
}

/// The kind of channel to open.
#[derive(Clone, Copy)]
pub struct Kind {
    pub port: &'static str,
    pub version: &'static str,
    pub ordering: chan::Order,
}

pub const TRANSFER: Kind = Kind {
    port: PORT,
    version: "ics20-1",
    ordering: chan::Order::Unordered,
};
pub const ORDERED: Kind = Kind {
    port: "mock",
    version: "mock-version",
    ordering: chan::Order::Ordered,
};

pub fn end(chain_id: &str, prefix: &str, denom: &'static str, seed: u8, validators: usize) -> End {
    let key = Key::from_private_key(&[seed; 32], prefix).expect("a key");
    let address = key.address().to_owned();
    let start = Time::from_unix_timestamp(START, 0).expect("in range");
    let mut genesis = Genesis::new(chain_id, prefix, start);
    genesis.validators = validators;
    genesis.seed = u64::from(seed);
    let genesis = genesis.fund(address.clone(), &[(denom, 1_000_000_000)]);
    let node = Node::new(&genesis).expect("a chain");
    let price = format!("0.001{denom}").parse().expect("a price");
    let chain = DevnetChain::new(node.clone(), key, price).expect("a chain");
    End {
        node,
        endpoint: Endpoint::in_process(chain),
        address,
        denom,
        client: String::new(),
        connection: String::new(),
        channel: String::new(),
    }
}

/// Serves an end's chain on sockets and connects to it.
pub async fn over_sockets(end: End, prefix: &str, seed: u8) -> End {
    let key = Key::from_private_key(&[seed; 32], prefix).expect("a key");
    let endpoint = Endpoint::on_sockets(&end.node, end.denom, key).await;
    End { endpoint, ..end }
}

/// Serves a node on sockets and connects to it.
async fn socket_account(node: &Node, denom: &str, key: Key) -> CosmosAccount {
    let bind = || tokio::net::TcpListener::bind("127.0.0.1:0");
    let (rpc, grpc) = (bind().await.expect("a port"), bind().await.expect("a port"));
    let url = |listener: &tokio::net::TcpListener| {
        let at = listener.local_addr().expect("an address");
        format!("http://{at}").parse().expect("a URL")
    };
    let price = format!("0.001{denom}").parse().expect("a price");
    let id = node.read(|chain| tern_chains::ChainId::from_string(chain.chain_id()));
    let prefix = key.address().split_once('1').expect("bech32").0.to_owned();
    let settings = CosmosSettings::new(id, url(&rpc), url(&grpc), prefix, price);
    // Ends with the test's runtime.
    tokio::spawn(serve(node.clone(), rpc, grpc, std::future::pending()));
    let chain = Arc::new(CosmosChain::new(settings).expect("a chain"));
    CosmosAccount::new(chain, key)
}

/// A chain as a test reaches it: in process, or over sockets.
#[derive(Clone)]
pub struct Endpoint {
    pub chain: Arc<dyn Chain>,
    pub light_client: Arc<dyn LightClient>,
    pub account: Arc<dyn Account>,
}

impl Endpoint {
    pub fn in_process(chain: DevnetChain) -> Self {
        let chain = Arc::new(chain);
        Self {
            chain: chain.clone(),
            light_client: chain.clone(),
            account: chain,
        }
    }

    /// Serves a node on sockets and connects to it.
    pub async fn on_sockets(node: &Node, denom: &str, key: Key) -> Self {
        let account = socket_account(node, denom, key).await;
        Self {
            chain: account.chain().clone(),
            light_client: account.chain().clone(),
            account: Arc::new(account),
        }
    }
}

pub fn any(url: &str, message: &impl prost::Message) -> Any {
    Any {
        type_url: url.to_owned(),
        value: message.encode_to_vec(),
    }
}

/// An unsigned payment of nothing from an account to itself.
pub fn payment(account: AccountState) -> TxDraft {
    let send = ibc_proto::cosmos::bank::v1beta1::MsgSend {
        from_address: account.address.clone(),
        to_address: account.address.clone(),
        amount: Vec::new(),
    };
    TxDraft {
        messages: vec![message(any("/cosmos.bank.v1beta1.MsgSend", &send))],
        memo: String::new(),
        account,
        gas: 100_000,
        deadline: Deadline::Height(LAST_HEIGHT),
    }
}

fn raw_height(chain: &dyn Chain, height: u64) -> Option<client::Height> {
    Some(client::Height {
        revision_number: chain.id().version(),
        revision_height: height,
    })
}

impl World {
    pub fn new() -> Self {
        Self {
            ends: [
                end("akash-1", "akash", "uakt", 1, 1),
                end("kava-dev", "kava", "usdx", 2, 4),
            ],
            kind: TRANSFER,
            clock: 0,
        }
    }

    /// The same, with both chains on sockets.
    pub async fn on_sockets() -> Self {
        let [a, b] = Self::new().ends;
        Self {
            ends: [
                over_sockets(a, "akash", 1).await,
                over_sockets(b, "kava", 2).await,
            ],
            kind: TRANSFER,
            clock: 0,
        }
    }

    /// A block on both chains.
    pub fn tick(&mut self) {
        self.clock += 1;
        let time = Time::from_unix_timestamp(START + self.clock, 7).expect("in range");
        for end in &self.ends {
            end.node.make_block(time).expect("a block");
        }
    }

    pub fn now(&self) -> BlockTime {
        BlockTime((START + self.clock) as u64 * 1_000_000_000 + 500_000_000)
    }

    pub async fn sign(
        &self,
        on: usize,
        messages: Vec<Any>,
        gas: Option<u64>,
    ) -> tern_chains::SignedTx {
        let signer = &self.ends[on].account;
        let account = signer.state().await.expect("an account");
        let messages: Vec<_> = messages.into_iter().map(message).collect();
        let gas = match gas {
            Some(gas) => gas,
            None => signer
                .estimate(&messages, &account)
                .await
                .expect("an estimate"),
        };
        let draft = TxDraft {
            messages,
            memo: String::new(),
            account,
            gas,
            deadline: Deadline::Height(LAST_HEIGHT),
        };
        signer.sign(&draft).await.expect("a signature")
    }

    /// Sends messages in a transaction and makes its block.
    pub async fn submit(&mut self, on: usize, messages: Vec<Any>) -> Block {
        let tx = self.sign(on, messages, None).await;
        let check = self.ends[on]
            .account
            .broadcast(&tx)
            .await
            .expect("an answer");
        assert_eq!(check, tern_chains::Check::Accepted);
        self.tick();
        let (height, _) = self.ends[on].chain.latest().await.expect("a height");
        let block = self.ends[on].chain.block(height).await.expect("a block");
        let outcome: &TxOutcome = block.txs.first().expect("the transaction");
        assert_eq!(
            (outcome.hash, outcome.code),
            (tx.hash, 0),
            "{}",
            outcome.log
        );
        assert!(outcome.gas_used <= outcome.gas_wanted);
        block
    }

    pub async fn create_client(&mut self, on: usize) {
        self.tick();
        let params = ClientParams {
            trusting_period: Some(Duration::from_secs(100_000)),
            ..ClientParams::default()
        };
        let new = self.ends[1 - on]
            .light_client
            .new_client(&params)
            .await
            .expect("a client");
        let message = client::MsgCreateClient {
            client_state: Some(raw_any(&new.client_state)),
            consensus_state: Some(raw_any(&new.consensus_state)),
            signer: self.ends[on].address.clone(),
        };
        let block = self
            .submit(
                on,
                vec![any("/ibc.core.client.v1.MsgCreateClient", &message)],
            )
            .await;
        let Some(Event::ClientChanged { client_id }) = block.events.first() else {
            panic!("{:?}", block.events);
        };
        self.ends[on].client = client_id.to_string();
    }

    /// The trusted state of the client on `on`.
    pub async fn trusted(&self, on: usize) -> TrustedClient {
        let host = &self.ends[on];
        let client_id = host.client.parse::<tern_chains::ClientId>().expect("an id");
        let query = async |path| {
            let value = host.chain.query(path, None).await.expect("an answer");
            value.expect("a state")
        };
        let state = query(StorePath::ClientState(client_id.clone())).await;
        let client = CosmosCodec.client(&state).expect("a client");
        let height = client.summary.latest();
        let consensus = query(StorePath::ConsensusState { client_id, height }).await;
        let consensus = CosmosCodec.consensus(&consensus).expect("a state");
        TrustedClient {
            client_state: client.state,
            height: height.height,
            consensus_state: consensus.state,
        }
    }

    /// The update of the client on `on` to the newest block, with that block's root.
    pub async fn update(&self, on: usize) -> (Option<Any>, u64, Root) {
        let (host, other) = (&self.ends[on], &self.ends[1 - on]);
        let trusted = self.trusted(on).await;
        let (target, _) = other.chain.latest().await.expect("a height");
        let update = other
            .light_client
            .client_update(&trusted, target, self.now())
            .await
            .expect("an update");
        let message = update.headers.into_iter().next().map(|header| {
            let message = client::MsgUpdateClient {
                client_id: host.client.clone(),
                client_message: Some(raw_any(&header)),
                signer: host.address.clone(),
            };
            any("/ibc.core.client.v1.MsgUpdateClient", &message)
        });
        (message, target, update.root)
    }

    /// A proof from the other chain, checked against the root the client on
    /// `on` will have at `height`.
    pub async fn prove(&self, on: usize, path: StorePath, height: u64, root: &Root) -> Vec<u8> {
        let other = &self.ends[1 - on];
        let proven = other
            .chain
            .query_proven(vec![path], height - 1)
            .await
            .expect("a proof");
        let proven = proven.into_iter().next().expect("one proof");
        other
            .light_client
            .verify(&proven, root)
            .expect("a proof that holds");
        proven.proof.bytes
    }

    /// Updates the client on `on`, proves `path`, and sends the message built from
    /// proof and height.
    pub async fn relay(
        &mut self,
        on: usize,
        path: StorePath,
        message: impl FnOnce(&Self, Vec<u8>, Option<client::Height>) -> Any,
    ) -> Block {
        let messages = self.relay_messages(on, path, message).await;
        self.submit(on, messages).await
    }

    pub async fn relay_messages(
        &mut self,
        on: usize,
        path: StorePath,
        message: impl FnOnce(&Self, Vec<u8>, Option<client::Height>) -> Any,
    ) -> Vec<Any> {
        self.tick();
        let (update, height, root) = self.update(on).await;
        let proof = self.prove(on, path, height, &root).await;
        let height = raw_height(self.ends[1 - on].chain.as_ref(), height);
        let message = message(self, proof, height);
        update.into_iter().chain([message]).collect()
    }

    /// Opens clients, connection and channel.
    pub async fn open(&mut self) {
        self.create_client(0).await;
        self.create_client(1).await;
        self.open_connection().await;
        self.open_channel().await;
    }

    fn connection_path(&self, on: usize) -> StorePath {
        let id = self.ends[on].connection.parse().expect("an id");
        StorePath::Connection(id)
    }

    fn channel_path(&self, on: usize) -> StorePath {
        let id = self.ends[on].channel.parse().expect("an id");
        StorePath::Channel {
            port_id: self.kind.port.parse().expect("a port"),
            channel_id: id,
        }
    }
}

pub fn raw(packet: &Packet) -> Option<chan::Packet> {
    raw_packet(packet)
}

impl std::ops::Deref for End {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}
