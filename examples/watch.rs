//! Prints a chain's packets, block by block, as they happen.
//!
//! ```sh
//! cargo run --example watch -- akash-a http://127.0.0.1:21057 http://127.0.0.1:21090
//! ```
//!
//! It needs no key: everything it uses of `tern-cosmos` reads only.

use anyhow::Context as _;
use tern_chains::{Chain, ChainId, Event, Next};
use tern_cosmos::{CosmosChain, CosmosSettings};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = |name: &str| {
        args.next()
            .with_context(|| format!("missing argument: {name}"))
    };
    let id = ChainId::from_string(&next("chain id")?);
    let (rpc, grpc) = (
        next("RPC address")?.parse()?,
        next("gRPC address")?.parse()?,
    );
    // Prefix and price matter only to what signs.
    let settings = CosmosSettings::new(id, rpc, grpc, "cosmos", "0stake".parse()?);
    let chain = CosmosChain::new(settings)?;

    let (mut height, _) = chain.latest().await?;
    loop {
        match chain.next_block(height).await? {
            Next::Block(block) => {
                height = block.height;
                for event in &block.events {
                    if let Some(line) = describe(event) {
                        println!("block {height}: {line}");
                    }
                }
            }
            Next::Gap { to, .. } => height = to,
        }
    }
}

fn describe(event: &Event) -> Option<String> {
    Some(match event {
        Event::SendPacket(packet) => format!(
            "sent         {}, {} bytes",
            packet.id(),
            packet.data().len()
        ),
        Event::RecvPacket(id) => format!("received     {id}"),
        Event::WriteAcknowledgement { packet, ack } => format!(
            "wrote ack of {}: {}",
            packet.id(),
            String::from_utf8_lossy(ack)
        ),
        Event::AcknowledgePacket(id) => format!("acknowledged {id}"),
        Event::TimeoutPacket(id) => format!("timed out    {id}"),
        _ => return None,
    })
}
