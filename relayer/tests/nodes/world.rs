//! Two chains that make blocks, with two nodes each, and an engine that reaches
//! them through sockets.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use tendermint::Time;
use tern::engine::{ChainAccess, Engine, EngineError, LaneSettings, Parts, Store};
use tern_chains::{
    Account, BlockTime, Chain, ChainId, ChannelId, Check, ClientParams, Encoded, End, Message,
    MessageKind, PortId, TxDraft,
};
use tern_core::budget::Budgets;
use tern_core::ledger::{ChannelTerms, Goal, HandshakeProgress, HandshakeRequest, View};
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tern_cosmos::{CosmosAccount, CosmosChain, CosmosSettings, NodeAddress, Signer};
use tern_cosmos_core::Key;
use tern_devnet::{serve, DevnetChain, Genesis, Node};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{self, Layer, SubscriberExt};

const BLOCK_TIME: Duration = Duration::from_millis(200);
const FUNDS: u128 = 1_000_000_000_000;
/// Accounts: the byte that their private key repeats.
pub const RELAYER: u8 = 1;
const USER: u8 = 2;

/// Id, account prefix and denom of both.
pub const CHAINS: [(&str, &str, &str); 2] =
    [("akash-1", "akash", "uakt"), ("kava-1", "kava", "usdx")];

struct Side {
    nodes: [Node; 2],
    chain: Arc<CosmosChain>,
    prefix: &'static str,
    denom: &'static str,
    /// Who signs for the relayer, if its key is not here.
    signer: Option<Arc<dyn Signer>>,
}

pub struct World {
    sides: [Side; 2],
}

/// A running engine.
pub struct Relaying {
    stop: CancellationToken,
    task: JoinHandle<Result<(), EngineError>>,
}

impl Relaying {
    pub async fn end(self) {
        self.stop.cancel();
        let ended = self.task.await.expect("no panic");
        ended.expect("an engine that ends without an error");
    }
}

impl World {
    /// In the chains listed in `dead` the first node does not exist.
    pub async fn start(dead: &[usize]) -> Self {
        let [a, b] = CHAINS;
        Self {
            sides: [
                side(a, dead.contains(&0)).await,
                side(b, dead.contains(&1)).await,
            ],
        }
    }

    /// Has the transactions of the next engine on a chain signed by this signer.
    pub fn sign_with(&mut self, side: usize, signer: Arc<dyn Signer>) {
        self.sides[side].signer = Some(signer);
    }

    pub fn shared_chain(&self, side: usize) -> Arc<CosmosChain> {
        self.sides[side].chain.clone()
    }

    pub fn first_node(&self, side: usize) -> &Node {
        &self.sides[side].nodes[0]
    }

    pub fn chain(&self, side: usize) -> &CosmosChain {
        &self.sides[side].chain
    }

    pub async fn open_channel(&self) {
        let [a, b] = &self.sides;
        let request = HandshakeRequest {
            a: a.chain.id().clone(),
            b: b.chain.id().clone(),
            goal: Goal::Channel(ChannelTerms {
                a_port: PortId::transfer(),
                b_port: PortId::transfer(),
                ordering: tern_chains::Ordering::Unordered,
                version: String::new(),
            }),
            progress: HandshakeProgress::default(),
            only: None,
        };
        let engine = self.engine(Assignment::nothing());
        let made = engine.make(request, CancellationToken::new());
        made.await.expect("a channel");
    }

    pub fn relay(&self) -> Relaying {
        Self::run(self.engine(Assignment::Everything))
    }

    pub fn run(engine: Engine) -> Relaying {
        let stop = CancellationToken::new();
        let task = tokio::spawn(engine.run(stop.clone()));
        Relaying { stop, task }
    }

    pub fn engine(&self, assignment: Assignment) -> Engine {
        self.engine_within(assignment, Budgets::default())
    }

    pub fn engine_within(&self, assignment: Assignment, budgets: Budgets) -> Engine {
        let policy = Policy {
            budgets,
            ..Policy::default()
        };
        let (store, view) = (Store::none(), View::default());
        let mut parts = Parts::new(policy, Arc::new(now), store, view);
        parts.reconcile_every = Duration::from_secs(60);
        for side in &self.sides {
            let id = side.chain.id();
            let lane = LaneSettings {
                messages_max: 100,
                gas_max: None,
                timeout_blocks: 40,
                memo: String::new(),
            };
            parts.lanes.insert(id.clone(), lane);
            parts.clients.insert(id.clone(), ClientParams::default());
            let access = ChainAccess::new(side.chain.clone());
            parts.chains.insert(id.clone(), access);
            let account = match &side.signer {
                Some(signer) => CosmosAccount::of(side.chain.clone(), signer.clone()),
                None => side.account(RELAYER),
            };
            let account: Arc<dyn Account> = Arc::new(account);
            parts.accounts.insert(id.clone(), vec![account]);
        }
        Engine::start(parts, assignment)
    }

