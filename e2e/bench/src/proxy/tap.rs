//! Reads copies of the bytes of a connection and tells the recorder what they are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::http1::Http1;
use super::http2::Http2;
use super::recorder::{Connection, Protocol, Recorder};
use super::websocket::Frames;

pub struct Tap;

impl Tap {
    /// The taps of both directions: what is asked, and what is answered.
    pub fn pair(
        connection: Connection,
        recorder: Arc<Recorder>,
    ) -> (impl FnMut(&[u8]), impl FnMut(&[u8])) {
        let is_websocket = Arc::new(AtomicBool::new(false));
        let upgraded = is_websocket.clone();
        let of_answers = recorder.clone();
        let mut asks = Asks::of(connection.protocol);
        let asks = move |bytes: &[u8]| {
            recorder.passed(bytes.len());
            for method in asks.read(bytes) {
                recorder.called(connection, method);
            }
            if asks.is_websocket() {
                is_websocket.store(true, Ordering::Relaxed);
            }
        };
        let mut frames = Frames::after_head();
        let answers = move |bytes: &[u8]| {
            of_answers.passed(bytes.len());
            if upgraded.load(Ordering::Relaxed) {
                of_answers.framed(frames.read(bytes));
            }
        };
        (asks, answers)
    }
}

enum Asks {
    Http1(Http1),
    Http2(Http2),
}

impl Asks {
    fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Rpc => Self::Http1(Http1::default()),
            Protocol::Grpc => Self::Http2(Http2::default()),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        match self {
            Self::Http1(http) => http.read(bytes),
            Self::Http2(http) => http.read(bytes),
        }
    }

    fn is_websocket(&self) -> bool {
        matches!(self, Self::Http1(http) if http.is_websocket())
    }
}
