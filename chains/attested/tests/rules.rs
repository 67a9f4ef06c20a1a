//! What is other than on a Cosmos chain, seen through the seam.

use tern_attested::{AttestedChain, Call, Checked, Genesis, Key, Node, Payment, OUT_OF_GAS};
use tern_attested_core::{decode, encode, SealedHeader};
use tern_chains::{
    Account, BlockTime, Chain, Check, ClientParams, Deadline, HeaderCheck, LightClient, Message,
    SignedTx, StorePath, TrustedClient, TxDraft,
};
use tern_devnet::{Faults, Lie};

const SECOND: u64 = 1_000_000_000;
const LAG: u64 = 2;

fn key(number: u8) -> Key {
    Key::from_seed([number; 32], "basalt").unwrap()
}

fn node() -> Node {
    let genesis = Genesis {
        chain_id: "basalt".into(),
        prefix: "basalt".into(),
        denom: "ubas".into(),
        accounts: vec![(key(1).address().into(), 1_000_000_000)],
        time_ns: 0,
        seed: 7,
        attestors: 3,
        finality_lag: LAG,
        tx_bytes: 1_000_000,
        block_gas: 10_000_000,
        mempool_txs: 10,
    };
    Node::new(&genesis).unwrap()
}

fn chain(node: &Node, gas_price: u128) -> AttestedChain {
    AttestedChain::new(node.clone(), key(1), gas_price)
}

fn payment() -> Message {
    let payment = Payment {
        to: key(2).address().into(),
        denom: "ubas".into(),
        amount: "5".into(),
    };
    Call::Pay(payment).encode()
}

async fn signed(chain: &AttestedChain, account_sequence: u64, expires: u64) -> SignedTx {
    let mut account = chain.state().await.unwrap();
    account.account_sequence = account_sequence;
    let draft = TxDraft {
        gas: chain.estimate(&[payment()], &account).await.unwrap(),
        messages: vec![payment()],
        memo: String::new(),
        account,
        deadline: Deadline::Time(BlockTime(expires * SECOND)),
    };
    chain.sign(&draft).await.unwrap()
}

/// Makes blocks a second apart, from this second on.
fn blocks(node: &Node, seconds: std::ops::RangeInclusive<u64>) {
    seconds.for_each(|second| node.make_block(BlockTime(second * SECOND)));
}

fn received(node: &Node) -> u128 {
    node.read(|chain| chain.balance(key(2).address(), "ubas"))
}

#[tokio::test]
async fn a_block_is_told_once_others_follow_it() {
    let node = node();
    let chain = chain(&node, 1);
    blocks(&node, 1..=2);
    assert_eq!(chain.latest().await.unwrap(), (0, BlockTime(0)));
    assert!(chain.block(1).await.is_err());
    blocks(&node, 3..=3);
    assert_eq!(chain.latest().await.unwrap(), (1, BlockTime(SECOND)));
    assert_eq!(chain.block(1).await.unwrap().height, 1);
}

#[tokio::test]
async fn state_is_proven_by_the_header_of_its_height() {
    let node = node();
    let chain = chain(&node, 1);
    blocks(&node, 1..=3);
    let client = chain.new_client(&ClientParams::default()).await.unwrap();
    let trusted = TrustedClient {
        client_state: client.client_state,
        height: client.height,
        consensus_state: client.consensus_state,
    };
    blocks(&node, 4..=9);
    let now = BlockTime(9 * SECOND);
    let update = chain.client_update(&trusted, 7, now).await.unwrap();
    assert_eq!((update.headers.len(), update.height), (1, 7));
    let path = StorePath::ClientState("10-attested-0".parse().unwrap());
    let proven = chain.query_proven(vec![path], 7).await.unwrap().remove(0);
    assert_eq!(
        (proven.value.as_ref(), proven.proof.height.height),
        (None, 7)
    );
    assert!(chain.verify(&proven, &update.root).is_ok());
    let mut other = update.root.clone();
    other.0[0] ^= 1;
    assert!(chain.verify(&proven, &other).is_err());
}

#[tokio::test]
async fn an_expired_transaction_is_in_no_block() {
    let node = node();
    let chain = chain(&node, 1);
    blocks(&node, 1..=1);
    let tx = signed(&chain, 0, 2).await;
    assert_eq!(chain.broadcast(&tx).await.unwrap(), Check::Accepted);
    blocks(&node, 2..=5);
    assert_eq!(received(&node), 0);
    assert!(matches!(
        chain.broadcast(&tx).await.unwrap(),
        Check::Refused { code: 3, .. }
    ));
}

