//! What the readers of all formats fill: named series of numbers, by run.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::names::{self, Kind, Known, Meaning};
use super::{ImportError, ImportOptions};
use crate::escape::{shortened, word};
use crate::field::Field;
use crate::record::{Facts, MetricId, Per};

/// Names that are kept of one run; each becomes a column. A network of a thousand layers has some ten
/// thousand.
pub const MOST_NAMES: usize = 50_000;
/// Names that are remembered because they were not understood; more of them are only counted.
const MOST_UNKNOWN: usize = 10_000;
/// Runs in one log.
const MOST_RUNS: usize = 1_000;
/// Names that a warning lists.
const LISTED: usize = 4;
/// Characters of a name in a message.
const LONGEST_SHOWN: usize = 120;
/// The largest ratio of the largest norm that the buckets of a histogram allow to the smallest one: a third
/// of a decade, which is hardly seen on a scale of decades.
const WIDEST: f64 = 2.0;

/// What the steps of a series count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    Step,
    Epoch,
}

/// A series of a run, for [`Log::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesId {
    run: usize,
    series: usize,
}

/// Numbers under one name.
#[derive(Clone, Debug)]
pub struct Series {
    /// As the log writes it.
    pub tag: String,
    pub known: Known,
    /// What its numbers were made of, as far as the format says so.
    pub kind: Kind,
    /// A person says what it holds.
    pub is_mapped: bool,
    pub axis: Axis,
    pub steps: Vec<i64>,
    pub values: Vec<f64>,
    /// Wall time of each value, in seconds; empty in logs without a clock.
    pub walls: Vec<f64>,
}

/// One run of a log.
#[derive(Clone, Debug, Default)]
pub struct RunLog {
    /// Empty for the only run of a file.
    pub name: String,
    pub series: Vec<Series>,
    pub(super) tags: HashMap<String, Option<usize>>,
    /// Those of histograms: numbers may stand under the same names.
    pub(super) histograms: HashMap<String, Option<usize>>,
    /// Names that were not understood, and others for which a record has no place.
    pub unknown: Vec<String>,
    pub unknown_count: usize,
    pub no_place: Vec<(String, &'static str)>,
    /// Names that were left out because they were not asked for.
    pub unselected: usize,
    /// The names of tensors stand in the order of the network.
    pub is_ordered: bool,
    pub facts: Facts,
    pub labels: Vec<(&'static str, String)>,
    pub planned_steps: Option<u64>,
    /// The run ended before its planned end, at this step.
    pub interrupted_at: Option<u64>,
}

/// All that was read of one or several files.
#[derive(Debug, Default)]
pub struct Log {
    pub(super) options: ImportOptions,
    runs: Vec<RunLog>,
    by_name: HashMap<String, usize>,
    /// Run and set that the place of the present file says: `relu/` and `train/`.
    pub(super) place: Place,
    /// The program that wrote the log, and its version where that is known.
    pub(super) tool: Option<(String, String)>,
    warnings: Vec<String>,
    buckets: Buckets,
    /// Names that were met of those of which a person says what they hold.
    mapped: HashSet<String>,
}

/// What became of histograms that have buckets and no sum of squares.
#[derive(Debug, Default)]
struct Buckets {
    /// The widest room that they left in the norms that were estimated, and the first name.
    estimated: Option<(f64, String)>,
    /// The first name whose buckets left too much.
    too_wide: Option<String>,
}

/// What the place of a file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub run: String,
    /// Stands before the names in the file.
    pub set: Option<String>,
}

impl Log {
    /// An empty log, to be read with these options.
    pub fn new(options: &ImportOptions) -> Log {
        Log { options: options.clone(), ..Log::default() }
    }

    pub fn options(&self) -> &ImportOptions {
        &self.options
    }

    /// The run of this name in the present file; the empty name is the file's only one.
    ///
    /// # Errors
    /// [`ImportError::TooMany`].
    pub fn run(&mut self, name: &str) -> Result<usize, ImportError> {
        let full = match (self.place.run.as_str(), name) {
            (place, "") => place.to_string(),
            ("", name) => name.to_string(),
            (place, name) => format!("{place}/{name}"),
        };
        if let Some(&run) = self.by_name.get(&full) {
            return Ok(run);
        }
        if self.runs.len() >= MOST_RUNS {
            return Err(ImportError::TooMany { most: MOST_RUNS, what: "runs" });
        }
        self.by_name.insert(full.clone(), self.runs.len());
        self.runs.push(RunLog { name: full, ..RunLog::default() });
        Ok(self.runs.len() - 1)
    }

    pub fn run_mut(&mut self, run: usize) -> &mut RunLog {
        &mut self.runs[run]
    }

