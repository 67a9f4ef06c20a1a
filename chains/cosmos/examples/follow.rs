//! Prints the IBC events of every new block of a chain.
//!
//!     cargo run -p tern-cosmos --example follow -- \
//!         cosmoshub-4 http://127.0.0.1:26657 http://127.0.0.1:9090

use std::error::Error;

use tern_chains::{Chain, Next};
use tern_cosmos::{CosmosChain, CosmosSettings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [id, rpc, grpc] = args.as_slice() else {
        return Err("usage: follow CHAIN_ID RPC_URL GRPC_URL".into());
    };
    let id = id.parse()?;
    let price = "0stake".parse()?;
    let settings = CosmosSettings::new(id, rpc.parse()?, grpc.parse()?, "cosmos", price);
    let chain = CosmosChain::new(settings)?;

    let (mut height, _) = chain.latest().await?;
    loop {
        match chain.next_block(height).await? {
            Next::Block(block) => {
                println!("{} {} txs", block.height, block.txs.len());
                for event in &block.events {
                    println!("  {event:?}");
                }
                height = block.height;
            }
            Next::Gap { from, to } => {
                println!("{from} to {to}: pruned");
                height = to;
            }
        }
    }
}
