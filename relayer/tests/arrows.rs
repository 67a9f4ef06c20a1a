//! Checks in the source files which module may name which.

use std::fs;
use std::path::{Path, PathBuf};

/// All `.rs` files at these paths, which are relative to `relayer/src`.
fn sources(paths: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// `file:line` of every line that contains the text.
fn places(paths: &[&str], text: &str) -> Vec<String> {
    let files = sources(paths);
    assert!(
        files.len() >= paths.len(),
        "a path has no source file: {paths:?}"
    );
    let mut places = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for (index, line) in source.lines().enumerate() {
            if line.contains(text) {
                places.push(format!("{}:{}: {line}", file.display(), index + 1));
            }
        }
    }
    places
}

#[test]
fn only_connect_names_the_crate_of_cosmos_chains() {
    let rest = ["cli.rs", "cli", "daemon.rs", "keys.rs", "output.rs"];
    assert_eq!(places(&rest, "tern_cosmos"), [""; 0]);
    assert_ne!(places(&["connect.rs", "connect"], "tern_cosmos"), [""; 0]);
}

#[test]
fn connect_does_not_name_the_command_line() {
    assert_eq!(places(&["connect.rs", "connect"], "crate::cli"), [""; 0]);
}
