//! Two chains, a relayer that crashes, a rival, senders: one seed's life.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use sha2::{Digest, Sha256};
use tendermint::Time;
use tern::engine::{Clock, Engine, LaneSettings, Memory, Parts, Store};
use tern_chains::{
    Block, BlockTime, Chain, ChainId, ChannelId, ClientParams, Event, PortId, Sequence, TxDraft,
};
use tern_core::ledger::{Adopted, ChannelWish, View};
use tern_core::plan::Scope;
use tern_core::policy::Policy;
use tern_cosmos::Key;
use tern_devnet::{DevnetChain, Genesis, Node};
use tokio_util::sync::CancellationToken;

use super::chaos::{Chaos, Dice, FaultyChain};

const START: i64 = 1_700_000_000;
const FUNDS: u128 = 1_000_000_000_000;

/// Accounts by the byte their private key is made of.
const RELAYER: u8 = 1;
const RIVAL: u8 = 2;
const USER: u8 = 3;

/// A chain and the accounts on it.
struct Side {
    node: Node,
    prefix: &'static str,
    denom: &'static str,
}

pub struct World {
    sides: [Side; 2],
    chaos: Chaos,
    clock: Clock,
    memory: Memory,
}

impl World {
    /// Lives through one seed and returns how many packets were sent; `Err` says
    /// what is not as it must be.
    pub async fn live(seed: u64) -> Result<u64, String> {
        let dice = Dice::new(seed);
        let chaos = Chaos {
            on: Arc::new(AtomicBool::new(false)),
            level: dice.roll(12),
            dice,
        };
        let begin = tokio::time::Instant::now();
        let clock: Clock = Arc::new(move || at(begin.elapsed()));
        let world = Self {
            sides: [
                side("akash-1", "akash", "uakt", seed),
                side("kava-1", "kava", "usdx", seed),
            ],
            chaos,
            clock,
            memory: Memory::default(),
        };
        let stop = CancellationToken::new();
        for side in &world.sides {
            tokio::spawn(make_blocks(
                side.node.clone(),
                world.chaos.clone(),
                begin,
                stop.clone(),
            ));
        }
        let result = world.story().await;
        stop.cancel();
        result
    }

    async fn story(&self) -> Result<u64, String> {
        self.open_channel().await?;
        self.chaos.on.store(true, Ordering::Relaxed);
        let dice = self.chaos.dice.clone();
        let rival = dice.chance(25).then(|| {
            let stop = CancellationToken::new();
            let (store, view) = (Store::in_memory(), View::default());
            let engine = self.engine(RIVAL, store, view, false, Scope::Everything);
            (stop.clone(), tokio::spawn(engine.run(stop)))
        });
        let mut sent = [0u64; 2];
        for _ in 0..2 + dice.roll(4) {
            // The engine lives for a while, then its machine stops.
            let (store, view) = Store::simulated(&self.memory);
            let engine = self.engine(RELAYER, store, view, true, Scope::Everything);
            let life = tokio::spawn(engine.run(CancellationToken::new()));
            for _ in 0..dice.roll(5) {
                let from = dice.roll(2) as usize;
                sent[from] += self.send(from).await;
                if dice.chance(10) {
                    self.use_relayers_key(dice.roll(2) as usize).await;
                }
                tokio::time::sleep(Duration::from_millis(dice.roll(4_000))).await;
            }
            life.abort();
            let ended = life.await;
            if let Ok(ended) = ended {
                return Err(format!("the engine ended by itself: {ended:?}"));
            }
            let kept = dice.roll(self.memory.unflushed() as u64 + 1) as usize;
            self.memory.crash(kept);
        }
        self.chaos.on.store(false, Ordering::Relaxed);
        let (store, view) = Store::simulated(&self.memory);
        let engine = self.engine(RELAYER, store, view, true, Scope::Everything);
        let stop = CancellationToken::new();
        let last = tokio::spawn(engine.run(stop.clone()));
        let settled = self.settle(sent).await;
        stop.cancel();
        last.await
            .map_err(|panic| panic.to_string())?
            .map_err(|error| error.to_string())?;
        if let Some((stop, rival)) = rival {
            stop.cancel();
            rival
                .await
                .map_err(|panic| panic.to_string())?
                .map_err(|error| error.to_string())?;
        }
        settled?;
        self.check(sent).await?;
        Ok(sent.iter().sum())
    }