    /// The first chain, through a proxy that counts connections.
    pub async fn chain_with_counted_connections(&self) -> (CosmosChain, Arc<AtomicUsize>) {
        let side = &self.sides[0];
        let target = on_sockets(&side.nodes[1]).await;
        let port = target.rpc.port().expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let rpc = format!("http://{}", listener.local_addr().expect("an address"));
        let connected = Arc::new(AtomicUsize::new(0));
        let count = connected.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut node = TcpStream::connect(("127.0.0.1", port)).await?;
                    copy_bidirectional(&mut client, &mut node).await
                });
            }
        });
        let settings = CosmosSettings {
            rpc: rpc.parse().expect("a URL"),
            grpc: target.grpc,
            further_nodes: Vec::new(),
            ..side.chain.settings().clone()
        };
        (CosmosChain::new(settings).expect("a chain"), connected)
    }

    /// What the relayer has on a chain.
    pub async fn relayers_balance(&self, side: usize) -> u128 {
        let account = self.sides[side].account(RELAYER);
        account.balance().await.expect("a balance").amount
    }

    /// The user gives the relayer something on a chain.
    pub async fn give_to_relayer(&self, side: usize, amount: u128) {
        let side = &self.sides[side];
        let message = MsgSend {
            from_address: address(USER, side.prefix),
            to_address: address(RELAYER, side.prefix),
            amount: vec![Coin {
                denom: side.denom.into(),
                amount: amount.to_string(),
            }],
        };
        let message = Encoded {
            type_name: "/cosmos.bank.v1beta1.MsgSend".into(),
            bytes: message.encode_to_vec(),
        };
        side.submit(vec![message]).await;
    }

    /// Sends packets from the first chain, through the relayer's nodes.
    pub async fn send(&self, count: u64) {
        let [side, other] = &self.sides;
        let message = MsgTransfer {
            source_port: "transfer".into(),
            source_channel: "channel-0".into(),
            token: Some(Coin {
                denom: side.denom.into(),
                amount: "10".into(),
            }),
            sender: address(USER, side.prefix),
            receiver: address(USER, other.prefix),
            timeout_height: None,
            timeout_timestamp: now().0 + 600_000_000_000,
            memo: String::new(),
        };
        let message = Encoded {
            type_name: "/ibc.applications.transfer.v1.MsgTransfer".into(),
            bytes: message.encode_to_vec(),
        };
        side.submit(vec![message; count as usize]).await;
        self.blocks(1).await;
    }

    /// Waits until the first chain has made `count` blocks.
    pub async fn blocks(&self, count: u64) {
        let chain = self.sides[0].in_process(USER);
        let (head, _) = chain.latest().await.expect("a height");
        let last = chain.next_block(head + count - 1).await;
        last.expect("a block");
    }

    /// The number of packets of the first chain without an acknowledgement.
    pub async fn pending(&self) -> usize {
        let chain = self.sides[0].in_process(USER);
        let (port, channel) = (PortId::transfer(), ChannelId::new(0));
        let open = chain.commitments(&End::channel(&port, &channel)).await;
        open.expect("the chain itself answers").all.len()
    }

    /// Waits until no packet is pending.
    pub async fn all_acknowledged(&self) {
        let chain = self.sides[0].in_process(USER);
        let (mut head, _) = chain.latest().await.expect("a height");
        let last = head + 300;
        while self.pending().await > 0 {
            assert!(head < last, "{} are pending", self.pending().await);
            chain.next_block(head).await.expect("a block");
            head += 1;
        }
    }
}

impl Side {
    /// The user submits messages, through the relayer's nodes.
    async fn submit(&self, messages: Vec<Encoded>) {
        let account = self.account(USER);
        let chain = self.in_process(USER);
        let state = chain.state().await.expect("an account");
        let (height, time) = chain.latest().await.expect("a height");
        let gas = 100_000 * messages.len() as u64 + 100_000;
        let kind = MessageKind::Other;
        let messages = messages.into_iter();
        let messages = messages.map(|encoded| Message { kind, encoded });
        let draft = TxDraft {
            messages: messages.collect(),
            memo: String::new(),
            account: state,
            gas,
            deadline: account.deadline(height, time, 100),
        };
        let tx = account.sign(&draft).await.expect("a signature");
        let check = account.broadcast(&tx).await.expect("an answer");
        assert_eq!(check, Check::Accepted);
    }

    /// An account that reaches the chain through the relayer's nodes.
    fn account(&self, key: u8) -> CosmosAccount {
        let key = Key::from_private_key(&[key; 32], self.prefix).expect("a key");
        CosmosAccount::new(self.chain.clone(), key)
    }

