//! What the operator has paused, in `paused.json` of the home folder: a restart of the daemon
//! does not resume it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tern_core::plan::Paused;

use crate::connect::write_atomically;

const FILE: &str = "paused.json";

/// The file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PausedFileError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} does not say what is paused: correct it, or remove it to resume everything")]
    Malformed {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("cannot write {path}: it holds until the daemon ends, and not after that")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// What is paused. Nothing is, if there is no file.
pub fn read(home: &Path) -> Result<Paused, PausedFileError> {
    let path = home.join(FILE);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Paused::default()),
        Err(source) => return Err(PausedFileError::Read { path, source }),
        Ok(text) => text,
    };
    let paused = serde_json::from_slice(&text);
    paused.map_err(|source| PausedFileError::Malformed { path, source })
}

pub fn write(home: &Path, paused: &Paused) -> Result<(), PausedFileError> {
    let path = home.join(FILE);
    let text = serde_json::to_vec_pretty(paused).map_err(std::io::Error::from);
    let written = text.and_then(|text| write_atomically(&path, &text));
    written.map_err(|source| PausedFileError::Write { path, source })
}

#[cfg(test)]
mod tests {
    use tern_chains::{BlockTime, ChainId};
    use tern_core::plan::Pausable;

    use super::*;

    #[test]
    fn what_is_paused_is_read_as_it_was_written() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(read(home.path()).unwrap(), Paused::default());
        let mut paused = Paused::default();
        let chain = ChainId::from_string("akash-a");
        paused.pause(Pausable::Chain(chain), BlockTime(7));
        write(home.path(), &paused).unwrap();
        assert_eq!(read(home.path()).unwrap(), paused);
    }

    #[test]
    fn a_file_that_says_nothing_is_an_error_that_names_it() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), "akash-a").unwrap();
        let error = read(home.path()).unwrap_err().to_string();
        assert!(error.contains("paused.json does not say"), "{error}");
    }
}
