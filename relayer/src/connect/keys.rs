//! Signing keys on disk: `HOME/keys/CHAIN/NAME.json`, readable by the
//! owner only. The secret in a file can be encrypted with a passphrase.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use tern_chains::ChainId;
use tern_cosmos_core::{AccountFormat, Key as SigningKey, PublicKey};

use disk::{failed, is_at, FILE_MODE};
use file::{KeyFile, ReadError};

mod disk;
mod error;
mod file;
pub mod passphrase;
mod sealed;

pub use disk::{read_private, write_atomically};
pub use error::KeyFileError;
pub use passphrase::{PassphraseError, Passphrases};

const FOLDER_MODE: u32 = 0o700;

/// The keys of one chain.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    chain: String,
    format: AccountFormat,
    name: String,
    path: PathBuf,
}

/// A key that only this process signs with: a lock on the file of the key.
#[derive(Debug)]
pub struct KeyClaim {
    _file: File,
}

/// What can be said of a key without its passphrase.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    pub public_key: PublicKey,
    pub is_encrypted: bool,
}

impl KeyFolder {
    /// The folder of the chain, or else that of its newest revision before: an upgrade
    /// changes no key.
    pub fn new(home: &Path, chain: &str, format: impl Into<AccountFormat>) -> Self {
        let all = home.join("keys");
        let own = all.join(chain);
        let name = match own.exists() {
            true => None,
            false => earlier_revision(&all, chain),
        };
        let name = name.unwrap_or_else(|| chain.to_owned());
        Self {
            chain: chain.to_owned(),
            format: format.into(),
            path: all.join(&name),
            name,
        }
    }

