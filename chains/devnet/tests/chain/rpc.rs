//! The client of tendermint-rpc reads every response of the RPC endpoint.

use std::time::Duration;

use futures::StreamExt;
use tendermint::Time;
use tendermint_rpc::client::CompatMode;
use tendermint_rpc::query::{EventType, Query};
use tendermint_rpc::{Client, HttpClient, Order, Paging, SubscriptionClient, WebSocketClient};
use tern_chains::Account;
use tern_cosmos_core::Key;
use tern_devnet::{serve, DevnetChain, Genesis, Node, ValidatorUpdate};
use tokio::net::TcpListener;

use crate::world::payment;

fn time(second: i64) -> Time {
    Time::from_unix_timestamp(1_700_000_000 + second, 3).expect("in range")
}

fn genesis(validators: usize) -> Genesis {
    let mut genesis = Genesis::new("akash-1", "akash", time(0));
    genesis.validators = validators;
    genesis
}

async fn start(genesis: Genesis) -> (Node, String) {
    let node = Node::new(&genesis).expect("a chain");
    for second in 1..=3 {
        node.make_block(time(second)).expect("a block");
    }
    let bind = || TcpListener::bind("127.0.0.1:0");
    let (rpc, grpc) = (bind().await.expect("a port"), bind().await.expect("a port"));
    let address = rpc.local_addr().expect("an address").to_string();
    tokio::spawn(serve(node.clone(), rpc, grpc, std::future::pending()));
    (node, address)
}

#[tokio::test]
async fn every_answer_is_read_by_a_client_of_real_nodes() {
    let (node, address) = start(genesis(180)).await;
    let url: tendermint_rpc::HttpClientUrl = format!("http://{address}").parse().expect("a URL");
    let client = HttpClient::builder(url)
        .compat_mode(CompatMode::V0_38)
        .build();
    let client = client.expect("a client");
    client.health().await.expect("health");
    let status = client.status().await.expect("status");
    assert_eq!(status.sync_info.latest_block_height.value(), 3);
    assert_eq!(status.node_info.network.as_str(), "akash-1");
    let info = client.abci_info().await.expect("abci_info");
    assert_eq!(info.last_block_height.value(), 3);
    for height in [1u32, 3] {
        let block = client.block(height).await.expect("block");
        let made = node
            .read(|chain| chain.block(u64::from(height)).cloned())
            .expect("a block");
        assert_eq!((block.block, block.block_id), (made.block.clone(), made.id));
        let commit = client.commit(height).await.expect("commit");
        assert_eq!(commit.signed_header.commit, made.commit);
        let header = client.header(height).await.expect("header");
        assert_eq!(header.header, made.block.header);
        let results = client.block_results(height).await.expect("block_results");
        assert_eq!(results.app_hash.as_bytes(), made.app_hash);
        let params = client
            .consensus_params(height)
            .await
            .expect("consensus_params");
        assert_eq!(params.consensus_params.block.max_gas, -1);
    }
    let set = client
        .validators(4u32, Paging::All)
        .await
        .expect("validators");
    assert_eq!(set.validators.len(), 180);
    let genesis = client
        .genesis::<serde_json::Value>()
        .await
        .expect("genesis");
    assert_eq!(genesis.validators.len(), 180);
    let chain = client.blockchain(1u32, 3u32).await.expect("blockchain");
    assert_eq!(chain.block_metas.len(), 3);
    let none = client
        .tx_search(Query::from(EventType::Tx), false, 1, 10, Order::Ascending)
        .await;
    assert_eq!(none.expect("tx_search").total_count, 0);
    let query = Query::gte("block.height", 2);
    let found = client
        .block_search(query, 1, 10, Order::Descending)
        .await
        .expect("block_search");
    assert_eq!(found.blocks.len(), 2);
    assert_eq!(found.blocks[0].block.header.height.value(), 3);

    let ahead = client.block(9u32).await.expect_err("ahead of the chain");
    assert!(
        ahead
            .to_string()
            .contains("must be less than or equal to the current"),
        "{ahead}"
    );
    let unknown = client
        .abci_query(Some("/no.such/Method".into()), vec![], None, false)
        .await;
    assert_eq!(unknown.expect("an answer").code.value(), 6);
    let sent = client
        .broadcast_tx_sync(b"nonsense".to_vec())
        .await
        .expect("broadcast");
    assert_eq!((sent.code.value(), sent.codespace.as_str()), (2, "sdk"));
}

