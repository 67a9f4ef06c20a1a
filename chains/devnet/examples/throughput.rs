//! Measures the steps of a development chain for one block of N packets:
//!
//! ```text
//! cargo run --release -p tern-devnet --example throughput -- [PACKETS] [CHANNELS] [VALIDATORS]
//! ```

use std::time::{Duration, Instant};

use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::channel::v1 as channel;
use ibc_proto::ibc::core::client::v1 as client;
use ibc_proto::ibc::core::commitment::v1::MerkleProof;
use ibc_relayer_types::core::ics24_host::path::{AcksPath, CommitmentsPath};
use prost::Message;
use tendermint::Time;
use tern_chains::{BlockTime, Chain, Event, Packet, Path, Proven, TrustedClient, TxDraft};
use tern_cosmos_core::Key;
use tern_devnet::{preopen_channels, DevnetChain, Genesis, Node, PreopenedChannels};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const START: i64 = 1_700_000_000;
const MESSAGES_PER_TX: usize = 50;
const GAS: u64 = 100_000_000;

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
            Ok(DevnetChain::new(Node::new(&genesis)?, Some(key), price)?)
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
    async fn submit(&mut self, on: usize, what: &str, messages: Vec<Any>) -> Result<Vec<Event>> {
        let chain = &self.chains[on];
        let count = messages.len();
        let mut account = chain.account().await?;
        let mut txs = Vec::new();
        for messages in messages.chunks(MESSAGES_PER_TX) {
            txs.push(chain.sign(&TxDraft {
                messages: messages.to_vec(),
                memo: String::new(),
                account: account.clone(),
                gas: GAS,
                timeout_height: 0,
            })?);
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
                sender: self.chains[0].signer().unwrap_or_default(),
                receiver: self.chains[1].signer().unwrap_or_default(),
                timeout_height: None,
                timeout_timestamp: (START as u64 + 1_000_000) * 1_000_000_000,
                memo: String::new(),
            };
            any("/ibc.applications.transfer.v1.MsgTransfer", &message)
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
        let paths = sent.iter().map(|packet| {
            Path::Commitments(CommitmentsPath {
                port_id: packet.source_port.clone(),
                channel_id: packet.source_channel.clone(),
                sequence: packet.sequence,
            })
        });
        let (update, height, proofs) = self.prove(1, paths.collect()).await?;
        let signer = self.chains[1].signer()?;
        let receives = sent.iter().zip(proofs).map(|(packet, proof)| {
            let message = channel::MsgRecvPacket {
                packet: Some(packet.clone().into()),
                proof_commitment: proof,
                proof_height: Some(height),
                signer: signer.clone(),
            };
            any("/ibc.core.channel.v1.MsgRecvPacket", &message)
        });
        let messages = [update].into_iter().chain(receives).collect();
        let events = self.submit(1, "MsgRecvPacket", messages).await?;
        let received = events.into_iter().filter_map(|event| match event {
            Event::WriteAcknowledgement { packet, ack } => Some((packet, ack)),
            _ => None,
        });
        Ok(received.collect())
    }

    async fn acknowledge(&mut self, received: &[(Packet, Vec<u8>)]) -> Result<()> {
        let paths = received.iter().map(|(packet, _)| {
            Path::Acks(AcksPath {
                port_id: packet.destination_port.clone(),
                channel_id: packet.destination_channel.clone(),
                sequence: packet.sequence,
            })
        });
        let (update, height, proofs) = self.prove(0, paths.collect()).await?;
        let signer = self.chains[0].signer()?;
        let acks = received.iter().zip(proofs).map(|((packet, ack), proof)| {
            let message = channel::MsgAcknowledgement {
                packet: Some(packet.clone().into()),
                acknowledgement: ack.clone(),
                proof_acked: proof,
                proof_height: Some(height),
                signer: signer.clone(),
            };
            any("/ibc.core.channel.v1.MsgAcknowledgement", &message)
        });
        let messages = [update].into_iter().chain(acks).collect();
        self.submit(0, "MsgAcknowledgement", messages).await?;
        Ok(())
    }

    /// An update of the client on `on` to the other chain's newest block, and
    /// proofs below it.
    async fn prove(
        &mut self,
        on: usize,
        paths: Vec<Path>,
    ) -> Result<(Any, client::Height, Vec<Vec<u8>>)> {
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
        let message = client::MsgUpdateClient {
            client_id: self.preopened.clients[on].clone(),
            client_message: Some(update.headers.remove(0)),
            signer: host.signer()?,
        };
        let message = any("/ibc.core.client.v1.MsgUpdateClient", &message);
        let height = client::Height {
            revision_number: 1,
            revision_height: height,
        };
        let bytes = |proven: Proven| MerkleProof::from(proven.proof).encode_to_vec();
        Ok((message, height, proven.into_iter().map(bytes).collect()))
    }
}

async fn trusted(host: &DevnetChain, id: &str) -> Result<TrustedClient> {
    let read = |key: String| async move {
        let value = host.query(key.parse()?, None).await?;
        let value = value.ok_or("the client is not there")?;
        Result::Ok(Any::decode(value.as_slice())?)
    };
    let client_state = read(format!("clients/{id}/clientState")).await?;
    let summary = tern_chains::ClientSummary::decode(&client_state.encode_to_vec());
    let height = summary.ok_or("not a client")?.latest_height;
    let consensus_state = read(format!("clients/{id}/consensusStates/1-{height}")).await?;
    Ok(TrustedClient {
        client_state,
        height,
        consensus_state,
    })
}

fn any(url: &str, message: &impl Message) -> Any {
    Any {
        type_url: url.to_owned(),
        value: message.encode_to_vec(),
    }
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
