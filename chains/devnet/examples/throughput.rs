//! Measures the steps of a development chain for one block of N packets:
//!
//! ```text
//! cargo run --release -p tern-devnet --example throughput -- [PACKETS] [CHANNELS] [VALIDATORS]
//! ```

use std::time::{Duration, Instant};

use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use prost::Message as _;
use tendermint::Time;
use tern_chains::{
    Account, BlockTime, Chain, ClientId, Datagram, Event, LightClient, Message, Packet, Proof,
    StorePath, TrustedClient, TxDraft,
};
use tern_cosmos_core::convert::message as message_of;
use tern_cosmos_core::Key;
use tern_devnet::{preopen_channels, DevnetChain, Genesis, Node, PreopenedChannels};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const START: i64 = 1_700_000_000;
const MESSAGES_PER_TX: usize = 50;
const GAS: u64 = 100_000_000;
/// More blocks than a transaction waits for.
const DEADLINE_BLOCKS: u64 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (packets, channels, validators) = (next(1000)?, next(1)?, next(1)?);
    let mut bench = Bench::new(validators, channels)?;
    let sent = bench.send(packets).await?;
    let received = bench.receive(&sent).await?;
    bench.acknowledge(&received).await
}

/// Two chains with open channels, and a clock.
struct Bench {
    chains: [DevnetChain; 2],
    preopened: PreopenedChannels,
    second: i64,
}

impl Bench {
    fn new(validators: usize, channels: usize) -> Result<Self> {
        let chain = |id: &str, prefix: &str| -> Result<DevnetChain> {
            let key = Key::from_private_key(&[7; 32], prefix)?;
            let start = Time::from_unix_timestamp(START, 0)?;
            let mut genesis = Genesis::new(id, prefix, start);
            genesis.validators = validators;
            let genesis = genesis.fund(key.address(), &[("token", 1_000_000_000)]);
            let price = "0token".parse()?;
            Ok(DevnetChain::new(Node::new(&genesis)?, key, price)?)
        };
        let chains = [chain("akash-1", "akash")?, chain("kava-1", "kava")?];
        let mut bench = Self {
            chains,
            preopened: PreopenedChannels {
                clients: Default::default(),
                connections: Default::default(),
                channels: Default::default(),
            },
            second: 0,
        };
        bench.tick()?;
        let nodes = bench.chains.each_ref().map(DevnetChain::node);
        bench.preopened = timed("preopening", channels, || {
            preopen_channels(nodes[0], nodes[1], channels)
        })?;
        bench.tick()?;
        Ok(bench)
    }

    /// A block on both chains.
    fn tick(&mut self) -> Result<()> {
        self.second += 1;
        let time = Time::from_unix_timestamp(START + self.second, 0)?;
        for chain in &self.chains {
            chain.node().make_block(time)?;
        }
        Ok(())
    }

    /// Puts messages into the mempool and makes the block they are in.
    async fn submit(
        &mut self,
        on: usize,
        what: &str,
        messages: Vec<Message>,
    ) -> Result<Vec<Event>> {
        let chain = &self.chains[on];
        let count = messages.len();
        let mut account = chain.state().await?;
        let (height, time) = chain.latest().await?;
        let mut txs = Vec::new();
        for messages in messages.chunks(MESSAGES_PER_TX) {
            let draft = TxDraft {
                messages: messages.to_vec(),
                memo: String::new(),
                account: account.clone(),
                gas: GAS,
                deadline: chain.deadline(height, time, DEADLINE_BLOCKS),
            };
            txs.push(chain.sign(&draft).await?);
            account.account_sequence += 1;
        }
        let start = Instant::now();
        for tx in &txs {
            let check = chain.broadcast(tx).await?;
            assert_eq!(check, tern_chains::Check::Accepted);
        }
        report(&format!("CheckTx {what}"), count, start.elapsed());
        self.second += 1;
        let time = Time::from_unix_timestamp(START + self.second, 0)?;
        let start = Instant::now();
        chain.node().make_block(time)?;
        report(&format!("block of {what}"), count, start.elapsed());
        let (height, _) = chain.latest().await?;
        let start = Instant::now();
        let block = chain.block(height).await?;
        report(&format!("reading {what}"), count, start.elapsed());
        assert_eq!(block.txs.len(), txs.len());
        for outcome in &block.txs {
            assert_eq!(outcome.code, 0, "{}", outcome.log);
        }
        self.tick()?;
        Ok(block.events)
    }

