//! The folder of a sweep.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{SweepError, SweepPlan};
use crate::files::{Lock, write_whole};
use crate::record::cell::{Cell, from_json, to_json};

const PLAN: &str = "plan.toml";
const CELLS: &str = "cells";
const CELL: &str = "cell.json";
/// Names that begin like this are the program's own: locks, and files of a program that was killed while it
/// wrote one.
const OWN: &str = ".gradfade";
/// Locks of the programs that run cells, one each: their existence keeps what they are making.
const WORK: &str = ".gradfade-work-";
/// The plan is locked for moments only.
const LOCK_ATTEMPTS: u32 = 1000;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A sweep's folder and its plan.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    plan: SweepPlan,
    fingerprint: String,
    /// Lock that is needed to run cells; copies of the store share it.
    work: Option<Arc<Work>>,
}

/// The lock of a program that runs cells.
#[derive(Debug)]
struct Work {
    path: PathBuf,
    _lock: Lock,
}

/// What is there of a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum CellState {
    Missing,
    Finished(Box<Cell>),
    /// Something is there that cannot be trusted: it is run again.
    Broken(String),
}

impl Store {
    /// Goes on with the sweep of this plan in `dir`, or starts it there. Several programs may do so at the
    /// same time.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`] and [`SweepError::NotOurs`] when the folder is taken, [`SweepError::Io`].
    pub fn create(dir: &Path, plan: &SweepPlan) -> Result<Store, SweepError> {
        fs::create_dir_all(dir).map_err(SweepError::io("create the folder", dir))?;
        let _lock = lock_plan(dir)?;
        let found = if dir.join(PLAN).exists() {
            Store::find(dir, plan)?
        } else {
            holds_nothing_else(dir)?;
            None
        };
        match found {
            Some(there) => {
                // A plan that was grown is another one than that in the file.
                if there.plan.earlier != Store::open(dir)?.plan.earlier {
                    write_plan(dir, &there.plan)?;
                }
                there.join()
            }
            None => {
                write_plan(dir, plan)?;
                Store::open(dir)?.join()
            }
        }
    }

