//! How large the store becomes when many packets go through it.
//!
//! ```sh
//! cargo run --release --example store_growth -- --packets 1000000
//! ```
//!
//! The ledger and the store are the engine's own; what the blocks say is made up. Each
//! block sends some packets, receives those of the block before, and acknowledges those
//! of the one before that. Signed transactions are written and flushed as the engine
//! does it. It prints a line for each tenth of the packets.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use tern::engine::{Records, Store};
use tern_chains::{
    BlockTime, Body, ChainId, ChannelId, ChannelState, ClientId, ClientSummary, ConnectionId,
    ConnectionState, Deadline, End, Event, Height, Ordering, Packet, PacketId, PortId, Timeout,
    TxHash, TxOutcome,
};
use tern_core::ledger::{
    Change, ChannelKey, ChannelRecord, ClientKey, ClientRecord, ConnectionKey, ConnectionRecord,
    Entry, Fact, Head, Intent, Item, TxKey, TxRecord, View,
};
use tern_core::policy::Policy;
use tern_core::statistics::Statistics;

const LINES: u64 = 10;
const SECOND_NS: u64 = 1_000_000_000;
/// About what a transaction takes for each packet, with its proof.
const TX_BYTES_A_PACKET: usize = 1_500;
const TX_TIMEOUT_BLOCKS: u64 = 200;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "1000000")]
    packets: u64,
    /// Packets in a block
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u64).range(1..))]
    block: u64,
    /// The home folder, which is kept [default: a temporary one]
    #[arg(long)]
    home: Option<std::path::PathBuf>,
    /// Close the store at each line, and open it again
    #[arg(long)]
    reopen: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let home = args.home.as_deref().unwrap_or(folder.path());
    let policy = Policy::default();
    let mut records = open(home, &policy)?;
    let start = Instant::now();
    println!("   packets  store MiB  files  anonymous MiB  seconds");
    let blocks = args.packets / args.block;
    let mut printed = 0;
    for height in 1..=blocks {
        for entries in block(height, args.block)? {
            let signed = matches!(entries.first(), Some(Entry::Intent(_)));
            records.commit(&entries, |_| {}, |_| false)?;
            if signed {
                records.flush().await?;
            }
        }
        let packets = height * args.block;
        if packets * LINES / args.packets > printed {
            printed = packets * LINES / args.packets;
            let (bytes, files) = on_disk(&home.join("store"));
            println!(
                "{packets:>10} {:>10.1} {files:>6} {:>14.1} {:>8.0}",
                bytes as f64 / f64::from(1 << 20),
                anonymous_mib()?,
                start.elapsed().as_secs_f64()
            );
            if args.reopen {
                drop(records);
                let (begun, reopened) = (Instant::now(), open(home, &policy)?);
                records = reopened;
                let (bytes, files) = on_disk(&home.join("store"));
                println!(
                    "  reopened {:>10.1} {files:>6} {:>14.1} {:>8.2}",
                    bytes as f64 / f64::from(1 << 20),
                    anonymous_mib()?,
                    begun.elapsed().as_secs_f64()
                );
            }
        }
    }
    Ok(())
}

/// The ledger of this home, with an open channel between two chains.
fn open(home: &Path, policy: &Policy) -> Result<Records> {
    let (store, mut view) = Store::open(home, policy.packets_in_memory_max)?;
    if view == View::default() {
        let changes = open_channel()?;
        store.commit(&changes)?;
        changes.iter().for_each(|change| view.commit(change));
    }
    Ok(Records::new(
        store,
        view,
        Statistics::default(),
        policy.clone(),
    ))
}

fn chains() -> [ChainId; 2] {
    ["akash-1", "kava-1"].map(ChainId::from_string)
}

fn client_id() -> Result<ClientId> {
    Ok("07-tendermint-0".parse()?)
}

fn head(height: u64) -> Head {
    let time = BlockTime(height * SECOND_NS);
    Head { height, time }
}

fn open_channel() -> Result<Vec<Change>> {
    let [a, b] = chains();
    let (connection_id, port_id) = (ConnectionId::new(0), PortId::transfer());
    let mut changes = Vec::new();
    for (here, there) in [(&a, &b), (&b, &a)] {
        let client = ClientRecord {
            summary: ClientSummary {
                chain_id: there.clone(),
                latest_height: 1,
                trusting_period: Duration::from_secs(1_209_600),
                frozen: false,
                flaws: vec![],
            },
            updated: BlockTime(0),
            seen: 1,
            is_ours: true,
        };
        let connection = ConnectionRecord {
            state: ConnectionState::Open,
            client_id: client_id()?,
            counterparty_chain: there.clone(),
            counterparty_client_id: client_id()?,
            counterparty_connection_id: Some(connection_id.clone()),
            delay_period_ns: 0,
            versions: vec![],
            seen: 1,
        };
        let channel = ChannelRecord {
            state: ChannelState::Open,
            ordering: Ordering::Unordered,
            version: "ics20-1".to_owned(),
            connection_id: connection_id.clone(),
            client_id: client_id()?,
            counterparty_chain: there.clone(),
            counterparty_port_id: port_id.clone(),
            counterparty_channel_id: Some(ChannelId::new(0)),
            seen: 1,
        };
        let chain = here.clone();
        let client_key = ClientKey {
            chain: chain.clone(),
            client_id: client_id()?,
        };
        let connection_key = ConnectionKey {
            chain: chain.clone(),
            connection_id: connection_id.clone(),
        };
        let channel_key = ChannelKey {
            chain: chain.clone(),
            port_id: port_id.clone(),
            channel_id: ChannelId::new(0),
        };
        changes.extend([
            Change::Head(chain, head(0)),
            Change::Client(client_key, client),
            Change::Connection(connection_key, connection),
            Change::Channel(channel_key, channel),
        ]);
    }
    Ok(changes)
}

