//! TensorBoard's event files: scalars, and norms of tensors from their histograms.
//!
//! A histogram of PyTorch's writer or of TensorFlow 1 has the sum of the squares of its numbers, whose root
//! is the L2 norm, exactly. Those of TensorFlow 2 and Keras are buckets `[left, right, count]` and no more:
//! an estimate.

mod event;
mod records;
mod wire;

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;

use event::{Event, Held, Histogram, Tensor};
use records::{Next, Records};

use super::log::{Axis, SeriesId};
use super::names::Kind;
use super::text::broken;
use super::{ImportError, Importer, Log, Peek, Sniff};
use crate::stats::UNDERFLOW;

/// Squares of numbers below this are lost in `f64`.
const LOST_SQUARES: f64 = 1e-150;
/// The version that stands in the first event.
const VERSION: &str = "brain.Event:";
/// Plugins are remembered for so many names.
const MOST_PLUGINS: usize = 100_000;

pub struct TensorBoard;

impl Importer for TensorBoard {
    fn name(&self) -> &'static str {
        "TensorBoard"
    }

    fn word(&self) -> &'static str {
        "tensorboard"
    }

    fn about(&self) -> &'static str {
        "event files (events.out.tfevents...), or a folder of them: scalars and histograms"
    }

    fn sniff(&self, file: &Peek) -> Sniff {
        // A file of this name whose first record is torn is none of another format.
        let is_torn = file.file_name().contains("tfevents") && file.length < 12;
        (records::is_record(&file.head) || is_torn).into()
    }

    fn marks_folder(&self, file_name: &str) -> bool {
        file_name.contains("tfevents")
    }

    fn read(&self, file: &Peek, log: &mut Log) -> Result<(), ImportError> {
        let cannot = |e: std::io::Error| broken(file, None, &format!("cannot read it: {e}"));
        if file.length >= 12 && !records::is_record(&file.head) {
            return Err(broken(file, None, "not an event file of TensorBoard: its first checksum is wrong"));
        }
        let input = BufReader::with_capacity(1 << 16, File::open(&file.path).map_err(cannot)?);
        let mut records = Records::new(input, file.length);
        let mut reader = Reader::new(file);
        let (mut events, mut damaged) = (0u64, 0u64);
        let ended = loop {
            match records.advance().map_err(cannot)? {
                Next::Record => match event::event(&records.data) {
                    Some(event) => {
                        reader.event(&event, log)?;
                        events += 1;
                    }
                    None => damaged += 1,
                },
                Next::Damaged => damaged += 1,
                Next::Skipped => {}
                end @ (Next::End | Next::Torn | Next::Lost) => break end,
            }
        };
        if events == 0 && damaged > 0 {
            return Err(broken(
                file,
                None,
                "no event can be read: every one contradicts its checksum or is no event",
            ));
        }
        let name = file.file_name();
        if damaged > 0 {
            log.warn(format!("{name}: {damaged} events are damaged and were left out"));
        }
        match ended {
            Next::Torn => log.warn(format!("{name}: cut short; the {events} whole events were read")),
            Next::Lost => {
                log.warn(format!("{name}: damaged after {events} events; what follows was not read"))
            }
            _ => {}
        }
        Ok(())
    }
}

/// Takes over the events of one file.
struct Reader {
    run: Option<usize>,
    /// Name of the folder that the file lies in.
    folder: String,
    /// What PyTorch's `add_scalars` put behind the name of the folder.
    key: Option<String>,
    plugins: HashMap<String, String>,
}

impl Reader {
    fn new(file: &Peek) -> Reader {
        let above = std::fs::canonicalize(&file.path).ok();
        let folder = above.as_ref().and_then(|p| p.parent()?.file_name()).unwrap_or_default();
        Reader {
            run: None,
            folder: folder.to_string_lossy().into_owned(),
            key: None,
            plugins: HashMap::new(),
        }
    }

