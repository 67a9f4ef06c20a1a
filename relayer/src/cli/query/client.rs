//! The light clients on a chain and their status.

use std::fmt;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use serde::{Serialize, Serializer};
use tern_chains::{BlockTime, Chain, ChainError, ClientId, OtherClient, StorePath};

use super::{number_of, or_dash, Row};

/// Maximum number of clients queried at the same time.
const AT_ONCE: usize = 16;

pub const HEADER: [&str; 6] = [
    "CLIENT",
    "OF CHAIN",
    "STATUS",
    "LATEST HEIGHT",
    "TRUSTING PERIOD",
    "EXPIRES IN",
];

#[derive(Debug, Serialize)]
pub struct ClientRow {
    client: ClientId,
    /// Of a client that Tern does not relay for, if its type is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_relayed: Option<String>,
    /// This and the other optional fields are `None` for an unknown client type.
    chain: Option<String>,
    status: Status,
    latest_height: Option<u64>,
    trusting_period_seconds: Option<u64>,
    /// Time until the client expires, by the block time of its host chain.
    expires_in_seconds: Option<u64>,
}

/// ICS-02 client status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Expired,
    Frozen,
    /// A client type other than `07-tendermint`.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// All clients on a chain, sorted by number.
pub async fn all(host: &dyn Chain) -> Result<Vec<ClientRow>, ChainError> {
    let ((_, now), ids) = futures::try_join!(host.latest(), host.clients())?;
    let rows = futures::stream::iter(ids.into_iter().map(|id| row(host, id, now)));
    let mut rows: Vec<ClientRow> = rows.buffer_unordered(AT_ONCE).try_collect().await?;
    rows.sort_by_key(|row| number_of(row.client.as_str()));
    Ok(rows)
}

/// One client; `None` if the chain has no client of this name.
pub async fn one(host: &dyn Chain, id: ClientId) -> Result<Option<ClientRow>, ChainError> {
    let ((_, now), ids) = futures::try_join!(host.latest(), host.clients())?;
    match ids.contains(&id) {
        true => Ok(Some(row(host, id, now).await?)),
        false => Ok(None),
    }
}

async fn row(host: &dyn Chain, id: ClientId, now: BlockTime) -> Result<ClientRow, ChainError> {
    let path = StorePath::ClientState(id.clone());
    let state = host.query(path, None).await?.unwrap_or_default();
    let Some(client) = host.codec().client(&state) else {
        return Ok(not_relayed(id, host.codec().other_client(&state)));
    };
    let client = client.summary;
    let path = StorePath::ConsensusState {
        client_id: id.clone(),
        height: client.latest(),
    };
    let trusted = host.query(path, None).await?;
    let left = trusted
        .and_then(|bytes| host.codec().consensus(&bytes).ok())
        .and_then(|trusted| time_left(client.expires_at(trusted.time), now));
    Ok(ClientRow {
        client: id,
        not_relayed: None,
        chain: Some(client.chain_id.to_string()),
        status: status(client.frozen, left),
        latest_height: Some(client.latest_height),
        trusting_period_seconds: Some(client.trusting_period.as_secs()),
        expires_in_seconds: left.map(|left| left.as_secs()),
    })
}

fn not_relayed(client: ClientId, other: Option<OtherClient>) -> ClientRow {
    let (chain, latest_height) = match &other {
        Some(OtherClient::WasmTendermint {
            chain_id,
            latest_height,
        }) => (Some(chain_id.to_string()), Some(*latest_height)),
        _ => (None, None),
    };
    ClientRow {
        client,
        not_relayed: other.map(|other| other.to_string()),
        chain,
        status: Status::Unknown,
        latest_height,
        trusting_period_seconds: None,
        expires_in_seconds: None,
    }
}

impl ClientRow {
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

/// ICS-07: a client without a consensus state at its latest height is expired.
fn status(frozen: bool, left: Option<Duration>) -> Status {
    match (frozen, left) {
        (true, _) => Status::Frozen,
        (false, Some(_)) => Status::Active,
        (false, None) => Status::Expired,
    }
}

/// Time until the consensus state expires; `None` if it is expired.
fn time_left(expires_at: BlockTime, now: BlockTime) -> Option<Duration> {
    let left = expires_at.0.checked_sub(now.0)?;
    (left > 0).then_some(Duration::from_nanos(left))
}

impl Row<6> for ClientRow {
    fn cells(&self) -> [String; 6] {
        let time = |seconds: Option<u64>| {
            let text = seconds.map(|seconds| {
                humantime::format_duration(Duration::from_secs(seconds)).to_string()
            });
            or_dash(text.as_deref())
        };
        let height = self.latest_height.map(|height| height.to_string());
        [
            self.client.to_string(),
            or_dash(self.chain.as_deref()),
            match &self.not_relayed {
                Some(other) => format!("not relayed: {other}"),
                None => self.status.to_string(),
            },
            or_dash(height.as_deref()),
            time(self.trusting_period_seconds),
            time(self.expires_in_seconds),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_expires_when_its_trusting_period_is_over() {
        let expires_at = BlockTime(15_000_000_000);
        for (now, left) in [
            (5_000_000_000, Some(10)),
            (14_000_000_000, Some(1)),
            (15_000_000_000, None),
            (99_000_000_000, None),
        ] {
            let left = left.map(Duration::from_secs);
            assert_eq!(time_left(expires_at, BlockTime(now)), left, "{now}");
        }
    }

    #[test]
    fn a_client_that_is_not_relayed_for_is_told_by_its_type() {
        let told = |id: &str, other| not_relayed(id.parse().unwrap(), other).cells();
        let wasm = OtherClient::WasmTendermint {
            chain_id: tern_chains::ChainId::from_string("akash-1"),
            latest_height: 4,
        };
        let wasm = told("08-wasm-2", Some(wasm));
        assert_eq!(
            wasm[..4],
            [
                "08-wasm-2",
                "akash-1",
                "not relayed: 08-wasm around 07-tendermint",
                "4"
            ]
        );
        let solo = told("06-solomachine-1", Some(OtherClient::SoloMachine));
        assert_eq!(solo[1..4], ["-", "not relayed: 06-solomachine", "-"]);
        let unknown = told("10-grandpa-0", None);
        assert_eq!(unknown[1..4], ["-", "Unknown", "-"]);
    }

    #[test]
    fn a_frozen_client_is_frozen_at_any_age() {
        let left = Some(Duration::from_secs(1));
        assert_eq!(status(true, left), Status::Frozen);
        assert_eq!(status(true, None), Status::Frozen);
        assert_eq!(status(false, left), Status::Active);
        assert_eq!(status(false, None), Status::Expired);
    }
}