/// What is committed during one block of both chains, in the order of the engine.
fn block(height: u64, count: u64) -> Result<Vec<Vec<Entry>>> {
    let [a, b] = chains();
    let of = |height: u64| (height * count + 1)..=(height + 1) * count;
    let sent: Vec<Packet> = of(height).map(packet).collect();
    // Two blocks later than sent: what was sent in the blocks before the first is missing.
    let received: Vec<Packet> = match height.checked_sub(1) {
        Some(before @ 1..) => of(before).map(packet).collect(),
        _ => vec![],
    };
    let ended: Vec<PacketId> = match height.checked_sub(2) {
        Some(before @ 1..) => of(before).map(|sequence| packet(sequence).id()).collect(),
        _ => vec![],
    };
    let receives = received.iter();
    let receives = receives.map(|packet| Item::Recv(View::key_on_src(&a, &packet.id())));
    let acks = ended.iter().map(|id| Item::Ack(View::key_on_src(&a, id)));
    let receiving = signed(&b, height, receives.collect());
    let acking = signed(&a, height, acks.collect());
    let on_a = sent.into_iter().map(Event::SendPacket);
    let on_a = on_a.chain(ended.into_iter().map(Event::AcknowledgePacket));
    let on_b = received.iter().flat_map(|packet| {
        let ack = br#"{"result":"AQ=="}"#.to_vec();
        let packet = packet.clone();
        [
            Event::RecvPacket(packet.id()),
            Event::WriteAcknowledgement { packet, ack },
        ]
    });
    Ok(vec![
        vec![Entry::Intent(Intent::Signed {
            key: receiving.0.clone(),
            tx: receiving.1,
        })],
        vec![Entry::Intent(Intent::Signed {
            key: acking.0.clone(),
            tx: acking.1,
        })],
        facts(&a, height, on_a, acking.0),
        facts(&b, height, on_b, receiving.0),
    ])
}

fn packet(sequence: u64) -> Packet {
    let end = End::channel(&PortId::transfer(), &ChannelId::new(0));
    let data = format!(
        r#"{{"amount":"{sequence}","denom":"uakt","receiver":"kava1{:038}","sender":"akash1{:038}"}}"#,
        sequence, sequence
    );
    Packet {
        src: end.clone(),
        dst: end,
        sequence: sequence.into(),
        timeout: Timeout {
            height: Height::default(),
            timestamp_ns: u64::MAX,
        },
        body: Body::V1 {
            data: data.into_bytes(),
        },
    }
}

fn signed(chain: &ChainId, height: u64, items: Vec<Item>) -> (TxKey, TxRecord) {
    // Hashes have no pattern, and the store sorts by them.
    let mut hash = [0; 32];
    let mixed = height.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    hash[..8].copy_from_slice(&mixed.to_be_bytes());
    let key = TxKey {
        chain: chain.clone(),
        hash: TxHash(hash),
    };
    let tx = TxRecord {
        signer: "akash1relayer".to_owned(),
        account_sequence: height,
        deadline: Deadline::Height(height + TX_TIMEOUT_BLOCKS),
        bytes: vec![7; TX_BYTES_A_PACKET * (items.len() + 1)],
        items,
        updates: 1,
        is_unasked: false,
        fee: 5_000,
    };
    (key, tx)
}

fn facts(
    chain: &ChainId,
    height: u64,
    events: impl Iterator<Item = Event>,
    ended: TxKey,
) -> Vec<Entry> {
    let head = head(height);
    let events = events.map(|event| Fact::Event {
        chain: chain.clone(),
        head,
        event,
    });
    let outcome = Fact::Outcome {
        chain: chain.clone(),
        height,
        outcome: TxOutcome {
            hash: ended.hash,
            code: 0,
            codespace: String::new(),
            log: String::new(),
            message_index: None,
            clients: vec![],
            client_messages: vec![],
            gas_wanted: 0,
            gas_used: 0,
        },
    };
    let end = Fact::BlockEnd {
        chain: chain.clone(),
        head,
    };
    let facts = events.chain([outcome, end]);
    facts.map(Entry::Fact).collect()
}

/// Bytes on disk, and the number of files.
fn on_disk(path: &Path) -> (u64, u64) {
    let Ok(metadata) = path.symlink_metadata() else {
        return (0, 0);
    };
    if !metadata.is_dir() {
        return (metadata.blocks() * 512, 1);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.fold((0, 0), |(bytes, files), entry| {
        let (more_bytes, more_files) = on_disk(&entry.path());
        (bytes + more_bytes, files + more_files)
    })
}

fn anonymous_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.context("/proc/self/status is not as expected")? / 1024.0)
}
