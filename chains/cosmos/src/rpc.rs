//! The CometBFT RPC connection of a node: typed questions in, decoded answers out, bounded in
//! time; in number by the node they are asked of. Nothing here knows IBC.
//!
//! The first question asks for the node's status: its version picks the RPC
//! dialect, its network must be the configured chain.

use std::future::Future;
use std::sync::RwLock;
use std::time::Duration;

use tendermint::block::Height;
use tendermint_rpc::client::CompatMode;
use tendermint_rpc::endpoint::{
    abci_query, block, block_results, broadcast::tx_sync, commit, status, validators,
};
use tendermint_rpc::error::ErrorDetail;
use tendermint_rpc::query::Query;
use tendermint_rpc::{Client, HttpClient, HttpClientUrl, Order, Paging};
use tern_chains::ChainError;
use tokio::time::sleep;
use url::Url;

use self::limits::{BlockLimits, LimitsRequest};
use crate::errors::{answer, flex_line, Fault, Origin, Result};
use crate::request::trace_request;
use crate::settings::CosmosSettings;

mod limits;

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
    /// Speaks the newest dialect; good for `status` with every version.
    plain: HttpClient,
    /// The same connections in the node's dialect, once it is known.
    negotiated: RwLock<Option<HttpClient>>,
}

impl Rpc {
    pub fn new(settings: &CosmosSettings, url: &Url) -> Result<Self> {
        let origin = Origin::new(&settings.id, url);
        let wrong = |error: tendermint_rpc::Error| {
            origin.local(format!("rpc `{}`: {}", origin.node, flex_line!(error)))
        };
        let plain = url.as_str().parse::<HttpClientUrl>();
        let plain = plain
            .and_then(|url| {
                HttpClient::builder(url)
                    .timeout(settings.request_timeout)
                    .user_agent(concat!("tern/", env!("CARGO_PKG_VERSION")).to_owned())
                    .build()
            })
            .map_err(wrong)?;
        let socket_url = socket_url(url).map_err(wrong)?;
        Ok(Self {
            origin,
            socket_url,
            plain,
            negotiated: RwLock::new(None),
        })
    }

    /// Asks for the dialect again before the next question: the node restarted,
    /// perhaps as another version.
    pub fn renegotiate(&self) {
        if let Ok(mut negotiated) = self.negotiated.write() {
            *negotiated = None;
        }
    }

    pub async fn status(&self) -> Result<status::Response> {
        let ask = |client: HttpClient| async move { client.status().await };
        let status = self.send("status", &self.plain, ask).await?;
        self.check_network(&status)?;
        Ok(status)
    }

    pub async fn block(&self, height: u64) -> Result<block::Response> {
        let (doing, at) = self.at("block", height)?;
        self.call(&doing, |c| async move { c.block(at).await })
            .await
    }

    pub async fn block_results(&self, height: u64) -> Result<block_results::Response> {
        let (doing, at) = self.at("block_results", height)?;
        self.call(&doing, |c| async move { c.block_results(at).await })
            .await
    }

    pub async fn commit(&self, height: u64) -> Result<commit::Response> {
        let (doing, at) = self.at("commit", height)?;
        self.call(&doing, |c| async move { c.commit(at).await })
            .await
    }

    /// One page of the validators that sign `height`, counted from 1.
    pub async fn validators(
        &self,
        height: u64,
        page: usize,
        per_page: u8,
    ) -> Result<validators::Response> {
        let (doing, at) = self.at("validators", height)?;
        let paging = Paging::Specific {
            page_number: page.into(),
            per_page: per_page.into(),
        };
        self.call(&doing, |c| async move { c.validators(at, paging).await })
            .await
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
        self.call(doing, |c| async move {
            c.abci_query(path, key, at, prove).await
        })
        .await
    }

    /// Those of the newest block, which the node may know a moment after the
    /// block itself.
    pub async fn block_limits(&self) -> Result<BlockLimits> {
        let newest = self.status().await?.sync_info.latest_block_height;
        let ask = || {
            self.call("consensus_params", |c| async move {
                c.perform(LimitsRequest::default()).await
            })
        };
        self.settled(newest.value(), ask).await
    }

    pub async fn broadcast_tx_sync(&self, tx: Vec<u8>) -> Result<tx_sync::Response> {
        self.call("broadcast_tx_sync", |c| async move {
            c.broadcast_tx_sync(tx).await
        })
        .await
    }

    /// The height of the first transaction in the node's index that matches.
    pub async fn tx_search(&self, query: Query) -> Result<Option<u64>> {
        let ask =
            |c: HttpClient| async move { c.tx_search(query, false, 1, 1, Order::Ascending).await };
        let found = self.call("tx_search", ask).await?;
        Ok(found.txs.first().map(|tx| tx.height.value()))
    }

    /// The same for begin- and end-block events.
    pub async fn block_search(&self, query: Query) -> Result<Option<u64>> {
        let ask =
            |c: HttpClient| async move { c.block_search(query, 1, 1, Order::Ascending).await };
        let found = self.call("block_search", ask).await?;
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

    async fn call<T, F>(&self, doing: &str, ask: impl FnOnce(HttpClient) -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, tendermint_rpc::Error>>,
    {
        let client = self.client().await?;
        self.send(doing, &client, ask).await
    }

    async fn send<T, F>(
        &self,
        doing: &str,
        client: &HttpClient,
        ask: impl FnOnce(HttpClient) -> F,
    ) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, tendermint_rpc::Error>>,
    {
        trace_request(&self.origin, doing);
        ask(client.clone())
            .await
            .map_err(|error| self.origin.node(doing, fault(&error)))
    }

    async fn client(&self) -> Result<HttpClient> {
        let known = self.negotiated.read().ok().and_then(|known| known.clone());
        if let Some(client) = known {
            return Ok(client);
        }
        let status = self.status().await?;
        let version = String::from(status.node_info.version);
        let mut client = self.plain.clone();
        client.set_compat_mode(dialect(&version));
        tracing::debug!(chain = %self.origin.chain, node = %self.origin.node, %version, "node found");
        if let Ok(mut negotiated) = self.negotiated.write() {
            *negotiated = Some(client.clone());
        }
        Ok(client)
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

fn fault(error: &tendermint_rpc::Error) -> Fault {
    match error.detail() {
        ErrorDetail::Response(response) => Fault::Answer(response.source.to_string()),
        ErrorDetail::Serde(_) => Fault::Transport(format!(
            "the answer is not CometBFT's, but perhaps a web page or a proxy's message: {}",
            flex_line!(error)
        )),
        _ => Fault::Transport(flex_line!(error)),
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
    fn an_answer_that_is_not_the_nodes_is_called_that() {
        let page = serde_json::from_str::<u64>("<html>").unwrap_err();
        let fault = fault(&tendermint_rpc::Error::serde(page));
        let Fault::Transport(text) = fault else {
            panic!("taken for the node's answer");
        };
        assert!(text.starts_with("the answer is not CometBFT's"), "{text}");
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
