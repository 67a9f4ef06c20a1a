//! `signer` of a chain: another process that holds its keys.

use std::path::PathBuf;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::field;

const TIME_MAX: Duration = Duration::from_secs(5);

/// Where the process is that holds the keys of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct SignerConfig {
    pub address: SignerAddressConfig,
    /// Timeout of one request. Default: 5s.
    pub timeout: Duration,
}

/// A relative path starts in the home folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerAddressConfig {
    /// `unix:///run/signer.sock`
    Unix(PathBuf),
    /// `https://signer.example:7443`, with the certificates of both ends.
    Tls {
        url: Url,
        /// Certificate of who signed the signer's certificate, PEM.
        ca: PathBuf,
        /// Tern's own certificate, PEM.
        cert: PathBuf,
        /// The private key of that certificate, PEM; its owner alone can read it.
        key: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: String,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    #[serde(default, deserialize_with = "field::some_duration")]
    timeout: Option<Duration>,
}

impl<'de> Deserialize<'de> for SignerConfig {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(input)?;
        let timeout = raw.timeout.unwrap_or(TIME_MAX);
        let address = address(raw).map_err(D::Error::custom)?;
        Ok(Self { address, timeout })
    }
}

fn address(raw: Raw) -> Result<SignerAddressConfig, String> {
    const FORMS: &str = "write `unix:///run/signer.sock`, or `https://signer.example:7443` with \
                         `ca`, `cert` and `key`";
    let url = Url::parse(&raw.url).map_err(|reason| format!("not a URL ({reason}): {FORMS}"))?;
    match (url.scheme(), raw.ca, raw.cert, raw.key) {
        ("unix", None, None, None) => {
            let path = raw.url.strip_prefix("unix://").unwrap_or_default();
            if path.starts_with('/') {
                Ok(SignerAddressConfig::Unix(path.into()))
            } else {
                Err(format!("the path of the socket is not absolute: {FORMS}"))
            }
        }
        ("unix", ..) => Err("a Unix socket has no certificates".to_owned()),
        ("https", Some(ca), Some(cert), Some(key)) => {
            Ok(SignerAddressConfig::Tls { url, ca, cert, key })
        }
        ("https", ..) => Err(format!("both ends show a certificate: {FORMS}")),
        // Whoever is on the way could ask for signatures.
        (other, ..) => Err(format!("the scheme is `{other}`: {FORMS}")),
    }
}
