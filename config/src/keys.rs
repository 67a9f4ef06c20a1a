//! The `[keys]` section: where the passphrase of encrypted keys is; and the type of a chain's
//! keys.

use std::path::PathBuf;

use serde::de::{Deserializer, Error};
use serde::Deserialize;

/// Settings of the key files.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// Where the passphrase of encrypted keys is. Default: it is asked for in the
    /// terminal, if there is one.
    #[serde(deserialize_with = "some_source")]
    pub passphrase: Option<PassphraseSource>,
}

/// The type of a chain's keys: how addresses are made, and what is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyTypeConfig {
    /// That of most chains.
    #[default]
    Secp256k1,
    /// The `ethsecp256k1` of chains on Ethermint.
    Ethermint,
    /// The `ethsecp256k1` of chains on cosmos/evm.
    CosmosEvm,
    /// The `ethsecp256k1` of Injective.
    Injective,
}

impl KeyTypeConfig {
    /// The BIP-44 coin type of most wallets for such keys.
    pub(crate) fn coin_type(self) -> u32 {
        match self {
            Self::Secp256k1 => 118,
            Self::Ethermint | Self::CosmosEvm | Self::Injective => 60,
        }
    }
}

/// Where a passphrase is. The passphrase itself is never in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassphraseSource {
    /// A file that only its owner can read; a relative path starts in the home
    /// folder.
    File(PathBuf),
    /// A file descriptor that was open when the program was started.
    Fd(u32),
    /// An entry in the keyring of the operating system.
    Keyring(String),
}

/// The error does not repeat the value: it may be a passphrase.
pub fn some_source<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<PassphraseSource>, D::Error> {
    let read = |value: &toml::Value| {
        let table = value.as_table()?;
        let (key, value) = table.iter().next().filter(|_| table.len() == 1)?;
        match key.as_str() {
            "file" => Some(PassphraseSource::File(value.as_str()?.into())),
            "fd" => Some(PassphraseSource::Fd(value.as_integer()?.try_into().ok()?)),
            "keyring" => Some(PassphraseSource::Keyring(value.as_str()?.to_owned())),
            _ => None,
        }
    };
    let value = toml::Value::deserialize(input)?;
    read(&value).map(Some).ok_or_else(|| {
        D::Error::custom(
            "say where the passphrase is: `{ file = \"FILE\" }`, `{ fd = 3 }` or \
             `{ keyring = \"NAME\" }`; the passphrase itself is not written here",
        )
    })
}
