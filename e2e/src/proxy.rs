//! A proxy before a node's port that passes bytes on, answers in the node's place, or holds
//! one request back. Its clients cannot tell it from what stands before public nodes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{ensure, Context, Result};

/// How long a client may take for a request that is answered here.
const READ_LIMIT: Duration = Duration::from_secs(5);
const CHUNK: usize = 64 * 1024;

/// A listening port that leads to a node's port. Dropping it closes it and all its
/// connections.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    to: u16,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    has_ended: bool,
    /// What is answered in the node's place.
    answer: Option<&'static str>,
    /// How often.
    answered: usize,
    open: Vec<TcpStream>,
    /// The next request with this text is held back.
    wanted: Option<&'static str>,
    is_holding: bool,
    /// What becomes of the held request: whether it goes on.
    verdict: Option<bool>,
}

impl Proxy {
    pub fn open(to: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port for a proxy")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            to,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { port, shared })
    }

    /// From now on every request gets this answer, and its connection is closed. What is
    /// open is cut.
    pub fn answer(&self, answer: &'static str) {
        let mut state = self.shared.state();
        state.answer = Some(answer);
        state.answered = 0;
        state.cut();
    }

    /// Passes everything on again.
    pub fn pass(&self) {
        self.shared.state().answer = None;
    }

    /// How many requests were answered here, since [`Proxy::answer`].
    pub fn answered(&self) -> usize {
        self.shared.state().answered
    }

    /// The next request with this text does not get to the node. It can be asked for while
    /// another is held.
    pub fn hold(&self, text: &'static str) {
        self.shared.state().wanted = Some(text);
    }

    /// Waits until a request is held.
    pub fn holds(&self, limit: Duration) -> Result<()> {
        let state = self.shared.state();
        let is_waiting = |state: &mut State| state.wanted.is_some() || !state.is_holding;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, limit, is_waiting);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        ensure!(!timeout.timed_out(), "no such request within {limit:?}");
        Ok(())
    }

    /// The held request goes on to the node, or is dropped with its connection.
    pub fn release(&self, forward: bool) {
        self.shared.state().verdict = Some(forward);
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.has_ended = true;
        state.verdict = Some(false);
        state.cut();
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while this request is held; whether it goes on.
    fn passes(&self, request: &[u8]) -> bool {
        let mut state = self.state();
        let is_wanted = |text: &str| contains(request, text.as_bytes());
        if !state.wanted.is_some_and(is_wanted) {
            return true;
        }
        state.wanted = None;
        state.is_holding = true;
        self.changed.notify_all();
        let is_held = |state: &mut State| state.verdict.is_none();
        let waited = self.changed.wait_while(state, is_held);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_holding = false;
        state.verdict.take().unwrap_or_default()
    }
}

impl State {
    fn cut(&mut self) {
        for stream in self.open.drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.state().has_ended {
            return;
        }
        // What is wrong with one connection is its client's to notice.
        let Ok(client) = client else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(client, &shared));
    }
}

/// One connection; an error ends it, as far as it can be told.
fn serve(client: TcpStream, shared: &Arc<Shared>) -> Option<()> {
    let answer = shared.state().answer;
    if let Some(answer) = answer {
        return answer_here(client, answer, shared);
    }
    let node = TcpStream::connect(("127.0.0.1", shared.to)).ok()?;
    for stream in [&client, &node] {
        // Only speeds things up.
        let _ = stream.set_nodelay(true);
        shared.state().open.push(stream.try_clone().ok()?);
    }
    let (mut from_node, mut to_client) = (node.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_node, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let passed = pass(&client, &node, shared);
    for stream in [&client, &node] {
        let _ = stream.shutdown(Shutdown::Both);
    }
    passed
}

/// Carries requests to the node, but for one that is held.
fn pass(mut client: &TcpStream, mut node: &TcpStream, shared: &Shared) -> Option<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = client.read(&mut chunk).ok().filter(|length| *length > 0)?;
        // The clients here write a request of theirs at once.
        if !shared.passes(&chunk[..length]) {
            return None;
        }
        node.write_all(&chunk[..length]).ok()?;
    }
}

fn answer_here(mut client: TcpStream, answer: &str, shared: &Shared) -> Option<()> {
    client.set_read_timeout(Some(READ_LIMIT)).ok()?;
    let mut request = Vec::new();
    let mut chunk = vec![0; CHUNK];
    while !is_whole(&request) {
        let length = client.read(&mut chunk).ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&chunk[..length]);
    }
    shared.state().answered += 1;
    client.write_all(answer.as_bytes()).ok()?;
    client.shutdown(Shutdown::Write).ok()?;
    // Closed before the client has read all, the answer might be lost.
    while client.read(&mut chunk).ok()? > 0 {}
    Some(())
}

/// Whether a request has come to its end; that of HTTP/2 is not looked for.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = lengths
        .next()
        .and_then(|(_, value)| value.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    /// A node that answers every request of a connection with its own bytes.
    fn echo() -> Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut stream = &stream;
                    let mut copy = stream;
                    let _ = std::io::copy(&mut stream, &mut copy);
                });
            }
        });
        Ok(port)
    }

    fn say(stream: &mut TcpStream, text: &str) -> Result<String> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(text.as_bytes())?;
        let mut answer = vec![0; 1_000];
        let length = stream.read(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    #[test]
    fn it_passes_answers_and_passes_again() -> Result<()> {
        let proxy = Proxy::open(echo()?)?;
        let connect = || TcpStream::connect(("127.0.0.1", proxy.port));
        let mut open = connect()?;
        assert_eq!(say(&mut open, "hello")?, "hello");
        proxy.answer("HTTP/1.1 503 Service Unavailable\r\n\r\n");
        // What was open is cut: the end of the stream, or an error.
        assert!(say(&mut open, "hello").map_or(true, |answer| answer.is_empty()));
        let request = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        let answer = say(&mut connect()?, request)?;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert_eq!(proxy.answered(), 1);
        proxy.pass();
        assert_eq!(say(&mut connect()?, "again")?, "again");
        Ok(())
    }

    #[test]
    fn a_held_request_gets_to_the_node_only_when_it_is_released() -> Result<()> {
        let proxy = Proxy::open(echo()?)?;
        for forward in [true, false] {
            let mut stream = TcpStream::connect(("127.0.0.1", proxy.port))?;
            proxy.hold("secret");
            assert_eq!(say(&mut stream, "other")?, "other");
            let asking = thread::spawn(move || say(&mut stream, "a secret"));
            proxy.holds(LIMIT)?;
            assert!(!asking.is_finished());
            proxy.release(forward);
            let answer = asking.join().map_err(|_| anyhow::anyhow!("panicked"))?;
            let expected = if forward { "a secret" } else { "" };
            assert_eq!(answer.unwrap_or_default(), expected);
        }
        Ok(())
    }
}
