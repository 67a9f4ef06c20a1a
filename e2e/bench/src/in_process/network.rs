//! Two linked chains, an engine between them, and an account that sends.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use tempfile::TempDir;
use tendermint::Time;
use tern::engine::{ChainAccess, Clock, Engine, EngineError, LaneSettings, Observer, Parts};
use tern_chains::{Account, BlockTime, Chain, Check, ClientParams, Event, Message, TxDraft};
use tern_core::ledger::{Entry, Fact};
use tern_core::plan::Assignment;
use tern_core::policy::Policy;
use tern_cosmos_core::convert::message;
use tern_cosmos_core::Key;
use tern_devnet::{preopen_channels, DevnetChain, Genesis, Node, PreopenedChannels};
use tern_e2e::interrupt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

const BLOCK_TIME: Duration = Duration::from_millis(100);
const DENOM: &str = "token";
const FUNDS: u128 = 1_000_000_000_000;
/// Private keys are made of one byte.
const RELAYER: u8 = 1;
const USER: u8 = 2;
const EACH: usize = 500;
const GAS: u64 = 1_000_000_000;
/// More blocks than a transaction waits for.
const DEADLINE_BLOCKS: u64 = 1_000;
const LIMIT: Duration = Duration::from_secs(600);
/// As the daemon has it.
const MESSAGES_MAX: usize = 100;
const TX_TIMEOUT_BLOCKS: u64 = 200;

pub struct Network {
    sender: DevnetChain,
    linked: PreopenedChannels,
    acknowledged: watch::Receiver<usize>,
    stop: CancellationToken,
    engine: JoinHandle<Result<(), EngineError>>,
    /// The store's.
    _home: TempDir,
}

impl Network {
    pub async fn new(channels: usize) -> Result<Self> {
        let nodes = [node("akash-1", "akash")?, node("kava-1", "kava")?];
        let linked = preopen_channels(&nodes[0], &nodes[1], channels)?;
        let stop = CancellationToken::new();
        for node in &nodes {
            node.make_block(Time::now())?;
            tokio::spawn(make_blocks(node.clone(), stop.clone()));
        }
        let home = tempfile::tempdir()?;
        let (counted, acknowledged) = watch::channel(0);
        let observer: Observer = Box::new(move |entry| {
            if let Entry::Fact(Fact::Event {
                event: Event::AcknowledgePacket(_),
                ..
            }) = entry
            {
                counted.send_modify(|count| *count += 1);
            }
        });
        let engine = engine(&nodes, &home, observer).await?;
        Ok(Self {
            sender: chain_for(&nodes[0], "akash", USER)?,
            linked,
            acknowledged,
            engine: tokio::spawn(engine.run(stop.clone())),
            stop,
            _home: home,
        })
    }

    /// Puts transfers into the mempool, which take turns on the channels.
    pub async fn send(&self, packets: usize) -> Result<()> {
        let mut account = self.sender.state().await?;
        let timeout = (Time::now() + 10 * LIMIT)?.unix_timestamp_nanos();
        let timeout = u64::try_from(timeout).context("a time before 1970")?;
        let receiver = key(USER, "kava")?.address().to_owned();
        let transfer = |channel: &String| MsgTransfer {
            source_port: "transfer".to_owned(),
            source_channel: channel.clone(),
            token: Some(Coin {
                denom: DENOM.to_owned(),
                amount: "1".to_owned(),
            }),
            sender: account.address.clone(),
            receiver: receiver.clone(),
            timeout_timestamp: timeout,
            ..MsgTransfer::default()
        };
        let channels = self.linked.channels[0].iter().cycle().take(packets);
        let messages: Vec<Message> = channels
            .map(|channel| {
                message(Any {
                    type_url: "/ibc.applications.transfer.v1.MsgTransfer".to_owned(),
                    value: transfer(channel).encode_to_vec(),
                })
            })
            .collect();
        let (height, time) = self.sender.latest().await?;
        let deadline = self.sender.deadline(height, time, DEADLINE_BLOCKS);
        for messages in messages.chunks(EACH) {
            let draft = TxDraft {
                messages: messages.to_vec(),
                memo: String::new(),
                account: account.clone(),
                gas: GAS,
                deadline,
            };
            let check = self
                .sender
                .broadcast(&self.sender.sign(&draft).await?)
                .await?;
            ensure!(check == Check::Accepted, "the transfers: {check:?}");
            account.account_sequence += 1;
        }
        Ok(())
    }

    /// Waits until the engine has seen so many acknowledgements in blocks.
    pub async fn acknowledged(&mut self, packets: usize) -> Result<()> {
        let all = self.acknowledged.wait_for(|count| *count >= packets);
        let in_time = tokio::select! {
            all = tokio::time::timeout(LIMIT, all) => matches!(all, Ok(Ok(_))),
            () = interrupt::interrupted() => false,
        };
        if in_time {
            return Ok(());
        }
        interrupt::check()?;
        bail!("{} of {packets} acknowledged", *self.acknowledged.borrow())
    }

    pub async fn end(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.engine.await??)
    }
}

async fn engine(nodes: &[Node; 2], home: &TempDir, observer: Observer) -> Result<Engine> {
    let policy = Policy::default();
    let (store, view) = Engine::open_store(home.path(), &policy).await?;
    let clock: Clock = Arc::new(|| {
        let nanoseconds = Time::now().unix_timestamp_nanos();
        BlockTime(u64::try_from(nanoseconds).unwrap_or_default())
    });
    let mut parts = Parts::new(policy, clock, store, view);
    parts.reconcile_every = LIMIT;
    parts.observer = observer;
    for (node, prefix) in nodes.iter().zip(["akash", "kava"]) {
        let chain = Arc::new(chain_for(node, prefix, RELAYER)?);
        let lane = LaneSettings {
            messages_max: MESSAGES_MAX,
            gas_max: None,
            timeout_blocks: TX_TIMEOUT_BLOCKS,
            memo: String::new(),
        };
        let id = chain.id().clone();
        parts.lanes.insert(id.clone(), lane);
        parts.clients.insert(id.clone(), ClientParams::default());
        parts.accounts.insert(id.clone(), vec![chain.clone()]);
        parts.chains.insert(id, ChainAccess::new(chain));
    }
    Ok(Engine::start(parts, Assignment::Everything))
}

fn node(id: &str, prefix: &str) -> Result<Node> {
    let mut genesis = Genesis::new(id, prefix, Time::now());
    for account in [RELAYER, USER] {
        genesis = genesis.fund(key(account, prefix)?.address(), &[(DENOM, FUNDS)]);
    }
    let node = Node::new(&genesis)?;
    node.make_block(Time::now())?;
    Ok(node)
}

fn key(account: u8, prefix: &str) -> Result<Key> {
    Ok(Key::from_private_key(&[account; 32], prefix)?)
}

fn chain_for(node: &Node, prefix: &str, account: u8) -> Result<DevnetChain> {
    let price = format!("0{DENOM}").parse()?;
    let key = key(account, prefix)?;
    Ok(DevnetChain::new(node.clone(), key, price)?)
}

async fn make_blocks(node: Node, stop: CancellationToken) -> Result<()> {
    let mut beat = tokio::time::interval(BLOCK_TIME);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(beat.tick()).await.is_some() {
        let node = node.clone();
        tokio::task::spawn_blocking(move || node.make_block(Time::now())).await??;
    }
    Ok(())
}
