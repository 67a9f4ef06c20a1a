//! Files with secrets: their modes, and how they are replaced.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyFileError;

pub(super) const FILE_MODE: u32 = 0o600;
/// More is not read.
const PRIVATE_BYTES_MAX: u64 = 1024 * 1024;
/// All permissions of the group and of other users.
const OTHERS: u32 = 0o077;

/// Reads a file of somebody's that only he may read.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let metadata = file.metadata().map_err(failed("read", path))?;
    if let Err(mode) = owner_only(&metadata) {
        let path = path.to_owned();
        return Err(KeyFileError::TooOpen { path, mode });
    }
    let mut content = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
    let read = file.take(PRIVATE_BYTES_MAX).read_to_end(&mut content);
    read.map_err(failed("read", path))?;
    Ok(content)
}

/// Whether a file gives nothing to the group and to other users; else its mode.
pub(super) fn owner_only(metadata: &Metadata) -> Result<(), u32> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        Ok(())
    } else {
        Err(mode)
    }
}

/// Whether this open file is the one with this name.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (opened, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
}

/// Writes a temporary file first and then renames it, so that a crash leaves the
/// old file or the new file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = folder.join(format!(".{}.tmp", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&temporary)
        .and_then(|mut file| {
            // The mode above applies to a new file only.
            file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.inspect_err(|_| {
        // The error of the write is reported, not an error of this removal.
        let _ = fs::remove_file(&temporary);
    })
}

pub(super) fn failed<'a>(
    operation: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> KeyFileError + 'a {
    move |source| KeyFileError::File {
        operation,
        path: path.to_owned(),
        source,
    }
}