    async fn open_channel(&self) -> Result<(), String> {
        let [a, b] = &self.sides;
        let wish = ChannelWish {
            a: a.id(),
            b: b.id(),
            a_port: PortId::transfer(),
            b_port: PortId::transfer(),
            ordering: tern_chains::Ordering::Unordered,
            version: String::new(),
            adopted: Adopted::default(),
        };
        let (store, view) = Store::simulated(&self.memory);
        let engine = self.engine(RELAYER, store, view, true, Scope::Handshake(wish));
        let opened = engine.open_channel(CancellationToken::new()).await;
        opened
            .map(drop)
            .map_err(|error| format!("no channel: {error}"))
    }

    fn engine(&self, key: u8, store: Store, view: View, faulty: bool, scope: Scope) -> Engine {
        let mut parts = Parts {
            chains: BTreeMap::new(),
            lanes: BTreeMap::new(),
            clients: BTreeMap::new(),
            policy: Policy::default(),
            clock: Arc::clone(&self.clock),
            reconcile_every: Duration::from_secs(60),
            store,
            view,
            observer: Box::new(|_| {}),
        };
        for side in &self.sides {
            let inner = side.door(key);
            let chain: Arc<dyn Chain> = match faulty {
                true => Arc::new(FaultyChain {
                    inner,
                    chaos: self.chaos.clone(),
                }),
                false => Arc::new(inner),
            };
            let lane = LaneSettings {
                messages_max: 5,
                gas_max: None,
                timeout_blocks: 8,
                memo: String::new(),
            };
            parts.lanes.insert(side.id(), lane);
            parts.clients.insert(side.id(), ClientParams::default());
            parts.chains.insert(side.id(), chain);
        }
        Engine::start(parts, scope)
    }

    /// Sends some transfers in one transaction, some of them near their timeout;
    /// returns how many the chain took.
    async fn send(&self, from: usize) -> u64 {
        let dice = &self.chaos.dice;
        let (side, other) = (&self.sides[from], &self.sides[1 - from]);
        let now = (self.clock)().0;
        let count = 1 + dice.roll(8);
        let messages = (0..count).map(|_| {
            let seconds = if dice.chance(30) {
                1 + dice.roll(6)
            } else {
                600
            };
            let message = MsgTransfer {
                source_port: "transfer".into(),
                source_channel: "channel-0".into(),
                token: Some(Coin {
                    denom: side.denom.into(),
                    amount: "10".into(),
                }),
                sender: side.address(USER),
                receiver: other.address(USER),
                timeout_height: None,
                timeout_timestamp: now + seconds * 1_000_000_000,
                memo: String::new(),
            };
            any("/ibc.applications.transfer.v1.MsgTransfer", &message)
        });
        let door = side.door(USER);
        match submit(&door, messages.collect()).await {
            true => count,
            false => 0,
        }
    }

    /// Somebody else uses the relayer's key: its account sequence moves.
    async fn use_relayers_key(&self, on: usize) {
        let side = &self.sides[on];
        let message = ibc_proto::cosmos::bank::v1beta1::MsgSend {
            from_address: side.address(RELAYER),
            to_address: side.address(USER),
            amount: vec![Coin {
                denom: side.denom.into(),
                amount: "1".into(),
            }],
        };
        let message = any("/cosmos.bank.v1beta1.MsgSend", &message);
        // It may well collide with what the relayer has just signed.
        submit(&side.door(RELAYER), vec![message]).await;
    }

