//! Signing keys on disk: `HOME/keys/CHAIN/NAME.json`, readable by the
//! owner only.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tern_cosmos_core::Key as SigningKey;
use zeroize::Zeroizing;

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// All permissions of the group and of other users.
const OTHERS: u32 = 0o077;

/// The keys of one chain.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    chain: String,
    account_prefix: String,
    path: PathBuf,
}

/// A key that only this process signs with: a lock on the file of the key.
#[derive(Debug)]
pub struct KeyClaim {
    _file: File,
}

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
}

/// The content of a key file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: String,
    address: String,
    /// Compressed secp256k1 point, hex.
    public_key: String,
    /// 32 bytes, hex.
    private_key: Zeroizing<String>,
    /// The derivation path of the key.
    hd_path: String,
}

impl KeyFolder {
    pub fn new(home: &Path, chain: &str, account_prefix: &str) -> Self {
        Self {
            chain: chain.to_owned(),
            account_prefix: account_prefix.to_owned(),
            path: home.join("keys").join(chain),
        }
    }

    /// The path of the key file with this name. The file may not exist.
    pub fn file(&self, name: &str) -> Result<PathBuf, KeyFileError> {
        if tern_config::is_file_name(name) {
            Ok(self.path.join(format!("{name}.json")))
        } else {
            Err(KeyFileError::Name {
                name: name.to_owned(),
            })
        }
    }

    /// Writes a key to disk. A crash cannot leave a partial file.
    pub fn save(
        &self,
        name: &str,
        key: &SigningKey,
        hd_path: &str,
        overwrite: bool,
    ) -> Result<PathBuf, KeyFileError> {
        let path = self.file(name)?;
        if !overwrite && path.exists() {
            return Err(KeyFileError::Exists {
                chain: self.chain.clone(),
                name: name.to_owned(),
                path,
            });
        }
        let stored = Stored {
            name: name.to_owned(),
            address: key.address().to_owned(),
            public_key: hex::encode(key.public_key()),
            private_key: Zeroizing::new(hex::encode(key.private_key_bytes())),
            hd_path: hd_path.to_owned(),
        };
        let text = serde_json::to_vec_pretty(&stored).map_err(|error| damaged(&path, error))?;
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(FOLDER_MODE);
        folder
            .create(&self.path)
            .map_err(failed("create", &self.path))?;
        write_atomically(&path, &Zeroizing::new(text))?;
        Ok(path)
    }