    /// The series of a name, none where the name is not understood or not asked for.
    ///
    /// # Errors
    /// [`ImportError::TooMany`].
    pub fn series(
        &mut self,
        run: usize,
        tag: &str,
        kind: Kind,
        axis: Axis,
    ) -> Result<Option<SeriesId>, ImportError> {
        let with_set = self.place.set.as_ref().map(|set| format!("{set}/{tag}"));
        let tag = with_set.as_deref().unwrap_or(tag);
        if let Some(&found) = self.runs[run].names(kind).get(tag) {
            return Ok(found.map(|series| SeriesId { run, series }));
        }
        let known = self.understand(run, tag, kind);
        self.enter(run, tag, kind, known, axis)
    }

    /// As [`Log::series`], for a name whose meaning the format itself says.
    ///
    /// # Errors
    /// As [`Log::series`].
    pub fn known(
        &mut self,
        run: usize,
        tag: &str,
        known: Known,
        axis: Axis,
    ) -> Result<Option<SeriesId>, ImportError> {
        if let Some(&found) = self.runs[run].tags.get(tag) {
            return Ok(found.map(|series| SeriesId { run, series }));
        }
        let known = self.is_selected(run, tag).then_some(known);
        self.enter(run, tag, Kind::Number, known, axis)
    }

    fn enter(
        &mut self,
        run: usize,
        tag: &str,
        kind: Kind,
        known: Option<Known>,
        axis: Axis,
    ) -> Result<Option<SeriesId>, ImportError> {
        let is_mapped = self.options.maps.iter().any(|(_, name)| name == tag);
        let log = &mut self.runs[run];
        let Some(known) = known else {
            let names = log.names(kind);
            if names.len() < MOST_NAMES + MOST_UNKNOWN {
                names.insert(tag.into(), None);
            }
            return Ok(None);
        };
        if log.series.len() >= MOST_NAMES {
            return Err(ImportError::TooMany { most: MOST_NAMES, what: "names in one run" });
        }
        let series = log.series.len();
        let axis = if known.grain == names::Grain::Epoch && axis == Axis::Step && is_counted_in_epochs(tag) {
            Axis::Epoch
        } else {
            axis
        };
        log.series.push(Series {
            tag: shown(tag),
            known,
            kind,
            is_mapped,
            axis,
            steps: Vec::new(),
            values: Vec::new(),
            walls: Vec::new(),
        });
        log.names(kind).insert(tag.into(), Some(series));
        Ok(Some(SeriesId { run, series }))
    }

    /// Whether a name is asked for, alone or behind that of its run.
    fn is_selected(&mut self, run: usize, tag: &str) -> bool {
        let Some(select) = &self.options.select else { return true };
        let log = &mut self.runs[run];
        let is_in = select.is_in(tag) || !log.name.is_empty() && select.is_in(&format!("{}/{tag}", log.name));
        log.unselected += usize::from(!is_in);
        is_in
    }

    fn understand(&mut self, run: usize, tag: &str, kind: Kind) -> Option<Known> {
        if let Some((metric, _)) = self.options.maps.iter().find(|(_, name)| name == tag) {
            self.mapped.insert(tag.into());
            let meaning = match (metric.per, names::meaning(tag, kind)) {
                (Per::Run, _) => Meaning::Metric(*metric),
                // What stands around the name of the parameter is known of many programs.
                (_, Some(Known { meaning: Meaning::Norm(_, parameter), .. })) => {
                    Meaning::Norm(*metric, parameter)
                }
                _ => Meaning::Norm(*metric, tag.into()),
            };
            return Some(Known { meaning, grain: names::Grain::Unsaid });
        }
        let is_epoch = matches!(names::meaning(tag, kind), Some(Known { meaning: Meaning::Epoch, .. }));
        // Epochs are an axis, whatever is taken.
        if !is_epoch && !self.is_selected(run, tag) {
            return None;
        }
        let given = self.options.metric.filter(|m| m.per == Per::Tensor && kind == Kind::NormOfHistogram);
        let log = &mut self.runs[run];
        match names::meaning(tag, kind) {
            // A person says what histograms are of.
            None if given.is_some() => given.map(|metric| {
                let meaning = Meaning::Norm(metric, tag.into());
                Known { meaning, grain: names::Grain::Unsaid }
            }),
            None => {
                log.unknown_count += 1;
                if log.unknown.len() < LISTED {
                    log.unknown.push(shown(tag));
                }
                None
            }
            Some(Known { meaning: Meaning::Clock, .. }) => None,
            Some(Known { meaning: Meaning::NoPlace(why), .. }) => {
                if log.no_place.iter().all(|(_, other)| *other != why) {
                    log.no_place.push((shown(tag), why));
                }
                None
            }
            known => known,
        }
    }

    /// Adds a value.
    pub fn push(&mut self, to: SeriesId, step: i64, value: f64) {
        let series = &mut self.runs[to.run].series[to.series];
        series.steps.push(step);
        // A number that was logged is never the one that stands for a missing value.
        series.values.push(if value.is_nan() { f64::NAN } else { value });
    }

