//! What stands between the relayer and a node: it passes bytes, cuts connections, or
//! answers in the node's place.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::io::{copy_bidirectional, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::fault::Answer;

/// How a WebSocket begins.
const WEBSOCKET: &[u8] = b"GET /websocket";
/// The longest request that is read before it is answered.
const REQUEST_BYTES_MAX: u64 = 1024 * 1024;

/// What a proxy does with connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    pub mode: Mode,
    /// Each time this changes, the WebSockets that are open are closed.
    pub websockets: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Pass,
    Cut,
    /// On RPC; gRPC is cut.
    Answer(Answer),
}

/// A port before a node's port. Dropping it closes all its connections.
pub struct Proxy {
    pub port: u16,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Rpc,
    Grpc,
}

impl Proxy {
    pub fn open(
        runtime: &Runtime,
        to: u16,
        protocol: Protocol,
        behaviour: watch::Receiver<Behaviour>,
    ) -> Result<Self> {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.context("no free port for a proxy")?;
        let to = SocketAddr::from(([127, 0, 0, 1], to));
        Ok(Self {
            port: listener.local_addr()?.port(),
            accepting: runtime.spawn(accept(listener, to, protocol, behaviour)),
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    to: SocketAddr,
    protocol: Protocol,
    behaviour: watch::Receiver<Behaviour>,
) {
    // Ends the connections with the proxy.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of file descriptors, say: the client sees it hang.
                let Ok((client, _)) = accepted else { continue };
                let behaviour = behaviour.clone();
                connections.spawn(async move {
                    // A connection that breaks is closed; that is all there is to do.
                    let _ = serve(client, to, protocol, behaviour).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(
    client: TcpStream,
    to: SocketAddr,
    protocol: Protocol,
    mut behaviour: watch::Receiver<Behaviour>,
) -> std::io::Result<()> {
    let begun = *behaviour.borrow_and_update();
    match (begun.mode, protocol) {
        (Mode::Answer(answer), Protocol::Rpc) => answer_once(client, answer).await,
        (Mode::Answer(_), Protocol::Grpc) | (Mode::Cut, _) => Ok(()),
        (Mode::Pass, _) => {
            let is_websocket = async {
                let mut first = [0; WEBSOCKET.len()];
                let length = client.peek(&mut first).await?;
                std::io::Result::Ok(first[..length] == *WEBSOCKET)
            };
            // A connection on which nothing was sent yet ends with the mode, too.
            let is_websocket = tokio::select! {
                is_websocket = is_websocket => is_websocket?,
                _ = behaviour.wait_for(|now| now.mode != Mode::Pass) => return Ok(()),
            };
            let is_over = |now: &Behaviour| {
                now.mode != Mode::Pass || is_websocket && now.websockets != begun.websockets
            };
            tokio::select! {
                passed = pass(client, to) => passed,
                _ = behaviour.wait_for(is_over) => Ok(()),
            }
        }
    }
}

async fn pass(mut client: TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut node = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    node.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut node).await.map(|_| ())
}

/// Reads a request and answers it: an answer to a request that is not read whole may be
/// lost with the connection.
async fn answer_once(client: TcpStream, answer: Answer) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut head = (&mut client).take(REQUEST_BYTES_MAX);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line).await? <= "\r\n".len() {
            break;
        }
        length = content_length(&line).unwrap_or(length);
    }
    let body = length.min(REQUEST_BYTES_MAX);
    tokio::io::copy(&mut (&mut client).take(body), &mut tokio::io::sink()).await?;
    client.write_all(answer.http().as_bytes()).await?;
    client.shutdown().await
}

fn content_length(line: &str) -> Option<u64> {
    let (name, value) = line.split_once(':')?;
    let is_meant = name.eq_ignore_ascii_case("content-length");
    is_meant.then(|| value.trim().parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_body_is_found_in_its_header_alone() {
        assert_eq!(content_length("Content-Length: 12\r\n"), Some(12));
        assert_eq!(content_length("content-length:7"), Some(7));
        assert_eq!(content_length("Content-Type: 12"), None);
        assert_eq!(content_length("POST / HTTP/1.1"), None);
    }
}
