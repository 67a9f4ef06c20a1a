//! A secret encrypted with a passphrase, in the format of `age` (a scrypt recipient,
//! in ASCII armor): the tools of age open it, too. Pure but for the random salt.

use std::io::Read;

use age::armor::ArmoredReader;
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor};
use zeroize::Zeroizing;

/// Two to this power is scrypt's cost: 128 MiB of memory and some tenths of a second
/// for each guess. It is the least that OWASP recommends, and Tern pays it once for a
/// key, when it starts.
pub const WORK_FACTOR: u8 = 17;
/// More than this is not tried (1 GiB): somebody else wrote the file.
const WORK_FACTOR_MAX: u8 = 20;
/// Of a private key.
const SECRET_BYTES: usize = 32;

/// Why a sealed secret does not open. No message contains a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It was sealed with another passphrase.
    WrongPassphrase,
    /// It is not what [`seal`] makes, for this reason.
    Damaged(&'static str),
}

/// Encrypts a private key.
pub fn seal(
    secret: &[u8; SECRET_BYTES],
    passphrase: &SecretString,
    work_factor: u8,
) -> Result<String, age::EncryptError> {
    let mut recipient = Recipient::new(passphrase.clone());
    recipient.set_work_factor(work_factor);
    age::encrypt_and_armor(&recipient, secret)
}

/// Decrypts a private key.
pub fn open(
    sealed: &str,
    passphrase: &SecretString,
) -> Result<Zeroizing<[u8; SECRET_BYTES]>, OpenError> {
    let mut identity = Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let armored = ArmoredReader::new(sealed.as_bytes());
    let decryptor = Decryptor::new_buffered(armored).map_err(|error| reason(&error))?;
    if !decryptor.is_scrypt() {
        return Err(OpenError::Damaged("it is not encrypted with a passphrase"));
    }
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut reader = decryptor
        .decrypt(identities)
        .map_err(|error| reason(&error))?;
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    let unreadable = |_| OpenError::Damaged("the encrypted key is cut off or was changed");
    reader
        .read_exact(secret.as_mut_slice())
        .map_err(unreadable)?;
    // The end is authenticated, too: nothing was added or left out.
    match reader.read(&mut [0]).map_err(unreadable)? {
        0 => Ok(secret),
        _ => Err(OpenError::Damaged("the encrypted key is too long")),
    }
}

fn reason(error: &DecryptError) -> OpenError {
    match error {
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys => OpenError::WrongPassphrase,
        DecryptError::ExcessiveWork { .. } => {
            OpenError::Damaged("opening the encrypted key would take more than 1 GiB of memory")
        }
        DecryptError::InvalidMac => OpenError::Damaged("the encrypted key was changed"),
        _ => OpenError::Damaged("the encrypted key is not in the format of age"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opening in a moment is what tests want, and nobody else.
    const QUICK: u8 = 2;
    const SECRET: [u8; 32] = [7; 32];

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn a_sealed_secret_opens_with_its_passphrase_alone() {
        let sealed = seal(&SECRET, &passphrase("right"), QUICK).unwrap();
        assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        assert_eq!(*open(&sealed, &passphrase("right")).unwrap(), SECRET);
        for wrong in ["", "wrong", "right ", "Right"] {
            let refused = open(&sealed, &passphrase(wrong)).unwrap_err();
            assert_eq!(refused, OpenError::WrongPassphrase, "{wrong}");
        }
    }

    #[test]
    fn the_same_secret_is_never_sealed_the_same_way_twice() {
        let seal = || seal(&SECRET, &passphrase("right"), QUICK).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_sealed_secret_that_was_changed_anywhere_does_not_open() {
        let sealed = seal(&SECRET, &passphrase("right"), QUICK).unwrap();
        let mut opened = Vec::new();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else {
                continue;
            };
            if open(&changed, &passphrase("right")).is_ok() {
                opened.push(at);
            }
        }
        assert!(opened.is_empty(), "{opened:?}");
        let cut = &sealed[..sealed.len() / 2];
        assert!(open(cut, &passphrase("right")).is_err());
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_not_tried() {
        let mut recipient = Recipient::new(passphrase("right"));
        recipient.set_work_factor(QUICK);
        let sealed = age::encrypt(&recipient, &SECRET).unwrap();
        // The work factor is a number in the header.
        let header = sealed
            .windows(3)
            .position(|three| three == b" 2\n")
            .unwrap();
        let costly = [&sealed[..header], b" 21\n", &sealed[header + 3..]].concat();
        let mut armored = Vec::new();
        let format = age::armor::Format::AsciiArmor;
        let mut writer = age::armor::ArmoredWriter::wrap_output(&mut armored, format).unwrap();
        std::io::Write::write_all(&mut writer, &costly).unwrap();
        writer.finish().unwrap();
        let refused = open(&String::from_utf8(armored).unwrap(), &passphrase("right"));
        assert!(
            matches!(refused, Err(OpenError::Damaged(why)) if why.contains("memory")),
            "{refused:?}"
        );
    }

    #[test]
    fn what_is_no_secret_of_ours_is_said() {
        let open = |text: &str| open(text, &passphrase("right"));
        assert!(matches!(open(""), Err(OpenError::Damaged(_))));
        let to_a_key = age::x25519::Identity::generate().to_public();
        let sealed = age::encrypt_and_armor(&to_a_key, &SECRET).unwrap();
        assert!(matches!(open(&sealed), Err(OpenError::Damaged(_))));
        let mut recipient = Recipient::new(passphrase("right"));
        recipient.set_work_factor(QUICK);
        for bytes in [&[7; 31][..], &[7; 33]] {
            let sealed = age::encrypt_and_armor(&recipient, bytes).unwrap();
            assert!(matches!(open(&sealed), Err(OpenError::Damaged(_))));
        }
    }
}