    /// As [`Log::push`], at a wall time in seconds.
    pub fn push_at(&mut self, to: SeriesId, step: i64, value: f64, wall: f64) {
        self.push(to, step, value);
        let series = &mut self.runs[to.run].series[to.series];
        // Of tensors there are many, and nothing is asked of their clocks.
        if !matches!(series.known.meaning, Meaning::Norm(..)) {
            series.walls.push(wall);
        }
    }

    /// What a person says that a name holds.
    pub(super) fn map_of(&mut self, name: &str) -> Option<MetricId> {
        let (metric, _) = self.options.maps.iter().find(|(_, mapped)| mapped == name)?;
        self.mapped.insert(name.into());
        Some(*metric)
    }

    /// # Errors
    /// [`ImportError::NoName`] where a person says what a name holds that was not met.
    pub(super) fn check_maps(&self) -> Result<(), ImportError> {
        let is_met = |name: &String| {
            self.mapped.contains(name) || self.runs.iter().any(|run| run.tags.contains_key(name))
        };
        let Some((metric, name)) = self.options.maps.iter().find(|(_, name)| !is_met(name)) else {
            return Ok(());
        };
        let all = self.runs.iter().flat_map(|run| run.tags.keys().chain(run.histograms.keys()));
        let names: BTreeSet<String> = all.map(|tag| shown(tag)).collect();
        let names = names.into_iter().collect();
        Err(ImportError::NoName { metric: metric.id, name: shown(name), names })
    }

    /// Says something about what was read, once.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// The program that wrote the log; the first file that says so counts.
    pub fn set_tool(&mut self, name: &str, version: &str) {
        self.tool.get_or_insert_with(|| (name.into(), shown(version)));
    }

    /// The norm of numbers of which only a histogram of buckets `[left, right, count]` is known, estimated
    /// with the numbers of a bucket spread evenly. None where the buckets leave room for norms that differ by
    /// more than a factor of 2. The estimates are told once.
    pub fn norm_of_buckets(&mut self, tag: &str, buckets: impl Iterator<Item = [f64; 3]>) -> Option<f64> {
        let (mut least, mut most, mut even) = (0.0, 0.0, 0.0);
        for [left, right, count] in buckets.filter(|[_, _, count]| *count > 0.0) {
            let (near, far) = (left.abs().min(right.abs()), left.abs().max(right.abs()));
            least += if left * right <= 0.0 { 0.0 } else { count * near * near };
            most += count * far * far;
            even += count * (left * left + left * right + right * right) / 3.0;
        }
        if most == 0.0 {
            return Some(0.0);
        }
        let room = f64::sqrt(most / least);
        if room.is_nan() || room > WIDEST {
            self.buckets.too_wide.get_or_insert_with(|| tag.to_string());
            return None;
        }
        let (widest, _) = self.buckets.estimated.get_or_insert_with(|| (room, tag.to_string()));
        *widest = widest.max(room);
        Some(even.sqrt())
    }

    /// The runs, and what is to be said about them.
    pub(super) fn finish(mut self) -> (Vec<RunLog>, Vec<String>) {
        if let Some((room, tag)) = self.buckets.estimated.take() {
            let percent = (room - 1.0) * 100.0;
            self.warn(format!(
                "histograms such as `{tag}` have no sum of squares: norms are estimated from their buckets, off \
                 by at most {percent:.0} %"
            ));
        }
        if let Some(tag) = self.buckets.too_wide.take() {
            self.warn(format!(
                "some histograms such as `{tag}` have no sum of squares and buckets too wide for a norm; they \
                 were left out"
            ));
        }
        (self.runs, self.warnings)
    }
}

/// A name as messages show it.
fn shown(tag: &str) -> String {
    shortened(&word(tag), LONGEST_SHOWN).into_owned()
}

/// Keras' TensorBoard callback counts the steps of these in epochs; Lightning's names that end in `_epoch`
/// stand at the step at which the epoch ended.
fn is_counted_in_epochs(tag: &str) -> bool {
    tag.rsplit('/').next().is_some_and(|name| name.starts_with("epoch_"))
}

impl RunLog {
    /// The names of a kind.
    fn names(&mut self, kind: Kind) -> &mut HashMap<String, Option<usize>> {
        match kind {
            Kind::Number => &mut self.tags,
            Kind::NormOfHistogram => &mut self.histograms,
        }
    }

    /// What was left out, in lines.
    pub(super) fn left_out(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.unknown_count > 0 {
            let more = self.unknown_count - self.unknown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = self.unknown.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            lines.push(format!(
                "not understood and left out: {names}{more}; {} of import says what a name holds",
                Field::Map
            ));
        }
        for (tag, why) in &self.no_place {
            lines.push(format!("left out, a record has no place for {why}: `{tag}` and others like it"));
        }
        lines
    }
}
