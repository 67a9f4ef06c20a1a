//! Keys as the programs of SDK chains export them (`keys export NAME`): encrypted with a
//! passphrase, in ASCII armor (SDK `crypto/armor.go`). Pure.
//!
//! From SDK 0.50 on the passphrase goes through Argon2id and the key is encrypted with
//! ChaCha20-Poly1305; before, these are bcrypt and XSalsa20-Poly1305.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use crypto_secretbox::XSalsa20Poly1305;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN TENDERMINT PRIVATE KEY-----";
const END: &str = "-----END TENDERMINT PRIVATE KEY-----";

/// Of Argon2id: passes, memory in KiB, and lanes.
const ARGON2_TIME: u32 = 1;
const ARGON2_MEMORY: u32 = 64 * 1024;
const ARGON2_LANES: u32 = 4;
/// Of bcrypt: two to this power of rounds.
const BCRYPT_COST: u32 = 12;
const BCRYPT_SALT_BYTES: usize = 16;
/// The first of what is encrypted with XSalsa20 is the nonce.
const XSALSA20_NONCE_BYTES: usize = 24;
/// Each key that is encrypted with ChaCha20 has a salt of its own, and this nonce.
const CHACHA20_NONCE: [u8; 12] = [0; 12];

const SECRET_BYTES: usize = 32;
/// Of Amino: what says the type of a value.
const PREFIX_BYTES: usize = 4;

/// The names of private keys in Amino, whose hash is before the secret. The first is that of the
/// SDK, and the others are of Ethereum's kind.
const NAMES: [&str; 4] = [
    "tendermint/PrivKeySecp256k1",
    "os/PrivKeyEthSecp256k1",
    "ethermint/PrivKeyEthSecp256k1",
    "injective/PrivKeyEthSecp256k1",
];

/// A key that was exported.
pub struct Exported {
    pub secret: Zeroizing<[u8; SECRET_BYTES]>,
    /// Whether its address was made as on Ethereum.
    pub is_ethereum: bool,
}

/// Why there is no key in an armor. No message contains a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmorError {
    #[error("it is not an exported key: it begins with `{BEGIN}`")]
    NotArmor,
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    #[error("the passphrase is not the one that the key was exported with")]
    WrongPassphrase,
    #[error("it is a key of another type than secp256k1 and those of Ethereum's kind")]
    OtherType,
}

/// Decrypts an exported key.
pub fn open(armor: &str, passphrase: &str) -> Result<Exported, ArmorError> {
    let armor = Armor::parse(armor)?;
    let salt = armor.header("salt").and_then(|salt| hex::decode(salt).ok());
    let salt = salt.ok_or(ArmorError::Damaged("it has no salt"))?;
    let opened = match armor.header("kdf") {
        Some("argon2") => open_argon2(&armor.body, passphrase, &salt),
        Some("bcrypt") => open_bcrypt(&armor.body, passphrase, &salt),
        _ => Err(ArmorError::Damaged(
            "its `kdf` is not argon2 and not bcrypt",
        )),
    };
    read(&opened?)
}

fn open_argon2(
    body: &[u8],
    passphrase: &str,
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ArmorError> {
    const SALT: ArmorError = ArmorError::Damaged("its salt has the wrong length");
    let params = Params::new(ARGON2_MEMORY, ARGON2_TIME, ARGON2_LANES, None).map_err(|_| SALT)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| SALT)?;
    let cipher = ChaCha20Poly1305::new(key.as_slice().into());
    let opened = cipher.decrypt(&CHACHA20_NONCE.into(), body);
    opened
        .map(Zeroizing::new)
        .map_err(|_| ArmorError::WrongPassphrase)
}

