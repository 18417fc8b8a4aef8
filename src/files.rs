//! Writing a file so that a crash leaves the old one or the new one, never half of one; and checksums of what
//! files hold.

use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

mod lock;

pub use lock::{LOCK, Lock};

/// Temporary files are called `.gradfade-XXXXXX.part`, those that only try whether a folder can be written
/// `.gradfade-XXXXXX`.
const PREFIX: &str = ".gradfade-";
const SUFFIX: &str = ".part";

/// A temporary file that is older was left by a program that was killed: it is written at one go.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// Writes `bytes` beside `path` and renames the file there. It is as readable as any new file of the user.
///
/// # Errors
/// Those of the file system, and a `path` that is there and no regular file (a device or a pipe must not be
/// replaced by one); `path` is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_streamed(path, |out| out.write_all(bytes))
}

/// Like [`write_whole`], for what is too large to be held in memory.
///
/// # Errors
/// Those of [`write_whole`] and of `fill`; `path` is then untouched.
pub fn write_streamed(
    path: &Path,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // A temporary file is private by default; the user's mask still applies to this.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = beside(path, &mut builder)?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    fill(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Like [`write_whole`], for a file that an author works on: it keeps its permissions and, where the system
/// allows that, its owner, is at no moment readable by more people than before, and is on the disk before it
/// takes the other's place.
///
/// A file that has other names too (hard links) is written in its own place, since a new file would be the
/// file of one name only. A crash in that moment leaves the new text in the temporary file.
///
/// # Errors
/// Those of [`write_whole`].
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Ok(old) = std::fs::metadata(path) else { return write_whole(path, bytes) };
    let mut file = beside(path, &mut tempfile::Builder::new())?;
    file.as_file_mut().write_all(bytes)?;
    #[cfg(unix)]
    {
        // Only the superuser may give a file away; everybody else keeps what is already theirs.
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let _ = fchown(file.as_file(), Some(old.uid()), Some(old.gid()));
    }
    file.as_file().set_permissions(old.permissions())?;
    file.as_file().sync_all()?;
    if has_other_names(&old) {
        return write_in_place(path, bytes);
    }
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(unix)]
fn has_other_names(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.nlink() > 1
}

#[cfg(not(unix))]
fn has_other_names(_file: &std::fs::Metadata) -> bool {
    false
}

fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Whether a name is that of a temporary file of this program, which means nothing to anybody once the
/// program that made it has ended.
pub fn is_temporary(name: &str) -> bool {
    let middle = name.strip_prefix(PREFIX).map(|rest| rest.strip_suffix(SUFFIX).unwrap_or(rest));
    middle.is_some_and(|m| m.len() == 6 && m.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Removes the temporary files of killed programs from a folder. What cannot be removed stays.
fn tidy(folder: &Path) {
    let is_old = |file: &std::fs::Metadata| {
        let age = file.modified().ok().and_then(|t| t.elapsed().ok());
        file.is_file() && age.is_some_and(|age| age > LEFT_BEHIND)
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Without following a link.
        if entry.file_name().to_str().is_some_and(is_temporary) && entry.metadata().is_ok_and(|m| is_old(&m))
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A temporary file in the folder of `path`.
fn beside(path: &Path, builder: &mut tempfile::Builder) -> io::Result<tempfile::NamedTempFile> {
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return Err(not_regular());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tidy(folder);
    builder.prefix(PREFIX).suffix(SUFFIX).tempfile_in(folder).map_err(without_path)
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Reads a file of at most `limit` bytes. A pipe or a device, which could wait or go on for ever, is refused.
///
/// # Errors
/// Those of the file system, what is no regular file, and one that is longer.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let there = std::fs::metadata(path)?;
    if there.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
    }
    if !there.is_file() {
        return Err(not_regular());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let what = format!("longer than the {} MiB that such a file may have", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// The longest text that people write by hand for the program to read, in bytes: a plan, thresholds, the
/// summary of a book.
pub const TEXT: u64 = 16 << 20;

/// Like [`read`], for a text of at most [`TEXT`] bytes.
///
/// # Errors
/// Those of [`read`], and text that is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path, TEXT)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8"))
}

/// Keeps other calls of the program away from a folder's files until it is dropped. `None` where the system
/// cannot do that: then nothing is kept away.
pub fn lock_folder(dir: &Path) -> Option<File> {
    let folder = File::open(dir).ok()?;
    folder.lock().ok()?;
    Some(folder)
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
    tempfile::Builder::new().prefix(PREFIX).tempfile_in(dir).map(|_| ()).map_err(without_path)
}

/// Checksum as 16 hexadecimal digits: the hash of Fowler, Noll and Vo with 64 bits (FNV-1a). It notices
/// changes, and does not resist anybody who looks for two texts with the same one.
pub fn checksum(bytes: impl IntoIterator<Item = u8>) -> String {
    let mut hasher = fnv::FnvHasher::default();
    bytes.into_iter().for_each(|byte| hasher.write_u8(byte));
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        // Landon Curt Noll's test vectors of FNV-1a with 64 bits.
        let of = |text: &str| checksum(text.bytes());
        assert_eq!(
            [of(""), of("a"), of("foobar")],
            ["cbf29ce484222325", "af63dc4c8601ec8c", "85944171f73967e8"]
        );
    }

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

    #[test]
    fn a_file_that_cannot_be_filled_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_whole(&path, b"old").unwrap();
        let fill =
            |out: &mut dyn io::Write| out.write_all(b"new").and(Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(write_streamed(&path, fill).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_longer_than_its_limit_and_a_folder_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(read(dir.path(), 4).unwrap_err().to_string().contains("folder"));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("UTF-8"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_neither_read_nor_replaced() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let all = [read(&path, 10).map(|_| ()), write_whole(&path, b"x"), replace(&path, b"x")];
        for result in all {
            assert_eq!(result.unwrap_err().to_string(), "not a regular file");
        }
        assert!(std::fs::metadata(&path).unwrap().file_type().is_socket());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_other_names() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("a.txt"), dir.path().join("b.txt"));
        std::fs::write(&path, b"a longer text than the new one").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        for text in [&b"new"[..], b"longer again"] {
            replace(&path, text).unwrap();
            assert_eq!([std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()], [text, text]);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_killed_programs_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str, hours: u64| {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(3600 * hours)).unwrap();
        };
        let old = [".gradfade-Xk3v1a.part", ".gradfade-Xk3v1a"];
        let kept =
            [".gradfade-notes.part.md", ".gradfade-work-1-2.lock", ".gradfade.lock", "gradfade-Xk3v1a.part"];
        old.iter().chain(&kept).for_each(|name| make(name, 2));
        make(".gradfade-abcdef.part", 0);
        std::fs::create_dir(dir.path().join(".gradfade-folder")).unwrap();
        write_whole(&dir.path().join("a.txt"), b"x").unwrap();
        let there = |name: &str| dir.path().join(name).exists();
        assert!(!old.iter().any(|name| there(name)));
        assert!(
            kept.iter().all(|name| there(name))
                && there(".gradfade-abcdef.part")
                && there(".gradfade-folder")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_who_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        for mode in [0o600, 0o640, 0o444] {
            write_whole(&path, b"old").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            replace(&path, b"new").unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
        }
    }
}
