//! Single settings of a node's configuration files, changed while it is down.

use std::fs;

use anyhow::{Context, Result};

use crate::chain::TestChain;

/// One of the files in a node's `config` folder.
#[derive(Clone, Copy, Debug)]
pub enum ConfigFile {
    /// `config.toml`: blocks, mempool and network.
    Comet,
    /// `app.toml`: the application.
    App,
    /// `client.toml`: the commands that are run against this home.
    Client,
}

impl ConfigFile {
    fn name(self) -> &'static str {
        match self {
            Self::Comet => "config.toml",
            Self::App => "app.toml",
            Self::Client => "client.toml",
        }
    }
}

impl TestChain {
    /// Gives a setting that the file has another value, written as TOML. `section` is empty
    /// for what is before the first one. The node reads it at its next start.
    pub fn set(&self, file: ConfigFile, section: &str, key: &str, value: &str) -> Result<()> {
        let path = self.home.join("config").join(file.name());
        let text = fs::read_to_string(&path)?;
        let changed = changed(&text, section, key, value);
        let changed = changed.with_context(|| format!("no [{section}] {key} in {path:?}"))?;
        Ok(fs::write(&path, changed)?)
    }
}

/// The text with the setting's line replaced; `None` if there is no such line.
fn changed(text: &str, section: &str, key: &str, value: &str) -> Option<String> {
    let (mut current, mut found) = ("", false);
    let lines = text.lines().map(|line| {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            current = name;
        }
        let is_it = line
            .split_once('=')
            .is_some_and(|(left, _)| left.trim() == key);
        if current == section && is_it {
            found = true;
            return format!("{key} = {value}\n");
        }
        format!("{line}\n")
    });
    let changed: String = lines.collect();
    found.then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "size = 1\n[rpc]\nladdr = \"a\"\n[p2p]\nladdr = \"b\"\n";

    #[test]
    fn a_setting_is_changed_in_its_section_only() {
        assert_eq!(
            changed(TEXT, "p2p", "laddr", "\"c\"").unwrap(),
            "size = 1\n[rpc]\nladdr = \"a\"\n[p2p]\nladdr = \"c\"\n"
        );
        assert!(changed(TEXT, "", "size", "2")
            .unwrap()
            .starts_with("size = 2\n"));
        assert_eq!(changed(TEXT, "p2p", "size", "2"), None);
    }
}
