//! What a chain says of its nodes, with nodes on sockets and without.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tern_chains::NodeState;

use super::*;
use crate::testing::light_chain::LightChain;
use crate::testing::node::{honest, Node};

/// The same chain with an address that has secrets in it.
fn with_secrets(settings: &CosmosSettings) -> CosmosChain {
    let mut settings = settings.clone();
    for url in [&mut settings.rpc, &mut settings.grpc] {
        url.set_username("user").unwrap();
        url.set_password(Some("secret")).unwrap();
        url.set_path("private");
        url.set_query(Some("key=private"));
    }
    CosmosChain::new(settings).unwrap()
}

/// The only node's state, and how many answers and errors were counted by method.
fn only(chain: &CosmosChain) -> (NodeState, Vec<(String, u64, u64)>) {
    let [node] = <[NodeStatus; 1]>::try_from(chain.nodes()).unwrap();
    let requests = node.requests.into_iter();
    let counts = requests.map(|stats| (stats.method, stats.ok, stats.errors));
    (node.state, counts.collect())
}

fn counts<const N: usize>(counts: [(&str, u64, u64); N]) -> Vec<(String, u64, u64)> {
    let counts = counts.into_iter();
    counts
        .map(|(method, ok, errors)| (method.to_owned(), ok, errors))
        .collect()
}

#[tokio::test]
async fn a_node_is_shown_as_it_behaves_with_what_was_asked_of_it() {
    let light = LightChain::new(&vec![vec![1]; 8]);
    let is_broken = Arc::new(AtomicBool::new(false));
    let node = {
        let is_broken = is_broken.clone();
        Node::serve(
            move |method, params| match is_broken.load(Ordering::SeqCst) {
                true => Ok(json!("a web page")),
                false => honest(&light, 7, method, params),
            },
        )
    }
    .await;
    let chain = node.chain();
    assert_eq!(only(&chain), (NodeState::Well, vec![]));
    assert_eq!(chain.latest().await.unwrap().0, 7);
    assert_eq!(chain.nodes()[0].height, Some(7));
    assert_eq!(only(&chain), (NodeState::Well, counts([("status", 1, 0)])));
    // The node's refusal is an error of the request, and no failure of the node.
    let path = StorePath::ClientState("07-tendermint-0".parse().unwrap());
    chain.query(path, None).await.unwrap_err();
    let asked = counts([("abci_query", 0, 1), ("status", 2, 0)]);
    assert_eq!(only(&chain), (NodeState::Well, asked));

    is_broken.store(true, Ordering::SeqCst);
    for failures in 1..=2 {
        chain.latest().await.unwrap_err();
        let (state, asked) = only(&chain);
        let NodeState::Failing {
            failures: shown,
            reason,
        } = state
        else {
            panic!("{state}");
        };
        assert_eq!(shown, failures);
        assert!(
            reason.starts_with("the answer is not CometBFT's"),
            "{reason}"
        );
        let status = ("status", 2, u64::from(failures));
        assert_eq!(asked, counts([("abci_query", 0, 1), status]));
    }

    is_broken.store(false, Ordering::SeqCst);
    chain.latest().await.unwrap();
    let asked = counts([("abci_query", 0, 1), ("status", 3, 2)]);
    assert_eq!(only(&chain), (NodeState::Well, asked));
}

#[tokio::test]
async fn no_secret_of_an_address_is_shown() {
    let chain = {
        let id = ChainId::from_string("a-1");
        let nobody: url::Url = "http://127.0.0.1:1".parse().unwrap();
        let price = "0stake".parse().unwrap();
        let settings = CosmosSettings::new(id, nobody.clone(), nobody, "cosmos", price);
        with_secrets(&settings)
    };
    chain.latest().await.unwrap_err();
    let (after_rpc, _) = only(&chain);
    chain.clients().await.unwrap_err();
    let (after_grpc, asked) = only(&chain);
    assert_eq!(asked, counts([("ClientStates", 0, 1), ("status", 0, 1)]));
    assert_eq!(chain.nodes()[0].address, "http://127.0.0.1:1");
    for state in [after_rpc, after_grpc] {
        let said = state.to_string();
        assert!(said.contains("refused"), "{said}");
        let is_hidden = |secret| !said.contains(secret);
        assert!(
            ["user", "secret", "private"].into_iter().all(is_hidden),
            "{said}"
        );
    }
}
