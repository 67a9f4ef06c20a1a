//! The token of those who may act: read from a file, and compared in constant time.

use std::path::Path;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::connect::{read_private, KeyFileError};

/// Too short for anybody to guess is 16 characters or more: `openssl rand -hex 32` makes 64.
const CHARACTERS_MIN: usize = 16;

/// The token. Clones are of the same.
#[derive(Clone)]
pub struct Token(Arc<Zeroizing<Vec<u8>>>);

/// There is no usable token in the file.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token file {path} cannot be used: {source}. `(umask 077; openssl rand -hex 32 > {path})` makes one")]
    File { path: String, source: KeyFileError },
    #[error(
        "the token in {path} has less than {CHARACTERS_MIN} characters, or others than visible \
         ASCII: `(umask 077; openssl rand -hex 32 > {path})` makes one"
    )]
    Unusable { path: String },
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Token {
    /// The token in a file that only its owner can read.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let named = || path.display().to_string();
        let content = read_private(path).map_err(|source| TokenError::File {
            path: named(),
            source,
        })?;
        let token = content.trim_ascii();
        let is_usable = token.len() >= CHARACTERS_MIN && token.iter().all(u8::is_ascii_graphic);
        match is_usable {
            true => Ok(Self(Arc::new(Zeroizing::new(token.to_vec())))),
            false => Err(TokenError::Unusable { path: named() }),
        }
    }

    #[cfg(test)]
    pub fn of(token: &str) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }

    /// Whether the value of an `Authorization` header gives it.
    pub fn is_given(&self, authorization: &[u8]) -> bool {
        let Some((scheme, given)) = authorization.split_at_checked(b"Bearer ".len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(given.ct_eq(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(content: &str, mode: u32) -> Result<Token, TokenError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Token::read(&path)
    }

    #[test]
    fn the_token_is_given_as_a_bearer_and_by_nothing_else() {
        let token = read("0123456789abcdef\n", 0o600).unwrap();
        assert!(token.is_given(b"Bearer 0123456789abcdef"));
        assert!(token.is_given(b"bearer 0123456789abcdef"));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Basic 0123456789abcdef",
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcdef0",
            "0123456789abcdef",
        ] {
            assert!(!token.is_given(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn a_token_that_others_can_read_or_guess_is_refused() {
        assert!(read("0123456789abcdef", 0o644).is_err());
        assert!(read("0123456789abcde", 0o600).is_err());
        assert!(read("0123456789 abcdef", 0o600).is_err());
        let missing = Token::read(Path::new("/nothing/token"));
        let missing = missing.err().unwrap().to_string();
        assert!(missing.contains("openssl rand -hex 32"), "{missing}");
    }
}
