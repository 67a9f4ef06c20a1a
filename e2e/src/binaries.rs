//! The two programs the scenarios run: `chaind`, built by Go, and `tern`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{bail, ensure, Context, Result};

/// The chain binary, built when it is missing or older than its sources.
pub fn chaind() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || {
        let source = workspace().join("e2e/chain");
        let folder = target()?.join("e2e");
        fs::create_dir_all(&folder)?;
        let _lock = lock(&folder.join("chaind.lock"))?;
        let binary = folder.join("chaind");
        if is_newer(&binary, &source)? {
            return Ok(binary);
        }
        eprintln!("building the test chain with Go; the first time takes some minutes");
        let built = Command::new("go")
            .args(["build", "-trimpath", "-mod=readonly", "-o"])
            .arg(&binary)
            .arg(".")
            .current_dir(&source)
            .stdin(Stdio::null())
            .status()
            .context(
                "`go` is missing: the test chains are built with Go 1.26 or newer, see \
                 https://go.dev/dl",
            )?;
        ensure!(built.success(), "`go build` in e2e/chain failed: see above");
        Ok(binary)
    })
}

/// `tern`, built in the profile of the running test or demo.
pub fn tern() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    once(&BUILT, || {
        let folder = profile_folder()?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "tern",
            "--bin",
            "tern",
        ]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        build.arg("--target-dir").arg(target()?);
        build.current_dir(workspace()).stdin(Stdio::null());
        let built = build.status().context("cannot run cargo to build `tern`")?;
        ensure!(built.success(), "building `tern` failed: see above");
        Ok(folder.join("tern"))
    })
}

/// Builds once a process; an error is the same for everybody.
fn once(
    cell: &OnceLock<Result<PathBuf, String>>,
    build: impl FnOnce() -> Result<PathBuf>,
) -> Result<PathBuf> {
    match cell.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
        Ok(path) => Ok(path.clone()),
        Err(error) => bail!("{error}"),
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of this program's profile, such as `target/debug`.
fn profile_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let mut folder = program.parent().context("this program has no folder")?;
    if folder.ends_with("deps") {
        folder = folder.parent().context("target/deps has no parent")?;
    }
    Ok(folder.to_owned())
}

fn target() -> Result<PathBuf> {
    let folder = profile_folder()?;
    Ok(folder
        .parent()
        .context("the profile folder has no parent")?
        .to_owned())
}

/// Test programs run beside each other: one builds, the others wait.
fn lock(path: &Path) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    file.lock()?;
    Ok(file)
}

fn is_newer(binary: &Path, source: &Path) -> Result<bool> {
    match fs::metadata(binary).and_then(|metadata| metadata.modified()) {
        Ok(built) => Ok(newest(source)? <= built),
        Err(_) => Ok(false),
    }
}

fn newest(folder: &Path) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let modified = match entry.file_type()?.is_dir() {
            true => self::newest(&entry.path())?,
            false => entry.metadata()?.modified()?,
        };
        newest = newest.max(modified);
    }
    Ok(newest)
}
