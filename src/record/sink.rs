//! Where a producing program puts its rows: a run folder, memory, or nowhere.
//!
//! A sink never changes what it is given and never feeds anything back, so that a run with a sink and a run
//! without one end in the same bits.

use super::{EarlyStop, Header, Record, RecordError, Row, Status};

/// How a run ended: what is not known before.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub status: Status,
    /// What early stopping did, when it was on and the run ended by itself.
    pub early_stop: Option<EarlyStop>,
    /// Wall time of training.
    pub elapsed_secs: Option<f64>,
}

impl Ended {
    /// Without early stopping and without a clock.
    pub fn new(status: Status) -> Ended {
        Ended { status, early_stop: None, elapsed_secs: None }
    }
}

/// Takes one run: its header, its rows, each table in the order of its steps, and how it ended.
///
/// # Errors
/// [`RecordError::Invalid`] when a row does not fit the header or does not come after the row before it (the
/// row is then not taken); [`RecordError::Io`] when the rows cannot be stored (the row may have been taken
/// into a buffer: stop the run, do not push it again).
pub trait RecordSink {
    /// Called once, before all rows.
    fn start(&mut self, _header: &Header) -> Result<(), RecordError> {
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError>;

    /// Called once, after all rows, when the run came to an end of whatever kind.
    fn finish(&mut self, _ended: &Ended) -> Result<(), RecordError> {
        Ok(())
    }
}

impl<S: RecordSink + ?Sized> RecordSink for &mut S {
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        (**self).start(header)
    }
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        (**self).row(row)
    }
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        (**self).finish(ended)
    }
}

/// Two sinks, one after the other.
impl<A: RecordSink, B: RecordSink> RecordSink for (A, B) {
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        self.0.start(header)?;
        self.1.start(header)
    }
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.0.row(row)?;
        self.1.row(row)
    }
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.0.finish(ended)?;
        self.1.finish(ended)
    }
}

/// A sink that may not be there.
impl<S: RecordSink> RecordSink for Option<S> {
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |sink| sink.start(header))
    }
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |sink| sink.row(row))
    }
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.as_mut().map_or(Ok(()), |sink| sink.finish(ended))
    }
}

/// Forgets everything: training without a record.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSink;

impl RecordSink for NullSink {
    fn row(&mut self, _row: &Row<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Keeps the whole run in memory, which grows with the number of steps.
#[derive(Clone, Debug)]
pub struct MemorySink {
    pub record: Record,
}

impl MemorySink {
    pub fn new(header: Header) -> MemorySink {
        MemorySink { record: Record::new(header) }
    }
}

impl RecordSink for MemorySink {
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        self.record.start(header)
    }
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.record.push(row)
    }
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.record.finish(ended)
    }
}

impl RecordSink for Record {
    /// Begins anew, with this header.
    fn start(&mut self, header: &Header) -> Result<(), RecordError> {
        *self = Record::new(header.clone());
        Ok(())
    }
    fn row(&mut self, row: &Row<'_>) -> Result<(), RecordError> {
        self.push(row)
    }
    fn finish(&mut self, ended: &Ended) -> Result<(), RecordError> {
        self.header.end(ended);
        Ok(())
    }
}
