//! A development chain in a process of its own, so that it can stand still and its
//! memory is not the relayer's. It sends packets, and tells the soak over a connection
//! what its blocks say, a line of JSON a block. It ends with the connection.

use std::time::Duration;

use anyhow::{ensure, Context, Result};
use clap::Args;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use tendermint::Time;
use tern_chains::{Account, Chain, Check, TxDraft};
use tern_cosmos_core::convert::message;
use tern_cosmos_core::{Key, DEFAULT_HD_PATH};
use tern_devnet::{serve, DevnetChain, Genesis, Node};
use tern_e2e::{RELAYER, USER};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::MissedTickBehavior;

use crate::tally::{self, Tally, Totals, TRANSFER};

const FUNDS: u128 = 1_000_000_000_000_000;
/// Blocks and states kept: more than the relayer asks for, and few enough that an hour
/// of packets fits into memory.
const HISTORY: u64 = 2_000;
/// The first channel between the chains.
const CHANNEL: &str = "channel-0";
const TIMEOUT: Duration = Duration::from_secs(600);
/// Every so many packets one has a timeout of a few blocks: during a fault it times out.
const SHORT_EVERY: u64 = 20;
const SHORT_BLOCKS: u32 = 5;
const GAS: u64 = 10_000_000_000;
/// More blocks than a transaction waits for.
const DEADLINE_BLOCKS: u64 = 100;

#[derive(Clone, Debug, Args)]
pub struct ChainArgs {
    pub id: String,
    pub prefix: String,
    /// The address prefix of the other chain, whose user receives.
    pub other_prefix: String,
    pub denom: String,
    #[arg(value_parser = humantime::parse_duration)]
    pub block_time: Duration,
    /// The port of the soak.
    pub control: u16,
}

/// What the soak orders.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Order {
    pub packets_per_second: f64,
}

/// What a chain says after each block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub rpc: u16,
    pub grpc: u16,
    pub totals: Totals,
}

pub async fn run(args: ChainArgs) -> Result<()> {
    let control = TcpStream::connect(("127.0.0.1", args.control)).await;
    let (orders, mut reports) = control.context("the soak is gone")?.into_split();
    let mut orders = BufReader::new(orders).lines();
    let mut sender = Sender::new(&args)?;
    let node = sender.chain.node().clone();
    let (rpc, grpc) = (listen().await?, listen().await?);
    let mut report = Report {
        rpc: rpc.local_addr()?.port(),
        grpc: grpc.local_addr()?.port(),
        ..Report::default()
    };
    let serving = serve(node.clone(), rpc, grpc, std::future::pending());
    tokio::pin!(serving);
    let mut tally = Tally::default();
    let mut ticks = tokio::time::interval(args.block_time);
    // After it stood still, missed blocks are not made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = &mut serving => return Ok(ended?),
            order = orders.next_line() => match order? {
                Some(line) => sender.rate = serde_json::from_str::<Order>(&line)?.packets_per_second,
                None => return Ok(()),
            },
            _ = ticks.tick() => {
                sender.send().await?;
                let node = node.clone();
                // A large block takes its time, and others want to be served.
                let block = tokio::task::spawn_blocking(move || node.make_block(Time::now()));
                let block = block.await??;
                tally.count(block.height(), &tally::read(&block)?);
                report.totals = tally.totals();
                let line = serde_json::to_string(&report)? + "\n";
                reports.write_all(line.as_bytes()).await?;
            }
        }
    }
}

async fn listen() -> Result<TcpListener> {
    let bound = TcpListener::bind("127.0.0.1:0").await;
    bound.context("no free port for a chain")
}

/// The user who sends.
struct Sender {
    chain: DevnetChain,
    args: ChainArgs,
    receiver: String,
    rate: f64,
    /// Packets that are due: less than one stays for the next block.
    due: f64,
    sent: u64,
}

impl Sender {
    fn new(args: &ChainArgs) -> Result<Self> {
        let key = |(_, mnemonic): (&str, &str), prefix: &str| {
            Key::from_mnemonic(mnemonic, DEFAULT_HD_PATH, prefix)
        };
        let mut genesis = Genesis::new(&args.id, &args.prefix, Time::now());
        genesis.bond_denom.clone_from(&args.denom);
        genesis.limits.history = HISTORY;
        for account in [RELAYER, USER] {
            let address = key(account, &args.prefix)?.address().to_owned();
            genesis = genesis.fund(address, &[(&args.denom, FUNDS)]);
        }
        let node = Node::new(&genesis)?;
        // A client that connects finds at least one block.
        node.make_block(Time::now())?;
        let price = format!("0{}", args.denom).parse()?;
        Ok(Self {
            chain: DevnetChain::new(node, key(USER, &args.prefix)?, price)?,
            receiver: key(USER, &args.other_prefix)?.address().to_owned(),
            args: args.clone(),
            rate: 0.0,
            due: 0.0,
            sent: 0,
        })
    }

    /// Puts the packets of one block's time into the mempool.
    async fn send(&mut self) -> Result<()> {
        self.due += self.rate * self.args.block_time.as_secs_f64();
        let count = self.due.floor();
        if count < 1.0 {
            return Ok(());
        }
        self.due -= count;
        let (height, time) = self.chain.latest().await?;
        let now = Time::now();
        let messages = (0..count as u64).map(|number| {
            let is_short = (self.sent + number).is_multiple_of(SHORT_EVERY);
            let timeout = match is_short {
                true => SHORT_BLOCKS * self.args.block_time,
                false => TIMEOUT,
            };
            let timeout = (now + timeout)?.unix_timestamp_nanos();
            let transfer = MsgTransfer {
                source_port: "transfer".to_owned(),
                source_channel: CHANNEL.to_owned(),
                token: Some(Coin {
                    denom: self.args.denom.clone(),
                    amount: "1".to_owned(),
                }),
                sender: self.chain.address().to_owned(),
                receiver: self.receiver.clone(),
                timeout_timestamp: u64::try_from(timeout).context("a time before 1970")?,
                ..MsgTransfer::default()
            };
            Ok(message(Any {
                type_url: TRANSFER.to_owned(),
                value: transfer.encode_to_vec(),
            }))
        });
        let draft = TxDraft {
            messages: messages.collect::<Result<_>>()?,
            memo: String::new(),
            account: self.chain.state().await?,
            gas: GAS,
            deadline: self.chain.deadline(height, time, DEADLINE_BLOCKS),
        };
        let check = self
            .chain
            .broadcast(&self.chain.sign(&draft).await?)
            .await?;
        ensure!(check == Check::Accepted, "the transfers: {check:?}");
        self.sent += count as u64;
        Ok(())
    }
}