fn open_bcrypt(
    body: &[u8],
    passphrase: &str,
    salt: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ArmorError> {
    let salt: [u8; BCRYPT_SALT_BYTES] = salt
        .try_into()
        .map_err(|_| ArmorError::Damaged("its salt has the wrong length"))?;
    if body.len() < XSALSA20_NONCE_BYTES {
        return Err(ArmorError::Damaged("it is too short"));
    }
    let hash = bcrypt::hash_with_salt(passphrase, BCRYPT_COST, salt);
    let hash = hash.map_err(|_| ArmorError::WrongPassphrase)?;
    // The key is made from the text in which bcrypt writes its hashes.
    let hash = Zeroizing::new(hash.format_for_version(bcrypt::Version::TwoA));
    let key = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(hash.as_bytes())));
    let (nonce, sealed) = body.split_at(XSALSA20_NONCE_BYTES);
    let cipher = XSalsa20Poly1305::new(key.as_slice().into());
    let opened = cipher.decrypt(nonce.into(), sealed);
    opened
        .map(Zeroizing::new)
        .map_err(|_| ArmorError::WrongPassphrase)
}

/// A private key in Amino: the prefix of its type, the length of the secret, the secret.
fn read(amino: &[u8]) -> Result<Exported, ArmorError> {
    let prefix = amino.get(..PREFIX_BYTES).ok_or(ArmorError::OtherType)?;
    let place = NAMES.iter().position(|name| amino_prefix(name) == prefix);
    let place = place.ok_or(ArmorError::OtherType)?;
    let secret = match &amino[PREFIX_BYTES..] {
        [length, secret @ ..] if usize::from(*length) == SECRET_BYTES => secret.try_into().ok(),
        _ => None,
    };
    let secret = secret.ok_or(ArmorError::Damaged("its secret has the wrong length"))?;
    Ok(Exported {
        secret: Zeroizing::new(secret),
        is_ethereum: place > 0,
    })
}

/// Of the hash of a name, what is left of zeros, and of the three bytes after them, and of
/// zeros again.
fn amino_prefix(name: &str) -> [u8; PREFIX_BYTES] {
    let hash = Sha256::digest(name.as_bytes());
    let mut rest = hash.iter().copied().skip_while(|byte| *byte == 0);
    for _ in 0..3 {
        rest.next();
    }
    let mut rest = rest.skip_while(|byte| *byte == 0);
    std::array::from_fn(|_| rest.next().unwrap_or_default())
}

/// Headers and bytes between a begin and an end (RFC 4880, section 6).
struct Armor<'a> {
    headers: Vec<(&'a str, &'a str)>,
    body: Vec<u8>,
}

impl<'a> Armor<'a> {
    fn parse(text: &'a str) -> Result<Self, ArmorError> {
        let (_, text) = text.split_once(BEGIN).ok_or(ArmorError::NotArmor)?;
        let (text, _) = text
            .split_once(END)
            .ok_or(ArmorError::Damaged("its end is missing"))?;
        let (mut headers, mut base64, mut checksum) = (Vec::new(), String::new(), None);
        for line in text.lines().map(str::trim) {
            if let Some(header) = line.split_once(": ") {
                headers.push(header);
            } else if let Some(sum) = line.strip_prefix('=') {
                checksum = Some(sum);
            } else {
                base64.push_str(line);
            }
        }
        let unreadable = |_| ArmorError::Damaged("it is not base64");
        let body = STANDARD.decode(base64).map_err(unreadable)?;
        if let Some(sum) = checksum {
            let sum = STANDARD.decode(sum).map_err(unreadable)?;
            if sum != crc24(&body) {
                return Err(ArmorError::Damaged("its checksum is another"));
            }
        }
        Ok(Self { headers, body })
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(key, value)| (*key == name).then_some(*value))
    }
}

