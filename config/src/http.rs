//! The `[http]` section: where the daemon serves status, metrics and health.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

/// Settings of the HTTP server. Without the section there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port. Default: `127.0.0.1:7676`.
    pub listen: SocketAddr,
    /// Has to be true for an address that other machines can reach: what is served says
    /// what the relayer has and does. Default: false.
    pub allow_remote: bool,
    /// A file with the token of those who may act on the relayer: at least 16 characters,
    /// readable by its owner only; a relative path starts in the home folder. Default:
    /// nobody may.
    pub token_file: Option<PathBuf>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7676)),
            allow_remote: false,
            token_file: None,
        }
    }
}

impl HttpConfig {
    /// Whether other machines could reach it, and nobody said that they may.
    pub(crate) fn is_open_by_mistake(&self) -> bool {
        !self.listen.ip().is_loopback() && !self.allow_remote
    }
}
