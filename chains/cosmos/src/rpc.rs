//! The CometBFT RPC connection of a node: typed questions in, decoded answers out, bounded in
//! time; in number by the node they are asked of. Nothing here knows IBC.
//!
//! The first question asks for the node's status: its version picks the RPC
//! dialect, its network must be the configured chain.

use std::future::Future;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tendermint::block::Height;
use tendermint_rpc::client::CompatMode;
use tendermint_rpc::dialect::{v0_34, v0_37, v0_38, LatestDialect};
use tendermint_rpc::endpoint::{
    abci_query, block, block_results, block_search, broadcast::tx_sync, commit, status, tx_search,
    validators,
};
use tendermint_rpc::query::Query;
use tendermint_rpc::{Order, SimpleRequest};
use tern_chains::ChainError;
use tokio::time::sleep;
use url::Url;

pub use self::decode::decode;
use self::http::{Http, Limits, Size};
use self::limits::{BlockLimits, LimitsRequest};
use crate::errors::{answer, flex_line, Origin, Result};
use crate::request::trace_request;
use crate::request_stats::RequestCounter;
use crate::settings::CosmosSettings;

mod decode;
mod http;
mod limits;
mod throttle;

/// How often, and how far apart, a question about one of the newest blocks is
/// asked again: `block_results` may lag a moment behind the header, and behind a
/// load balancer the next node may be behind this one.
const LAG_ATTEMPTS: u32 = 15;
const LAG_PAUSE: Duration = Duration::from_millis(60);
/// What is asked of a block this far below the newest is not just late.
const LAG_BLOCKS_MAX: u64 = 2;

/// One node's RPC.
pub(crate) struct Rpc {
    pub origin: Origin,
    /// Where the same node takes subscriptions.
    pub socket_url: tendermint_rpc::Url,
    http: Http,
    /// The node's dialect, once it is known.
    dialect: RwLock<Option<CompatMode>>,
}

impl Rpc {
    pub fn new(
        settings: &CosmosSettings,
        url: &Url,
        requests: Arc<RequestCounter>,
    ) -> Result<Self> {
        let origin = Origin::new(&settings.id, url);
        let wrong = |why: String| origin.local(format!("rpc `{}`: {why}", origin.node));
        let timeout = settings.request_timeout;
        let http = Http::new(url, timeout, Limits::default(), requests).map_err(wrong)?;
        let socket_url = socket_url(url).map_err(|error| wrong(flex_line!(error)))?;
        Ok(Self {
            origin,
            socket_url,
            http,
            dialect: RwLock::new(None),
        })
    }

    /// Asks for the dialect again before the next question: the node restarted,
    /// perhaps as another version.
    pub fn renegotiate(&self) {
        if let Ok(mut dialect) = self.dialect.write() {
            *dialect = None;
        }
    }

    pub async fn status(&self) -> Result<status::Response> {
        let asked = self.send("status", status::Request, LatestDialect, Size::Small);
        let status = asked.await?;
        self.check_network(&status)?;
        Ok(status)
    }

    pub async fn block(&self, height: u64) -> Result<block::Response> {
        let (doing, at) = self.at("block", height)?;
        self.in_dialect(&doing, block::Request::new(at)).await
    }

    pub async fn block_results(&self, height: u64) -> Result<block_results::Response> {
        let (doing, at) = self.at("block_results", height)?;
        let request = block_results::Request::new(at);
        self.in_dialect(&doing, request).await
    }

    pub async fn commit(&self, height: u64) -> Result<commit::Response> {
        let (doing, at) = self.at("commit", height)?;
        self.call(&doing, commit::Request::new(at)).await
    }

    /// One page of the validators that sign `height`, counted from 1.
    pub async fn validators(
        &self,
        height: u64,
        page: usize,
        per_page: u8,
    ) -> Result<validators::Response> {
        let (doing, at) = self.at("validators", height)?;
        let (page, per_page) = (Some(page.into()), Some(per_page.into()));
        let request = validators::Request::new(Some(at), page, per_page);
        self.call(&doing, request).await
    }

    /// `abci_query` of one key of a store; `None` is the newest height.
    pub async fn abci_query(
        &self,
        doing: &str,
        store: &str,
        key: Vec<u8>,
        height: Option<u64>,
        prove: bool,
    ) -> Result<abci_query::AbciQuery> {
        let path = Some(store.to_owned());
        let at = match height {
            Some(height) => Some(self.at("abci_query", height)?.1),
            None => None,
        };
        let request = abci_query::Request::new(path, key, at, prove);
        Ok(self.call(doing, request).await?.response)
    }

    /// Those of the newest block, which the node may know a moment after the
    /// block itself.
    pub async fn block_limits(&self) -> Result<BlockLimits> {
        let newest = self.status().await?.sync_info.latest_block_height;
        let ask = || self.call("consensus_params", LimitsRequest::default());
        self.settled(newest.value(), ask).await
    }

    pub async fn broadcast_tx_sync(&self, tx: Vec<u8>) -> Result<tx_sync::Response> {
        let request = tx_sync::Request::new(tx);
        self.call("broadcast_tx_sync", request).await
    }

    /// The height of the first transaction in the node's index that matches.
    pub async fn tx_search(&self, query: Query) -> Result<Option<u64>> {
        let found = self.tx_page(query, 1, 1, Order::Ascending).await?;
        Ok(found.txs.first().map(|tx| tx.height.value()))
    }

    /// A page of the transactions in the node's index that match, counted from 1.
    pub async fn tx_page(
        &self,
        query: Query,
        page: u32,
        per_page: u8,
        order: Order,
    ) -> Result<tx_search::Response> {
        let request = tx_search::Request::new(query, false, page, per_page, order);
        self.in_dialect("tx_search", request).await
    }