    /// Waits until nothing is committed any more.
    async fn settle(&self, sent: [u64; 2]) -> Result<(), String> {
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let open = [self.open(0).await, self.open(1).await];
            if open == [0, 0] {
                return Ok(());
            }
        }
        let open = [self.open(0).await, self.open(1).await];
        Err(format!(
            "of {sent:?} sent, {open:?} are still open ten minutes after the faults stopped"
        ))
    }

    async fn open(&self, on: usize) -> usize {
        let door = self.sides[on].door(USER);
        let open = door
            .commitments(&PortId::transfer(), &ChannelId::new(0))
            .await;
        open.expect("the chain itself answers").len()
    }

    /// Each packet came to one end, and the balances say the same.
    async fn check(&self, sent: [u64; 2]) -> Result<(), String> {
        for from in 0..2 {
            let (src, dst) = (&self.sides[from], &self.sides[1 - from]);
            let (mut ends, mut timeouts) = (BTreeMap::<Sequence, u32>::new(), 0);
            for event in src.events().await {
                match event {
                    Event::AcknowledgePacket(id) => *ends.entry(id.sequence).or_default() += 1,
                    Event::TimeoutPacket(id) => {
                        timeouts += 1;
                        *ends.entry(id.sequence).or_default() += 1;
                    }
                    _ => {}
                }
            }
            let expected: Vec<u64> = (1..=sent[from]).collect();
            let ended: Vec<u64> = ends.keys().map(|sequence| sequence.as_u64()).collect();
            if ended != expected || ends.values().any(|times| *times != 1) {
                return Err(format!("from {}: {sent:?} sent, ended {ends:?}", src.id()));
            }
            let arrived = u128::from(sent[from] - timeouts) * 10;
            let voucher = voucher(src.denom);
            let has = dst
                .node
                .read(|chain| chain.balance(&dst.address(USER), &voucher));
            if has != arrived {
                return Err(format!("{has} of {} arrived, not {arrived}", src.denom));
            }
        }
        Ok(())
    }
}

impl Side {
    fn id(&self) -> ChainId {
        self.node
            .read(|chain| ChainId::from_string(chain.chain_id()))
    }

    fn address(&self, key: u8) -> String {
        address(key, self.prefix)
    }

    fn door(&self, key: u8) -> DevnetChain {
        let price = format!("0{}", self.denom).parse().expect("a price");
        let key = Key::from_private_key(&[key; 32], self.prefix).expect("a key");
        DevnetChain::new(self.node.clone(), Some(key), price).expect("a door")
    }

    /// Every event of every block.
    async fn events(&self) -> Vec<Event> {
        let door = self.door(USER);
        let (latest, _) = door.latest().await.expect("a height");
        let mut events = Vec::new();
        for height in 1..=latest {
            let block: Block = door.block(height).await.expect("a block");
            events.extend(block.events);
        }
        events
    }
}

fn side(id: &str, prefix: &'static str, denom: &'static str, seed: u64) -> Side {
    let start = Time::from_unix_timestamp(START, 0).expect("in range");
    let mut genesis = Genesis::new(id, prefix, start);
    genesis.seed = seed;
    genesis.validators = 1 + (seed % 4) as usize;
    for key in [RELAYER, RIVAL, USER] {
        genesis = genesis.fund(address(key, prefix), &[(denom, FUNDS)]);
    }
    Side {
        node: Node::new(&genesis).expect("a chain"),
        prefix,
        denom,
    }
}

fn address(key: u8, prefix: &str) -> String {
    let key = Key::from_private_key(&[key; 32], prefix).expect("a key");
    key.address().to_owned()
}

/// Signs and sends; true if the chain has it in its mempool.
async fn submit(door: &DevnetChain, messages: Vec<Any>) -> bool {
    let Ok(account) = door.account().await else {
        return false;
    };
    let Ok(gas) = door.estimate(&messages, &account).await else {
        return false;
    };
    let (height, _) = door.latest().await.expect("a height");
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account,
        gas,
        timeout_height: height + 20,
    };
    let tx = door.sign(&draft).expect("a signature");
    let taken = door.broadcast(&tx).await.expect("an answer") == tern_chains::Check::Accepted;
    if taken {
        // The account's next transaction needs this one's block.
        let _ = door.next_block(height).await;
    }
    taken
}

/// A block about every second; with faults on, a chain stands still at times.
async fn make_blocks(
    node: Node,
    chaos: Chaos,
    begin: tokio::time::Instant,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let mut pause_ms = 900 + chaos.dice.roll(200);
        if chaos.on.load(Ordering::Relaxed) && chaos.dice.chance(2) {
            pause_ms += chaos.dice.roll(20_000);
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let BlockTime(nanoseconds) = at(begin.elapsed());
        let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        let time = Time::from_unix_timestamp(seconds as i64, rest as u32).expect("in range");
        node.make_block(time).expect("a block");
    }
}

fn at(elapsed: Duration) -> BlockTime {
    BlockTime(START as u64 * 1_000_000_000 + elapsed.as_nanos() as u64)
}

fn voucher(denom: &str) -> String {
    let hash = Sha256::digest(format!("transfer/channel-0/{denom}").as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("ibc/{hex}")
}

fn any(url: &str, message: &impl prost::Message) -> Any {
    Any {
        type_url: url.to_owned(),
        value: message.encode_to_vec(),
    }
}
