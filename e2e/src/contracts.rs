//! Contracts of others that scenarios deploy: from the npm registry, as their authors have
//! compiled them. `e2e/contracts` has their versions and hashes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::{binaries, process};

const INSTALL_LIMIT: Duration = Duration::from_secs(600);
/// What says which contracts there are.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The code of a contract of Uniswap V2, hexadecimal: what a transaction deploys.
pub fn uniswap_v2(contract: &str) -> Result<String> {
    let folder = binaries::built("contracts", install)?;
    let file = format!("node_modules/@uniswap/v2-core/build/{contract}.json");
    let file = folder.join(file);
    let text = fs::read_to_string(&file).with_context(|| format!("no {file:?}"))?;
    let built: Value = serde_json::from_str(&text)?;
    let code = built["bytecode"].as_str();
    Ok(code
        .with_context(|| format!("no code in {file:?}"))?
        .to_owned())
}

fn install(source: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for list in LISTS {
        fs::copy(source.join(list), folder.join(list))?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let installed = process::run(install.current_dir(folder), INSTALL_LIMIT).context(
        "`npm` is missing: the contracts come from its registry, see https://nodejs.org",
    )?;
    let errors = String::from_utf8_lossy(&installed.stderr);
    ensure!(
        installed.status.success(),
        "`npm ci` in e2e/contracts: {errors}"
    );
    Ok(())
}
