//! The relayer's keys are with another process: `examples/remote_signer`, whose parts
//! run here, on a real Unix socket or over TLS.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use prost::Message as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tern_chains::{
    Account, AccountState, ChainError, ChainId, Class, Deadline, Encoded, Message, MessageKind,
    TxDraft,
};
use tern_cosmos::remote_signer::proto::{
    PublicKeyRequest, PublicKeyResponse, SignRequest, SignResponse, PUBLIC_KEY,
};
use tern_cosmos::remote_signer::server::Keys;
use tern_cosmos::remote_signer::{Certificates, RemoteSigner, SignerAddress};
use tern_cosmos::{CosmosAccount, Signer};
use tern_cosmos_core::Key;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::{async_trait, Status};

use super::world::{World, CHAINS, RELAYER};

#[path = "../../../examples/remote_signer/rules.rs"]
mod rules;
#[path = "../../../examples/remote_signer/serve.rs"]
mod serve;

use rules::Rules;
use serve::{GuardedKey, ServerCertificates};

const NAME: &str = "relayer";
/// For answers that must come; a test is not about how fast.
const LONG: Duration = Duration::from_secs(20);

/// A signer that runs until it is told to stop.
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    fn start<K: Keys + Clone>(keys: K, path: &Path) -> Self {
        let (stop, stopped) = oneshot::channel();
        let path = path.to_owned();
        let task = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            serve::unix(keys, &path, stopped).await
        });
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.send(()).expect("it runs");
        let ended = self.task.await.expect("no panic");
        ended.expect("an end without an error");
    }
}

fn guarded(chain: &str, prefix: &str, denom: &str) -> GuardedKey {
    GuardedKey {
        name: NAME.to_owned(),
        key: Key::from_private_key(&[RELAYER; 32], prefix).expect("a key"),
        rules: Rules {
            chain_id: chain.to_owned(),
            fee_max: 1_000_000,
            fee_denom: denom.to_owned(),
        },
    }
}

fn akash() -> GuardedKey {
    guarded("akash-1", "akash", "uakt")
}

