//! The key, and the doors to it: a Unix socket that its owner can use, or TLS for who
//! shows a certificate.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tern_cosmos::remote_signer::proto::{
    PublicKeyRequest, PublicKeyResponse, SignRequest, SignResponse,
};
use tern_cosmos::remote_signer::server::{Keys, SignerServer};
use tern_cosmos_core::Key;
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{async_trait, Status};

use super::rules::Rules;

const SOCKET_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// One key, with what it signs.
#[derive(Clone)]
pub struct GuardedKey {
    pub name: String,
    pub key: Key,
    pub rules: Rules,
}

#[async_trait]
impl Keys for GuardedKey {
    async fn public_key(&self, request: PublicKeyRequest) -> Result<PublicKeyResponse, Status> {
        self.check(&request.chain_id, &request.key)?;
        Ok(PublicKeyResponse {
            public_key: self.key.public_key(),
        })
    }

    async fn sign(&self, request: SignRequest) -> Result<SignResponse, Status> {
        self.check(&request.chain_id, &request.key)?;
        if let Err(reason) = self.rules.check(&request.sign_doc) {
            eprintln!("refused: {reason}");
            return Err(Status::permission_denied(reason));
        }
        let signature = self.key.sign(&request.sign_doc);
        Ok(SignResponse {
            signature: signature.ok_or_else(|| Status::internal("the key does not sign"))?,
            public_key: self.key.public_key(),
        })
    }
}

impl GuardedKey {
    fn check(&self, chain_id: &str, name: &str) -> Result<(), Status> {
        if (chain_id, name) == (self.rules.chain_id.as_str(), self.name.as_str()) {
            return Ok(());
        }
        let known = (&self.name, &self.rules.chain_id);
        Err(Status::not_found(format!(
            "there is no key `{name}` for {chain_id} here, but `{}` for {}",
            known.0, known.1
        )))
    }
}

/// Serves a Unix socket until `stop`. A socket that is there is replaced.
pub async fn unix<K: Keys>(
    keys: K,
    path: &Path,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let listener = bind(path)?;
    let sockets = UnixListenerStream::new(listener);
    let server = Server::builder().add_service(SignerServer::new(keys));
    server.serve_with_incoming_shutdown(sockets, stop).await?;
    fs::remove_file(path)?;
    Ok(())
}

/// Nobody else can connect before the mode is set: until then the socket is in a
/// folder that only its owner can enter.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let folder = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, Permissions::from_mode(FOLDER_MODE))?;
    let hidden = folder.join("s");
    let bound = UnixListener::bind(&hidden).and_then(|listener| {
        fs::set_permissions(&hidden, Permissions::from_mode(SOCKET_MODE))?;
        fs::rename(&hidden, path)?;
        Ok(listener)
    });
    fs::remove_dir(&folder)?;
    bound
}

/// What the ends of a TLS connection show, as PEM.
pub struct ServerCertificates {
    pub cert: Vec<u8>,
    pub key: Vec<u8>,
    /// Of who signed the certificates of relayers.
    pub client_ca: Vec<u8>,
}

/// Serves TLS until `stop`, for clients with a certificate alone.
pub async fn tls(
    keys: GuardedKey,
    listener: TcpListener,
    certificates: &ServerCertificates,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let ServerCertificates {
        cert,
        key,
        client_ca,
    } = certificates;
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(cert, key))
        .client_ca_root(Certificate::from_pem(client_ca));
    let sockets = TcpListenerStream::new(listener);
    let mut server = Server::builder().tls_config(tls)?;
    let server = server.add_service(SignerServer::new(keys));
    server.serve_with_incoming_shutdown(sockets, stop).await?;
    Ok(())
}
