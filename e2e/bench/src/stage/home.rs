//! Homes for `tern` on a stage.

use std::fmt::Write as _;

use anyhow::Result;
use tern_e2e::Tern;

use super::Stage;
use crate::relayer::Nodes;

/// Who relays in a home: the name and the mnemonic of its key.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub key: (&'static str, &'static str),
}

/// A new home with its key on both chains.
pub fn home(stage: &Stage, name: &str, setting: Setting) -> Result<Tern> {
    let folder = stage.folder().join(name);
    std::fs::create_dir_all(&folder)?;
    let (key, mnemonic) = setting.key;
    let words = folder.join("mnemonic");
    std::fs::write(&words, mnemonic)?;
    let tern = Tern { home: folder };
    configure(stage, &tern, setting, &stage.nodes())?;
    for site in &stage.sites {
        let words = words.to_string_lossy();
        tern.json(&[
            "keys",
            "add",
            site.id,
            "--name",
            key,
            "--mnemonic-file",
            &words,
        ])?;
    }
    Ok(tern)
}

/// Writes a configuration that leads to these doors: what has to be said, and
/// nothing else.
pub fn configure(stage: &Stage, tern: &Tern, setting: Setting, nodes: &Nodes) -> Result<()> {
    let mut text = String::new();
    for (at, site) in stage.sites.iter().enumerate() {
        let (rpc, grpc) = (nodes.rpc[at], nodes.grpc[at]);
        writeln!(text, "[[chain]]\nid = \"{}\"", site.id)?;
        writeln!(text, "rpc = \"http://127.0.0.1:{rpc}\"")?;
        writeln!(text, "grpc = \"http://127.0.0.1:{grpc}\"")?;
        writeln!(text, "account_prefix = \"{}\"", site.prefix)?;
        writeln!(text, "gas_price = \"0.025{}\"", site.denom)?;
        writeln!(text, "key = \"{}\"\n", setting.key.0)?;
    }
    Ok(std::fs::write(tern.home.join("config.toml"), text)?)
}
