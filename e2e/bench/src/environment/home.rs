//! Home folders for `tern` with the chains of an environment.

use std::fmt::Write as _;

use anyhow::Result;
use tern_e2e::Tern;

use super::Environment;
use crate::relayer::Nodes;

/// The name and the mnemonic of the key that relays.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub key: (&'static str, &'static str),
}

/// A new home with its key on both chains.
pub fn home(environment: &Environment, name: &str, setting: Setting) -> Result<Tern> {
    let folder = environment.folder().join(name);
    std::fs::create_dir_all(&folder)?;
    let (key, mnemonic) = setting.key;
    let words = folder.join("mnemonic");
    std::fs::write(&words, mnemonic)?;
    let tern = Tern { home: folder };
    configure(environment, &tern, setting, &environment.nodes())?;
    for endpoint in &environment.endpoints {
        let words = words.to_string_lossy();
        tern.json(&[
            "keys",
            "add",
            endpoint.id,
            "--name",
            key,
            "--mnemonic-file",
            &words,
        ])?;
    }
    Ok(tern)
}

/// Writes a configuration with these ports: only the fields that have no default.
pub fn configure(
    environment: &Environment,
    tern: &Tern,
    setting: Setting,
    nodes: &Nodes,
) -> Result<()> {
    let mut text = String::new();
    for (at, endpoint) in environment.endpoints.iter().enumerate() {
        let (rpc, grpc) = (nodes.rpc[at], nodes.grpc[at]);
        writeln!(text, "[[chain]]\nid = \"{}\"", endpoint.id)?;
        writeln!(text, "rpc = \"http://127.0.0.1:{rpc}\"")?;
        writeln!(text, "grpc = \"http://127.0.0.1:{grpc}\"")?;
        writeln!(text, "account_prefix = \"{}\"", endpoint.prefix)?;
        writeln!(text, "gas_price = \"0.025{}\"", endpoint.denom)?;
        writeln!(text, "key = \"{}\"\n", setting.key.0)?;
    }
    Ok(std::fs::write(tern.home.join("config.toml"), text)?)
}
