//! Open packets: found by path, state, sequence, and what a transfer says, or by a
//! transaction.

use std::collections::BTreeSet;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::Json;
use serde::{Deserialize, Serialize};
use tern::engine::status::{PacketSearch, TransferSearch};
use tern::overview::PacketOverview;
use tern_chains::{ChainId, End};
use tern_core::ledger::{EndKey, PacketKey, PacketState};
use utoipa::{IntoParams, ToSchema};

use super::api::rows;
use super::problem::Problem;
use super::query::Parameters;
use super::trace::{channel_id, numbered, port_id, tx_hash};
use super::{Served, State};
use crate::trace;

/// A parameter is refused if it is longer; addresses and denoms are not.
const BYTES_MAX: usize = 512;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PacketsQuery {
    /// The chain that the packets were sent from.
    chain: Option<String>,
    /// Their channel on it, such as `channel-0`.
    #[param(pattern = r"^[A-Za-z0-9._+\-#\[\]<>]{8,64}$")]
    channel: Option<String>,
    /// Their port on it. Default with a chain and a channel: `transfer`.
    #[param(pattern = r"^[A-Za-z0-9._+\-#\[\]<>]{2,128}$")]
    port: Option<String>,
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    sequence: Option<u64>,
    #[param(inline)]
    state: Option<StateQuery>,
    /// The whole address that sent the tokens.
    #[param(max_length = 512)]
    sender: Option<String>,
    /// The whole address on the chain that the packet goes to.
    #[param(max_length = 512)]
    receiver: Option<String>,
    /// As the packet has it: with the channels that the tokens came over.
    #[param(max_length = 512)]
    denom: Option<String>,
    /// The hash of a transaction that sent or moved them. It is asked of the chains, within
    /// the limits of `/trace`.
    #[param(pattern = "^(0[xX])?[0-9A-Fa-f]{64}$")]
    tx: Option<String>,
    /// Most rows of the answer. Default: 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Rows to leave out first. Default: 0.
    #[param(minimum = 0, maximum = 1000000)]
    offset: Option<usize>,
}

/// How far a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateQuery {
    Sent,
    Received,
    AckWritten,
    Unseen,
}

/// Packets that were sent and have not ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Packets {
    /// How many fit, of those that were looked at.
    pending: usize,
    /// Packets of the paths that fit, at most 10,000.
    looked_at: usize,
    /// Packets of these paths that were not looked at: there are too many, or their data is
    /// in the store alone.
    left_out: usize,
    packets: Vec<PacketOverview>,
}

/// Open packets that fit everything that is given, by path and sequence, and what each waits
/// for.
#[utoipa::path(get, path = "/packets", params(PacketsQuery), responses(
    (status = 200, body = Packets),
    (status = 400, body = Problem), (status = 404, body = Problem),
    (status = 429, body = Problem, description = "With `tx`: asked too often."),
    (status = 502, body = Problem, description = "With `tx`: a chain does not answer."),
    (status = 503, body = Problem),
    (status = 504, body = Problem, description = "With `tx`: the chains took too long."),
))]
pub async fn packets(
    Shared(served): State,
    Parameters(query): Parameters<PacketsQuery>,
) -> Result<Json<Packets>, Problem> {
    let mut search = query.search()?;
    if let Some(path) = query.path(&search) {
        let status = &served.daemon.observed.look().await?.status;
        if !status.paths.iter().any(|known| known.src == path) {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                format!("no path from {path} is known: see /api/v1/paths"),
            ));
        }
    }
    if let Some(hash) = &query.tx {
        search.keys = Some(keys_of_tx(&served, hash).await?);
    }
    let (found, now) = served.daemon.observed.search(search).await?;
    let packets = found.packets.iter();
    Ok(Json(Packets {
        pending: found.fitting,
        looked_at: found.looked_at,
        left_out: found.left_out,
        packets: packets
            .map(|found| PacketOverview::found(found, now))
            .collect(),
    }))
}

/// The packets of a transaction, as the chains have them.
async fn keys_of_tx(served: &Served, hash: &str) -> Result<BTreeSet<PacketKey>, Problem> {
    let hash = tx_hash(hash)?;
    let context = served.daemon.context();
    let packets = trace::packets_of_tx(&context, hash, None);
    let packets = served.lookups.run(packets).await?.into_iter();
    let keys = packets.map(|(src, sequence)| PacketKey {
        src: src.into(),
        sequence,
    });
    Ok(keys.collect())
}

impl PacketsQuery {
    fn search(&self) -> Result<PacketSearch, Problem> {
        let is_one_path = self.chain.is_some() && self.channel.is_some();
        let port = match &self.port {
            None if !is_one_path => None,
            port => Some(port_id(port.as_deref())?),
        };
        let channel = self.channel.as_deref().map(channel_id).transpose()?;
        let sequence = self.sequence.map(numbered).transpose()?;
        for (name, text) in [
            ("sender", &self.sender),
            ("receiver", &self.receiver),
            ("denom", &self.denom),
        ] {
            if text.as_ref().is_some_and(|text| text.len() > BYTES_MAX) {
                return Err(Problem::bad_request(format!(
                    "`{name}` is longer than {BYTES_MAX} bytes"
                )));
            }
        }
        let (limit, offset) = rows(self.limit, self.offset)?;
        Ok(PacketSearch {
            chain: self.chain.as_deref().map(ChainId::from_string),
            channel,
            port,
            sequence: sequence.map(Into::into),
            state: self.state.map(Into::into),
            keys: None,
            transfer: TransferSearch {
                sender: self.sender.clone(),
                receiver: self.receiver.clone(),
                denom: self.denom.clone(),
            },
            offset,
            limit,
        })
    }

    /// The path, if one is named.
    fn path(&self, search: &PacketSearch) -> Option<EndKey> {
        let chain = search.chain.clone()?;
        let (port, channel) = search.port.as_ref().zip(search.channel.as_ref())?;
        let end = End::channel(port, channel);
        Some(EndKey { chain, end })
    }
}

impl From<StateQuery> for PacketState {
    fn from(state: StateQuery) -> Self {
        match state {
            StateQuery::Sent => Self::Sent,
            StateQuery::Received => Self::Received,
            StateQuery::AckWritten => Self::AckWritten,
            StateQuery::Unseen => Self::Unseen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_chain_and_a_channel_are_the_path_of_transfers() {
        let query = PacketsQuery {
            chain: some("a-1"),
            channel: some("channel-0"),
            ..PacketsQuery::default()
        };
        let path = query.path(&query.search().unwrap()).unwrap();
        assert_eq!(path.to_string(), "a-1 transfer/channel-0");
        let all = PacketsQuery::default().search().unwrap();
        assert_eq!((all.limit, all.port), (100, None));
    }

    #[test]
    fn a_state_is_read_as_it_is_told() {
        for (text, state) in [
            ("sent", PacketState::Sent),
            ("received", PacketState::Received),
            ("ack_written", PacketState::AckWritten),
            ("unseen", PacketState::Unseen),
        ] {
            let read: StateQuery = serde_json::from_value(text.into()).unwrap();
            assert_eq!(PacketState::from(read), state);
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let query = |length| PacketsQuery {
            sender: Some("a".repeat(length)),
            ..PacketsQuery::default()
        };
        assert!(query(BYTES_MAX).search().is_ok());
        assert_eq!(query(BYTES_MAX + 1).search().unwrap_err().status, 400);
    }
}
