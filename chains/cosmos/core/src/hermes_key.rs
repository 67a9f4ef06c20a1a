//! Keys of Hermes, another relayer: a JSON file a key, with a plain secret
//! (`~/.hermes/keys/CHAIN/keyring-test/NAME.json`).

use serde::Deserialize;
use zeroize::Zeroizing;

/// What such a file has, as far as it matters.
#[derive(Deserialize)]
pub struct HermesKey {
    private_key: Zeroizing<String>,
    /// The bech32 address.
    pub account: String,
}

/// Why a file has no key. It repeats nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HermesKeyError {
    #[error("it is not a key of Hermes (line {line})")]
    Json { line: usize },
    #[error("its `private_key` is not 32 bytes in hexadecimal digits")]
    Secret,
}

impl HermesKey {
    pub fn parse(text: &str) -> Result<Self, HermesKeyError> {
        let parsed = serde_json::from_str(text);
        // A message of serde could contain the secret.
        parsed.map_err(|error: serde_json::Error| HermesKeyError::Json { line: error.line() })
    }

    /// The secret, big endian.
    pub fn secret(&self) -> Result<Zeroizing<[u8; 32]>, HermesKeyError> {
        let mut secret = Zeroizing::new([0; 32]);
        let read = hex::decode_to_slice(self.private_key.as_bytes(), secret.as_mut_slice());
        read.map_err(|_| HermesKeyError::Secret)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use ibc_relayer::config::AddressType;
    use ibc_relayer::keyring::{Secp256k1KeyPair, SigningKeyPair};

    use super::*;
    use crate::{AccountFormat, Key, KeyType};

    const MNEMONIC: &str = "test test test test test test test test test test test junk";

    /// As Hermes writes its files.
    fn file(path: &str, address_type: &AddressType, prefix: &str) -> String {
        let path = path.parse().unwrap();
        let pair = Secp256k1KeyPair::from_mnemonic(MNEMONIC, &path, address_type, prefix);
        serde_json::to_string_pretty(&pair.unwrap()).unwrap()
    }

    #[test]
    fn a_key_of_hermes_has_the_same_address_here() {
        let text = file("m/44'/118'/0'/0/0", &AddressType::Cosmos, "akash");
        let theirs = HermesKey::parse(&text).unwrap();
        let ours = Key::from_private_key(theirs.secret().unwrap().as_slice(), "akash").unwrap();
        assert_eq!(ours.address(), theirs.account);

        let pk_type = "/ethermint.crypto.v1.ethsecp256k1.PubKey".to_owned();
        let address_type = AddressType::Ethermint { pk_type };
        let text = file("m/44'/60'/0'/0/0", &address_type, "evmos");
        let theirs = HermesKey::parse(&text).unwrap();
        let format = AccountFormat::new("evmos", KeyType::Ethermint);
        let ours = Key::from_private_key(theirs.secret().unwrap().as_slice(), &format).unwrap();
        assert_eq!(ours.address(), theirs.account);
    }

    #[test]
    fn what_is_no_key_of_hermes_is_not_repeated() {
        let text = file("m/44'/118'/0'/0/0", &AddressType::Cosmos, "akash");
        let secret = HermesKey::parse(&text).unwrap().private_key.to_string();
        let cut = text.replace(&secret, &secret[1..]);
        let error = HermesKey::parse(&cut).unwrap().secret().unwrap_err();
        assert_eq!(error, HermesKeyError::Secret);
        let broken = text.replace("\"account\"", "\"akkount\"");
        let error = HermesKey::parse(&broken).err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&secret[..8]), "{shown}");
    }
}