#[tokio::test]
async fn of_two_with_one_account_sequence_the_dearer_is_included() {
    let node = node();
    let (cheap, dear) = (chain(&node, 1), chain(&node, 2));
    let (first, second) = (signed(&cheap, 0, 9).await, signed(&dear, 0, 9).await);
    assert_eq!(cheap.broadcast(&first).await.unwrap(), Check::Accepted);
    assert_eq!(node.check_tx(second.bytes), Checked::Replaced(first.hash));
    assert!(matches!(
        cheap.broadcast(&first).await.unwrap(),
        Check::WrongSequence { .. }
    ));
    blocks(&node, 1..=3);
    assert_eq!(cheap.block(1).await.unwrap().txs[0].hash, second.hash);
    assert_eq!(received(&node), 5);
}

#[tokio::test]
async fn a_transaction_waits_for_those_before_it() {
    let node = node();
    let chain = chain(&node, 1);
    let (first, second) = (signed(&chain, 0, 99).await, signed(&chain, 1, 99).await);
    assert_eq!(chain.broadcast(&second).await.unwrap(), Check::Accepted);
    blocks(&node, 1..=3);
    assert_eq!(received(&node), 0);
    assert_eq!(chain.broadcast(&first).await.unwrap(), Check::Accepted);
    blocks(&node, 4..=6);
    assert_eq!(received(&node), 10);
}

#[tokio::test]
async fn blocks_are_replaced_until_they_are_final() {
    let node = node();
    let chain = chain(&node, 1);
    let tx = signed(&chain, 0, 99).await;
    assert_eq!(chain.broadcast(&tx).await.unwrap(), Check::Accepted);
    blocks(&node, 1..=1);
    assert_eq!(chain.state().await.unwrap().account_sequence, 1);
    // Taken back, and its transaction lost.
    assert_eq!(node.replace_blocks(5, || false), 1);
    assert_eq!(chain.state().await.unwrap().account_sequence, 0);
    blocks(&node, 2..=4);
    assert_eq!((received(&node), chain.latest().await.unwrap().0), (0, 1));
    // The final one stays.
    assert_eq!(node.replace_blocks(5, || true), LAG);
    assert_eq!(chain.latest().await.unwrap().0, 1);
}

#[tokio::test]
async fn a_transaction_pays_for_too_little_gas() {
    let node = node();
    let chain = chain(&node, 1);
    let draft = TxDraft {
        messages: vec![payment()],
        memo: String::new(),
        account: chain.state().await.unwrap(),
        gas: 10,
        deadline: chain.deadline(0, BlockTime(0), 9),
    };
    let tx = chain.sign(&draft).await.unwrap();
    assert_eq!(chain.broadcast(&tx).await.unwrap(), Check::Accepted);
    blocks(&node, 1..=3);
    assert_eq!(chain.block(1).await.unwrap().txs[0].code, OUT_OF_GAS);
    assert_eq!(received(&node), 0);
    assert_eq!(chain.balance().await.unwrap().amount, 1_000_000_000 - 10);
}

#[tokio::test]
async fn a_header_seen_elsewhere_is_compared_with_the_chains_own() {
    let node = node();
    let chain = chain(&node, 1);
    blocks(&node, 1..=9);
    let client = chain.new_client(&ClientParams::default()).await.unwrap();
    let trusted = TrustedClient {
        height: 1,
        client_state: client.client_state,
        consensus_state: client.consensus_state,
    };
    let update = chain
        .client_update(&trusted, 5, BlockTime(0))
        .await
        .unwrap();
    let header = &update.headers[0];
    assert_eq!(chain.check_header(header).await.unwrap(), HeaderCheck::Same);
    let behind = node.another();
    behind.set_faults(Faults {
        behind: Some(4),
        ..Faults::default()
    });
    let checked = self::chain(&behind, 1).check_header(header).await.unwrap();
    assert_eq!(checked, HeaderCheck::NotYet { height: 5 });

    let lying = node.another();
    lying.set_faults(Faults {
        lies: Some(Lie::Equivocation),
        ..Faults::default()
    });
    let lying = self::chain(&lying, 1);
    let other = lying
        .client_update(&trusted, 5, BlockTime(0))
        .await
        .unwrap();
    let own = header.clone();
    let checked = chain.check_header(&other.headers[0]).await.unwrap();
    assert_eq!(checked, HeaderCheck::Conflicting { own });

    let mut unsigned: SealedHeader = decode(header).unwrap();
    unsigned.header.root[0] ^= 1;
    assert!(chain.check_header(&encode(&unsigned)).await.is_err());
}
