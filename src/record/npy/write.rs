//! Appending: rows are buffered, and committed data first, header last.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::RecordError;
use super::{Element, HEADER_LEN, encode_header};

/// A growing column of shape `[rows, inner...]`.
///
/// Rows pushed after the last [`commit`](NpyWriter::commit) are lost when the writer is dropped.
#[derive(Debug)]
pub struct NpyWriter<T: Element, W: Write + Seek = File> {
    out: W,
    path: PathBuf,
    inner: Vec<usize>,
    row_len: usize,
    /// Rows that the header in the file counts.
    committed: u64,
    /// Bytes of the rows behind them.
    pending: Vec<u8>,
    /// The header as it stands in the file; `None` after a failure, when that is not known.
    header: Option<[u8; HEADER_LEN]>,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> NpyWriter<T> {
    /// Creates the file, or empties it, and writes a header of no rows. `reserve` rows can be pushed between
    /// two commits without an allocation.
    ///
    /// # Errors
    /// [`RecordError::Io`] when the file cannot be written, [`RecordError::Array`] when the shape is
    /// impossible.
    pub fn create(path: &Path, inner: &[usize], reserve: usize) -> Result<NpyWriter<T>, RecordError> {
        let file = File::create(path).map_err(RecordError::io("create it", path))?;
        NpyWriter::new(file, path, inner, reserve)
    }

    /// Gives the file another name, also in errors; what is there is replaced.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn rename(&mut self, path: &Path) -> Result<(), RecordError> {
        std::fs::rename(&self.path, path).map_err(RecordError::io("put it in place", path))?;
        self.path = path.to_path_buf();
        Ok(())
    }
}

impl<T: Element, W: Write + Seek> NpyWriter<T, W> {
    /// Starts a column in `out`, which is empty; `path` is what errors name.
    pub fn new(out: W, path: &Path, inner: &[usize], reserve: usize) -> Result<NpyWriter<T, W>, RecordError> {
        let impossible = || RecordError::Array {
            path: path.to_path_buf(),
            what: format!("impossible row shape {inner:?}"),
        };
        let row_len = inner
            .iter()
            .try_fold(1usize, |n, &d| n.checked_mul(d))
            .filter(|&n| n > 0)
            .ok_or_else(impossible)?;
        let row_bytes = row_len.checked_mul(T::SIZE).ok_or_else(impossible)?;
        // The longest header this column may ever need must fit.
        encode_header(T::DESCR, u64::MAX, inner).ok_or_else(impossible)?;
        let mut pending = Vec::new();
        let reserve_bytes = row_bytes.checked_mul(reserve).ok_or_else(impossible)?;
        pending.try_reserve_exact(reserve_bytes).map_err(|_| RecordError::Array {
            path: path.to_path_buf(),
            what: format!("no memory for {reserve} rows of {row_bytes} bytes"),
        })?;
        let mut writer = NpyWriter {
            out,
            path: path.to_path_buf(),
            inner: inner.to_vec(),
            row_len,
            committed: 0,
            pending,
            header: None,
            element: std::marker::PhantomData,
        };
        writer.write_header(0).map_err(RecordError::io("write it", path))?;
        Ok(writer)
    }

    /// Buffers whole rows.
    ///
    /// # Errors
    /// [`RecordError::Array`] when `values` is not a whole number of rows; nothing is taken then.
    pub fn push(&mut self, values: &[T]) -> Result<(), RecordError> {
        if !values.len().is_multiple_of(self.row_len) {
            let what = format!("{} values do not make rows of {}", values.len(), self.row_len);
            return Err(RecordError::Array { path: self.path.clone(), what });
        }
        T::append(values, &mut self.pending);
        Ok(())
    }

