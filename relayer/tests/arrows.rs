//! Checks in the source files which module may name which.

use std::fs;
use std::path::{Path, PathBuf};

/// All `.rs` files at these paths, which are relative to `relayer`.
fn sources(paths: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|name| name == "tests.rs") {
            // Tests may know more than the code they try.
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The part of a file before its tests.
fn code(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap_or_default()
}

/// `file:line` of every line of code that contains the text.
fn places(paths: &[&str], text: &str) -> Vec<String> {
    let files = sources(paths);
    assert!(
        files.len() >= paths.len(),
        "a path has no source file: {paths:?}"
    );
    let mut places = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for (index, line) in code(&source).lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if !is_comment && line.contains(text) {
                places.push(format!("{}:{}: {line}", file.display(), index + 1));
            }
        }
    }
    places
}

#[test]
fn only_connect_names_the_crate_of_cosmos_chains() {
    let rest = ["src/cli.rs", "src/cli", "src/daemon.rs", "src/output.rs"];
    assert_eq!(places(&rest, "tern_cosmos"), [""; 0]);
    assert_ne!(
        places(&["src/connect.rs", "src/connect"], "tern_cosmos"),
        [""; 0]
    );
}

/// What development chains and Cosmos chains share is `tern-cosmos-core`.
#[test]
fn development_chains_do_not_name_the_crate_that_talks_to_nodes() {
    assert_eq!(places(&["../chains/devnet/src"], "tern_cosmos::"), [""; 0]);
    let io = ["tokio::", "tonic", "tendermint_rpc"];
    for io in io {
        let pure = ["../chains/cosmos/core/src", "../chains/attested/core/src"];
        assert_eq!(places(&pure, io), [""; 0], "{io}");
    }
}

/// So no module of the program needs `connect` and is needed by it.
#[test]
fn connect_names_no_other_module_of_the_program() {
    let connect = ["src/connect.rs", "src/connect"];
    assert_eq!(places(&connect, "crate::"), [""; 0]);
    // The check finds what it looks for.
    assert_ne!(places(&["src/cli"], "crate::connect"), [""; 0]);
}

/// What reads or writes the encoding of one kind of chain.
const KINDS: [&str; 10] = [
    "prost",
    "protobuf",
    "ibc_proto",
    "ibc_relayer",
    "cosmrs",
    "tendermint::",
    "tendermint_",
    "tern_cosmos",
    "tern_devnet",
    "tern_attested",
];

#[test]
fn the_engine_and_the_core_know_no_kind_of_chain() {
    let neutral = ["src/engine.rs", "src/engine", "core/src", "../chains/src"];
    for kind in KINDS {
        assert_eq!(places(&neutral, kind), [""; 0], "{kind}");
    }
    // The check finds what it looks for.
    assert_ne!(places(&["../chains/cosmos/src"], "ibc_proto"), [""; 0]);
}

#[test]
fn no_arrow_runs_from_the_chains_or_the_core_to_the_relayer() {
    let chains = [
        "../chains/src",
        "../chains/cosmos/src",
        "../chains/cosmos/core/src",
        "../chains/devnet/src",
        "../chains/attested/src",
        "../chains/attested/core/src",
    ];
    for crate_name in ["tern::", "tern_core::", "tern_config::"] {
        assert_eq!(places(&chains, crate_name), [""; 0]);
    }
    assert_eq!(places(&["core/src"], "tern::"), [""; 0]);
    assert_eq!(places(&["core/src"], "tokio"), [""; 0]);
}
