//! A lock that keeps two programs from writing the same thing at once, and that the system releases when its
//! owner dies.
//!
//! The lock is on an open file (`flock` on Unix), not on the file's being there: what a killed program leaves
//! behind locks nothing, and the next owner takes it over. The owner removes the file when it is done.
//!
//! A file system without locks (some network file systems) gives one to everybody, as if there were no lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the lock inside a folder that one program at a time may write.
pub const LOCK: &str = ".gradfade.lock";

/// How often the file may be taken away between its opening and its locking before we give up.
const ATTEMPTS: usize = 100;

/// Held until it is dropped, or until the program ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// `None` where the file system has no locks.
    file: Option<File>,
}

impl Lock {
    /// The lock of a folder, which must be there: the file [`LOCK`] in it.
    ///
    /// # Errors
    /// As [`Lock::acquire`].
    pub fn of_folder(dir: &Path) -> io::Result<Lock> {
        Lock::acquire(&dir.join(LOCK))
    }

    /// Makes and locks the file `path`; does not wait.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another program, or another part of this one, holds it; otherwise
    /// why the file cannot be made. A symbolic link is not followed.
    pub fn acquire(path: &Path) -> io::Result<Lock> {
        for _ in 0..ATTEMPTS {
            let file = open(path)?;
            match file.try_lock() {
                // The owner before may have removed the file after it was opened here: then this locks
                // nothing.
                Ok(()) if !is_at(&file, path) => {}
                Ok(()) => return Ok(Lock { path: path.to_path_buf(), file: Some(file) }),
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(TryLockError::Error(_)) => {
                    let _ = fs::remove_file(path);
                    return Ok(Lock { path: path.to_path_buf(), file: None });
                }
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is still locked, so that no other program's lock is removed. Elsewhere an open
        // file cannot be told from its successor, so it stays there, unlocked.
        #[cfg(unix)]
        if self.file.as_ref().is_some_and(|file| is_at(file, &self.path)) {
            let _ = fs::remove_file(&self.path);
        }
        self.file = None;
    }
}

/// Opens the file for writing, without emptying it; it is made when it is not there.
fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is in the way of the lock file")),
        // Also when it has gone again meanwhile.
        _ => OpenOptions::new().write(true).create(true).truncate(false).open(path),
    }
}

/// Whether the open file is the one that the path names.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(held), Ok(named)) => (held.dev(), held.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::of_folder(dir.path()).unwrap();
        assert_eq!(Lock::of_folder(dir.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(first);
        #[cfg(unix)]
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        // What a killed program left behind locks nothing.
        fs::write(dir.path().join(LOCK), b"").unwrap();
        let second = Lock::of_folder(dir.path()).unwrap();
        assert_eq!(Lock::of_folder(dir.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(second);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        std::os::unix::fs::symlink(&victim, dir.path().join(LOCK)).unwrap();
        assert!(Lock::of_folder(dir.path()).is_err());
        assert!(!victim.exists());
    }

    #[test]
    fn many_threads_never_hold_it_together() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let dir = tempfile::tempdir().unwrap();
        let (holders, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Ok(lock) = Lock::of_folder(dir.path()) else { continue };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
