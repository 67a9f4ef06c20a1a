//! Chains that go on under another id since an upgrade, in `revisions.json` of the home
//! folder. The configuration gives the id from before until somebody changes it there.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tern_chains::ChainId;
use tern_config::Config;

use super::write_atomically;

const FILE: &str = "revisions.json";

/// The id that a chain has now, by the id that it had.
type Revisions = BTreeMap<String, String>;

/// The file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RevisionsFileError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{path} does not say which id a chain has since its upgrade: give the id in the \
         configuration, and remove the file"
    )]
    Malformed {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Gives the chains of a configuration the ids that they have now.
pub fn apply(home: &Path, config: &mut Config) -> Result<(), RevisionsFileError> {
    let revisions = read(home)?;
    let ids: Vec<String> = config.chains.iter().map(|chain| chain.id.clone()).collect();
    for chain in &mut config.chains {
        let now = newest(&revisions, &chain.id);
        // Whoever configures both means two chains.
        if !ids.iter().any(|id| id == now) {
            chain.id = now.to_owned();
        }
    }
    Ok(())
}

/// Keeps that a chain has another id now.
pub fn keep(home: &Path, chain: &ChainId, now: &ChainId) -> Result<(), RevisionsFileError> {
    let mut revisions = read(home)?;
    revisions.insert(chain.as_str().to_owned(), now.as_str().to_owned());
    let path = home.join(FILE);
    let text = serde_json::to_vec_pretty(&revisions).map_err(std::io::Error::from);
    let written = text.and_then(|text| write_atomically(&path, &text));
    written.map_err(|source| RevisionsFileError::Write { path, source })
}

fn read(home: &Path) -> Result<Revisions, RevisionsFileError> {
    let path = home.join(FILE);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Revisions::new()),
        Err(source) => return Err(RevisionsFileError::Read { path, source }),
        Ok(text) => text,
    };
    let read = serde_json::from_slice(&text);
    read.map_err(|source| RevisionsFileError::Malformed { path, source })
}

/// The id after all upgrades. Each is a later revision, so that no two ids are each other's.
fn newest<'a>(revisions: &'a Revisions, id: &'a str) -> &'a str {
    let next = |id: &&'a str| {
        let next = revisions.get(*id)?.as_str();
        let is_later = ChainId::from_string(next).is_later_revision_of(&ChainId::from_string(id));
        is_later.then_some(next)
    };
    std::iter::successors(Some(id), next).last().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the ids of two chains become.
    fn applied(home: &Path, ids: [&str; 2]) -> Vec<String> {
        let mut config = Config::parse(tern_config::EXAMPLE).unwrap();
        let chain = config.chains[0].clone();
        config.chains = vec![chain.clone(), chain];
        for (chain, id) in config.chains.iter_mut().zip(ids) {
            chain.id = id.to_owned();
        }
        apply(home, &mut config).unwrap();
        config.chains.into_iter().map(|chain| chain.id).collect()
    }

    #[test]
    fn a_chain_has_the_id_of_its_newest_revision() {
        let home = tempfile::tempdir().unwrap();
        let keep = |chain: &str, now: &str| {
            let [chain, now] = [chain, now].map(ChainId::from_string);
            super::keep(home.path(), &chain, &now).unwrap();
        };
        assert_eq!(
            applied(home.path(), ["akash-1", "kava-1"]),
            ["akash-1", "kava-1"]
        );
        keep("akash-1", "akash-2");
        assert_eq!(
            applied(home.path(), ["akash-1", "kava-1"]),
            ["akash-2", "kava-1"]
        );
        keep("akash-2", "akash-3");
        assert_eq!(
            applied(home.path(), ["akash-1", "kava-1"]),
            ["akash-3", "kava-1"]
        );
        assert_eq!(
            applied(home.path(), ["akash-2", "kava-1"]),
            ["akash-3", "kava-1"]
        );
        assert_eq!(
            applied(home.path(), ["akash-1", "akash-3"]),
            ["akash-1", "akash-3"]
        );
    }

    #[test]
    fn only_a_later_revision_of_the_same_chain_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let text = r#"{"akash-2": "akash-1", "kava-1": "osmosis-2"}"#;
        std::fs::write(home.path().join(FILE), text).unwrap();
        assert_eq!(
            applied(home.path(), ["akash-2", "kava-1"]),
            ["akash-2", "kava-1"]
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), "akash-2").unwrap();
        let mut config = Config::parse(tern_config::EXAMPLE).unwrap();
        let error = apply(home.path(), &mut config).unwrap_err().to_string();
        assert!(error.contains("revisions.json does not say"), "{error}");
    }
}