    /// The same for begin- and end-block events.
    pub async fn block_search(&self, query: Query) -> Result<Option<u64>> {
        let request = block_search::Request::new(query, 1, 1, Order::Ascending);
        let found = self.in_dialect("block_search", request).await?;
        let first = found.blocks.first();
        Ok(first.map(|found| found.block.header.height.value()))
    }

    /// Asks about a height known to be committed, again and for about a second
    /// if the node says it is not there while its chain is young enough for
    /// that. History the node has pruned is `ChainError::Pruned`.
    pub async fn settled<T, F>(&self, height: u64, ask: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut attempt = 1;
        loop {
            let error = match ask().await {
                Err(error) if answer(&error).is_some() => error,
                result => return result,
            };
            let sync = self.status().await?.sync_info;
            if height < sync.earliest_block_height.value() {
                return Err(self.origin.pruned(format!("data of {height}"), height));
            }
            let late = sync.latest_block_height.value() <= height + LAG_BLOCKS_MAX;
            if !late || attempt == LAG_ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            sleep(LAG_PAUSE).await;
        }
    }

    /// A question whose answer is the same in every dialect, and small.
    async fn call<R: SimpleRequest>(&self, doing: &str, request: R) -> Result<R::Output> {
        // A node that is asked for the first time says first which chain it serves.
        self.dialect().await?;
        self.send(doing, request, LatestDialect, Size::Small).await
    }

    /// A question whose answer the dialects write differently: those with blocks.
    async fn in_dialect<R, T>(&self, doing: &str, request: R) -> Result<T>
    where
        R: SimpleRequest<v0_34::Dialect, Output = T>
            + SimpleRequest<v0_37::Dialect, Output = T>
            + SimpleRequest<v0_38::Dialect, Output = T>,
    {
        let size = Size::Block;
        match self.dialect().await? {
            CompatMode::V0_34 => self.send(doing, request, v0_34::Dialect, size).await,
            CompatMode::V0_37 => self.send(doing, request, v0_37::Dialect, size).await,
            CompatMode::V0_38 => self.send(doing, request, v0_38::Dialect, size).await,
        }
    }

    async fn send<R, S>(&self, doing: &str, request: R, dialect: S, size: Size) -> Result<R::Output>
    where
        R: SimpleRequest<S>,
        S: tendermint_rpc::dialect::Dialect,
    {
        trace_request(&self.origin, doing);
        let answer = self.http.ask(request, dialect, size).await;
        answer.map_err(|fault| self.origin.node(doing, fault))
    }

    async fn dialect(&self) -> Result<CompatMode> {
        let known = self.dialect.read().ok().and_then(|known| *known);
        if let Some(dialect) = known {
            return Ok(dialect);
        }
        let status = self.status().await?;
        let version = String::from(status.node_info.version);
        tracing::debug!(chain = %self.origin.chain, node = %self.origin.node, %version, "node found");
        let dialect = dialect(&version);
        if let Ok(mut known) = self.dialect.write() {
            *known = Some(dialect);
        }
        Ok(dialect)
    }

    fn check_network(&self, status: &status::Response) -> Result<()> {
        let actual = status.node_info.network.as_str();
        if actual == self.origin.chain.as_str() {
            return Ok(());
        }
        Err(ChainError::WrongChain {
            expected: self.origin.chain.clone(),
            actual: actual.to_owned(),
            node: self.origin.node.clone(),
        })
    }

    /// What is asked, in words, and the height as the RPC wants it.
    fn at(&self, method: &str, height: u64) -> Result<(String, Height)> {
        let doing = format!("{method} at {height}");
        match Height::try_from(height) {
            Ok(at) => Ok((doing, at)),
            Err(error) => Err(self.origin.malformed(doing, flex_line!(error))),
        }
    }
}

/// The dialect of a version such as `0.38.17`. Unknown ones are taken as the
/// newest known: the RPC has been stable since 0.38.
fn dialect(version: &str) -> CompatMode {
    let mut parts = version.trim_start_matches('v').split('.');
    match (parts.next(), parts.next()) {
        (Some("0"), Some("34")) => CompatMode::V0_34,
        (Some("0"), Some("35" | "36" | "37")) => CompatMode::V0_37,
        _ => CompatMode::V0_38,
    }
}

/// `https://host/path` becomes `wss://host/path/websocket`.
fn socket_url(rpc: &url::Url) -> std::result::Result<tendermint_rpc::Url, tendermint_rpc::Error> {
    let scheme = if rpc.scheme() == "https" { "wss" } else { "ws" };
    let rest = rpc.as_str().trim_start_matches(rpc.scheme());
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = format!("{scheme}{}/websocket", base.trim_end_matches('/'));
    match query {
        "" => path.parse(),
        query => format!("{path}?{query}").parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_pick_their_dialect_and_new_ones_the_newest() {
        for (version, mode) in [
            ("0.34.29", CompatMode::V0_34),
            ("v0.37.2", CompatMode::V0_37),
            ("0.38.17", CompatMode::V0_38),
            ("0.39.0", CompatMode::V0_38),
            ("1.0.1", CompatMode::V0_38),
            ("", CompatMode::V0_38),
        ] {
            assert_eq!(dialect(version), mode, "{version}");
        }
    }

    #[test]
    fn the_socket_is_beside_the_rpc() {
        for (rpc, socket) in [
            ("http://127.0.0.1:26657", "ws://127.0.0.1:26657/websocket"),
            ("https://host/akash/", "wss://host/akash/websocket"),
            ("https://u:p@host/?key=1", "wss://u:p@host/websocket?key=1"),
        ] {
            let url = socket_url(&rpc.parse().unwrap()).unwrap();
            assert_eq!(url.to_string(), socket);
        }
    }
}