    /// The chain in process, through the node without faults.
    fn in_process(&self, key: u8) -> DevnetChain {
        let key = Key::from_private_key(&[key; 32], self.prefix).expect("a key");
        let price = format!("0{}", self.denom).parse().expect("a price");
        DevnetChain::new(self.nodes[1].clone(), key, price).expect("a chain")
    }
}

async fn side((id, prefix, denom): (&str, &'static str, &'static str), dead: bool) -> Side {
    let mut genesis = Genesis::new(id, prefix, time());
    for key in [RELAYER, USER] {
        genesis = genesis.fund(address(key, prefix), &[(denom, FUNDS)]);
    }
    let node = Node::new(&genesis).expect("a chain");
    let nodes = [node.another(), node.clone()];
    let first = if dead {
        closed_ports()
    } else {
        on_sockets(&nodes[0]).await
    };
    let second = on_sockets(&nodes[1]).await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(BLOCK_TIME).await;
            node.make_block(time()).expect("a block");
        }
    });
    let price = format!("0.01{denom}").parse().expect("a price");
    let id = ChainId::from_string(id);
    let mut settings = CosmosSettings::new(id, first.rpc, first.grpc, prefix, price);
    settings.further_nodes = vec![second];
    Side {
        nodes,
        chain: Arc::new(CosmosChain::new(settings).expect("a chain")),
        prefix,
        denom,
        signer: None,
    }
}

async fn on_sockets(node: &Node) -> NodeAddress {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let (rpc, grpc) = (bind().await.expect("a port"), bind().await.expect("a port"));
    let url = |listener: &TcpListener| {
        let at = listener.local_addr().expect("an address");
        format!("http://{at}").parse().expect("a URL")
    };
    let address = NodeAddress {
        rpc: url(&rpc),
        grpc: url(&grpc),
    };
    // Ends with the test's runtime.
    tokio::spawn(serve(node.clone(), rpc, grpc, pending()));
    address
}

/// An address with closed ports.
fn closed_ports() -> NodeAddress {
    let url = || "http://127.0.0.1:1".parse().expect("a URL");
    NodeAddress {
        rpc: url(),
        grpc: url(),
    }
}

fn address(key: u8, prefix: &str) -> String {
    let key = Key::from_private_key(&[key; 32], prefix).expect("a key");
    key.address().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "chains on sockets use the machine's clock"
)]
fn now() -> BlockTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let since_epoch = since_epoch.expect("after 1970");
    BlockTime(since_epoch.as_nanos() as u64)
}

fn time() -> Time {
    let now = now().0;
    let (seconds, rest) = (now / 1_000_000_000, now % 1_000_000_000);
    Time::from_unix_timestamp(seconds as i64, rest as u32).expect("in range")
}

/// Counts requests to nodes, by chain and method.
#[derive(Clone, Default)]
pub struct Counted(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counted {
    /// Returns one line for each method, the sum first, and resets the counts.
    pub fn take(&self) -> String {
        let counts = std::mem::take(&mut *self.0.lock().expect("no panic"));
        let sum: usize = counts.values().sum();
        let lines = counts
            .iter()
            .map(|(what, count)| format!("{count:6} {what}"));
        std::iter::once(format!("{sum:6} in all"))
            .chain(lines)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl<S: tracing::Subscriber> Layer<S> for Counted {
    fn on_event(&self, event: &tracing::Event<'_>, _: layer::Context<'_, S>) {
        if event.metadata().target() != "tern_cosmos::request" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Without height, path and address.
        let words = fields.doing.split(' ');
        let doing: Vec<&str> = words.take_while(|word| !word.contains(is_detail)).collect();
        let kind = fields.doing.split(' ').nth(1).unwrap_or_default();
        let kind = kind.split('/').next().unwrap_or_default();
        let what = match doing.first() {
            Some(&"abci_query") => format!("abci_query {kind}"),
            _ => doing.join(" "),
        };
        let key = format!("{} {what}", fields.chain);
        *self.0.lock().expect("no panic").entry(key).or_default() += 1;
    }
}

fn is_detail(letter: char) -> bool {
    letter == '/' || letter.is_ascii_digit()
}

#[derive(Default)]
struct Fields {
    chain: String,
    doing: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "chain" => self.chain = format!("{value:?}"),
            "doing" => self.doing = format!("{value:?}").replace('"', ""),
            _ => {}
        }
    }
}

pub fn count_requests() -> Counted {
    let counted = Counted::default();
    let filter = tracing_subscriber::filter::LevelFilter::TRACE;
    let subscriber = tracing_subscriber::registry().with(counted.clone().with_filter(filter));
    let _ = tracing::subscriber::set_global_default(subscriber);
    counted
}
