//! Serves one development chain on sockets, with blocks at an interval, until
//! Ctrl-C:
//!
//! ```text
//! cargo run -p tern-devnet --example devnet -- \
//!     akash-dev akash 26657 9090 1000 ADDRESS=1000000000uakt …
//! ```

use std::time::Duration;

use tendermint::Time;
use tern_devnet::{serve, Coin, Genesis, GenesisAccount, Node};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [chain_id, prefix, rpc, grpc, block_ms, accounts @ ..] = args.as_slice() else {
        return Err("CHAIN_ID PREFIX RPC_PORT GRPC_PORT BLOCK_MS ADDRESS=COINS…".into());
    };
    let mut genesis = Genesis::new(chain_id, prefix, Time::now());
    for account in accounts {
        genesis
            .accounts
            .push(parse(account).ok_or("an account is ADDRESS=COINS")?);
    }
    let first = genesis
        .accounts
        .iter()
        .flat_map(|account| &account.coins)
        .next();
    if let Some(coin) = first {
        genesis.bond_denom = coin.denom.clone();
    }
    let node = Node::new(&genesis)?;
    let at = |port: &str| TcpListener::bind(format!("127.0.0.1:{port}"));
    let endpoints = serve(node.clone(), at(rpc).await?, at(grpc).await?, async {
        // Without a signal handler the process ends anyway.
        let _ = tokio::signal::ctrl_c().await;
    });
    let mut beat = tokio::time::interval(Duration::from_millis(block_ms.parse()?));
    tokio::pin!(endpoints);
    loop {
        tokio::select! {
            closed = &mut endpoints => return Ok(closed?),
            _ = beat.tick() => {
                node.make_block(Time::now())?;
            }
        }
    }
}

fn parse(text: &str) -> Option<GenesisAccount> {
    let (address, coins) = text.split_once('=')?;
    let coins = coins.split(',').map(|coin| {
        let split = coin.find(|c: char| !c.is_ascii_digit())?;
        let (amount, denom) = coin.split_at(split);
        Some(Coin {
            denom: denom.to_owned(),
            amount: amount.parse().ok()?,
        })
    });
    Some(GenesisAccount {
        address: address.to_owned(),
        coins: coins.collect::<Option<_>>()?,
    })
}
