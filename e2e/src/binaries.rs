//! The programs the scenarios run: those of chains, built by Go, and `tern`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use anyhow::{bail, ensure, Context, Result};

use crate::process::Process;

/// Where the program is, or why there is none.
type Built = OnceLock<Result<PathBuf, String>>;

const BUILD_LIMIT: Duration = Duration::from_secs(3600);

/// Our own chain's program, on ibc-go v10.
pub fn chaind() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || build_with_go("chaind", "chain", "."))
}

pub fn simd_v7() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    let package = "github.com/cosmos/ibc-go/v7/testing/simapp/simd";
    once(&BUILT, || build_with_go("simd-v7", "chains/v7", package))
}

pub fn simd_v8() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    let package = "github.com/cosmos/ibc-go/v8/testing/simapp/simd";
    once(&BUILT, || build_with_go("simd-v8", "chains/v8", package))
}

pub fn simd_v11() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || build_with_go("simd-v11", "chains/v11", "."))
}

/// The program of a chain with an EVM, on ibc-go v11.
pub fn evmd() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || build_with_go("evmd", "chains/evm", "."))
}

/// The program of a chain that validates others (ICS-28), on ibc-go v10.
pub fn ics_provider() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    let package = "github.com/cosmos/interchain-security/v7/cmd/interchain-security-pd";
    once(&BUILT, || {
        build_with_go("ics-provider", "chains/ics", package)
    })
}

/// The program of a chain that the validators of another one validate (ICS-28).
pub fn ics_consumer() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    let package = "github.com/cosmos/interchain-security/v7/cmd/interchain-security-cd";
    once(&BUILT, || {
        build_with_go("ics-consumer", "chains/ics", package)
    })
}

/// A program of chains, built from a module in `e2e` when it is missing or older than that.
fn build_with_go(name: &str, module: &str, package: &str) -> Result<PathBuf> {
    let source = workspace().join("e2e").join(module);
    let folder = target()?.join("e2e");
    fs::create_dir_all(&folder)?;
    let _lock = lock(&folder.join(format!("{name}.lock")))?;
    let binary = folder.join(name);
    if is_newer(&binary, std::slice::from_ref(&source))? {
        return Ok(binary);
    }
    eprintln!("building the test chain {name} with Go; the first time takes some minutes");
    let mut build = Command::new("go");
    build.args(["build", "-trimpath", "-mod=readonly", "-o"]);
    build.arg(&binary).arg(package).current_dir(&source);
    let mut building = Process::start(&mut build).context(
        "`go` is missing: the test chains are built with Go 1.26 or newer, see https://go.dev/dl",
    )?;
    ensure!(
        building.wait(BUILD_LIMIT)?.success(),
        "`go build` in e2e/{module} failed: see above"
    );
    Ok(binary)
}

/// A folder in `target/e2e` that is made from one of the same name in `e2e`, once for all.
pub(crate) fn built(name: &str, make: impl FnOnce(&Path, &Path) -> Result<()>) -> Result<PathBuf> {
    let source = workspace().join("e2e").join(name);
    let folder = target()?.join("e2e").join(name);
    fs::create_dir_all(target()?.join("e2e"))?;
    let _lock = lock(&folder.with_extension("lock"))?;
    // Written last: a folder without it was not finished.
    let done = folder.join("done");
    if !is_newer(&done, std::slice::from_ref(&source))? {
        make(&source, &folder)?;
        File::create(&done)?;
    }
    Ok(folder)
}

/// What `tern` is made of, in the workspace.
const SOURCES: [&str; 7] = [
    "Cargo.lock",
    "Cargo.toml",
    "chains",
    "config",
    "relayer/Cargo.toml",
    "relayer/core",
    "relayer/src",
];

/// `tern` in the profile of the running test or demo, built when it is missing or older
/// than its sources.
///
/// `cargo test --workspace` has built it. Asked for it alone, cargo would build most of
/// what is below it once more, because features are those of all that is asked for: an
/// example asks for itself with it.
pub fn tern() -> Result<PathBuf> {
    static BUILT: Built = OnceLock::new();
    once(&BUILT, || {
        let folder = profile_folder()?;
        let binary = folder.join("tern");
        if is_newer(&binary, &SOURCES.map(|source| workspace().join(source)))? {
            return Ok(binary);
        }
        let profile = folder.file_name().and_then(OsStr::to_str);
        let profile = match profile.context("the profile folder has no name")? {
            "debug" => "dev",
            name => name,
        };
        let mut build = cargo()?;
        build.args(["build", "--quiet", "--locked", "--profile", profile]);
        build.args(["--package", "tern", "--bin", "tern"]);
        if let Some(example) = this_example()? {
            build.arg("--example").arg(example);
        }
        build.arg("--target-dir").arg(target()?);
        build.current_dir(workspace());
        let mut building = Process::start(&mut build).context("cannot build `tern`")?;
        ensure!(
            building.wait(BUILD_LIMIT)?.success(),
            "building `tern` failed: see above"
        );
        Ok(binary)
    })
}