    async fn send(&mut self, packets: usize) -> Result<Vec<Packet>> {
        let channels = &self.preopened.channels[0];
        let messages = (0..packets).map(|number| {
            let message = MsgTransfer {
                source_port: "transfer".to_owned(),
                source_channel: channels[number % channels.len()].clone(),
                token: Some(Coin {
                    denom: "token".to_owned(),
                    amount: "1".to_owned(),
                }),
                sender: self.chains[0].address().to_owned(),
                receiver: self.chains[1].address().to_owned(),
                timeout_height: None,
                timeout_timestamp: (START as u64 + 1_000_000) * 1_000_000_000,
                memo: String::new(),
            };
            message_of(Any {
                type_url: "/ibc.applications.transfer.v1.MsgTransfer".to_owned(),
                value: message.encode_to_vec(),
            })
        });
        let messages = messages.collect();
        let events = self.submit(0, "MsgTransfer", messages).await?;
        let sent = events.into_iter().filter_map(|event| match event {
            Event::SendPacket(packet) => Some(packet),
            _ => None,
        });
        Ok(sent.collect())
    }

    async fn receive(&mut self, sent: &[Packet]) -> Result<Vec<(Packet, Vec<u8>)>> {
        let paths = sent.iter().map(|packet| StorePath::Commitment {
            src: packet.src.clone(),
            sequence: packet.sequence,
        });
        let (update, proofs) = self.prove(1, paths.collect()).await?;
        let receives = sent.iter().zip(proofs);
        let receives = receives.map(|(packet, proof_commitment)| Datagram::RecvPacket {
            packet: packet.clone(),
            proof_commitment,
        });
        let messages = self.encode(1, [update].into_iter().chain(receives))?;
        let events = self.submit(1, "MsgRecvPacket", messages).await?;
        let received = events.into_iter().filter_map(|event| match event {
            Event::WriteAcknowledgement { packet, ack } => Some((packet, ack)),
            _ => None,
        });
        Ok(received.collect())
    }

    async fn acknowledge(&mut self, received: &[(Packet, Vec<u8>)]) -> Result<()> {
        let paths = received
            .iter()
            .map(|(packet, _)| StorePath::Acknowledgement {
                dst: packet.dst.clone(),
                sequence: packet.sequence,
            });
        let (update, proofs) = self.prove(0, paths.collect()).await?;
        let acks = received.iter().zip(proofs);
        let acks = acks.map(|((packet, ack), proof_acked)| Datagram::Acknowledgement {
            packet: packet.clone(),
            acknowledgement: ack.clone(),
            proof_acked,
        });
        let messages = self.encode(0, [update].into_iter().chain(acks))?;
        self.submit(0, "MsgAcknowledgement", messages).await?;
        Ok(())
    }

    fn encode(&self, on: usize, datagrams: impl Iterator<Item = Datagram>) -> Result<Vec<Message>> {
        let encoded = datagrams.map(|datagram| self.chains[on].encode(&datagram));
        Ok(encoded.collect::<std::result::Result<_, _>>()?)
    }

    /// An update of the client on `on` to the other chain's newest block, and
    /// proofs below it.
    async fn prove(&mut self, on: usize, paths: Vec<StorePath>) -> Result<(Datagram, Vec<Proof>)> {
        let (host, other) = (&self.chains[on], &self.chains[1 - on]);
        let (height, BlockTime(time)) = other.latest().await?;
        let stored = trusted(host, &self.preopened.clients[on]).await?;
        let now = BlockTime(time + 1_000_000_000);
        let start = Instant::now();
        let mut update = other.client_update(&stored, height, now).await?;
        report("client update", 1, start.elapsed());
        let start = Instant::now();
        let count = paths.len();
        let proven = other.query_proven(paths, height - 1).await?;
        report("proving", count, start.elapsed());
        let start = Instant::now();
        for proven in &proven {
            other.verify(proven, &update.root)?;
        }
        report("verifying", count, start.elapsed());
        let update = Datagram::UpdateClient {
            client_id: self.preopened.clients[on].parse()?,
            header: update.headers.remove(0),
        };
        let proofs = proven.into_iter().map(|proven| proven.proof);
        Ok((update, proofs.collect()))
    }
}

async fn trusted(host: &DevnetChain, id: &str) -> Result<TrustedClient> {
    let client_id: ClientId = id.parse()?;
    let state = host.query(StorePath::ClientState(client_id.clone()), None);
    let state = state.await?.ok_or("the client is not there")?;
    let client = host.codec().client(&state).ok_or("not a client")?;
    let height = client.summary.latest();
    let consensus = host.query(StorePath::ConsensusState { client_id, height }, None);
    let consensus = consensus
        .await?
        .ok_or("the client has no consensus state")?;
    Ok(TrustedClient {
        client_state: client.state,
        height: height.height,
        consensus_state: host.codec().consensus(&consensus)?.state,
    })
}

fn timed<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    report(what, count, start.elapsed());
    done
}

fn report(what: &str, count: usize, took: Duration) {
    let each = took / u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    println!("{what:>28}  {count:>7}  {took:>10.1?}  {each:>10.1?} each");
}
