//! The test chain's own tests, which Go runs.

use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

#[test]
fn the_go_module_is_vetted_and_its_tests_pass() -> Result<()> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("chain");
    for args in [["vet", "./..."], ["test", "./..."]] {
        let go = Command::new("go").args(args).current_dir(&module).output();
        let go = go.context("`go` is missing: install Go 1.26 or newer from https://go.dev/dl")?;
        let said =
            String::from_utf8_lossy(&go.stdout).into_owned() + &String::from_utf8_lossy(&go.stderr);
        ensure!(go.status.success(), "go {args:?}:\n{said}");
    }
    Ok(())
}