/// Cargo as a user starts it, even if cargo started this program.
///
/// Build scripts such as that of `ring` run again when variables like `CARGO_PKG_NAME`
/// change. With those of the outer cargo, everything above `ring` would be built again
/// here, and once more when a user calls cargo.
fn cargo() -> Result<Command> {
    let outer = std::env::var_os("CARGO");
    let mut command = Command::new(outer.as_deref().unwrap_or("cargo".as_ref()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_set_by_cargo) {
            command.env_remove(name);
        }
    }
    if let (Some(outer), Some(paths)) = (outer, std::env::var_os(LIBRARY_PATH)) {
        let mut folders = vec![target()?];
        // The toolchain's folder: cargo is in its `bin`.
        folders.extend(Path::new(&outer).ancestors().nth(2).map(Path::to_owned));
        match paths_outside(&paths, &folders)? {
            Some(paths) => command.env(LIBRARY_PATH, paths),
            None => command.env_remove(LIBRARY_PATH),
        };
    }
    Ok(command)
}

/// Cargo puts folders of the target folder and of the toolchain before the user's.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// Whether cargo sets this variable for programs that it runs. A user's settings, such
/// as `CARGO_HOME` and `CARGO_TARGET_DIR`, are not among them.
fn is_set_by_cargo(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_MAKEFLAGS",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_RUSTC_CURRENT_DIR",
        "CARGO_TARGET_TMPDIR",
        "OUT_DIR",
    ];
    const PREFIXES: [&str; 5] = [
        "CARGO_BIN_EXE_",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The paths of a list that are not in any of these folders; none if none is left.
fn paths_outside(list: &OsStr, folders: &[PathBuf]) -> Result<Option<OsString>> {
    let is_outside = |path: &PathBuf| !folders.iter().any(|folder| path.starts_with(folder));
    let paths: Vec<PathBuf> = std::env::split_paths(list).filter(is_outside).collect();
    let joined = std::env::join_paths(&paths)?;
    Ok((!paths.is_empty()).then_some(joined))
}

/// Builds once a process; an error is the same for everybody.
fn once(cell: &Built, build: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
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
    // Tests are in `deps`, examples in `examples`.
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder
            .parent()
            .context("the folder of programs has no parent")?;
    }
    Ok(folder.to_owned())
}

/// The name of this program if it is an example.
fn this_example() -> Result<Option<OsString>> {
    let program = std::env::current_exe()?;
    let is_example = program
        .parent()
        .is_some_and(|folder| folder.ends_with("examples"));
    Ok(program
        .file_stem()
        .filter(|_| is_example)
        .map(OsStr::to_owned))
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

/// Whether a program was built after the last change of its sources.
fn is_newer(binary: &Path, sources: &[PathBuf]) -> Result<bool> {
    let Ok(built) = fs::metadata(binary).and_then(|metadata| metadata.modified()) else {
        return Ok(false);
    };
    for source in sources {
        if newest(source)? > built {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When a file, or any in a folder, was last changed.
fn newest(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.modified()?);
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(path)? {
        newest = newest.max(self::newest(&entry?.path())?);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_cargo_sets_for_a_program_are_told_from_the_users_own() {
        for set_by_cargo in [
            "CARGO",
            "CARGO_PKG_NAME",
            "CARGO_PKG_VERSION_PRE",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_LINKS",
            "CARGO_BIN_EXE_tern",
            "CARGO_ENCODED_RUSTFLAGS",
            "OUT_DIR",
        ] {
            assert!(is_set_by_cargo(set_by_cargo), "{set_by_cargo}");
        }
        for users_own in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_JOBS",
            "CARGO_NET_OFFLINE",
            "CARGO_PROFILE_DEV_DEBUG",
            "CARGO_REGISTRIES_MINE_TOKEN",
            "RUSTFLAGS",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "PATH",
        ] {
            assert!(!is_set_by_cargo(users_own), "{users_own}");
        }
    }

    #[test]
    fn of_a_library_path_only_what_is_outside_of_cargos_folders_is_kept() {
        let cargos = ["/w/target", "/t/stable"].map(PathBuf::from);
        let kept = |list: &str| paths_outside(OsStr::new(list), &cargos).unwrap();
        let list = "/w/target/debug/deps:/w/target/debug:/t/stable/lib:/opt/mine/lib";
        assert_eq!(kept(list), Some("/opt/mine/lib".into()));
        assert_eq!(kept("/w/target/debug:/t/stable/lib"), None);
    }
}