#[tokio::test]
async fn who_waits_for_the_block_is_told_of_it() {
    let key = Key::from_private_key(&[5; 32], "akash").expect("a key");
    let genesis = Genesis::new("akash-1", "akash", time(0));
    let genesis = genesis.fund(key.address(), &[("uakt", 1_000_000)]);
    let (node, address) = start(genesis).await;
    let client = HttpClient::new(format!("http://{address}").as_str()).expect("a client");
    let refused = client.broadcast_tx_commit(b"nonsense".to_vec()).await;
    let refused = refused.expect("an answer");
    assert_eq!(
        (refused.check_tx.code.value(), refused.height.value()),
        (2, 0)
    );

    let chain = DevnetChain::new(node.clone(), key, "0uakt".parse().expect("a price"));
    let chain = chain.expect("a chain");
    let account = chain.state().await.expect("an account");
    let draft = payment(account);
    let tx = chain.sign(&draft).await.expect("a signature");
    let bytes = tx.bytes.clone();
    let response = tokio::spawn(async move { client.broadcast_tx_commit(bytes).await });
    while node.read(|chain| chain.waiting()) == 0 {
        tokio::task::yield_now().await;
    }
    node.make_block(time(4)).expect("a block");
    let answer = response.await.expect("no panic").expect("an answer");
    assert_eq!(answer.height.value(), 4);
    assert!(answer.tx_result.code.is_ok(), "{}", answer.tx_result.log);
    assert_eq!(answer.hash.as_bytes(), tx.hash.0);
}

#[tokio::test]
async fn updates_of_validators_are_in_the_results_of_their_block() {
    let (node, address) = start(genesis(2)).await;
    node.update_validator(ValidatorUpdate {
        validator: 7,
        power: 3,
    });
    node.make_block(time(4)).expect("a block");
    let client = HttpClient::new(format!("http://{address}").as_str()).expect("a client");
    let results = client.block_results(4u32).await.expect("block_results");
    let powers = results.validator_updates.iter();
    let powers: Vec<u64> = powers.map(|update| update.power.value()).collect();
    assert_eq!(powers, [3]);
    let set = client.validators(6u32, Paging::All).await;
    set.expect_err("not decided");
    node.make_block(time(5)).expect("a block");
    let set = client
        .validators(6u32, Paging::All)
        .await
        .expect("validators");
    assert_eq!(set.validators.len(), 3);
}

#[tokio::test]
async fn subscribers_are_notified_of_every_block() {
    let (node, address) = start(genesis(1)).await;
    let url = format!("ws://{address}/websocket");
    let (client, driver) = WebSocketClient::builder(url.as_str().try_into().expect("a URL"))
        .compat_mode(CompatMode::V0_38)
        .build()
        .await
        .expect("a socket");
    let driving = tokio::spawn(driver.run());
    let mut blocks = client
        .subscribe(EventType::NewBlock.into())
        .await
        .expect("a subscription");
    for second in 4..=6 {
        node.make_block(time(second)).expect("a block");
    }
    for height in 4..=6 {
        let event = tokio::time::timeout(Duration::from_secs(10), blocks.next()).await;
        let event = event
            .expect("in time")
            .expect("an event")
            .expect("readable");
        let tendermint_rpc::event::EventData::NewBlock {
            block: Some(block), ..
        } = event.data
        else {
            panic!("{:?}", event.data);
        };
        assert_eq!(block.header.height.value(), height);
    }
    client.close().expect("closed");
    driving.await.expect("ended").expect("well");
}
