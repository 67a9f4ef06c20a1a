//! Where a passphrase comes from: a file, a file descriptor, the keyring of the
//! operating system, or a person at the terminal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use age::secrecy::{ExposeSecret, SecretString};
use tern_config::PassphraseSource;
use zeroize::Zeroizing;

use super::disk::owner_only;

mod keyring;

/// No passphrase is longer.
const PASSPHRASE_BYTES_MAX: usize = 4096;

/// The passphrases that were read by now: a pipe gives its content once.
#[derive(Default)]
pub struct Passphrases {
    read: Mutex<BTreeMap<PassphraseSource, SecretString>>,
}

/// Why there is no passphrase. No message contains one.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error(
        "nothing says where the passphrase is, and there is no terminal to ask for it: write \
         `passphrase = {{ file = \"FILE\" }}` (or `fd`, or `keyring`) in the section [keys] of the \
         configuration; `tern keys` has the option --passphrase-file"
    )]
    NoSource,
    #[error(
        "other users can read the passphrase file {path} (mode {mode:04o}): run `chmod 600 {path}`",
        path = path.display()
    )]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("cannot read the passphrase from {place}")]
    Unreadable {
        place: String,
        #[source]
        source: io::Error,
    },
    #[error("the passphrase from {place} {problem}")]
    Unusable {
        place: String,
        problem: &'static str,
    },
    #[error("cannot {doing} the passphrase in the keyring entry `{name}`: {reason}")]
    Keyring {
        doing: &'static str,
        name: String,
        reason: String,
    },
    #[error("the two passphrases are not the same: nothing was changed")]
    TypedDifferently,
}

impl Passphrases {
    /// The passphrase from this source, or from a person. `what` says what it is for.
    pub fn get(
        &self,
        source: Option<&PassphraseSource>,
        what: &str,
    ) -> Result<SecretString, PassphraseError> {
        match source {
            Some(source) => self.read(source),
            None => ask(&format!("passphrase of {what}: ")),
        }
    }

    /// The same for a passphrase that does not exist yet: a person types it twice.
    pub fn get_new(
        &self,
        source: Option<&PassphraseSource>,
        what: &str,
    ) -> Result<SecretString, PassphraseError> {
        if let Some(source) = source {
            return self.read(source);
        }
        let first = ask(&format!("new passphrase for {what}: "))?;
        let second = ask("the same again: ")?;
        if first.expose_secret() == second.expose_secret() {
            Ok(first)
        } else {
            Err(PassphraseError::TypedDifferently)
        }
    }

    fn read(&self, source: &PassphraseSource) -> Result<SecretString, PassphraseError> {
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(passphrase) = known.get(source) {
            return Ok(passphrase.clone());
        }
        let passphrase = match source {
            PassphraseSource::File(path) => read_file(path)?,
            PassphraseSource::Fd(number) => {
                let place = format!("file descriptor {number}");
                // The system opens what the descriptor stands for.
                let opened = File::open(format!("/dev/fd/{number}"));
                read_to_end(opened.map_err(unreadable(&place))?, &place)?
            }
            PassphraseSource::Keyring(name) => {
                let place = format!("the keyring entry `{name}`");
                checked(keyring::get(name)?, &place)?
            }
        };
        known.insert(source.clone(), passphrase.clone());
        Ok(passphrase)
    }
}

/// Where a passphrase comes from, in words.
pub fn place(source: Option<&PassphraseSource>) -> String {
    match source {
        None => "the terminal".to_owned(),
        Some(PassphraseSource::File(path)) => path.display().to_string(),
        Some(PassphraseSource::Fd(number)) => format!("file descriptor {number}"),
        Some(PassphraseSource::Keyring(name)) => format!("the keyring entry `{name}`"),
    }
}

/// Keeps a passphrase in the keyring of the operating system.
pub fn keep_in_keyring(name: &str, passphrase: &SecretString) -> Result<(), PassphraseError> {
    keyring::set(name, passphrase)
}

