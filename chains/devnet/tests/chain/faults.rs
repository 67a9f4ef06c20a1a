//! Faults work as documented, in process and over sockets, and lies are refused by
//! the checks that apply to every node's responses.

#![allow(deprecated)]

use std::time::Duration;

use crate::world::{any, payment, Endpoint, World};
use tern_chains::{ChainError, ChannelId, Check, End, PortId, StorePath, TrustedClient};
use tern_cosmos_core::convert::any as raw_any;
use tern_cosmos_core::Key;
use tern_devnet::{DevnetChain, Faults, Lie, Node, Refusal};

/// A world with clients, a node of its first chain that will fail, and the two
/// ways to reach that node: in process and over sockets.
struct Fixture {
    world: World,
    node: Node,
    chains: Vec<Endpoint>,
}

impl Fixture {
    async fn new() -> Self {
        let mut world = World::new();
        world.create_client(0).await;
        world.create_client(1).await;
        let node = world.ends[0].node.another();
        let key = Key::from_private_key(&[1; 32], "akash").expect("a key");
        let price = "0.001uakt".parse().expect("a price");
        let in_process = DevnetChain::new(node.clone(), key.clone(), price);
        let on_sockets = Endpoint::on_sockets(&node, "uakt", key).await;
        for _ in 0..3 {
            world.tick();
        }
        Self {
            world,
            node,
            chains: vec![
                Endpoint::in_process(in_process.expect("a chain")),
                on_sockets,
            ],
        }
    }

    fn lie(&self, lie: Lie) {
        self.node.set_faults(Faults {
            lies: Some(lie),
            ..Faults::default()
        });
    }

    fn height(&self) -> u64 {
        self.world.ends[0].node.read(|chain| chain.latest().0)
    }

    /// The trusted state of the other chain's client.
    async fn trusted(&self) -> TrustedClient {
        self.world.trusted(1).await
    }
}

fn client_path() -> StorePath {
    let id = "07-tendermint-0".parse().expect("an id");
    StorePath::ClientState(id)
}

fn absent_path() -> StorePath {
    StorePath::Commitment {
        src: End::channel(&PortId::transfer(), &ChannelId::new(9)),
        sequence: 1.into(),
    }
}

#[tokio::test]
async fn wrong_values_and_wrong_proofs_do_not_hold() {
    let fixture = Fixture::new().await;
    let trusted = fixture.trusted().await;
    let (height, now) = (fixture.height(), fixture.world.now());
    for chain in &fixture.chains {
        let update = chain
            .light_client
            .client_update(&trusted, height, now)
            .await;
        let root = update.expect("an update").root;
        for (lie, holds) in [
            (None, true),
            (Some(Lie::Value), false),
            (Some(Lie::Proof), false),
        ] {
            fixture.node.set_faults(Faults {
                lies: lie,
                ..Faults::default()
            });
            for path in [client_path(), absent_path()] {
                let proven = chain.chain.query_proven(vec![path], height - 1).await;
                let proven = proven.expect("an answer").remove(0);
                let verified = chain.light_client.verify(&proven, &root);
                assert_eq!(verified.is_ok(), holds, "{lie:?}: {verified:?}");
            }
        }
        let before = chain
            .chain
            .query(client_path(), None)
            .await
            .expect("an answer");
        fixture.lie(Lie::Value);
        let lied = chain
            .chain
            .query(client_path(), None)
            .await
            .expect("an answer");
        assert_ne!(before, lied);
        fixture.node.set_faults(Faults::default());
    }
}

