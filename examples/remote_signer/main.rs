//! A process that holds a relayer's key, signs what a relayer sends and nothing else.
//! Run it as another user, or on another machine, than the relayer:
//!
//! ```sh
//! cargo run --example remote_signer -- --chain akash-a --prefix akash --name relayer \
//!   --key-file relayer.json --fee-max 50000uakt --socket /run/tern/signer.sock
//! ```
//!
//! and in the relayer's `config.toml`: `signer = { url = "unix:///run/tern/signer.sock" }`.
//! The key file is one that `tern keys add` wrote, not encrypted.

mod rules;
mod serve;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context};
use clap::Parser;
use tern_cosmos_core::{AccountFormat, Key, KeyType};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use rules::Rules;
use serve::{GuardedKey, ServerCertificates};

#[derive(Debug, Parser)]
struct Args {
    /// The chain that transactions are signed for
    #[arg(long)]
    chain: String,
    /// The bech32 prefix of the chain's accounts
    #[arg(long)]
    prefix: String,
    /// The type of the chain's keys, as `key_type` of the relayer's configuration has it
    #[arg(long, default_value_t)]
    key_type: KeyType,
    /// The key's name in the relayer's configuration
    #[arg(long, default_value = "relayer")]
    name: String,
    /// A key file of Tern
    #[arg(long)]
    key_file: PathBuf,
    /// The largest fee of a transaction, such as `50000uakt`
    #[arg(long)]
    fee_max: String,
    /// Serve this Unix socket
    #[arg(long, conflicts_with = "listen")]
    socket: Option<PathBuf>,
    /// Serve TLS at this address
    #[arg(long, requires_all = ["cert", "tls_key", "client_ca"])]
    listen: Option<SocketAddr>,
    /// Certificate of this signer (PEM)
    #[arg(long)]
    cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long)]
    tls_key: Option<PathBuf>,
    /// Certificate of who signed the relayers' certificates (PEM)
    #[arg(long)]
    client_ca: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (fee_max, fee_denom) = coin(&args.fee_max)?;
    let keys = GuardedKey {
        name: args.name,
        key: key(
            &args.key_file,
            &AccountFormat::new(args.prefix, args.key_type),
        )?,
        rules: Rules {
            chain_id: args.chain,
            fee_max,
            fee_denom,
        },
    };
    println!("{} signs for {}", keys.key.address(), keys.rules.chain_id);
    let stop = async {
        // Without a signal handler the process ends with the signal.
        let _ = tokio::signal::ctrl_c().await;
    };
    if let Some(socket) = &args.socket {
        return serve::unix(keys, socket, stop).await;
    }
    let (Some(address), Some(cert), Some(key), Some(client_ca)) =
        (args.listen, args.cert, args.tls_key, args.client_ca)
    else {
        bail!("say where to serve: --socket FILE, or --listen with certificates");
    };
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let certificates = ServerCertificates {
        cert: read(&cert)?,
        key: read(&key)?,
        client_ca: read(&client_ca)?,
    };
    let listener = TcpListener::bind(address).await?;
    serve::tls(keys, listener, &certificates, stop).await
}

fn key(path: &Path, format: &AccountFormat) -> anyhow::Result<Key> {
    let shown = path.display();
    let mode = fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .permissions()
        .mode();
    ensure!(
        mode & 0o077 == 0,
        "other users can read {shown}: run `chmod 600 {shown}`"
    );
    #[derive(serde::Deserialize)]
    struct KeyFile {
        private_key: Zeroizing<String>,
    }
    let text = Zeroizing::new(fs::read(path)?);
    // An error of serde could repeat the secret.
    let file: KeyFile = serde_json::from_slice(&text)
        .map_err(|error| anyhow::anyhow!("{shown} is no plain key file (line {})", error.line()))?;
    let secret = hex::decode(file.private_key.as_bytes()).map(Zeroizing::new);
    let secret = secret.map_err(|_| anyhow::anyhow!("`private_key` in {shown} is not hex"))?;
    Ok(Key::from_private_key(&secret, format)?)
}

fn coin(text: &str) -> anyhow::Result<(u128, String)> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (amount, denom) = text.split_at(digits.unwrap_or(text.len()));
    let amount = amount.parse().ok().filter(|_| !denom.is_empty());
    let amount = amount.with_context(|| format!("`{text}` is not an amount like `50000uakt`"))?;
    Ok((amount, denom.to_owned()))
}