    /// The name of the folder: the chain's id when its first key was added.
    pub fn name(&self) -> &str {
        &self.name
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

    /// Writes a key to disk, encrypted if there is a passphrase. A crash cannot leave a
    /// partial file.
    pub fn save(
        &self,
        name: &str,
        key: &SigningKey,
        hd_path: &str,
        passphrase: Option<&SecretString>,
        overwrite: bool,
    ) -> Result<PathBuf, KeyFileError> {
        let path = self.file(name)?;
        let mut _claim = None;
        if path.exists() {
            if !overwrite {
                return Err(KeyFileError::Exists {
                    chain: self.chain.clone(),
                    name: name.to_owned(),
                    path,
                });
            }
            _claim = Some(self.claim_to_change(name)?);
        }
        let mut file = KeyFile::new(name, key, hd_path);
        if let Some(passphrase) = passphrase {
            let sealed = file.sealed(key, passphrase, sealed::WORK_FACTOR);
            file = sealed.map_err(|error| self.failed_read(name, &path, error))?;
        }
        self.make_folder()?;
        self.write(name, &path, &file)?;
        Ok(path)
    }

    /// Reads the key with this name. `passphrase` is asked if the key is encrypted; it
    /// is told which key that is.
    pub fn load(
        &self,
        name: &str,
        passphrase: impl FnOnce(&str) -> Result<SecretString, PassphraseError>,
    ) -> Result<SigningKey, KeyFileError> {
        let (path, file) = self.read(name)?;
        self.key_of(name, &path, &file, passphrase)
    }

    /// What can be said of a key without its passphrase.
    pub fn info(&self, name: &str) -> Result<KeyInfo, KeyFileError> {
        let (path, file) = self.read(name)?;
        let public_key = file.public_key(&self.format);
        Ok(KeyInfo {
            public_key: public_key.map_err(|error| self.failed_read(name, &path, error))?,
            is_encrypted: file.is_sealed(),
        })
    }

    /// Encrypts a key that is plain.
    pub fn encrypt(
        &self,
        name: &str,
        passphrase: impl FnOnce(&str) -> Result<SecretString, PassphraseError>,
    ) -> Result<PathBuf, KeyFileError> {
        let _claim = self.claim_to_change(name)?;
        let (path, file) = self.read(name)?;
        if file.is_sealed() {
            return Err(self.unchanged(name, "encrypted"));
        }
        let no_passphrase = |_: &str| Err(PassphraseError::NoSource);
        let key = self.key_of(name, &path, &file, no_passphrase)?;
        let passphrase = passphrase(&self.described(name));
        let passphrase = passphrase.map_err(|source| self.no_passphrase(name, source))?;
        let file = file.sealed(&key, &passphrase, sealed::WORK_FACTOR);
        let file = file.map_err(|error| self.failed_read(name, &path, error))?;
        self.write(name, &path, &file)?;
        Ok(path)
    }

    /// Writes an encrypted key plain.
    pub fn decrypt(
        &self,
        name: &str,
        passphrase: impl FnOnce(&str) -> Result<SecretString, PassphraseError>,
    ) -> Result<PathBuf, KeyFileError> {
        let _claim = self.claim_to_change(name)?;
        let (path, file) = self.read(name)?;
        if !file.is_sealed() {
            return Err(self.unchanged(name, "plain"));
        }
        let key = self.key_of(name, &path, &file, passphrase)?;
        self.write(name, &path, &file.opened(&key))?;
        Ok(path)
    }

    /// Claims the key for this process: until the claim is dropped, or the process
    /// ends, no other process signs with it. `None` if another process has it.
    pub fn claim(&self, name: &str) -> Result<Option<KeyClaim>, KeyFileError> {
        let path = self.file(name)?;
        loop {
            let file = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(self.missing(name, path))
                }
                opened => opened.map_err(failed("open", &path))?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
            }
            // Between opening and locking the file may have been replaced: then others
            // lock the new one.
            if is_at(&file, &path).map_err(failed("read", &path))? {
                return Ok(Some(KeyClaim { _file: file }));
            }
        }
    }

    /// The same for a key that another process holds: the lock is on a file of its own.
    pub fn claim_remote(&self, name: &str) -> Result<Option<KeyClaim>, KeyFileError> {
        let path = self.file(name)?.with_extension("remote");
        self.make_folder()?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(KeyClaim { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    fn make_folder(&self) -> Result<(), KeyFileError> {
        let mut folder = DirBuilder::new();
        folder.recursive(true).mode(FOLDER_MODE);
        let made = folder.create(&self.path);
        made.map_err(failed("create", &self.path))
    }

    /// Nobody signs with a key while its file is replaced, or has begun to before: the
    /// lock is on the file, not on its name.
    fn claim_to_change(&self, name: &str) -> Result<KeyClaim, KeyFileError> {
        self.claim(name)?.ok_or_else(|| KeyFileError::InUse {
            chain: self.chain.clone(),
            name: name.to_owned(),
        })
    }

    fn read(&self, name: &str) -> Result<(PathBuf, KeyFile), KeyFileError> {
        let path = self.file(name)?;
        let text = match read_private(&path) {
            Err(KeyFileError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(self.missing(name, path))
            }
            read => read?,
        };
        match KeyFile::parse(&text) {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(self.failed_read(name, &path, error)),
        }
    }

    fn write(&self, name: &str, path: &Path, file: &KeyFile) -> Result<(), KeyFileError> {
        let text = file.text();
        let text = text.map_err(|error| self.failed_read(name, path, error))?;
        write_atomically(path, &text).map_err(failed("write", path))
    }

    fn key_of(
        &self,
        name: &str,
        path: &Path,
        file: &KeyFile,
        passphrase: impl FnOnce(&str) -> Result<SecretString, PassphraseError>,
    ) -> Result<SigningKey, KeyFileError> {
        /// Either of the two that can go wrong.
        enum Either {
            File(ReadError),
            Passphrase(PassphraseError),
        }
        impl From<ReadError> for Either {
            fn from(error: ReadError) -> Self {
                Self::File(error)
            }
        }
        let ask = || passphrase(&self.described(name)).map_err(Either::Passphrase);
        let key = file.key(&self.format, ask);
        key.map_err(|error| match error {
            Either::File(error) => self.failed_read(name, path, error),
            Either::Passphrase(source) => self.no_passphrase(name, source),
        })
    }

    fn described(&self, name: &str) -> String {
        format!("the key `{name}` for {}", self.chain)
    }

    fn missing(&self, name: &str, path: PathBuf) -> KeyFileError {
        KeyFileError::Missing {
            chain: self.chain.clone(),
            name: name.to_owned(),
            path,
        }
    }

    fn unchanged(&self, name: &str, state: &'static str) -> KeyFileError {
        KeyFileError::Unchanged {
            chain: self.chain.clone(),
            name: name.to_owned(),
            state,
        }
    }

    fn no_passphrase(&self, name: &str, source: PassphraseError) -> KeyFileError {
        KeyFileError::Passphrase {
            chain: self.chain.clone(),
            name: name.to_owned(),
            source,
        }
    }

    fn failed_read(&self, name: &str, path: &Path, error: ReadError) -> KeyFileError {
        match error {
            ReadError::Damaged(reason) => damaged(path, reason),
            ReadError::WrongPassphrase => KeyFileError::WrongPassphrase {
                chain: self.chain.clone(),
                name: name.to_owned(),
            },
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

fn damaged(path: &Path, reason: impl ToString) -> KeyFileError {
    KeyFileError::Damaged {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// The folder of the newest revision before this one.
fn earlier_revision(all: &Path, chain: &str) -> Option<String> {
    let chain = ChainId::from_string(chain);
    let folders = fs::read_dir(all).ok()?.filter_map(Result::ok);
    let ids = folders.filter_map(|folder| folder.file_name().into_string().ok());
    let ids = ids.map(|id| ChainId::from_string(&id));
    let earlier = ids.filter(|earlier| chain.is_later_revision_of(earlier));
    let newest = earlier.max_by_key(ChainId::version)?;
    Some(newest.as_str().to_owned())
}

#[cfg(test)]
mod tests;