fn read_file(path: &Path) -> Result<SecretString, PassphraseError> {
    let place = path.display().to_string();
    let file = File::open(path).map_err(unreadable(&place))?;
    let metadata = file.metadata().map_err(unreadable(&place))?;
    // What is not a file, such as a pipe, is gone when it was read.
    if metadata.is_file() {
        if let Err(mode) = owner_only(&metadata) {
            let path = path.to_owned();
            return Err(PassphraseError::TooOpen { path, mode });
        }
    }
    read_to_end(file, &place)
}

fn read_to_end(file: File, place: &str) -> Result<SecretString, PassphraseError> {
    // Never moved to a larger place, which would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSPHRASE_BYTES_MAX + 2));
    let mut limited = file.take(PASSPHRASE_BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(unreadable(place))?;
    checked(bytes, place)
}

/// One line is a passphrase, without the end of the line.
fn checked(bytes: Zeroizing<Vec<u8>>, place: &str) -> Result<SecretString, PassphraseError> {
    let unusable = |problem| PassphraseError::Unusable {
        place: place.to_owned(),
        problem,
    };
    if bytes.len() > PASSPHRASE_BYTES_MAX {
        return Err(unusable("is longer than 4096 bytes"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("is not text in UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(unusable("is empty"));
    }
    if line.contains('\n') {
        return Err(unusable("has more than one line"));
    }
    Ok(SecretString::from(line.to_owned()))
}

/// Asks a person, and shows nothing of the answer.
fn ask(question: &str) -> Result<SecretString, PassphraseError> {
    if !io::stdin().is_terminal() {
        return Err(PassphraseError::NoSource);
    }
    let place = place(None);
    let typed = rpassword::prompt_password(question).map_err(unreadable(&place))?;
    checked(Zeroizing::new(typed.into_bytes()), &place)
}

fn unreadable(place: &str) -> impl FnOnce(io::Error) -> PassphraseError + '_ {
    move |source| PassphraseError::Unreadable {
        place: place.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PassphraseSource) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, PassphraseSource::File(path))
    }

    fn read(content: &[u8], mode: u32) -> Result<SecretString, PassphraseError> {
        let (_folder, source) = file(content, mode);
        Passphrases::default().get(Some(&source), "the key")
    }

    #[test]
    fn the_end_of_the_line_is_not_part_of_a_passphrase() {
        for content in ["a b  c ", "a b  c \n", "a b  c \r\n"] {
            let read = read(content.as_bytes(), 0o600).unwrap();
            assert_eq!(read.expose_secret(), "a b  c ");
        }
    }

    #[test]
    fn what_cannot_be_a_passphrase_is_refused_without_being_shown() {
        let long = vec![b'x'; PASSPHRASE_BYTES_MAX + 1];
        for (content, problem) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"secret\nsecret", "more than one line"),
            (b"secret\xff", "is not text"),
            (&long, "is longer than"),
        ] {
            let error = read(content, 0o600).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(problem), "{text}");
            assert!(!text.contains("secret") && !text.contains("xx"), "{text}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o620] {
            let error = read(b"secret", mode).unwrap_err();
            assert!(matches!(error, PassphraseError::TooOpen { .. }), "{error}");
        }
        read(b"secret", 0o400).unwrap();
    }

    #[test]
    fn a_source_is_read_once() {
        let (folder, source) = file(b"secret", 0o600);
        let passphrases = Passphrases::default();
        passphrases.get(Some(&source), "the key").unwrap();
        drop(folder);
        let again = passphrases.get(Some(&source), "another key").unwrap();
        assert_eq!(again.expose_secret(), "secret");
        let unknown = Passphrases::default().get(Some(&source), "the key");
        assert!(matches!(unknown, Err(PassphraseError::Unreadable { .. })));
    }

    #[test]
    fn debug_shows_no_passphrase() {
        let shown = format!("{:?}", read(b"secret", 0o600).unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