    /// Writes the buffered rows and then counts them in the header.
    ///
    /// # Errors
    /// [`RecordError::Io`] naming the file. The rows stay buffered and the file keeps the rows committed
    /// before; a later commit tries again.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.write_pending().map_err(RecordError::io("write it", &self.path))
    }

    /// Rows that a reader of the file sees.
    #[cfg(test)]
    fn committed_rows(&self) -> u64 {
        self.committed
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let row_bytes = (self.row_len * T::SIZE) as u64;
        self.out.seek(SeekFrom::Start(HEADER_LEN as u64 + self.committed * row_bytes))?;
        self.out.write_all(&self.pending)?;
        let rows = self.committed + self.pending.len() as u64 / row_bytes;
        self.write_header(rows)?;
        self.committed = rows;
        self.pending.clear();
        Ok(())
    }

    /// Writes only the bytes that change (a few digits, as a rule), so that a program which reads the header
    /// in this very moment has as little as possible to trip over.
    fn write_header(&mut self, rows: u64) -> io::Result<()> {
        let header = encode_header(T::DESCR, rows, &self.inner).ok_or(io::ErrorKind::InvalidInput)?;
        let (start, end) = match self.header.take() {
            None => (0, HEADER_LEN),
            Some(old) => {
                let differs = |i: &usize| old[*i] != header[*i];
                let start = (0..HEADER_LEN).find(differs).unwrap_or(HEADER_LEN);
                (start, (start..HEADER_LEN).rfind(differs).map_or(start, |last| last + 1))
            }
        };
        self.out.seek(SeekFrom::Start(start as u64))?;
        self.out.write_all(&header[start..end])?;
        self.out.flush()?;
        self.header = Some(header);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::NpyArray;
    use super::super::read::{Fault, read_from};
    use super::*;

    /// A file in memory that remembers every write, and that can be full.
    #[derive(Debug, Default)]
    struct Tape {
        at: usize,
        writes: Vec<(usize, Vec<u8>)>,
        /// Writing at or behind this byte fails, after the bytes before it were written: a full disk.
        limit: Option<usize>,
    }

    impl Write for Tape {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.limit.map_or(bytes.len(), |limit| limit.saturating_sub(self.at).min(bytes.len()));
            if room == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.writes.push((self.at, bytes[..room].to_vec()));
            self.at += room;
            Ok(room)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Tape {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            match to {
                SeekFrom::Start(at) => self.at = at as usize,
                _ => return Err(io::ErrorKind::Unsupported.into()),
            }
            Ok(self.at as u64)
        }
    }

    /// The file after the first `whole` writes and `part` bytes of the next one.
    fn file_after(writes: &[(usize, Vec<u8>)], whole: usize, part: usize) -> Vec<u8> {
        let mut file = Vec::new();
        for (i, (at, bytes)) in writes.iter().enumerate().take(whole + 1) {
            let bytes = if i < whole { &bytes[..] } else { &bytes[..part] };
            if bytes.is_empty() {
                continue;
            }
            file.resize(file.len().max(at + bytes.len()), 0);
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        file
    }

    fn read_bytes(bytes: &[u8]) -> Result<NpyArray<f64>, Fault> {
        read_from(&mut std::io::Cursor::new(&bytes), bytes.len() as u64, 0)
    }

    fn rows(from: usize, to: usize) -> Vec<f64> {
        (from * 3..to * 3).map(|i| i as f64 + 0.5).collect()
    }

    #[test]
    fn a_tear_at_any_byte_of_any_write_leaves_exactly_the_committed_rows() {
        let mut column: NpyWriter<f64, Tape> =
            NpyWriter::new(Tape::default(), Path::new("x.npy"), &[3], 4).unwrap();
        // (number of writes made, rows committed by them); 9 -> 10 and 99 -> 101 change the header's length.
        let mut commits = vec![(column.out.writes.len(), 0)];
        let mut total = 0;
        for batch in [1, 3, 5, 1, 80, 9, 2] {
            column.push(&rows(total, total + batch)).unwrap();
            column.commit().unwrap();
            total += batch;
            assert_eq!(column.committed_rows(), total as u64);
            commits.push((column.out.writes.len(), total));
        }
        let writes = &column.out.writes;
        for &(made, committed) in &commits {
            // All writes of this commit, then every beginning of the next one's data.
            let next_data = writes.get(made).map_or(0, |(_, bytes)| bytes.len());
            for part in 0..=next_data {
                let read = read_bytes(&file_after(writes, made, part)).unwrap();
                assert_eq!((read.shape.as_slice(), read.truncated()), ([committed, 3].as_slice(), false));
                assert_eq!(read.data, rows(0, committed));
            }
            // Every beginning of the next header's few bytes: a system call that a kill does not split, but
            // even then nothing is read that was not written. (The columns of a row may be misread; a run's
            // reader knows them.)
            for part in 0..=writes.get(made + 1).map_or(0, |(_, bytes)| bytes.len()) {
                if let Ok(read) = read_bytes(&file_after(writes, made + 1, part)) {
                    assert!(rows(0, total).starts_with(&read.data));
                }
            }
        }
    }

    #[test]
    fn a_file_cut_at_any_byte_reads_as_a_prefix_or_is_refused_by_name() {
        let mut column: NpyWriter<f64, Tape> =
            NpyWriter::new(Tape::default(), Path::new("x.npy"), &[3], 4).unwrap();
        column.push(&rows(0, 7)).unwrap();
        column.commit().unwrap();
        let whole = file_after(&column.out.writes, column.out.writes.len(), 0);
        assert_eq!(whole.len(), HEADER_LEN + 7 * 24);
        for len in 0..=whole.len() {
            let read = read_bytes(&whole[..len]);
            if len < HEADER_LEN {
                let Fault::Format(what) = read.unwrap_err() else { panic!() };
                assert!(what.starts_with(&format!("cut short, {len} bytes")));
            } else {
                let read = read.unwrap();
                assert_eq!(read.data, rows(0, (len - HEADER_LEN) / 24));
                assert_eq!(read.truncated(), len < whole.len());
                assert_eq!(read.promised_rows, 7);
            }
        }
    }

    #[test]
    fn a_full_disk_keeps_the_committed_rows_and_the_rest_is_written_once_there_is_room() {
        // The disk fills up at every possible byte of the second commit.
        for limit in HEADER_LEN + 2 * 24..HEADER_LEN + 6 * 24 {
            let mut column: NpyWriter<f64, Tape> =
                NpyWriter::new(Tape::default(), Path::new("run/x.npy"), &[3], 4).unwrap();
            column.push(&rows(0, 2)).unwrap();
            column.commit().unwrap();
            column.out.limit = Some(limit);
            column.push(&rows(2, 6)).unwrap();
            let error = column.commit().unwrap_err();
            assert!(matches!(&error, RecordError::Io { path, .. } if path.ends_with("x.npy")), "{error}");
            assert!(error.to_string().starts_with("run/x.npy: cannot write it: "), "{error}");

            let read = read_bytes(&file_after(&column.out.writes, column.out.writes.len(), 0)).unwrap();
            assert_eq!((read.data.clone(), read.truncated()), (rows(0, 2), false));

            column.out.limit = None;
            column.push(&rows(6, 7)).unwrap();
            column.commit().unwrap();
            let read = read_bytes(&file_after(&column.out.writes, column.out.writes.len(), 0)).unwrap();
            assert_eq!(read.data, rows(0, 7));
        }
    }

    #[test]
    fn a_failure_in_the_header_is_mended_by_the_next_commit() {
        // A header cut off by a failing disk at every one of its bytes.
        for limit in 0..HEADER_LEN {
            let mut column: NpyWriter<f64, Tape> =
                NpyWriter::new(Tape::default(), Path::new("x.npy"), &[3], 4).unwrap();
            column.push(&rows(0, 9)).unwrap();
            column.commit().unwrap();
            column.push(&rows(9, 12)).unwrap();
            column.out.limit = Some(limit);
            let _ = column.write_header(12);
            column.out.limit = None;
            column.commit().unwrap();
            let read = read_bytes(&file_after(&column.out.writes, column.out.writes.len(), 0)).unwrap();
            assert_eq!(read.data, rows(0, 12));
        }
    }

    #[test]
    fn impossible_rows_are_refused() {
        let new =
            |inner: &[usize]| NpyWriter::<f64, Tape>::new(Tape::default(), Path::new("x.npy"), inner, 1);
        for inner in [&[0][..], &[usize::MAX, 2], &[usize::MAX / 4]] {
            assert!(new(inner).is_err(), "{inner:?}");
        }
        assert_eq!(
            new(&[3]).unwrap().push(&[1.0]).unwrap_err().to_string(),
            "x.npy: 1 values do not make rows of 3"
        );
    }
}
