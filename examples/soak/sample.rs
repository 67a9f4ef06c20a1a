//! What a process takes of the machine, and its home folder of the disk.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

/// `st_blocks` counts in this unit, whatever the file system's is.
const BLOCK_BYTES: u64 = 512;
const MIB: f64 = 1024.0 * 1024.0;

/// One look at the relayer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Since the start of the run.
    pub second: f64,
    pub resident_mib: f64,
    /// Of it what is in no file: heap and stacks.
    pub anonymous_mib: f64,
    pub threads: f64,
    pub files: f64,
    /// What the store takes of the disk.
    pub store_mib: f64,
    /// What everything else in the home folder takes.
    pub rest_mib: f64,
}

impl Sample {
    pub const CSV_HEAD: &'static str =
        "second,resident_mib,anonymous_mib,threads,files,store_mib,rest_mib";

    pub fn csv(&self) -> String {
        let figures = [
            self.second,
            self.resident_mib,
            self.anonymous_mib,
            self.threads,
            self.files,
            self.store_mib,
            self.rest_mib,
        ];
        figures.map(|figure| format!("{figure:.3}")).join(",")
    }

    pub fn take(second: f64, process: u32, home: &Path) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        let status = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let memory = Memory::read(&status).with_context(|| format!("{path} is not as expected"))?;
        let files = format!("/proc/{process}/fd");
        let files = std::fs::read_dir(&files).with_context(|| files)?.count();
        let store = bytes_on_disk(&home.join("store"));
        let whole = bytes_on_disk(home);
        Ok(Self {
            second,
            resident_mib: memory.resident_kib / 1024.0,
            anonymous_mib: memory.anonymous_kib / 1024.0,
            threads: memory.threads,
            files: files as f64,
            store_mib: store as f64 / MIB,
            rest_mib: whole.saturating_sub(store) as f64 / MIB,
        })
    }
}

#[derive(Debug, PartialEq)]
struct Memory {
    resident_kib: f64,
    anonymous_kib: f64,
    threads: f64,
}

impl Memory {
    /// Reads `/proc/<id>/status`.
    fn read(status: &str) -> Option<Self> {
        let field = |name: &str| -> Option<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Self {
            resident_kib: field("VmRSS:")?,
            anonymous_kib: field("RssAnon:")?,
            threads: field("Threads:")?,
        })
    }
}

/// What a file or a folder takes of the disk. A file that is gone takes nothing: the
/// store deletes some while we look.
fn bytes_on_disk(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.blocks() * BLOCK_BYTES;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| bytes_on_disk(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let status = "Name:\ttern\nVmRSS:\t   10240 kB\nRssAnon:\t    3072 kB\nThreads:\t7\n";
        let memory = Memory {
            resident_kib: 10_240.0,
            anonymous_kib: 3_072.0,
            threads: 7.0,
        };
        assert_eq!(Memory::read(status), Some(memory));
        assert_eq!(Memory::read("Name:\ttern\nVmRSS:\t12 kB"), None);
    }

    #[test]
    fn a_folder_takes_what_its_files_take() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let empty = bytes_on_disk(folder.path());
        std::fs::write(inner.join("file"), vec![1; 100_000]).unwrap();
        assert!(bytes_on_disk(folder.path()) >= empty + 100_000);
        assert_eq!(bytes_on_disk(&folder.path().join("missing")), 0);
    }

    #[test]
    fn this_process_can_be_looked_at() {
        let home = tempfile::tempdir().unwrap();
        let sample = Sample::take(1.0, std::process::id(), home.path()).unwrap();
        assert!(sample.resident_mib >= sample.anonymous_mib && sample.anonymous_mib > 0.0);
        assert!(sample.threads >= 1.0 && sample.files >= 1.0);
    }
}
