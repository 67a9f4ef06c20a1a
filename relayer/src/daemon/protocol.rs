//! What a command and a daemon say to each other: one JSON document a line. The
//! command sends one [`Request`]; the daemon sends any number of notes, then one
//! answer.

use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tern::engine::status::Status;
use tern::engine::{Cleared, HandshakeNote, Made, SendRequest, Sent};
use tern::overview::Overview;
use tern_core::ledger::{ClientKey, EndKey, HandshakeRequest};
use tern_core::plan::Pausable;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// Raised with every change of what is said.
pub const VERSION: u32 = 5;

/// The longest line of a command: a transaction of several megabytes.
pub const REQUEST_BYTES_MAX: u64 = 16 << 20;
/// The longest line of a daemon: a status with many packets.
pub const RESPONSE_BYTES_MAX: u64 = 64 << 20;

/// A request with the version of the protocol it is in.
#[derive(Serialize, Deserialize)]
pub struct Envelope {
    pub version: u32,
    /// Read only if the version is known.
    pub request: serde_json::Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// With the open packets of one path, or the first of all.
    Status(Option<EndKey>),
    Overview,
    Make(HandshakeRequest),
    Clear(EndKey),
    Send(SendRequest),
    Refresh(ClientKey),
    Upgrade(ClientKey),
    Pause(Pausable),
    Resume(Pausable),
    Reload,
    Drain,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    Note(HandshakeNote),
    Status(Box<Status>),
    Overview(Box<Overview>),
    Made(Box<Made>),
    Cleared(Cleared),
    Sent(Sent),
    /// What was done, in words.
    Done(String),
    /// Why the request cannot be met.
    Failed(String),
}

/// What can go wrong between a command and a daemon.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("cannot {doing} the socket {path}")]
    Socket {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the connection to the daemon broke")]
    Broken(#[source] io::Error),
    #[error("the daemon has ended before it answered; run the same command again")]
    Ended,
    #[error("a message of more than {max} bytes")]
    TooLong { max: u64 },
    #[error("a message that cannot be read: is the daemon of another version of tern?")]
    Malformed(#[source] serde_json::Error),
    #[error("a message that cannot be written")]
    Unwritable(#[source] serde_json::Error),
    #[error("user {uid} may not command this daemon")]
    OtherUser { uid: u32 },
    /// The daemon says why.
    #[error("{0}")]
    Failed(String),
    #[error("the daemon gave an answer to another question: is it of another version of tern?")]
    Unexpected,
}

/// Reads one line of at most `max` bytes; `None` at the end.
pub async fn read<T: DeserializeOwned>(
    from: &mut BufReader<impl AsyncRead + Unpin>,
    max: u64,
) -> Result<Option<T>, SocketError> {
    let mut line = Vec::new();
    let mut limited = from.take(max);
    let read = limited.read_until(b'\n', &mut line).await;
    read.map_err(SocketError::Broken)?;
    if line.last() != Some(&b'\n') {
        return if line.len() as u64 == max {
            Err(SocketError::TooLong { max })
        } else {
            Ok(None)
        };
    }
    let message = serde_json::from_slice(&line);
    message.map(Some).map_err(SocketError::Malformed)
}

/// Writes one line.
pub async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), SocketError> {
    let mut line = serde_json::to_vec(message).map_err(SocketError::Unwritable)?;
    line.push(b'\n');
    let written = async {
        to.write_all(&line).await?;
        to.flush().await
    };
    written.await.map_err(SocketError::Broken)
}

#[cfg(test)]
mod tests {
    use tern_chains::{ChainId, ChannelId, End, PortId};

    use super::*;

    fn end() -> EndKey {
        EndKey {
            chain: ChainId::from_string("akash-1"),
            end: End::channel(&PortId::transfer(), &ChannelId::new(7)),
        }
    }

    #[tokio::test]
    async fn messages_are_read_as_they_were_written() {
        let mut bytes = Vec::new();
        let requests = [Request::Clear(end()), Request::Status(None)];
        for request in &requests {
            write(&mut bytes, request).await.unwrap();
        }
        let mut from = BufReader::new(bytes.as_slice());
        for request in requests {
            let read = read(&mut from, REQUEST_BYTES_MAX).await.unwrap();
            assert_eq!(read, Some(request));
        }
        let end = read::<Request>(&mut from, REQUEST_BYTES_MAX).await.unwrap();
        assert_eq!(end, None);
    }

    #[tokio::test]
    async fn a_line_that_does_not_end_is_refused_at_its_limit() {
        let bytes = vec![b'x'; 100];
        let mut from = BufReader::new(bytes.as_slice());
        let read = read::<Request>(&mut from, 64).await;
        assert!(matches!(read, Err(SocketError::TooLong { max: 64 })));
    }

    #[tokio::test]
    async fn what_is_not_json_is_refused() {
        let mut from = BufReader::new(b"GET / HTTP/1.1\n".as_slice());
        let read = read::<Request>(&mut from, 64).await;
        assert!(matches!(read, Err(SocketError::Malformed(_))));
    }
}
