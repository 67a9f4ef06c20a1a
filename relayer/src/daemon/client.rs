//! A command's end of the socket.

use std::io;
use std::path::Path;

use tern::engine::status::Status;
use tern::engine::{Cleared, HandshakeNote, Made, SendRequest, Sent};
use tern::overview::Overview;
use tern_core::ledger::{ClientKey, EndKey, HandshakeRequest};
use tern_core::plan::Pausable;
use tokio::io::BufReader;
use tokio::net::UnixStream;

use super::protocol::{
    self, Envelope, Request, Response, SocketError, RESPONSE_BYTES_MAX, VERSION,
};
use super::socket::address;

/// The connection of one command to the daemon of its home folder.
pub struct DaemonClient {
    stream: BufReader<UnixStream>,
}

impl DaemonClient {
    /// Connects to the daemon that uses a home folder; `None` if there is none.
    pub async fn find(home: &Path) -> Result<Option<Self>, SocketError> {
        let connect = async {
            let (_, short, _folder) = address(home)?;
            UnixStream::connect(short).await
        };
        match connect.await {
            Ok(stream) => Ok(Some(Self {
                stream: BufReader::new(stream),
            })),
            // No daemon, or one that was killed.
            Err(error)
                if [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused]
                    .contains(&error.kind()) =>
            {
                Ok(None)
            }
            Err(source) => Err(SocketError::Socket {
                doing: "connect to",
                path: home.to_owned(),
                source,
            }),
        }
    }

    /// Connects to the daemon that was there a moment ago.
    pub async fn connect(home: &Path) -> Result<Self, SocketError> {
        Self::find(home).await?.ok_or(SocketError::Ended)
    }

    /// What its engine knows and does, with the open packets of one path, or the
    /// first of all.
    pub async fn status(self, of: Option<EndKey>) -> Result<Status, SocketError> {
        match self.ask(Request::Status(of), |_| ()).await? {
            Response::Status(status) => Ok(*status),
            _ => Err(SocketError::Unexpected),
        }
    }

    /// What a person sees of it.
    pub async fn overview(self) -> Result<Overview, SocketError> {
        match self.ask(Request::Overview, |_| ()).await? {
            Response::Overview(overview) => Ok(*overview),
            _ => Err(SocketError::Unexpected),
        }
    }

    /// Makes something; `note` is called for every step that is in a block.
    pub async fn make(
        self,
        request: HandshakeRequest,
        note: impl FnMut(HandshakeNote),
    ) -> Result<Made, SocketError> {
        match self.ask(Request::Make(request), note).await? {
            Response::Made(made) => Ok(*made),
            _ => Err(SocketError::Unexpected),
        }
    }

    /// Relays what is pending on a path.
    pub async fn clear(self, src: EndKey) -> Result<Cleared, SocketError> {
        match self.ask(Request::Clear(src), |_| ()).await? {
            Response::Cleared(cleared) => Ok(cleared),
            _ => Err(SocketError::Unexpected),
        }
    }

    /// Signs and broadcasts one transaction with an account of the daemon.
    pub async fn send(self, request: SendRequest) -> Result<Sent, SocketError> {
        match self.ask(Request::Send(request), |_| ()).await? {
            Response::Sent(sent) => Ok(sent),
            _ => Err(SocketError::Unexpected),
        }
    }

    /// Updates a client now. This and what follows answers with what was done, in words.
    pub async fn refresh(self, client: ClientKey) -> Result<String, SocketError> {
        self.act(Request::Refresh(client)).await
    }

    /// Upgrades a client whose chain has ended its revision.
    pub async fn upgrade(self, client: ClientKey) -> Result<String, SocketError> {
        self.act(Request::Upgrade(client)).await
    }

    pub async fn pause(self, what: Pausable) -> Result<String, SocketError> {
        self.act(Request::Pause(what)).await
    }

    pub async fn resume(self, what: Pausable) -> Result<String, SocketError> {
        self.act(Request::Resume(what)).await
    }

    /// Reads the configuration again.
    pub async fn reload(self) -> Result<String, SocketError> {
        self.act(Request::Reload).await
    }

    /// Finishes what is in flight and ends the daemon.
    pub async fn drain(self) -> Result<String, SocketError> {
        self.act(Request::Drain).await
    }

    async fn act(self, request: Request) -> Result<String, SocketError> {
        match self.ask(request, |_| ()).await? {
            Response::Done(done) => Ok(done),
            _ => Err(SocketError::Unexpected),
        }
    }

    async fn ask(
        mut self,
        request: Request,
        mut note: impl FnMut(HandshakeNote),
    ) -> Result<Response, SocketError> {
        let request = serde_json::to_value(request).map_err(SocketError::Unwritable)?;
        let envelope = Envelope {
            version: VERSION,
            request,
        };
        protocol::write(&mut self.stream, &envelope).await?;
        loop {
            match protocol::read(&mut self.stream, RESPONSE_BYTES_MAX).await? {
                Some(Response::Note(one)) => note(one),
                Some(Response::Failed(reason)) => return Err(SocketError::Failed(reason)),
                Some(response) => return Ok(response),
                None => return Err(SocketError::Ended),
            }
        }
    }
}