    fn event(&mut self, event: &Event<'_>, log: &mut Log) -> Result<(), ImportError> {
        if let Some(version) = &event.version {
            log.set_tool("TensorBoard", version);
            let number = version.strip_prefix(VERSION).and_then(|v| v.parse::<u32>().ok());
            if number.is_some_and(|n| n > 2) {
                return Err(ImportError::Incompatible {
                    found: version.to_string(),
                    wanted: format!("{VERSION}2"),
                });
            }
        }
        for value in &event.values {
            if let Some(plugin) = &value.plugin
                && self.plugins.len() < MOST_PLUGINS
                && !self.plugins.contains_key(value.tag.as_ref())
            {
                self.plugins.insert(value.tag.to_string(), plugin.to_string());
            }
            let (number, kind) = match &value.held {
                Held::Other => continue,
                Held::Scalar(number) => (*number, Kind::Number),
                Held::Histogram(histogram) => match norm(&value.tag, histogram, log) {
                    Some(norm) => (norm, Kind::NormOfHistogram),
                    None => continue,
                },
                Held::Tensor(tensor) => match self.number(&value.tag, tensor, log) {
                    Some(found) => found,
                    None => continue,
                },
            };
            if let Some(series) = self.series(&value.tag, kind, log)? {
                log.push_at(series, event.step, number, event.wall);
            }
        }
        Ok(())
    }

    fn series(&mut self, tag: &str, kind: Kind, log: &mut Log) -> Result<Option<SeriesId>, ImportError> {
        let run = match self.run {
            Some(run) => run,
            None => {
                self.key = self.key_of_folder(tag, log);
                let run = log.run("")?;
                self.run = Some(run);
                run
            }
        };
        match &self.key {
            Some(key) => log.series(run, &format!("{tag}/{key}"), kind, Axis::Step),
            None => log.series(run, tag, kind, Axis::Step),
        }
    }

    /// `add_scalars("Loss", {"train": x})` writes the name `Loss` into a folder `Loss_train` of its own.
    fn key_of_folder(&self, tag: &str, log: &mut Log) -> Option<String> {
        let key = self.folder.strip_prefix(&format!("{}_", tag.replace('/', "_")))?;
        let above = log.place.run.strip_suffix(&self.folder)?.trim_end_matches('/').to_string();
        log.place.run = above;
        (!key.is_empty()).then(|| key.to_string())
    }

    /// The number in a tensor of TensorFlow 2, or the norm of its histogram.
    fn number(&self, tag: &str, tensor: &Tensor, log: &mut Log) -> Option<(f64, Kind)> {
        let plugin = self.plugins.get(tag).map(String::as_str);
        match (plugin, tensor.numbers.as_slice(), tensor.shape.as_slice()) {
            (Some("histograms"), buckets, [_, 3]) => {
                let (triples, _) = buckets.as_chunks::<3>();
                log.norm_of_buckets(tag, triples.iter().copied()).map(|norm| (norm, Kind::NormOfHistogram))
            }
            (Some("histograms"), ..) => None,
            (Some("scalars") | None, [number], [] | [1]) => Some((*number, Kind::Number)),
            _ => None,
        }
    }
}

/// The norm of the numbers of a histogram.
fn norm(tag: &str, histogram: &Histogram, log: &mut Log) -> Option<f64> {
    let largest = histogram.min.abs().max(histogram.max.abs());
    if histogram.sum_squares > 0.0 || histogram.sum_squares.is_nan() {
        return Some(histogram.sum_squares.sqrt());
    }
    if histogram.count <= 0.0 {
        return None;
    }
    if largest == 0.0 {
        return Some(0.0);
    }
    if largest < LOST_SQUARES {
        return Some(UNDERFLOW);
    }
    if histogram.min > histogram.max || histogram.min.is_nan() || histogram.max.is_nan() {
        return None;
    }
    // A writer that leaves the squares out.
    let limits = histogram.limits.iter().copied();
    let lower = std::iter::once(histogram.min).chain(limits.clone());
    let within = |x: f64| x.clamp(histogram.min, histogram.max);
    let buckets = lower.zip(limits).zip(&histogram.counts).map(|((l, r), &n)| [within(l), within(r), n]);
    let buckets: Vec<[f64; 3]> = buckets.collect();
    log.norm_of_buckets(tag, buckets.into_iter())
}
