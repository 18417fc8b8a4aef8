//! The folder of a sweep.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{SweepError, SweepPlan};
use crate::files::write_whole;
use crate::record::cell::{Cell, from_json, to_json};

const PLAN: &str = "plan.toml";
const CELLS: &str = "cells";
const CELL: &str = "cell.json";

/// A sweep's folder and its plan.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    plan: SweepPlan,
    fingerprint: String,
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
    /// Opens the sweep in `dir`, or starts it there.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`] and [`SweepError::NotOurs`] when the folder is taken, [`SweepError::Io`].
    pub fn create(dir: &Path, plan: &SweepPlan) -> Result<Store, SweepError> {
        let path = dir.join(PLAN);
        if path.exists() {
            if let Some(there) = Store::find(dir, plan)? {
                return Ok(there);
            }
        } else {
            fs::create_dir_all(dir).map_err(SweepError::io("create the folder", dir))?;
            let mut entries = fs::read_dir(dir).map_err(SweepError::io("list it", dir))?;
            if entries.next().is_some() {
                return Err(SweepError::NotOurs { path: dir.to_path_buf() });
            }
        }
        let text = plan.to_toml();
        // A plan that would not come back must not be started.
        SweepPlan::parse(&text, &path.display().to_string())?;
        write_whole(&path, text.as_bytes()).map_err(SweepError::io("write it", &path))?;
        Store::open(dir)
    }

    /// The sweep of this plan in `dir`. `None` where another plan lies there of which no cell was ever begun: nothing is lost
    /// with it.
    ///
    /// # Errors
    /// [`SweepError::OtherPlan`], and those of [`Store::open`].
    pub fn find(dir: &Path, plan: &SweepPlan) -> Result<Option<Store>, SweepError> {
        let there = Store::open(dir)?;
        let Some(difference) = there.plan.difference(plan) else { return Ok(Some(there)) };
        let cells = dir.join(CELLS);
        let mut begun = fs::read_dir(&cells).map_err(SweepError::io("list it", &cells))?;
        match begun.next() {
            Some(_) => Err(SweepError::OtherPlan { path: dir.to_path_buf(), difference }),
            None => Ok(None),
        }
    }

    /// Opens the sweep in `dir`.
    ///
    /// # Errors
    /// [`SweepError::NoPlan`], [`SweepError::Plan`], [`SweepError::Io`].
    pub fn open(dir: &Path) -> Result<Store, SweepError> {
        let path = dir.join(PLAN);
        let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SweepError::NoPlan { path: dir.to_path_buf() },
            _ => SweepError::io("read it", &path)(e),
        })?;
        let plan = SweepPlan::parse(&text, &path.display().to_string())?;
        let fingerprint = plan.fingerprint();
        let cells = dir.join(CELLS);
        fs::create_dir_all(&cells).map_err(SweepError::io("create the folder", &cells))?;
        Ok(Store { dir: dir.to_path_buf(), plan, fingerprint })
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
        if plan != self.fingerprint || cell.number != number {
            return Err(SweepError::OtherCell { path: dir });
        }
        for (name, size) in files {
            match fs::metadata(dir.join(&name)) {
                Ok(there) if there.len() == size => {}
                Ok(there) => return Ok(CellState::Broken(format!("{name} holds {} of {size} bytes", there.len()))),
                Err(_) => return Ok(CellState::Broken(format!("{name} is not there"))),
            }
        }
        Ok(CellState::Finished(Box::new(cell)))
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

    /// Makes the cell in `made` the finished one. Where another process was faster, its cell stays: they are the same.
    pub(super) fn finish(&self, made: tempfile::TempDir, cell: &Cell) -> Result<(), SweepError> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(made.path()).map_err(SweepError::io("list it", made.path()))? {
            let entry = entry.map_err(SweepError::io("list it", made.path()))?;
            let size = entry.metadata().map_err(SweepError::io("look at it", &entry.path()))?.len();
            files.insert(entry.file_name().to_string_lossy().into_owned(), size);
        }
        let path = made.path().join(CELL);
        let text = to_json(cell, &self.fingerprint, files).map_err(|e| SweepError::io("write it", &path)(e.into()))?;
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

    /// Removes what killed programs left, once every cell is finished and no program can still be working.
    pub fn tidy(&self) -> Result<(), SweepError> {
        let cells = self.dir.join(CELLS);
        for entry in fs::read_dir(&cells).map_err(SweepError::io("list it", &cells))? {
            let entry = entry.map_err(SweepError::io("list it", &cells))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.ends_with(".part") {
                fs::remove_dir_all(entry.path()).map_err(SweepError::io("remove it", &entry.path()))?;
            }
        }
        Ok(())
    }
}