/// Asks until the signer has opened its socket.
async fn connect(path: &Path, chain: &str, prefix: &str) -> RemoteSigner {
    let address = SignerAddress::Unix(path.to_owned());
    let id = ChainId::from_string(chain);
    loop {
        match RemoteSigner::connect(&address, &id, NAME, prefix, LONG).await {
            Ok(signer) => return signer,
            Err(ChainError::SignerAway { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn draft(address: &str, message: Message) -> TxDraft {
    TxDraft {
        messages: vec![message],
        memo: String::new(),
        account: AccountState {
            address: address.to_owned(),
            account_number: 1,
            account_sequence: 2,
        },
        gas: 100_000,
        deadline: Deadline::Height(77),
    }
}

fn message(type_name: &str, bytes: Vec<u8>) -> Message {
    Message {
        kind: MessageKind::Other,
        encoded: Encoded {
            type_name: type_name.to_owned(),
            bytes,
        },
    }
}

fn update() -> Message {
    message("/ibc.core.client.v1.MsgUpdateClient", vec![])
}

#[tokio::test]
async fn packets_are_relayed_by_a_signer_that_goes_away_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::start(&[]).await;
    let mut running = Vec::new();
    for (side, (chain, prefix, denom)) in CHAINS.into_iter().enumerate() {
        let path = folder.path().join(chain);
        let keys = guarded(chain, prefix, denom);
        running.push((path.clone(), keys.clone(), Running::start(keys, &path)));
        let signer = connect(&path, chain, prefix).await;
        world.sign_with(side, Arc::new(signer));
    }
    // Handshake messages are signed, too.
    world.open_channel().await;
    let relaying = world.relay();
    world.send(20).await;
    world.all_acknowledged().await;

    let mut signers = Vec::new();
    for (path, keys, signer) in running {
        signer.end().await;
        signers.push((path, keys));
    }
    world.send(5).await;
    world.blocks(10).await;
    assert_eq!(world.pending().await, 5, "nobody signs");
    let running: Vec<Running> = signers
        .into_iter()
        .map(|(path, keys)| Running::start(keys, &path))
        .collect();
    world.all_acknowledged().await;
    relaying.end().await;
    for signer in running {
        signer.end().await;
    }
}

#[tokio::test]
async fn a_payment_is_refused_and_the_reason_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let running = Running::start(akash(), &path);
    let world = World::start(&[]).await;
    let signer = connect(&path, "akash-1", "akash").await;
    let account = CosmosAccount::of(world.shared_chain(0), Arc::new(signer));
    let address = account.address().to_owned();
    account.sign(&draft(&address, update())).await.unwrap();

    let payment = MsgSend {
        from_address: address.clone(),
        to_address: address.clone(),
        amount: vec![],
    };
    let payment = message("/cosmos.bank.v1beta1.MsgSend", payment.encode_to_vec());
    let refused = account.sign(&draft(&address, payment)).await.unwrap_err();
    assert!(matches!(refused, ChainError::SignerRefused { .. }));
    assert_eq!(refused.class(), Class::Local);
    let text = refused.to_string();
    let reason = "`/cosmos.bank.v1beta1.MsgSend` is not a message of a relayer";
    assert!(text.contains(reason), "{text}");
    running.end().await;
}

#[tokio::test]
async fn a_key_that_the_signer_does_not_have_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let running = Running::start(akash(), &path);
    connect(&path, "akash-1", "akash").await;
    let address = SignerAddress::Unix(path);
    let id = ChainId::from_string("akash-1");
    let refused = RemoteSigner::connect(&address, &id, "another", "akash", LONG).await;
    let text = refused.err().unwrap().to_string();
    assert!(text.contains("there is no key `another`"), "{text}");
    running.end().await;
}

#[tokio::test]
async fn only_the_owner_can_use_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let running = Running::start(akash(), &path);
    connect(&path, "akash-1", "akash").await;
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    running.end().await;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

type Lie = fn(&Key, &[u8]) -> SignResponse;

/// A signer whose signatures are wrong in some way.
#[derive(Clone)]
struct Liar {
    key: Key,
    lie: Lie,
}

#[async_trait]
impl Keys for Liar {
    async fn public_key(&self, _: PublicKeyRequest) -> Result<PublicKeyResponse, Status> {
        Ok(PublicKeyResponse {
            public_key: self.key.public_key(),
        })
    }

    async fn sign(&self, request: SignRequest) -> Result<SignResponse, Status> {
        Ok((self.lie)(&self.key, &request.sign_doc))
    }
}

#[tokio::test]
async fn a_wrong_signature_is_not_taken() {
    let lies: [(&str, Lie); 3] = [
        ("its signature is not one", |key, _| SignResponse {
            signature: key.sign(b"another document").unwrap(),
            public_key: key.public_key(),
        }),
        ("its signature is not one", |key, _| SignResponse {
            signature: vec![],
            public_key: key.public_key(),
        }),
        ("signed with another key", |_, document| {
            let other = Key::from_private_key(&[9; 32], "akash").unwrap();
            SignResponse {
                signature: other.sign(document).unwrap(),
                public_key: other.public_key(),
            }
        }),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (at, (reason, lie)) in lies.into_iter().enumerate() {
        let path = folder.path().join(at.to_string());
        let key = akash().key;
        let running = Running::start(Liar { key, lie }, &path);
        let signer = connect(&path, "akash-1", "akash").await;
        let refused = signer.sign(b"document").await.unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused}");
        running.end().await;
    }
}

#[tokio::test]
async fn a_signer_that_does_not_answer_is_not_waited_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    // Connections are opened, and nothing is read from them.
    let _silent = UnixListener::bind(&path).unwrap();
    let id = ChainId::from_string("akash-1");
    let ask = |path: PathBuf| {
        let (id, short) = (id.clone(), Duration::from_millis(100));
        async move {
            let address = SignerAddress::Unix(path);
            RemoteSigner::connect(&address, &id, NAME, "akash", short).await
        }
    };
    for path in [path, folder.path().join("nobody")] {
        let error = ask(path).await.err().unwrap();
        assert!(matches!(error, ChainError::SignerAway { .. }), "{error}");
        assert_eq!(error.class(), Class::Node);
    }
}

/// Who signs certificates.
struct Authority {
    pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// A certificate for this name and its key, as PEM.
    fn certificate(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        (cert.pem().into_bytes(), key.serialize_pem().into_bytes())
    }
}

#[tokio::test]
async fn over_tls_both_ends_show_a_certificate() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (cert, key) = authority.certificate("127.0.0.1");
    let server = ServerCertificates {
        cert,
        key,
        client_ca: authority.pem.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(
        async move { serve::tls(akash(), listener, &server, std::future::pending()).await },
    );
    let connect = |ca: &Authority, of: &Authority| {
        let (cert, key) = of.certificate("relayer");
        let address = SignerAddress::Tls {
            url: url.parse().unwrap(),
            certificates: Certificates {
                ca: ca.pem.clone(),
                cert,
                key: key.into(),
            },
        };
        let id = ChainId::from_string("akash-1");
        async move { RemoteSigner::connect(&address, &id, NAME, "akash", LONG).await }
    };
    let signer = connect(&authority, &authority).await.unwrap();
    let document = {
        let account = CosmosAccount::of(World::start(&[]).await.shared_chain(0), Arc::new(signer));
        let address = account.address().to_owned();
        account.sign(&draft(&address, update())).await
    };
    document.unwrap();

    let unknown_client = connect(&authority, &stranger).await.err().unwrap();
    let unknown_signer = connect(&stranger, &authority).await.err().unwrap();
    for error in [unknown_client, unknown_signer] {
        assert!(matches!(error, ChainError::SignerAway { .. }), "{error}");
    }
    assert!(without_certificate(&url, &authority).await.is_err());
}

/// The public key, asked for without showing a certificate.
async fn without_certificate(url: &str, ca: &Authority) -> Result<PublicKeyResponse, String> {
    use tonic::codegen::http::uri::PathAndQuery;
    use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&ca.pem));
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.map_err(|error| error.to_string())?;
    let request = tonic::Request::new(PublicKeyRequest {
        chain_id: "akash-1".to_owned(),
        key: NAME.to_owned(),
    });
    let path = PathAndQuery::from_static(PUBLIC_KEY);
    let codec = tonic::codec::ProstCodec::default();
    let answer = grpc.unary(request, path, codec).await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| status.to_string())
}
