//! Where results go: places are checked before anything is computed.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::escape;

/// Prints a result on stdout. A reader that has seen enough (`| head`) is no failure; a full disk behind `>`
/// is one.
///
/// The words of a record, a table or a path may be of unknown origin: characters that would do something in a
/// terminal are printed as escapes, in JSON too, where those mean the same. The `print!` family is not used
/// anywhere: it does not do that, and it panics where stdout is closed or full.
pub fn print(text: impl AsRef<str>) -> anyhow::Result<()> {
    print_for_programs(escape::lines(text.as_ref()).as_bytes())
}

/// Prints what only a program reads (a book for mdBook, a script for a shell) on stdout, byte for byte.
pub fn print_for_programs(bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    seen(out.write_all(bytes.as_ref()).and_then(|()| out.flush()))
}

/// What became of writing to stdout.
pub fn seen(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output: cannot write"),
    }
}

/// Writes a line to stderr, if that is open. As in [`print`], control characters are shown; line breaks
/// within the line too.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{}", escape::one_line(&line.to_string()));
}

/// Fails when `dir` is there but no folder that files can be written into. Creates nothing.
pub fn check_folder(dir: &Path) -> anyhow::Result<()> {
    if dir.exists() { writable_folder(dir) } else { Ok(()) }
}

/// Fails when `dir` cannot become a folder that files can be written into. Creates it.
pub fn writable_folder(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!("{}: cannot create this folder; choose another with --out", dir.display())
    })?;
    crate::files::try_folder(dir)
        .with_context(|| format!("{}: cannot write here; choose another folder with --out", dir.display()))?;
    Ok(())
}

/// Fails when one of the files exists and may not be replaced; a device or a pipe may never be.
pub fn may_write<'a>(files: impl IntoIterator<Item = &'a PathBuf>, force: bool) -> anyhow::Result<()> {
    for file in files {
        match std::fs::metadata(file) {
            Ok(there) if !there.is_file() && !there.is_dir() => {
                bail!("{}: not a regular file; choose another --out", file.display());
            }
            Ok(_) if !force => {
                bail!("{}: exists; use --force to replace it, or another --out", file.display())
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a file beside its place and renames it there; makes the folder that it goes into.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_streamed(path, |out| out.write_all(bytes))
}

/// As [`write`], of what is too large to be held in memory.
pub fn write_streamed(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("{}: cannot create its folder; choose another place with --out", path.display())
        })?;
    }
    crate::files::write_streamed(path, fill).with_context(|| format!("{}: cannot write", path.display()))
}
