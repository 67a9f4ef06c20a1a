//! Metrics of the nodes that are asked.

use tern_chains::{NodeState, NodeStatus, RequestStats};

use super::family::{Family, Labels};
use crate::daemon::Observation;

pub fn families(observation: &Observation) -> Vec<Family> {
    let nodes = || {
        let chains = observation.nodes.iter();
        chains.flat_map(|(chain, nodes)| nodes.iter().map(move |node| (chain.to_string(), node)))
    };
    let requests = || {
        nodes().flat_map(|(chain, node)| {
            let requests = node.requests.iter();
            requests.map(move |requests| (with_method(&chain, node, requests), requests))
        })
    };
    vec![
        Family::gauge(
            "tern_node_well",
            "Whether the node answers, and what it says verifies.",
            nodes().map(|(chain, node)| {
                let is_well = node.state == NodeState::Well;
                (labels(&chain, node), f64::from(u8::from(is_well)))
            }),
        ),
        Family::gauge(
            "tern_node_height",
            "The newest block that the node said it has.",
            nodes().filter_map(|(chain, node)| Some((labels(&chain, node), node.height? as f64))),
        ),
        Family::counter(
            "tern_node_requests",
            "Requests to the node, by method and by whether they were answered.",
            requests().flat_map(|(labels, requests)| {
                let outcomes = [("ok", requests.ok), ("error", requests.errors)];
                outcomes.map(|(outcome, count)| {
                    let mut labels = labels.clone();
                    labels.push(("outcome", outcome.to_owned()));
                    (labels, count)
                })
            }),
        ),
        Family::histogram(
            "tern_node_request_seconds",
            "How long the node's answers took.",
            requests().map(|(labels, requests)| (labels, requests.seconds.clone())),
        ),
    ]
}

fn labels(chain: &str, node: &NodeStatus) -> Labels {
    vec![("chain", chain.to_owned()), ("node", node.address.clone())]
}

fn with_method(chain: &str, node: &NodeStatus, requests: &RequestStats) -> Labels {
    let mut labels = labels(chain, node);
    labels.push(("method", requests.method.clone()));
    labels
}
