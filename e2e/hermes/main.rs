//! Hermes and Tern in turn on two development chains: what an independent
//! relayer takes for real is real enough. Not part of CI, because it needs
//! Hermes:
//!
//! ```text
//! sudo apt-get install libclang-dev protobuf-compiler
//! cargo install ibc-relayer-cli --version 1.10.5 --locked
//! cargo run -p tern-e2e --bin hermes-check
//! ```
//!
//! `HERMES` names the program if it is not on the PATH. Everything listens on
//! free loopback ports, lives in a temporary folder, and ends with this program.

mod chains;
mod hermes;
mod scenario;

use anyhow::Result;

fn main() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("tern-hermes-").tempdir()?;
    let result = scenario::run(folder.path());
    if result.is_err() {
        eprintln!("logs are kept in {}", folder.keep().display());
    }
    result
}