    /// Goes on with the sweep in `dir`, whatever its plan is.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn resume(dir: &Path) -> Result<Store, SweepError> {
        // The errors of a folder that holds no sweep come first: nothing is written there.
        Store::open(dir)?;
        let _lock = lock_plan(dir)?;
        Store::open(dir)?.join()
    }

    /// The sweep of this plan in `dir`; where cells of a smaller plan lie there, with that plan grown to this
    /// one, which is not written. `None` where another plan lies there of which no cell was ever begun:
    /// nothing is lost with it.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`], and those of [`Store::open`].
    pub fn find(dir: &Path, plan: &SweepPlan) -> Result<Option<Store>, SweepError> {
        let there = Store::open(dir)?;
        let Some(difference) = there.plan.difference(plan) else { return Ok(Some(there)) };
        if !there.begun()? {
            return Ok(None);
        }
        match there.plan.grown(plan) {
            Some(grown) => Ok(Some(Store::of(dir, grown))),
            None => Err(SweepError::OtherPlan { path: dir.to_path_buf(), difference }),
        }
    }

    /// Opens the sweep in `dir` to look at it; nothing is written there.
    ///
    /// # Errors
    /// [`SweepError::NoPlan`], [`SweepError::Plan`], [`SweepError::Io`].
    pub fn open(dir: &Path) -> Result<Store, SweepError> {
        let path = dir.join(PLAN);
        let text = crate::files::read_text(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                SweepError::NoPlan { path: dir.to_path_buf() }
            }
            _ => SweepError::io("read it", &path)(e),
        })?;
        let plan = SweepPlan::parse(&text, &path.display().to_string())?;
        Ok(Store::of(dir, plan))
    }

    fn of(dir: &Path, plan: SweepPlan) -> Store {
        Store { dir: dir.to_path_buf(), fingerprint: plan.fingerprint(), plan, work: None }
    }

    /// Says that this program runs cells from now on. To be called under the lock of the plan.
    fn join(mut self) -> Result<Store, SweepError> {
        let cells = self.dir.join(CELLS);
        fs::create_dir_all(&cells).map_err(SweepError::io("create the folder", &cells))?;
        let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let path = self.dir.join(format!("{WORK}{}-{moment}.lock", std::process::id()));
        let lock = Lock::acquire(&path).map_err(SweepError::io("write it", &path))?;
        self.work = Some(Arc::new(Work { path, _lock: lock }));
        Ok(self)
    }

    /// Whether a cell was ever begun, or is about to be by another program.
    fn begun(&self) -> Result<bool, SweepError> {
        Ok(!entries(&self.dir.join(CELLS))?.is_empty() || self.others_work()?)
    }

    /// Whether other programs run cells here. What killed ones left of their locks is removed.
    fn others_work(&self) -> Result<bool, SweepError> {
        let own = self.work.as_ref().map(|work| &work.path);
        let locks = entries(&self.dir)?.into_iter().filter(|path| name(path).starts_with(WORK));
        Ok(locks.filter(|path| Some(path) != own).any(|path| Lock::acquire(&path).is_err()))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn plan(&self) -> &SweepPlan {
        &self.plan
    }

    /// Where a finished cell lies.
    pub fn cell_dir(&self, number: usize) -> PathBuf {
        self.dir.join(CELLS).join(format!("{number:06}"))
    }

    /// What is there of a cell.
    ///
    /// # Errors
    /// [`SweepError::OtherCell`] when it was made from another plan, [`SweepError::Io`].
    pub fn state(&self, number: usize) -> Result<CellState, SweepError> {
        let dir = self.cell_dir(number);
        let path = dir.join(CELL);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Ok(match dir.exists() {
                    true => CellState::Broken(format!("it has no {CELL}")),
                    false => CellState::Missing,
                });
            }
            Err(e) => return Err(SweepError::io("read it", &path)(e)),
        };
        let (cell, plan, files) = match from_json(&text) {
            Ok(read) => read,
            Err(what) => return Ok(CellState::Broken(format!("{CELL}: {what}"))),
        };
        let known = plan == self.fingerprint || self.plan.had(&plan, number);
        if cell.number != number || !known {
            return Err(SweepError::OtherCell { path: dir });
        }
        for (name, size) in files {
            match fs::metadata(dir.join(&name)) {
                Ok(there) if there.len() == size => {}
                Ok(there) => {
                    return Ok(CellState::Broken(format!("{name} holds {} of {size} bytes", there.len())));
                }
                Err(_) => return Ok(CellState::Broken(format!("{name} is not there"))),
            }
        }
        match &cell.result {
            // Earlier versions kept these as failures.
            Err(why) if why.starts_with("internal error: ") => Ok(CellState::Broken(why.clone())),
            _ => Ok(CellState::Finished(Box::new(cell))),
        }
    }

    /// A new temporary folder for a cell.
    pub(super) fn start(&self, number: usize) -> Result<tempfile::TempDir, SweepError> {
        let cells = self.dir.join(CELLS);
        let prefix = format!(".{number:06}-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".part");
        // It becomes the cell's folder, which others may read as far as the umask lets them.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        builder.tempdir_in(&cells).map_err(SweepError::io("create a folder", &cells))
    }

    /// Makes the cell in `made` the finished one. Where another process was faster, its cell stays: they are
    /// the same.
    pub(super) fn finish(&self, made: tempfile::TempDir, cell: &Cell) -> Result<(), SweepError> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(made.path()).map_err(SweepError::io("list it", made.path()))? {
            let entry = entry.map_err(SweepError::io("list it", made.path()))?;
            let size = entry.metadata().map_err(SweepError::io("look at it", &entry.path()))?.len();
            files.insert(entry.file_name().to_string_lossy().into_owned(), size);
        }
        let path = made.path().join(CELL);
        let text = to_json(cell, &self.fingerprint, files)
            .map_err(|e| SweepError::io("write it", &path)(e.into()))?;
        fs::write(&path, text).map_err(SweepError::io("write it", &path))?;
        let place = self.cell_dir(cell.number);
        if let CellState::Broken(_) = self.state(cell.number)? {
            fs::remove_dir_all(&place).map_err(SweepError::io("remove it", &place))?;
        }
        match fs::rename(made.path(), &place) {
            Ok(()) => {
                // It is no longer there to be removed.
                let _ = made.keep();
                Ok(())
            }
            Err(_) if matches!(self.state(cell.number), Ok(CellState::Finished(_))) => Ok(()),
            Err(e) => Err(SweepError::io("put it in place", &place)(e)),
        }
    }

    /// Removes what killed programs left, once every cell is finished. Where another program still runs
    /// cells, or the folder cannot be written, everything stays.
    ///
    /// # Errors
    /// [`SweepError::Io`] when what is left cannot be listed or removed.
    pub fn tidy(&self) -> Result<(), SweepError> {
        let Ok(_lock) = Lock::of_folder(&self.dir) else { return Ok(()) };
        if self.others_work()? {
            return Ok(());
        }
        for path in entries(&self.dir.join(CELLS))? {
            if name(&path).starts_with('.') && name(&path).ends_with(".part") {
                fs::remove_dir_all(&path).map_err(SweepError::io("remove it", &path))?;
            }
        }
        Ok(())
    }
}

/// The lock under which the plan of a folder is read and changed. Others hold it for moments, so this waits
/// for it.
fn lock_plan(dir: &Path) -> Result<Lock, SweepError> {
    for _ in 0..LOCK_ATTEMPTS {
        match Lock::of_folder(dir) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(LOCK_PAUSE),
            other => return other.map_err(SweepError::io("write into it", dir)),
        }
    }
    Err(SweepError::Busy { path: dir.to_path_buf() })
}

/// # Errors
/// [`SweepError::NotOurs`] where something lies in the folder that is not the program's own.
fn holds_nothing_else(dir: &Path) -> Result<(), SweepError> {
    match entries(dir)?.iter().all(|path| name(path).starts_with(OWN)) {
        true => Ok(()),
        false => Err(SweepError::NotOurs { path: dir.to_path_buf() }),
    }
}

fn write_plan(dir: &Path, plan: &SweepPlan) -> Result<(), SweepError> {
    let path = dir.join(PLAN);
    let text = plan.to_toml()?;
    // A plan that would not come back must not be started.
    SweepPlan::parse(&text, &path.display().to_string())?;
    write_whole(&path, text.as_bytes()).map_err(SweepError::io("write it", &path))
}

/// What lies in a folder; nothing where there is no folder.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, SweepError> {
    let listed = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let listed = listed.map_err(SweepError::io("list it", dir))?;
    Ok(listed.into_iter().map(|entry| entry.path()).collect())
}

fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}