    /// Reads the key with this name.
    pub fn load(&self, name: &str) -> Result<SigningKey, KeyFileError> {
        let path = self.file(name)?;
        let mode = match fs::metadata(&path) {
            Ok(found) => found.permissions().mode() & 0o7777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyFileError::Missing {
                    chain: self.chain.clone(),
                    name: name.to_owned(),
                    path,
                })
            }
            Err(source) => return Err(failed("read", &path)(source)),
        };
        if mode & OTHERS != 0 {
            return Err(KeyFileError::TooOpen { path, mode });
        }
        let text = Zeroizing::new(fs::read(&path).map_err(failed("read", &path))?);
        // A message of serde could contain the secret: only the line is reported.
        let stored: Stored = serde_json::from_slice(&text).map_err(|error| {
            let place = format!("not a key in JSON (line {})", error.line());
            damaged(&path, place)
        })?;
        let secret = hex::decode(stored.private_key.as_bytes()).map(Zeroizing::new);
        let secret = secret.map_err(|_| damaged(&path, "`private_key` is not hex"))?;
        let key = SigningKey::from_private_key(&secret, &self.account_prefix);
        let key = key.map_err(|error| damaged(&path, error))?;
        if hex::encode(key.public_key()) != stored.public_key {
            let reason = "`public_key` does not belong to `private_key`";
            return Err(damaged(&path, reason));
        }
        Ok(key)
    }

    /// Claims the key for this process: until the claim is dropped, or the process
    /// ends, no other process signs with it. `None` if another process has it.
    pub fn claim(&self, name: &str) -> Result<Option<KeyClaim>, KeyFileError> {
        let path = self.file(name)?;
        let file = File::open(&path).map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(KeyClaim { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// The names of all keys, in order.
    pub fn names(&self) -> Result<Vec<String>, KeyFileError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("read", &self.path)(source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed("read", &self.path))?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
            names.extend(
                name.filter(|name| tern_config::is_file_name(name))
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }
}

/// Writes a temporary file first and then renames it, so that a crash leaves the
/// old file or the new file.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".{}.tmp", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&temporary)
        .and_then(|mut file| {
            // The mode above applies to a new file only.
            file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|source| {
        // The error of the write is reported, not an error of this removal.
        let _ = fs::remove_file(&temporary);
        failed("write", path)(source)
    })
}

fn failed<'a>(
    operation: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> KeyFileError + 'a {
    move |source| KeyFileError::File {
        operation,
        path: path.to_owned(),
        source,
    }
}

fn damaged(path: &Path, reason: impl ToString) -> KeyFileError {
    KeyFileError::Damaged {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(home: &Path) -> KeyFolder {
        KeyFolder::new(home, "akash-a", "akash")
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_private_key(&[byte; 32], "akash").unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_saved_key_can_be_loaded_and_only_its_owner_can_read_the_file() {
        let home = tempfile::tempdir().unwrap();
        let path = folder(home.path())
            .save("me", &key(7), "m/x", false)
            .unwrap();
        assert_eq!(path, home.path().join("keys/akash-a/me.json"));
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&home.path().join("keys/akash-a")), 0o700);
        assert_eq!(mode(&home.path().join("keys")), 0o700);
        let loaded = folder(home.path()).load("me").unwrap();
        assert_eq!(loaded.address(), key(7).address());
        assert_eq!(folder(home.path()).names().unwrap(), ["me"]);
    }

    #[test]
    fn a_key_is_replaced_only_when_asked() {
        let home = tempfile::tempdir().unwrap();
        let keys = folder(home.path());
        keys.save("me", &key(7), "m/x", false).unwrap();
        let refused = keys.save("me", &key(8), "m/x", false).unwrap_err();
        assert!(matches!(refused, KeyFileError::Exists { .. }));
        assert_eq!(keys.load("me").unwrap().address(), key(7).address());
        keys.save("me", &key(8), "m/x", true).unwrap();
        assert_eq!(keys.load("me").unwrap().address(), key(8).address());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
        let home = tempfile::tempdir().unwrap();
        let keys = folder(home.path());
        let path = keys.save("me", &key(7), "m/x", false).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = keys.load("me").unwrap_err().to_string();
        let command = format!("`chmod 600 {}`", path.display());
        assert!(
            error.contains("mode 0640") && error.contains(&command),
            "{error}"
        );
    }

    #[test]
    fn a_name_that_could_leave_the_folder_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for name in ["", "..", "../x", "a/b", ".hidden", "a b", "/etc/passwd"] {
            let error = folder(home.path()).load(name).unwrap_err();
            assert!(matches!(error, KeyFileError::Name { .. }), "{name}");
        }
    }

    #[test]
    fn a_damaged_file_is_reported_without_its_secret() {
        let home = tempfile::tempdir().unwrap();
        let keys = folder(home.path());
        let path = keys.save("me", &key(7), "m/x", false).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        for broken in [
            whole[..whole.len() / 2].to_owned(),
            whole.replace("0707", "0807"),
            whole.replace("0707", "zz07"),
            whole.replace("private_key", "privat_key"),
        ] {
            fs::write(&path, broken).unwrap();
            let error = keys.load("me").unwrap_err().to_string();
            assert!(error.contains("is damaged"), "{error}");
            assert!(!error.contains("0707"), "{error}");
        }
    }

    #[test]
    fn a_missing_key_says_how_to_add_it() {
        let home = tempfile::tempdir().unwrap();
        let error = folder(home.path()).load("me").unwrap_err().to_string();
        let command = "tern keys add akash-a --name me --mnemonic-file FILE";
        assert!(error.contains(command), "{error}");
        assert!(folder(home.path()).names().unwrap().is_empty());
    }
}
