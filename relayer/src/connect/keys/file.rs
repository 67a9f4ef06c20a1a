//! The content of a key file. The secret in it is plain or encrypted; everything else
//! can be read without a passphrase.

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tern_cosmos_core::{AccountFormat, Key, PublicKey};
use zeroize::Zeroizing;

use super::sealed::{self, OpenError};

/// No key file is longer: so it is written without moving the secret in memory.
const FILE_BYTES_MAX: usize = 8192;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    name: String,
    address: String,
    /// Compressed secp256k1 point, hex.
    public_key: String,
    /// 32 bytes, hex. One of the two secrets is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_key: Option<Zeroizing<String>>,
    /// The same bytes, as `age --armor --passphrase` encrypts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encrypted_private_key: Option<String>,
    /// The derivation path of the key.
    hd_path: String,
}

/// Why a file has no key. No message contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    Damaged(String),
    WrongPassphrase,
}

impl KeyFile {
    /// A file with a plain secret.
    pub fn new(name: &str, key: &Key, hd_path: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: key.address().to_owned(),
            public_key: hex::encode(key.public_key()),
            private_key: Some(hex_of(key)),
            encrypted_private_key: None,
            hd_path: hd_path.to_owned(),
        }
    }

    /// The same with its secret encrypted.
    pub fn sealed(
        self,
        key: &Key,
        passphrase: &SecretString,
        work_factor: u8,
    ) -> Result<Self, ReadError> {
        let sealed = sealed::seal(&key.private_key_bytes(), passphrase, work_factor);
        let sealed = sealed.map_err(|_| damaged("the key cannot be encrypted"))?;
        Ok(Self {
            private_key: None,
            encrypted_private_key: Some(sealed),
            ..self
        })
    }

    /// The same with its secret plain.
    pub fn opened(self, key: &Key) -> Self {
        Self {
            private_key: Some(hex_of(key)),
            encrypted_private_key: None,
            ..self
        }
    }

    pub fn parse(text: &[u8]) -> Result<Self, ReadError> {
        // A message of serde could contain the secret: only the line is reported.
        let file: Self = serde_json::from_slice(text)
            .map_err(|error| damaged(format!("not a key in JSON (line {})", error.line())))?;
        if file.private_key.is_some() == file.encrypted_private_key.is_some() {
            return Err(damaged(
                "either `private_key` or `encrypted_private_key` must be there",
            ));
        }
        Ok(file)
    }

    pub fn text(&self) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX));
        serde_json::to_writer_pretty(&mut *text, self).map_err(damaged)?;
        Ok(text)
    }

    pub fn is_sealed(&self) -> bool {
        self.encrypted_private_key.is_some()
    }

    /// The public half; the address in the file is for people.
    pub fn public_key(&self, format: &AccountFormat) -> Result<PublicKey, ReadError> {
        let bytes = hex::decode(&self.public_key);
        let bytes = bytes.map_err(|_| damaged("`public_key` is not hex"))?;
        PublicKey::from_bytes(&bytes, format).map_err(damaged)
    }

    /// The key; the passphrase is asked for if it is needed.
    pub fn key<E: From<ReadError>>(
        &self,
        format: &AccountFormat,
        passphrase: impl FnOnce() -> Result<SecretString, E>,
    ) -> Result<Key, E> {
        let secret = match (&self.private_key, &self.encrypted_private_key) {
            (Some(plain), _) => {
                let secret = hex::decode(plain.as_bytes()).map(Zeroizing::new);
                secret.map_err(|_| damaged("`private_key` is not hex"))?
            }
            (None, Some(sealed)) => {
                let opened = sealed::open(sealed, &passphrase()?);
                let opened = opened.map_err(|error| match error {
                    OpenError::WrongPassphrase => ReadError::WrongPassphrase,
                    OpenError::Damaged(reason) => damaged(reason),
                })?;
                Zeroizing::new(opened.to_vec())
            }
            (None, None) => return Err(damaged("it has no secret").into()),
        };
        let key = Key::from_private_key(&secret, format).map_err(damaged)?;
        if hex::encode(key.public_key()) != self.public_key {
            let reason = "`public_key` does not belong to `private_key`";
            return Err(damaged(reason).into());
        }
        Ok(key)
    }
}

fn hex_of(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(key.private_key_bytes()))
}

fn damaged(reason: impl ToString) -> ReadError {
    ReadError::Damaged(reason.to_string())
}
