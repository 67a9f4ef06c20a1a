//! JSON-RPC over HTTP, with a limit on what is read. The client of `tendermint-rpc`
//! keeps an answer of any size, and follows redirects; its types of requests and
//! answers are used here all the same.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tendermint_rpc::dialect::Dialect;
use tendermint_rpc::SimpleRequest;
use tokio::time::Instant;
use url::Url;

use super::decode::decode;
use super::throttle::Throttle;
use crate::errors::{readable, shortened, with_causes, Fault};
use crate::request_stats::RequestCounter;

const MIB: usize = 1024 * 1024;
/// The largest answer that can have a whole block in it: 100 MiB is the most that
/// CometBFT allows for one, but what is in blocks is a few.
const BLOCK_ANSWER_BYTES_MAX: usize = 128 * MIB;
/// The largest other answer: a value with its proof, a page of validators.
const ANSWER_BYTES_MAX: usize = 8 * MIB;
/// All answers of one node that are being read.
const NODE_BYTES_MAX: usize = 256 * MIB;

/// The HTTP connections to one node.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    url: Url,
    in_memory: Arc<AtomicUsize>,
    limits: Limits,
    throttle: Arc<Throttle>,
    requests: Arc<RequestCounter>,
}

/// How many bytes are read at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub block_answer: usize,
    pub answer: usize,
    pub node: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            block_answer: BLOCK_ANSWER_BYTES_MAX,
            answer: ANSWER_BYTES_MAX,
            node: NODE_BYTES_MAX,
        }
    }
}

/// What kind of answer is expected, which says how large it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// A block, or everything that happened in one.
    Block,
    Small,
}

/// The bytes of an answer while it is read and decoded, counted for its node.
struct Body {
    bytes: Vec<u8>,
    in_memory: Arc<AtomicUsize>,
}

impl Http {
    /// The error is the reason, in words.
    pub fn new(
        url: &Url,
        timeout: Duration,
        limits: Limits,
        requests: Arc<RequestCounter>,
    ) -> Result<Self, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("write it as http:// or https://".to_owned());
        }
        let client = Client::builder()
            .user_agent(concat!("tern/", env!("CARGO_PKG_VERSION")))
            // From the connection to the last byte of the answer.
            .timeout(timeout)
            // The operator said whom to ask; nobody else may.
            .redirect(Policy::none())
            // Nothing is unpacked, whatever features other crates switch on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .build()
            .map_err(|error| with_causes(&error.without_url()))?;
        Ok(Self {
            client,
            url: url.clone(),
            in_memory: Arc::default(),
            limits,
            throttle: Arc::default(),
            requests,
        })
    }

    /// Asks once, which is counted, unless the node wants to be left alone.
    pub async fn ask<R, S>(&self, request: R, _dialect: S, size: Size) -> Result<R::Output, Fault>
    where
        R: SimpleRequest<S>,
        S: Dialect,
    {
        if let Some(left) = self.throttle.left(Instant::now()) {
            let left = left.as_millis();
            return Err(Fault::Transport(format!(
                "it said that it is asked too much (429): it is not asked for {left} ms"
            )));
        }
        let asked = self.requests.asks(request.method().as_str());
        let answer = self.exchange(request, size).await;
        asked.ended(answer.is_ok());
        answer
    }

    /// Status and headers are looked at first, and a body that is too large is left where
    /// it is.
    async fn exchange<R, S>(&self, request: R, size: Size) -> Result<R::Output, Fault>
    where
        R: SimpleRequest<S>,
        S: Dialect,
    {
        let method = request.method();
        let sent = self
            .client
            // Credentials in the URL become a header.
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(request.into_json().into_bytes())
            .send()
            .await;
        let response = sent.map_err(transport)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Fault::Transport(redirected(&response)));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.throttle
                .refused(Instant::now(), retry_after(&response));
        }
        if status != StatusCode::OK {
            return Err(Fault::Transport(format!("HTTP status {status}")));
        }
        self.throttle.answered();
        let max = match size {
            Size::Block => self.limits.block_answer,
            Size::Small => self.limits.answer,
        };
        let too_large = || {
            let limit = bytes(max);
            Fault::Transport(format!(
                "the answer is larger than {limit}, the limit for `{method}`"
            ))
        };
        let body = self.read(response, max, too_large).await?;
        decode::<R::Response, R::Output>(&body.bytes)
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        max: usize,
        too_large: impl Fn() -> Fault,
    ) -> Result<Body, Fault> {
        // A length that is announced falsely can only make the answer end earlier.
        if response
            .content_length()
            .is_some_and(|length| length > max as u64)
        {
            return Err(too_large());
        }
        let mut body = Body {
            bytes: Vec::new(),
            in_memory: self.in_memory.clone(),
        };
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.bytes.len() + chunk.len() > max {
                return Err(too_large());
            }
            if !body.add(&chunk, self.limits.node) {
                let limit = bytes(self.limits.node);
                return Err(Fault::Transport(format!(
                    "the node's answers are larger than {limit} together, the limit for a node"
                )));
            }
        }
        Ok(body)
    }
}

impl Body {
    /// Keeps a chunk, if the node's limit allows it.
    fn add(&mut self, chunk: &[u8], node_max: usize) -> bool {
        let before = self.in_memory.fetch_add(chunk.len(), Ordering::Relaxed);
        // Counted from here on, so that it is given back.
        if before + chunk.len() > node_max {
            self.in_memory.fetch_sub(chunk.len(), Ordering::Relaxed);
            return false;
        }
        self.bytes.extend_from_slice(chunk);
        true
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.in_memory
            .fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// The text has no address in it: paths and queries have keys in them.
fn transport(error: reqwest::Error) -> Fault {
    Fault::Transport(shortened(with_causes(&error.without_url())))
}

/// How many seconds the node wants to be left alone; a date instead is not read.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

fn redirected(response: &reqwest::Response) -> String {
    let target = response.headers().get(LOCATION);
    let target = target.and_then(|target| target.to_str().ok());
    let target = target.and_then(|target| response.url().join(target).ok());
    let target = target.map_or_else(String::new, |url| format!(" to {}", readable(&url)));
    format!("the node redirects{target}, which is not followed: configure that address if it is the node's")
}

fn bytes(number: usize) -> String {
    if number >= MIB && number.is_multiple_of(MIB) {
        format!("{} MiB", number / MIB)
    } else {
        format!("{number} bytes")
    }
}

#[cfg(test)]
mod tests;
