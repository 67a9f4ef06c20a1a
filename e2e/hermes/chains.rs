//! Two development chains on sockets, and a user who sends from within.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message;
use tendermint::Time;
use tern_chains::{Account, Chain, ChannelId, Check, End, PortId, TxDraft};
use tern_cosmos_core::convert::message;
use tern_cosmos_core::{Key, DEFAULT_HD_PATH};
use tern_devnet::{mock, serve, DevnetChain, Genesis, Node, ValidatorUpdate};
use tern_e2e::{RELAYER, USER};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What every account has of each denom.
pub const FUNDS: u128 = 1_000_000_000_000;
const BLOCK_TIME: Duration = Duration::from_millis(500);
const GAS: u64 = 50_000_000;
/// More blocks than a transaction waits for.
const DEADLINE_BLOCKS: u64 = 1_000;

pub struct DevChain {
    pub id: &'static str,
    pub prefix: &'static str,
    /// Fees are paid in it, and tokens sent.
    pub denom: &'static str,
    pub rpc: SocketAddr,
    pub grpc: SocketAddr,
    /// The chain from within, with the user's key; the user pays no fees.
    chain: DevnetChain,
}

/// Starts a chain; its tasks end with the runtime.
pub fn start(
    runtime: &Runtime,
    id: &'static str,
    prefix: &'static str,
    denom: &'static str,
) -> Result<DevChain> {
    let key = |mnemonic| Key::from_mnemonic(mnemonic, DEFAULT_HD_PATH, prefix);
    let user = key(USER.1)?;
    let mut genesis = Genesis::new(id, prefix, Time::now())
        .fund(key(RELAYER.1)?.address(), &[(denom, FUNDS)])
        .fund(user.address(), &[(denom, FUNDS)]);
    genesis.bond_denom = denom.to_owned();
    genesis.validators = 4;
    let node = Node::new(&genesis)?;
    let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let (rpc, grpc) = (bind()?, bind()?);
    let chain = DevnetChain::new(node.clone(), user, format!("0{denom}").parse()?)?;
    let chain = DevChain {
        id,
        prefix,
        denom,
        rpc: rpc.local_addr()?,
        grpc: grpc.local_addr()?,
        chain,
    };
    runtime.spawn(serve(node.clone(), rpc, grpc, std::future::pending()));
    runtime.spawn(async move {
        let mut ticks = tokio::time::interval(BLOCK_TIME);
        loop {
            ticks.tick().await;
            match node.make_block(Time::now()) {
                Ok(block) => change_validators(&node, block.height()),
                Err(error) => eprintln!("{id}: {error}"),
            }
        }
    });
    Ok(chain)
}

/// Every seventh block another validator's power changes, so that headers have
/// other validators than the trusted ones.
fn change_validators(node: &Node, height: u64) {
    if height.is_multiple_of(7) {
        node.update_validator(ValidatorUpdate {
            validator: (height / 7 % 4) as usize,
            power: 10 + (height % 5) as u32,
        });
    }
}

/// Packets to be sent: how many, of what, and how long they may take.
pub struct Packets<'a> {
    pub channel: &'a str,
    pub denom: &'a str,
    /// In each packet.
    pub amount: u128,
    pub count: usize,
    pub timeout: Duration,
}

impl DevChain {
    /// The user's address.
    pub fn user(&self) -> Result<String> {
        Ok(self.chain.address().to_owned())
    }

    /// What the user has.
    pub fn has(&self, denom: &str) -> Result<u128> {
        let user = self.user()?;
        Ok(self.chain.node().read(|chain| chain.balance(&user, denom)))
    }

    /// The user sends packets in one transaction; returns when they are sent.
    pub fn send(&self, runtime: &Runtime, to: &str, packets: &Packets<'_>) -> Result<()> {
        let until = Time::now() + packets.timeout;
        let timeout = until?.unix_timestamp_nanos().try_into()?;
        let message = MsgTransfer {
            source_port: "transfer".to_owned(),
            source_channel: packets.channel.to_owned(),
            token: Some(Coin {
                denom: packets.denom.to_owned(),
                amount: packets.amount.to_string(),
            }),
            sender: self.user()?,
            receiver: to.to_owned(),
            timeout_height: None,
            timeout_timestamp: timeout,
            memo: String::new(),
        };
        let message = Any {
            type_url: "/ibc.applications.transfer.v1.MsgTransfer".to_owned(),
            value: message.encode_to_vec(),
        };
        runtime.block_on(self.submit(vec![message; packets.count]))
    }

    /// The user sends a packet from the mock port.
    pub fn send_mock(&self, runtime: &Runtime, channel: &str, timeout: Duration) -> Result<()> {
        let until = Time::now() + timeout;
        let message = mock::MsgSend {
            sender: self.user()?,
            channel: channel.to_owned(),
            data: b"anything".to_vec(),
            timeout_timestamp: until?.unix_timestamp_nanos().try_into()?,
            ..Default::default()
        };
        let message = Any {
            type_url: mock::SEND_URL.to_owned(),
            value: message.encode_to_vec(),
        };
        runtime.block_on(self.submit(vec![message]))
    }

    /// Whether a channel is closed.
    pub fn is_closed(&self, runtime: &Runtime, channel: &str) -> Result<bool> {
        let channels = runtime.block_on(self.chain.channels())?;
        let mut channels = channels.all.iter();
        let found = channels.find(|known| known.channel_id.to_string() == channel);
        let found = found.with_context(|| format!("{}: no {channel}", self.id))?;
        Ok(found.channel_end.state.is_closed())
    }

    async fn submit(&self, messages: Vec<Any>) -> Result<()> {
        let (mut height, time) = self.chain.latest().await?;
        let draft = TxDraft {
            messages: messages.into_iter().map(message).collect(),
            memo: String::new(),
            account: self.chain.state().await?,
            gas: GAS,
            deadline: self.chain.deadline(height, time, DEADLINE_BLOCKS),
        };
        let tx = self.chain.sign(&draft).await?;
        let check = self.chain.broadcast(&tx).await?;
        ensure!(check == Check::Accepted, "{}: {check:?}", self.id);
        loop {
            height += 1;
            self.chain.next_block(height - 1).await?;
            let block = self.chain.block(height).await?;
            if let Some(outcome) = block.txs.iter().find(|outcome| outcome.hash == tx.hash) {
                ensure!(outcome.code == 0, "{}: {}", self.id, outcome.log);
                return Ok(());
            }
        }
    }

    /// Packets sent over a channel and not yet done.
    pub fn pending(&self, runtime: &Runtime, port: &str, channel: &str) -> Result<usize> {
        let channel: ChannelId = channel.parse().context("a channel id")?;
        let port: PortId = port.parse().context("a port id")?;
        let end = End::channel(&port, &channel);
        let pending = self.chain.commitments(&end);
        Ok(runtime.block_on(pending)?.all.len())
    }
}
