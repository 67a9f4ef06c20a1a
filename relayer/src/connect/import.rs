//! Keys that other programs keep, read from their files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret, SecretString};
use tern_cosmos_core::armor::{self, ArmorError};
use tern_cosmos_core::hermes_key::{HermesKey, HermesKeyError};
use tern_cosmos_core::{AccountFormat, Key, KeyError};
use zeroize::Zeroizing;

use super::keys::PassphraseError;

/// No such file is longer.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Why a key cannot be taken from a file. No message contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}", path.display())]
    Armor {
        path: PathBuf,
        #[source]
        source: ArmorError,
    },
    #[error("{}", path.display())]
    Hermes {
        path: PathBuf,
        #[source]
        source: HermesKeyError,
    },
    #[error("there is no passphrase for {}", path.display())]
    Passphrase {
        path: PathBuf,
        #[source]
        source: PassphraseError,
    },
    #[error(
        "the key in {} is {}, but `key_type` of the chain is `{}`", path.display(),
        if *is_ethereum { "of Ethereum's kind" } else { "a secp256k1 key of the SDK" },
        format.key_type
    )]
    OtherType {
        path: PathBuf,
        is_ethereum: bool,
        format: AccountFormat,
    },
    #[error(
        "the key in {} is that of {theirs}, but with `account_prefix` and `key_type` of the chain \
         it is that of {ours}", path.display()
    )]
    OtherAddress {
        path: PathBuf,
        theirs: String,
        ours: String,
    },
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A key that a program of an SDK chain exported; `passphrase` is asked for the one that it was
/// exported with.
pub fn from_armor(
    path: &Path,
    format: &AccountFormat,
    passphrase: impl FnOnce(&str) -> Result<SecretString, PassphraseError>,
) -> Result<Key, ImportError> {
    let text = read(path)?;
    let passphrase = passphrase(&format!("the exported key {}", path.display()));
    let passphrase = passphrase.map_err(|source| ImportError::Passphrase {
        path: path.to_owned(),
        source,
    })?;
    let exported = armor::open(&text, passphrase.expose_secret());
    let exported = exported.map_err(|source| ImportError::Armor {
        path: path.to_owned(),
        source,
    })?;
    if exported.is_ethereum != format.key_type.is_ethereum() {
        return Err(ImportError::OtherType {
            path: path.to_owned(),
            is_ethereum: exported.is_ethereum,
            format: format.clone(),
        });
    }
    Ok(Key::from_private_key(exported.secret.as_slice(), format)?)
}

/// A key of Hermes.
pub fn from_hermes(path: &Path, format: &AccountFormat) -> Result<Key, ImportError> {
    let text = read(path)?;
    let failed = |source| ImportError::Hermes {
        path: path.to_owned(),
        source,
    };
    let theirs = HermesKey::parse(&text).map_err(failed)?;
    let secret = theirs.secret().map_err(failed)?;
    let key = Key::from_private_key(secret.as_slice(), format)?;
    if key.address() != theirs.account {
        return Err(ImportError::OtherAddress {
            path: path.to_owned(),
            theirs: theirs.account,
            ours: key.address().to_owned(),
        });
    }
    Ok(key)
}

fn read(path: &Path) -> Result<Zeroizing<String>, ImportError> {
    let mut text = Zeroizing::new(String::new());
    let read =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    read.map_err(|source| ImportError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(text)
}
