//! Writing a file so that a crash leaves the old one or the new one, never half of one.

use std::io::{self, Write};
use std::path::Path;

mod lock;

pub use lock::{LOCK, Lock};

/// Writes `bytes` beside `path` and renames the file there. It is as readable as any new file of the user.
///
/// # Errors
/// Those of the file system; `path` is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gradfade-").suffix(".part");
    #[cfg(unix)]
    {
        // A temporary file is private by default; the user's mask still applies to this.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(without_path)?;
    file.as_file_mut().write_all(bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Like [`write_whole`], and a file that is there keeps its permissions.
///
/// # Errors
/// Those of the file system; `path` is then untouched.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = std::fs::metadata(path).map(|m| m.permissions()).ok();
    write_whole(path, bytes)?;
    old.map_or(Ok(()), |permissions| std::fs::set_permissions(path, permissions))
}

/// The system's own error: the caller names the file that was asked for, not the temporary one beside it.
fn without_path(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|e| e.source()).and_then(|e| e.downcast_ref::<io::Error>());
    let kind = error.kind();
    cause.and_then(io::Error::raw_os_error).map_or_else(|| kind.into(), io::Error::from_raw_os_error)
}

/// Tries whether files can be written into a folder that exists; leaves nothing there.
///
/// # Errors
/// The file system's reason why not.
pub fn try_folder(dir: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(".gradfade-").tempfile_in(dir).map(|_| ()).map_err(without_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write_whole(&dir.path().join("missing/a.txt"), b"x").is_err());
    }
}
