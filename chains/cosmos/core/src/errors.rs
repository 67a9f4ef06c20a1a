//! Where an error comes from, said once: the chain and the node asked.

use std::error::Error;
use std::fmt::Display;

use tern_chains::{ChainError, ChainId};
use url::Url;

pub type Result<T> = std::result::Result<T, ChainError>;
/// Of what a node says; reasons are at the beginning.
const TEXT_BYTES_MAX: usize = 2000;
type Source = Box<dyn Error + Send + Sync>;

/// One chain, as one endpoint of a node shows it; makes that chain's errors.
#[derive(Clone, Debug)]
pub struct Origin {
    pub chain: ChainId,
    /// The node's URL without credentials, for people to read.
    pub node: String,
}

/// What went wrong at or on the way to a node, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The node answered: with an error.
    #[error("{0}")]
    Answer(String),
    /// The node answered that it cannot tell yet, such as between two blocks.
    #[error("{0}")]
    NotYet(String),
    /// No answer, or none that can be read.
    #[error("{0}")]
    Transport(String),
}

impl Origin {
    pub fn new(chain: &ChainId, url: &Url) -> Self {
        Self {
            chain: chain.clone(),
            node: readable(url),
        }
    }

    pub fn node(&self, doing: impl Into<String>, source: impl Into<Source>) -> ChainError {
        ChainError::Node {
            chain: self.chain.clone(),
            node: self.node.clone(),
            doing: doing.into(),
            source: source.into(),
        }
    }

    pub fn malformed(&self, doing: impl Into<String>, source: impl Into<Source>) -> ChainError {
        ChainError::Malformed {
            chain: self.chain.clone(),
            doing: doing.into(),
            source: source.into(),
        }
    }

    pub fn pruned(&self, doing: impl Into<String>, height: u64) -> ChainError {
        ChainError::Pruned {
            chain: self.chain.clone(),
            doing: doing.into(),
            height,
        }
    }

    pub fn unverified(&self, doing: impl Into<String>, reason: impl Display) -> ChainError {
        ChainError::Unverified {
            chain: self.chain.clone(),
            doing: doing.into(),
            reason: reason.to_string(),
        }
    }

    pub fn unusable(&self, doing: impl Into<String>, reason: impl Display) -> ChainError {
        ChainError::ClientUnusable {
            chain: self.chain.clone(),
            doing: doing.into(),
            reason: reason.to_string(),
        }
    }

    pub fn local(&self, reason: impl Display) -> ChainError {
        ChainError::Local {
            chain: self.chain.clone(),
            reason: reason.to_string(),
        }
    }
}

/// What the node said, if the error is its answer to an RPC call.
pub fn answer(error: &ChainError) -> Option<&str> {
    match fault(error)? {
        Fault::Answer(text) => Some(text),
        Fault::NotYet(_) | Fault::Transport(_) => None,
    }
}

/// Whether the same node will answer the same question in a moment.
pub fn is_not_yet(error: &ChainError) -> bool {
    matches!(fault(error), Some(Fault::NotYet(_)))
}

fn fault(error: &ChainError) -> Option<&Fault> {
    match error {
        ChainError::Node { source, .. } => source.downcast_ref(),
        _ => None,
    }
}

/// An error with its causes in one line.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    one_line(std::iter::successors(Some(error), |&error| error.source()))
}

/// An error with its causes in one line, each cause once.
pub fn one_line<'a>(chain: impl Iterator<Item = &'a (dyn Error + 'static)>) -> String {
    let mut line = String::new();
    for text in chain.map(ToString::to_string) {
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line
}

/// The one-line text of one of the error types of ibc-relayer and tendermint,
/// whose own `Display` runs over many lines with source locations.
#[macro_export]
macro_rules! flex_line {
    ($error:expr) => {
        $crate::errors::one_line($error.trace().chain())
    };
}
pub use flex_line;

/// The text of a node, short enough to be kept and logged each time.
pub fn shortened(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX).rfind(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// Credentials, path and query, where keys hide, are left out.
pub fn readable(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for URLs that cannot have credentials in the first place.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    url.to_string().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_secrets() {
        for url in [
            "https://user:pass@rpc.example.org:26657/?key=abc",
            "https://rpc.example.org:26657/v1/mykey/?a=b#c",
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(readable(&url), "https://rpc.example.org:26657");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("short".to_owned()), "short");
        let long = shortened("ä".repeat(TEXT_BYTES_MAX));
        assert!(long.len() <= TEXT_BYTES_MAX + '…'.len_utf8() && long.ends_with("ä…"));
        let odd = shortened(format!("x{}", "ä".repeat(TEXT_BYTES_MAX)));
        assert!(odd.ends_with("ä…"));
    }

    #[test]
    fn a_library_error_becomes_one_line() {
        let url: std::result::Result<tendermint_rpc::Url, _> = "http:/:x".parse();
        let line = flex_line!(url.unwrap_err());
        assert!(!line.contains('\n') && !line.is_empty(), "{line}");
    }
}