#[tokio::test]
async fn wrong_headers_and_wrong_commits_are_refused() {
    let fixture = Fixture::new().await;
    let trusted = fixture.trusted().await;
    let (height, now) = (fixture.height(), fixture.world.now());
    for chain in &fixture.chains {
        for lie in [Lie::Header, Lie::Commit] {
            fixture.lie(lie);
            let error = chain
                .light_client
                .client_update(&trusted, height, now)
                .await;
            let error = error.expect_err("a lie");
            assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
            let error = chain.light_client.new_client(&Default::default()).await;
            let error = error.expect_err("a lie");
            assert!(matches!(error, ChainError::Unverified { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn two_signed_headers_at_one_height_freeze_a_client() {
    let mut fixture = Fixture::new().await;
    let trusted = fixture.trusted().await;
    let (height, now) = (fixture.height(), fixture.world.now());
    let mut updates = Vec::new();
    for lie in [None, Some(Lie::Equivocation)] {
        fixture.node.set_faults(Faults {
            lies: lie,
            ..Faults::default()
        });
        // Signed by all validators: each header is valid by itself.
        let update = fixture.chains[0]
            .light_client
            .client_update(&trusted, height, now)
            .await;
        let update = update.expect("an update");
        let socket = fixture.chains[1]
            .light_client
            .client_update(&trusted, height, now)
            .await;
        assert_eq!(socket.expect("an update"), update);
        updates.push(update);
    }
    assert_ne!(updates[0].root, updates[1].root);
    let host = &fixture.world.ends[1];
    let messages = updates.into_iter().map(|update| {
        let message = ibc_proto::ibc::core::client::v1::MsgUpdateClient {
            client_id: host.client.clone(),
            client_message: Some(raw_any(&update.headers[0])),
            signer: host.address.clone(),
        };
        any("/ibc.core.client.v1.MsgUpdateClient", &message)
    });
    let messages = messages.collect();
    let block = fixture.world.submit(1, messages).await;
    assert!(block
        .events
        .iter()
        .any(|event| matches!(event, tern_chains::Event::ClientFrozen { .. })));
}

#[tokio::test]
async fn a_silent_node_answers_when_it_is_well_again() {
    let fixture = Fixture::new().await;
    for chain in &fixture.chains {
        fixture.node.set_faults(Faults {
            silent: true,
            ..Faults::default()
        });
        let waiting = chain.clone();
        let mut answer = tokio::spawn(async move { waiting.chain.latest().await });
        let waited = tokio::time::timeout(Duration::from_millis(200), &mut answer).await;
        waited.expect_err("silence");
        fixture.node.set_faults(Faults::default());
        let answer = answer.await.expect("no panic").expect("an answer");
        assert_eq!(answer.0, fixture.height());
    }
}

#[tokio::test]
async fn a_node_that_is_behind_shows_what_was_until_it_has_caught_up() {
    let mut fixture = Fixture::new().await;
    let height = fixture.height();
    fixture.node.set_faults(Faults {
        behind: Some(height - 2),
        ..Faults::default()
    });
    fixture.world.tick();
    for chain in &fixture.chains {
        assert_eq!(chain.chain.latest().await.expect("an answer").0, height - 2);
        chain.chain.block(height - 2).await.expect("a block");
    }
    fixture.chains[0]
        .chain
        .block(height)
        .await
        .expect_err("gone");
    fixture.node.set_faults(Faults::default());
    for chain in &fixture.chains {
        assert_eq!(chain.chain.latest().await.expect("an answer").0, height + 1);
        chain.chain.block(height + 1).await.expect("a block");
    }
}

#[tokio::test]
async fn transactions_fail_at_the_chain_or_in_the_block_as_told() {
    let mut fixture = Fixture::new().await;
    let refusal = Refusal::new("sdk", 20, "mempool is full");
    for chain in fixture.chains.clone() {
        fixture.node.set_faults(Faults {
            refuses: Some(refusal.clone()),
            ..Faults::default()
        });
        let account = chain.account.state().await.expect("an account");
        let tx = chain.account.sign(&payment(account)).await;
        let tx = tx.expect("a signature");
        let check = chain.account.broadcast(&tx).await.expect("an answer");
        assert_ne!(check, Check::Accepted);
        fixture.node.set_faults(Faults::default());

        fixture.node.fail_txs(Some(Refusal::new("mock", 7, "no")));
        let check = chain.account.broadcast(&tx).await.expect("an answer");
        assert_eq!(check, Check::Accepted);
        fixture.world.tick();
        let block = chain.chain.block(fixture.height()).await.expect("a block");
        let outcome = &block.txs[0];
        assert_eq!((outcome.codespace.as_str(), outcome.code), ("mock", 7));
        assert!(block.events.is_empty());
        fixture.node.fail_txs(None);
    }
}
