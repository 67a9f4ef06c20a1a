//! Passphrases in the keyring of the operating system. On Linux that is the kernel's
//! keyring of the user (`man 7 keyrings`): it needs no other program, is not on disk,
//! and is empty when the machine is started again. Every process of the user can read
//! it, as it can read his files.

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::PassphraseError;

pub fn get(name: &str) -> Result<Zeroizing<Vec<u8>>, PassphraseError> {
    imp::get(name).map_err(|reason| failed("read", name, reason))
}

pub fn set(name: &str, passphrase: &SecretString) -> Result<(), PassphraseError> {
    imp::set(name, passphrase).map_err(|reason| failed("store", name, reason))
}

fn failed(doing: &'static str, name: &str, reason: String) -> PassphraseError {
    PassphraseError::Keyring {
        doing,
        name: name.to_owned(),
        reason,
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use age::secrecy::{ExposeSecret, SecretString};
    use linux_keyutils::{KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
    use zeroize::Zeroizing;

    pub fn get(name: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let find = || {
            let user = KeyRing::from_special_id(KeyRingIdentifier::User, false)?;
            let key = user.search(&description(name))?;
            key.read_to_vec().map(Zeroizing::new)
        };
        find().map_err(|error| match error {
            KeyError::KeyDoesNotExist => format!(
                "there is no such entry; it is gone after a restart of the machine: store it with \
                 `tern keys store-passphrase {name}`"
            ),
            error => error.to_string(),
        })
    }

    pub fn set(name: &str, passphrase: &SecretString) -> Result<(), String> {
        let keep = || {
            // A process may do everything with a key in its own keyring, even where its
            // session has nothing to do with the user's keyring, as under systemd.
            let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
            let secret = passphrase.expose_secret().as_bytes();
            let key = process.add_key(&description(name), secret)?;
            let permissions = KeyPermissionsBuilder::builder()
                .posessor(Permission::ALL)
                .user(Permission::ALL)
                .build();
            key.set_perms(permissions)?;
            KeyRing::from_special_id(KeyRingIdentifier::User, true)?.link_key(key)
        };
        keep().map_err(|error: KeyError| error.to_string())
    }

    fn description(name: &str) -> String {
        format!("tern:{name}")
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use age::secrecy::SecretString;
    use zeroize::Zeroizing;

    const UNKNOWN: &str = "only the keyring of Linux is known: use a file or a file descriptor";

    pub fn get(_name: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        Err(UNKNOWN.to_owned())
    }

    pub fn set(_name: &str, _passphrase: &SecretString) -> Result<(), String> {
        Err(UNKNOWN.to_owned())
    }
}
