//! Why there is no key.

use std::io;
use std::path::PathBuf;

use super::PassphraseError;

/// Why a key cannot be read or written. No message contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error(
        "there is no key `{name}` for {chain} (file {}): add it with \
         `tern keys add {chain} --name {name} --mnemonic-file FILE`",
        path.display()
    )]
    Missing {
        chain: String,
        name: String,
        path: PathBuf,
    },
    #[error(
        "the key `{name}` for {chain} exists already ({}): choose another --name, or replace \
         the existing key with --overwrite",
        path.display()
    )]
    Exists {
        chain: String,
        name: String,
        path: PathBuf,
    },
    #[error(
        "`{name}` is not a valid key name: use letters, digits, `-`, `_` and `.`, and start \
         with a letter or a digit"
    )]
    Name { name: String },
    #[error(
        "other users can read the key file {path} (mode {mode:04o}): run `chmod 600 {path}`",
        path = path.display()
    )]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("cannot {operation} {}", path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the key file {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the key `{name}` for {chain} is encrypted")]
    Passphrase {
        chain: String,
        name: String,
        #[source]
        source: PassphraseError,
    },
    #[error("the key `{name}` for {chain} cannot be decrypted: the passphrase is not the one it was encrypted with")]
    WrongPassphrase { chain: String, name: String },
    #[error("the key `{name}` for {chain} is {state} already")]
    Unchanged {
        chain: String,
        name: String,
        state: &'static str,
    },
    #[error("another `tern` process signs with the key `{name}` for {chain}: stop it first")]
    InUse { chain: String, name: String },
}
