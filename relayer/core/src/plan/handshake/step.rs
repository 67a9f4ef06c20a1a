//! How far a request is: its ends, and its next step.

use serde::{Deserialize, Serialize};
use tern_chains::ChainId;

use super::ends::Ends;
use super::{close_step, next};
use crate::ledger::{ChannelKey, Goal, HandshakeRequest, HandshakeStep, View};

/// An end of a connection or channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndState {
    pub chain: ChainId,
    /// Such as `connection-0` or `transfer/channel-0`.
    pub end: String,
    /// Such as `TRYOPEN`.
    pub state: String,
}

/// The step that the request needs next, and the chain its message goes to. `None`: it has
/// what it wants, or cannot go on.
pub fn next_step(view: &View, request: &HandshakeRequest) -> Option<(HandshakeStep, ChainId)> {
    if let Goal::Close(a) = &request.goal {
        return Some((close_step(view, a)?, request.a.clone()));
    }
    let next = next(view, request).into_iter().next()?;
    let chain = if next.on_a { &request.a } else { &request.b };
    Some((next.steps.first()?.0, chain.clone()))
}

/// The ends of the connection and the channel of a request, as far as they are there.
pub fn ends_of(view: &View, request: &HandshakeRequest) -> Vec<EndState> {
    let channel = |key: &ChannelKey| {
        Some(EndState {
            chain: key.chain.clone(),
            end: format!("{}/{}", key.port_id, key.channel_id),
            state: view.channel(key)?.state.to_string(),
        })
    };
    if let Goal::Close(a) = &request.goal {
        let b = view.counterparty(a);
        let ends = std::iter::once(a).chain(&b);
        return ends.filter_map(channel).collect();
    }
    let ends = Ends::of(view, request);
    let connections = [ends.connection_on_a, ends.connection_on_b];
    let connections = connections
        .into_iter()
        .flatten()
        .map(|(key, end)| EndState {
            chain: key.chain.clone(),
            end: key.connection_id.to_string(),
            state: end.state.to_string(),
        });
    let channels = [ends.channel_on_a, ends.channel_on_b];
    let channels = channels.into_iter().flatten();
    let channels = channels.filter_map(|(key, _)| channel(key));
    connections.chain(channels).collect()
}
