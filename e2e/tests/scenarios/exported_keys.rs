//! Keys that the program of a chain exports, taken over by Tern.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};
use tern_e2e::{chaind, Network, OTHER};

const PASSPHRASE: &str = "correct horse";

#[test]
fn a_key_that_the_chains_program_exports_has_the_same_address_here() -> Result<()> {
    let network = Network::two()?;
    let home = network.path().join("exporting");
    let chaind = |args: &[&str], input: &str| -> Result<String> {
        let mut command = Command::new(chaind()?);
        command.arg("keys").args(args).arg("--home").arg(&home);
        command.args(["--keyring-backend", "test"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = command.stderr(Stdio::piped()).spawn()?;
        let mut stdin = running.stdin.take().context("no stdin")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let output = running.wait_with_output()?;
        let said = [output.stdout, output.stderr].map(String::from_utf8);
        let said = said.into_iter().collect::<Result<String, _>>()?;
        ensure!(output.status.success(), "{said}");
        Ok(said)
    };
    chaind(&["add", "exported", "--recover"], &format!("{}\n", OTHER.1))?;
    let armor = chaind(&["export", "exported"], &format!("{PASSPHRASE}\n"))?;

    let write = |name: &str, text: &str| -> Result<String> {
        let path = network.path().join(name);
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(path.to_string_lossy().into_owned())
    };
    let armor = write("exported.asc", &armor)?;
    let passphrase = write("passphrase", PASSPHRASE)?;
    let add = ["keys", "add", "kava-a", "--name", "exported"];
    let from = ["--armor", &armor, "--armor-passphrase-file", &passphrase];
    let added = network.tern.json(&[&add[..], &from[..]].concat())?;
    ensure!(
        added["address"] == network.address("kava-a", OTHER.0)?,
        "{added}"
    );
    network.passed()
}