/// The checksum of an armor (RFC 4880, section 6.1).
fn crc24(bytes: &[u8]) -> [u8; 3] {
    const INIT: u32 = 0x00B7_04CE;
    const POLYNOMIAL: u32 = 0x0186_4CFB;
    let mut crc = INIT;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= POLYNOMIAL;
            }
        }
    }
    let [_, sum @ ..] = crc.to_be_bytes();
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    const PASSPHRASE: &str = "correct horse";
    /// Of the mnemonic `abandon … about`.
    const ADDRESS: &str = "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4";

    /// By `simd` of ibc-go v10 (SDK 0.53).
    const ARGON2: &str = "\
-----BEGIN TENDERMINT PRIVATE KEY-----
kdf: argon2
salt: 542F10BD6A23291D0A2031E25A01B1FC
type: secp256k1

Fml10zi37Ft1oe952zWdE05xbWOWUAakT7B7mMshcvvlJlb7FH7yqTUoDa5n6PjF
soDTkIs=
=pUXu
-----END TENDERMINT PRIVATE KEY-----
";
    /// By `simd` of ibc-go v7 (SDK 0.47).
    const BCRYPT: &str = "\
-----BEGIN TENDERMINT PRIVATE KEY-----
kdf: bcrypt
salt: 045E5B540E4C52D825FDC4AC0CA7CBFB
type: secp256k1

AV8E8WYTTw2w1ZBKxUAIEwPxTlj6v/5nv3KIV7STZ6oRBl1/NUN7J24/8LKJNFJ8
52vR+d+vd/hhGU6FDQgvY+HRgnK2joQyohQ+brM=
=ZdTI
-----END TENDERMINT PRIVATE KEY-----
";

    #[test]
    fn an_exported_key_opens_with_its_passphrase_alone() {
        for armor in [ARGON2, BCRYPT] {
            let exported = open(armor, PASSPHRASE).unwrap();
            assert!(!exported.is_ethereum);
            let key = Key::from_private_key(exported.secret.as_slice(), "cosmos").unwrap();
            assert_eq!(key.address(), ADDRESS);
            for wrong in ["", "wrong horse"] {
                let refused = open(armor, wrong).err();
                assert_eq!(refused, Some(ArmorError::WrongPassphrase));
            }
        }
    }

    #[test]
    fn an_export_that_is_damaged_says_how() {
        let refused = |armor: &str| open(armor, PASSPHRASE).err();
        assert_eq!(refused(""), Some(ArmorError::NotArmor));
        for (from, to) in [
            (END, ""),
            ("salt: ", "salz: "),
            ("salt: 542F", "salt: XX2F"),
            ("kdf: argon2", "kdf: scrypt"),
            ("Fml1", "Gml1"),
            ("Fml1", "F!l1"),
            ("=pUXu", "=pUXv"),
        ] {
            let damaged = ARGON2.replace(from, to);
            let refused = refused(&damaged);
            assert!(
                matches!(refused, Some(ArmorError::Damaged(_))),
                "{from}: {refused:?}"
            );
        }
        let short = "kdf: bcrypt\nsalt: 045E5B540E4C52D825FDC4AC0CA7CBFB\n\nAV8E\n";
        let short = format!("{BEGIN}\n{short}{END}");
        assert!(matches!(refused(&short), Some(ArmorError::Damaged(_))));
    }

    #[test]
    fn the_type_of_a_key_is_said_before_its_secret() {
        assert_eq!(amino_prefix(NAMES[0]), [0xE1, 0xB0, 0xF7, 0x9B]);
        for (place, name) in NAMES.iter().enumerate() {
            let mut amino = amino_prefix(name).to_vec();
            amino.push(32);
            amino.extend([7; 32]);
            let exported = read(&amino).unwrap();
            assert_eq!(*exported.secret, [7; 32]);
            assert_eq!(exported.is_ethereum, place > 0);
            amino.push(7);
            assert!(read(&amino).is_err());
        }
        let ed25519 = amino_prefix("tendermint/PrivKeyEd25519");
        assert_eq!(read(&ed25519).err(), Some(ArmorError::OtherType));
        assert_eq!(read(b"").err(), Some(ArmorError::OtherType));
    }
}
