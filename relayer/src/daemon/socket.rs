//! The daemon's end of the socket: a Unix socket in the home folder that only its
//! owner can use.

use std::fs::{self, File, Permissions};
use std::future::Future;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tern::engine::HandshakeNote;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::protocol::{self, Envelope, Request, Response, SocketError, REQUEST_BYTES_MAX, VERSION};
use super::{AtWork, SteeringError};

const FILE: &str = "tern.sock";
const FILE_MODE: u32 = 0o600;
/// Commands served at a time; others wait. More than one operator starts.
const COMMANDS_MAX: usize = 32;
/// A command sends its request at once.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a stop waits for the last answers to be written.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);
/// Notes that wait to be written; a slower reader misses some.
const NOTES_MAX: usize = 64;
/// The longest path that a Unix socket can have is 107 bytes on Linux, and 103 on
/// other systems.
const PATH_BYTES_MAX: usize = 100;

/// The path of the socket, and a shorter one to the same file where that is too
/// long for the system. The open folder keeps the short one valid.
pub(super) fn address(home: &Path) -> io::Result<(PathBuf, PathBuf, Option<File>)> {
    let path = home.join(FILE);
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return Ok((path.clone(), path, None));
    }
    let folder = File::open(home)?;
    let short = format!("/proc/self/fd/{}/{FILE}", folder.as_raw_fd());
    Ok((path, short.into(), Some(folder)))
}

/// The socket of a home folder. The file is removed when this is dropped.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// The user of the daemon.
    owner: u32,
}

impl Socket {
    /// Opens the socket. Whoever calls this holds the lock of the home folder: a
    /// socket that is there is of a daemon that was killed.
    pub fn bind(home: &Path) -> Result<Self, SocketError> {
        let bind = || {
            let (path, short, _folder) = address(home)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(short)?;
            fs::set_permissions(&path, Permissions::from_mode(FILE_MODE))?;
            let owner = fs::metadata(&path)?.uid();
            Ok(Self {
                listener,
                path,
                owner,
            })
        };
        bind().map_err(|source| SocketError::Socket {
            doing: "open",
            path: home.join(FILE),
            source,
        })
    }

    /// Serves commands until `stopping`. Then no new ones are taken, and those that
    /// wait are answered as the engine ends.
    pub async fn serve(self, daemon: AtWork, stopping: CancellationToken) {
        let mut commands = JoinSet::new();
        loop {
            let is_full = commands.len() >= COMMANDS_MAX;
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                _ = commands.join_next(), if !commands.is_empty() => {}
                accepted = self.listener.accept(), if !is_full => match accepted {
                    Ok((stream, _)) => {
                        commands.spawn(command(stream, self.owner, daemon.clone()));
                    }
                    Err(error) => {
                        warn!(reason = %error, "cannot take a command from the socket");
                        // Most likely too many files are open: not at once again.
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        }
        drop(self);
        let rest = async { while commands.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(ANSWER_TIME_MAX, rest).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Left behind, it is removed by the next daemon.
        let _ = fs::remove_file(&self.path);
    }
}

/// Serves one command.
async fn command(stream: UnixStream, owner: u32, daemon: AtWork) {
    if let Err(error) = answer(stream, owner, daemon).await {
        debug!(
            reason = format!("{:#}", anyhow::Error::from(error)),
            "a command was not served"
        );
    }
}

async fn answer(stream: UnixStream, owner: u32, daemon: AtWork) -> Result<(), SocketError> {
    // The file's mode is set after it is made: whoever connected before must be the
    // owner, or root, too.
    let peer = stream.peer_cred().map_err(SocketError::Broken)?.uid();
    if peer != owner && peer != 0 {
        return Err(SocketError::OtherUser { uid: peer });
    }
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let request = protocol::read::<Envelope>(&mut from, REQUEST_BYTES_MAX);
    let Ok(request) = tokio::time::timeout(REQUEST_TIME_MAX, request).await else {
        return Ok(());
    };
    let Some(envelope) = request? else {
        return Ok(());
    };
    if envelope.version != VERSION {
        let reason = format!(
            "the daemon is version {} of tern and speaks version {VERSION} of its protocol, not \
             {}: use the same program for both",
            env!("CARGO_PKG_VERSION"),
            envelope.version
        );
        return protocol::write(&mut to, &Response::Failed(reason)).await;
    }
    let request = serde_json::from_value(envelope.request).map_err(SocketError::Malformed)?;
    let (notes, notes_sent) = mpsc::channel(NOTES_MAX);
    // A command that ends gives its request up.
    let mut rest = [0; 1];
    let response = tokio::select! {
        biased;
        _ = from.read(&mut rest) => return Ok(()),
        response = with_notes(&mut to, notes_sent, async {
            match meet(request, &daemon, notes).await {
                Ok(response) => response,
                Err(error) => Response::Failed(error.to_string()),
            }
        }) => response?,
    };
    protocol::write(&mut to, &response).await
}

/// Writes the notes that come while a request is met.
async fn with_notes(
    to: &mut OwnedWriteHalf,
    mut notes: mpsc::Receiver<HandshakeNote>,
    met: impl Future<Output = Response>,
) -> Result<Response, SocketError> {
    let mut met = std::pin::pin!(met);
    loop {
        tokio::select! {
            biased;
            Some(note) = notes.recv() => protocol::write(to, &Response::Note(note)).await?,
            response = &mut met => return Ok(response),
        }
    }
}

async fn meet(
    request: Request,
    daemon: &AtWork,
    notes: mpsc::Sender<HandshakeNote>,
) -> Result<Response, SteeringError> {
    let AtWork {
        observed, steering, ..
    } = daemon;
    let engine = observed.engine().await;
    Ok(match request {
        Request::Overview => Response::Overview(Box::new(observed.look().await?.overview())),
        Request::Status(of) => Response::Status(Box::new(observed.status(of).await?)),
        Request::Make(request) => Response::Made(Box::new(engine.make(request, notes).await?)),
        Request::Clear(src) => Response::Cleared(steering.clear(src).await?),
        Request::Refresh(client) => Response::Done(steering.refresh(client).await?),
        Request::Upgrade(client) => Response::Done(steering.upgrade(client).await?),
        Request::Pause(what) => Response::Done(steering.pause(what).await?),
        Request::Resume(what) => Response::Done(steering.resume(what).await?),
        Request::Reload => Response::Done(steering.reload().await?),
        Request::Drain => Response::Done(steering.drain().await?),
        Request::Send(request) => Response::Sent(engine.send(request).await?),
    })
}
