//! The way to a process that holds keys, from the configuration.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use tern_chains::ChainId;
use tern_config::{ChainConfig, SignerAddressConfig, SignerConfig};
use tern_cosmos::remote_signer::{Certificates, RemoteSigner, SignerAddress};

use super::keys::read_private;

/// Asks the process for the key with this name.
pub async fn connect(
    home: &Path,
    chain: &ChainConfig,
    signer: &SignerConfig,
    key: &str,
) -> anyhow::Result<RemoteSigner> {
    let address = address(home, &signer.address)
        .with_context(|| format!("chain `{}`, field `signer`", chain.id))?;
    let id = ChainId::from_string(&chain.id);
    let format = super::account_format(chain);
    Ok(RemoteSigner::connect(&address, &id, key, format, signer.timeout).await?)
}

fn address(home: &Path, config: &SignerAddressConfig) -> anyhow::Result<SignerAddress> {
    let (url, ca, cert, key) = match config {
        SignerAddressConfig::Unix(path) => return Ok(SignerAddress::Unix(path.clone())),
        SignerAddressConfig::Tls { url, ca, cert, key } => (url, ca, cert, key),
    };
    let read = |path: &Path| {
        let path = home.join(path);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok(SignerAddress::Tls {
        url: url.clone(),
        certificates: Certificates {
            ca: read(ca)?,
            cert: read(cert)?,
            key: read_private(&home.join(key))?,
        },
    })
}
