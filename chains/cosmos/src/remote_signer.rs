//! A key that another process holds, and signs with what it chooses to: gRPC over a
//! Unix socket, or over TLS where both ends show a certificate.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::rt::TokioIo;
use tern_chains::{ChainError, ChainId};
use tern_cosmos_core::AccountFormat;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri};
use tonic::{Code, Request, Status};
use url::Url;

use crate::errors::{readable, shortened, with_causes, Result};
use crate::key::PublicKey;
use crate::signer::Signer;

pub mod proto;
pub mod server;

use proto::{PublicKeyRequest, PublicKeyResponse, SignRequest, SignResponse};

/// A signature and a public key.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where a signer is.
#[derive(Clone, Debug)]
pub enum SignerAddress {
    /// A Unix socket: who may use it is a matter of its file.
    Unix(PathBuf),
    Tls {
        url: Url,
        certificates: Certificates,
    },
}

/// What both ends of a TLS connection show, as PEM.
#[derive(Clone)]
pub struct Certificates {
    /// Of who signed the signer's certificate.
    pub ca: Vec<u8>,
    pub cert: Vec<u8>,
    pub key: zeroize::Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// One key of a signer.
pub struct RemoteSigner {
    connection: Connection,
    public_key: PublicKey,
}

/// The way to a signer. It is opened when it is needed, and again when it was lost.
struct Connection {
    channel: Channel,
    chain: ChainId,
    key: String,
    /// For people to read.
    signer: String,
    time_max: Duration,
}

impl RemoteSigner {
    /// Asks the signer for the public half of the key with this name. Each question
    /// may take so long.
    pub async fn connect(
        address: &SignerAddress,
        chain: &ChainId,
        key: &str,
        format: impl Into<AccountFormat>,
        time_max: Duration,
    ) -> Result<Self> {
        let connection = Connection::new(address, chain, key, time_max)?;
        let request = PublicKeyRequest {
            chain_id: chain.to_string(),
            key: key.to_owned(),
        };
        let answer: PublicKeyResponse = connection.ask(proto::PUBLIC_KEY, request).await?;
        let public_key = PublicKey::from_bytes(&answer.public_key, format);
        let public_key = public_key.map_err(|error| connection.refused(error))?;
        Ok(Self {
            connection,
            public_key,
        })
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, document: &[u8]) -> Result<Vec<u8>> {
        let request = SignRequest {
            chain_id: self.connection.chain.to_string(),
            key: self.connection.key.clone(),
            sign_doc: document.to_vec(),
        };
        let answer: SignResponse = self.connection.ask(proto::SIGN, request).await?;
        // Nothing with a wrong signature is stored, sent or paid for.
        if answer.public_key != self.public_key.bytes() {
            let reason = "it signed with another key than it had when Tern was started";
            return Err(self.connection.refused(reason));
        }
        if !self.public_key.verifies(document, &answer.signature) {
            let reason = "its signature is not one of the document by its key";
            return Err(self.connection.refused(reason));
        }
        Ok(answer.signature)
    }
}

impl Connection {
    fn new(
        address: &SignerAddress,
        chain: &ChainId,
        key: &str,
        time_max: Duration,
    ) -> Result<Self> {
        let (signer, channel) = match address {
            SignerAddress::Unix(path) => {
                (format!("unix://{}", path.display()), Ok(unix(path.clone())))
            }
            SignerAddress::Tls { url, certificates } => (readable(url), tls(url, certificates)),
        };
        let channel = channel.map_err(|error| ChainError::Local {
            chain: chain.clone(),
            reason: format!("signer `{signer}`: {}", with_causes(&error)),
        })?;
        Ok(Self {
            channel,
            chain: chain.clone(),
            key: key.to_owned(),
            signer,
            time_max,
        })
    }

    async fn ask<T, U>(&self, method: &'static str, request: T) -> Result<U>
    where
        T: prost::Message + 'static,
        U: prost::Message + Default + 'static,
    {
        let asked = async {
            let mut grpc =
                Grpc::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
            let ready = grpc.ready().await;
            ready.map_err(|error| Status::unavailable(with_causes(&error)))?;
            let (path, codec) = (PathAndQuery::from_static(method), ProstCodec::default());
            let answer = grpc.unary(Request::new(request), path, codec).await?;
            Ok(answer.into_inner())
        };
        match timeout(self.time_max, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(self.failed(&status)),
            Err(_) => Err(self.away(format!("no answer in {:?}", self.time_max))),
        }
    }

    /// A refusal, or a signer that is away: that passes by itself.
    fn failed(&self, status: &Status) -> ChainError {
        let message = shortened(status.message().to_owned());
        match status.code() {
            Code::PermissionDenied
            | Code::Unauthenticated
            | Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::NotFound
            | Code::Unimplemented => self.refused(message),
            _ => {
                use std::error::Error;
                let causes = status.source().map(with_causes);
                self.away(shortened(causes.unwrap_or(message)))
            }
        }
    }

    fn refused(&self, reason: impl ToString) -> ChainError {
        ChainError::SignerRefused {
            chain: self.chain.clone(),
            signer: self.signer.clone(),
            key: self.key.clone(),
            reason: reason.to_string(),
        }
    }

    fn away(&self, reason: String) -> ChainError {
        ChainError::SignerAway {
            chain: self.chain.clone(),
            signer: self.signer.clone(),
            source: reason.into(),
        }
    }
}

fn unix(path: PathBuf) -> Channel {
    // The name is not looked up: the connector below knows where to go.
    let endpoint = Endpoint::from_static("http://signer");
    endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    }))
}

fn tls(
    url: &Url,
    certificates: &Certificates,
) -> std::result::Result<Channel, tonic::transport::Error> {
    let Certificates { ca, cert, key } = certificates;
    // The operator's own authority alone: no other can vouch for a signer.
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(ca))
        .identity(Identity::from_pem(cert, key.as_slice()));
    let endpoint = Endpoint::from_shared(url.as_str().to_owned())?.tls_config(tls)?;
    Ok(endpoint.connect_lazy())
}
