//! A home folder for a test, and commands that use it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Two chains with unreachable nodes: port 1 refuses connections.
pub const TWO_CHAINS: &str = r#"
[[chain]]
id = "akash-a"
rpc = "http://127.0.0.1:1"
grpc = "http://127.0.0.1:1"
account_prefix = "akash"
gas_price = "0.025uakt"
request_timeout = "2s"

[[chain]]
id = "kava-a"
rpc = "http://127.0.0.1:1"
grpc = "http://127.0.0.1:1"
account_prefix = "kava"
gas_price = "0.025ukava"
coin_type = 459
request_timeout = "2s"
"#;

pub const MNEMONIC: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
                            abandon abandon abandon about";

pub struct Home {
    folder: tempfile::TempDir,
}

/// The exit code and the output of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    pub fn with(config: &str) -> Self {
        let home = Self::empty();
        fs::write(home.path("config.toml"), config).unwrap();
        home
    }

    /// A home with the key `relayer` for akash-a.
    pub fn with_key() -> Self {
        let home = Self::with(TWO_CHAINS);
        let ran = home.tern_with_input(
            &["keys", "add", "akash-a", "--mnemonic-file", "-"],
            MNEMONIC,
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn tern(&self, args: &[&str]) -> Ran {
        self.tern_with_input(args, "")
    }

    pub fn tern_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tern"))
            .args(args)
            .env("TERN_HOME", self.folder.path())
            .env_remove("TERN_LOG")
            .env_remove("TERN_LOG_FORMAT")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command may end without reading its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The JSON document on stdout.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
