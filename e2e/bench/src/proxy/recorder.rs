//! What passed through the proxies of one relayer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Calls noted in full; what is beyond is only counted.
const CALLS_MAX: usize = 2_000_000;

/// Which of a node's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Rpc,
    Grpc,
}

/// One request, when it left the relayer.
#[derive(Clone, Debug)]
pub struct Call {
    pub at: Instant,
    pub connection: Connection,
    /// `block_results`, `abci_query proof`, `/cosmos.tx.v1beta1.Service/Simulate`.
    pub method: String,
}

/// Where a connection leads, and its number among all of the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    pub number: usize,
    pub chain: &'static str,
    pub protocol: Protocol,
}

/// Counts at one moment; the difference of two is what happened between.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub calls: usize,
    pub connections: usize,
    /// WebSocket messages from the nodes.
    pub frames: usize,
    /// Both ways.
    pub bytes: usize,
}

impl Counts {
    pub fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            connections: self.connections - before.connections,
            frames: self.frames - before.frames,
            bytes: self.bytes - before.bytes,
        }
    }
}

#[derive(Debug, Default)]
pub struct Recorder(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    counts: Counts,
}

impl Recorder {
    pub fn connected(&self, chain: &'static str, protocol: Protocol) -> Connection {
        let mut inner = self.lock();
        inner.counts.connections += 1;
        Connection {
            number: inner.counts.connections,
            chain,
            protocol,
        }
    }

    pub fn called(&self, connection: Connection, method: String) {
        let at = Instant::now();
        let mut inner = self.lock();
        inner.counts.calls += 1;
        if inner.calls.len() < CALLS_MAX {
            inner.calls.push(Call {
                at,
                connection,
                method,
            });
        }
    }

    pub fn framed(&self, frames: usize) {
        self.lock().counts.frames += frames;
    }

    pub fn passed(&self, bytes: usize) {
        self.lock().counts.bytes += bytes;
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The calls since a moment.
    pub fn since(&self, begin: Instant) -> Vec<Call> {
        let inner = self.lock();
        let first = inner.calls.partition_point(|call| call.at < begin);
        inner.calls[first..].to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
