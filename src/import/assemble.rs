//! From the series of a log to a record: the one place that decides which table a number belongs to.
//!
//! | in the log | in the record |
//! |---|---|
//! | norms, learning rate, loss and accuracy by the step | step table |
//! | loss and accuracy of a validation or test set | evaluation table |
//! | those of training by the epoch, or at the steps of a validation or test set | evaluation table |
//!
//! The numbers of the steps are those of the log. Where it counts in epochs alone, so does the record, and a
//! label says so; where some series count in steps and others in epochs, the epochs are put at the steps at
//! which they ended.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::axes::{self, Counted};
use super::log::{Axis, RunLog, Series};
use super::names::{Grain, Kind, Meaning, Set};
use super::tensors::{self, Tensors};
use super::tidy::tidy;
use super::{ImportError, ImportOptions};
use crate::record::*;
use crate::stats::MISSING;

/// Numbers in a table, at most: 2 GiB of them.
const MOST_VALUES: usize = 1 << 28;
/// Names or tensors of which a warning tells.
const LISTED: usize = 3;

/// What a series becomes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Target {
    Run(MetricId),
    Tensor(MetricId, String),
    /// Of a layer, counted from 1.
    Layer(MetricId, usize),
    /// `epoch` in the step table and `eval_epoch` in the evaluations.
    Epoch,
}

/// The record of a run, and what is to be said about it.
pub fn record(
    mut run: RunLog,
    name: &str,
    tool: &(String, String),
    options: &ImportOptions,
) -> Result<(Record, Vec<String>), ImportError> {
    let mut said = run.left_out();
    said.extend(tidy(&mut run));
    let counted = axes::counted(&mut run.series, &mut said);
    let chosen = choose(&run.series, &mut said);
    if chosen.keys().all(|target| *target == Target::Epoch) {
        return Err(nothing(&run, name));
    }
    let tensors = tensors_of(&run, &chosen, options);
    let mut header = header(&run, name, tool, &tensors, counted)?;
    header.facts.classes = options.classes.or(header.facts.classes);
    let mut record = Record::new(header);
    for table in Table::ALL {
        let filler = Filler { run: &run, chosen: &chosen, index: &tensors.index, counted };
        filler.fill(&mut record, table)?;
    }
    record.header.status = status(&record, run.interrupted_at);
    record.check().map_err(broken)?;
    Ok((record, said))
}

fn broken(error: RecordError) -> ImportError {
    ImportError::Record { what: error.to_string() }
}

fn nothing(run: &RunLog, name: &str) -> ImportError {
    let names = run.unknown.iter().chain(run.no_place.iter().map(|(tag, _)| tag)).cloned().collect();
    ImportError::Nothing { run: name.into(), names, unselected: run.unselected }
}

/// One series for each target. Of several the one is taken whose name says more.
fn choose(series: &[Series], said: &mut Vec<String>) -> BTreeMap<Target, usize> {
    let mut by_target: HashMap<Target, Vec<usize>> = HashMap::new();
    let mut order = Vec::new();
    for (i, one) in series.iter().enumerate() {
        let target = target(one, series);
        let all = by_target.entry(target.clone()).or_default();
        if all.is_empty() {
            order.push(target);
        }
        all.push(i);
    }
    let mut chosen = BTreeMap::new();
    let mut pairs = Vec::new();
    for target in order {
        let mut all = by_target.remove(&target).unwrap_or_default();
        let is_tensor = matches!(target, Target::Tensor(..));
        all.sort_by_key(|&i| rank(&series[i], is_tensor));
        let others: Vec<String> = all[1..]
            .iter()
            .filter(|&&i| is_other(&series[all[0]], &series[i]))
            .map(|&i| named(&series[i]))
            .collect();
        if !others.is_empty() && is_tensor {
            pairs.push(format!("{}, not {}", named(&series[all[0]]), first_of(&others, ", ")));
        } else if !others.is_empty() {
            said.push(format!(
                "{} and {} are the same to a record; the first is taken",
                named(&series[all[0]]),
                first_of(&others, ", ")
            ));
        }
        chosen.insert(target, all[0]);
    }
    if !pairs.is_empty() {
        said.push(format!(
            "several names say the same of one tensor, and that with more steps is taken, of equal ones a \
             number before a histogram: {}",
            first_of(&pairs, "; ")
        ));
    }
    chosen
}

/// Some texts, and how many more there are.
fn first_of(texts: &[String], between: &str) -> String {
    let first = texts[..texts.len().min(LISTED)].join(between);
    if texts.len() > LISTED { format!("{first}{between}and {} more", texts.len() - LISTED) } else { first }
}

/// A series in a warning.
fn named(series: &Series) -> String {
    let kind = if series.kind == Kind::NormOfHistogram { "histogram " } else { "" };
    format!("{kind}`{}`", series.tag)
}

/// What a person says comes before what names say; of a tensor, what has more steps, then the number before
/// what was made of a histogram; a name that says the time between two values before one
/// that does not, `loss` before `mse`, and the whole, `loss`, before a part of it, `loss/mse`.
fn rank(series: &Series, is_tensor: bool) -> (bool, Reverse<usize>, bool, usize, bool, usize) {
    let is_said = series.is_mapped || matches!(series.known.meaning, Meaning::Metric(_));
    let steps = Reverse(if is_tensor { series.steps.len() } else { 0 });
    let grain = match series.known.grain {
        Grain::Step => 0,
        Grain::Unsaid => 1,
        Grain::Epoch => 2,
    };
    let is_loss = series.tag.to_lowercase().contains("loss");
    // Of learning rates that of the first group of parameters, whatever its name.
    let length = if series.known.meaning == Meaning::LearningRate { 0 } else { series.tag.len() };
    (!is_said, steps, series.kind == Kind::NormOfHistogram, grain, !is_loss, length)
}

/// Whether a second series of a target is another thing, and not the same number by the epoch beside that by
/// the step.
fn is_other(taken: &Series, left: &Series) -> bool {
    taken.known.grain == left.known.grain || left.known.grain == Grain::Unsaid
}

fn target(series: &Series, all: &[Series]) -> Target {
    let by_epoch = || series.known.grain == Grain::Epoch || series.axis == Axis::Epoch;
    let together = || series.known.grain == Grain::Unsaid && is_measured_with_others(series, all);
    match &series.known.meaning {
        Meaning::Loss(Set::Validation) => Target::Run(VALIDATION_LOSS),
        Meaning::Loss(Set::Test) => Target::Run(TEST_LOSS),
        Meaning::Loss(Set::Train) if by_epoch() || together() => Target::Run(TRAIN_LOSS),
        Meaning::Loss(Set::Train) => Target::Run(LOSS),
        Meaning::Accuracy(Set::Validation) => Target::Run(VALIDATION_ACCURACY),
        Meaning::Accuracy(Set::Test) => Target::Run(TEST_ACCURACY),
        Meaning::Accuracy(Set::Train) if by_epoch() || together() => Target::Run(TRAIN_ACCURACY),
        Meaning::Accuracy(Set::Train) => Target::Run(BATCH_ACCURACY),
        Meaning::LearningRate => Target::Run(LEARNING_RATE),
        Meaning::TotalGradNorm => Target::Run(TOTAL_GRAD_NORM),
        Meaning::Norm(metric, parameter) => Target::Tensor(*metric, tensors::name(parameter)),
        Meaning::Metric(metric) => Target::Run(*metric),
        Meaning::Exact { metric, layer, tensor } => match metric.per {
            Per::Run => Target::Run(*metric),
            Per::Layer => Target::Layer(*metric, *layer),
            Per::Tensor => Target::Tensor(*metric, tensors::own_name(*layer, tensor)),
        },
        Meaning::Epoch | Meaning::NoPlace(_) | Meaning::Clock => Target::Epoch,
    }
}

/// Whether a series of training stands at the steps of one of a validation or test set, but for one of them:
/// then it was measured with it, once an epoch or so, and is no loss of a batch.
fn is_measured_with_others(series: &Series, all: &[Series]) -> bool {
    all.iter().any(|other| {
        let is_evaluation = matches!(
            other.known.meaning,
            Meaning::Loss(Set::Validation | Set::Test) | Meaning::Accuracy(Set::Validation | Set::Test)
        );
        let longest = series.steps.len().max(other.steps.len());
        let common = if is_evaluation { common(&series.steps, &other.steps) } else { 0 };
        common > 1 && common + 1 >= longest
    })
}

/// Number of steps that both have; both increase.
fn common(a: &[i64], b: &[i64]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        both += usize::from(a[i] == b[j]);
        let (left, right) = (a[i], b[j]);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    both
}

fn tensors_of(run: &RunLog, chosen: &BTreeMap<Target, usize>, options: &ImportOptions) -> Tensors {
    let exact = |i: usize| matches!(run.series[i].known.meaning, Meaning::Exact { .. });
    if chosen.values().any(|&i| exact(i)) {
        let places = run.series.iter().filter_map(|series| match &series.known.meaning {
            Meaning::Exact { metric, layer, tensor } => Some((metric.per, *layer, tensor.as_str())),
            _ => None,
        });
        return tensors::of_places(places);
    }
    let mut appearance: Vec<(usize, &String)> = Vec::new();
    for (target, &i) in chosen {
        if let Target::Tensor(_, name) = target {
            appearance.push((i, name));
        }
    }
    appearance.sort_unstable();
    let mut seen = HashSet::new();
    let names: Vec<String> =
        appearance.into_iter().filter(|(_, name)| seen.insert(*name)).map(|(_, name)| name.clone()).collect();
    tensors::build(&names, run.is_ordered, &options.order)
}

fn header(
    run: &RunLog,
    name: &str,
    (tool, version): &(String, String),
    tensors: &Tensors,
    counted: Counted,
) -> Result<Header, ImportError> {
    let mut labels: BTreeMap<String, String> =
        run.labels.iter().map(|(name, text)| ((*name).to_string(), text.clone())).collect();
    if counted == Counted::Epochs {
        labels.insert("steps_counted_in".into(), "epochs".into());
    }
    let mut header = Header::builder(name, tensors.layers.clone(), tensors.tensors.clone())
        .source(Source { tool: tool.clone(), version: version.clone() })
        .labels(labels)
        .facts(run.facts.clone())
        .build()
        .map_err(broken)?;
    header.planned_steps = run.planned_steps;
    Ok(header)
}

/// A series that is read from its first value to its last.
struct Cursor<'a> {
    steps: &'a [i64],
    values: &'a [f64],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(series: &'a Series) -> Cursor<'a> {
        Cursor { steps: &series.steps, values: &series.values, at: 0 }
    }

    /// The value at a step; steps are asked for in their order.
    fn value(&mut self, step: i64) -> f64 {
        while self.steps.get(self.at).is_some_and(|s| *s < step) {
            self.at += 1;
        }
        match self.steps.get(self.at) {
            Some(s) if *s == step => self.values[self.at],
            _ => MISSING,
        }
    }
}

/// Fills the tables of a record with the rows of all steps that a series of the table has.
struct Filler<'a> {
    run: &'a RunLog,
    chosen: &'a BTreeMap<Target, usize>,
    /// Tensors by name.
    index: &'a HashMap<String, usize>,
    counted: Counted,
}

impl Filler<'_> {
    fn fill(&self, record: &mut Record, table: Table) -> Result<(), ImportError> {
        let mut steps = BTreeSet::new();
        let mut singles: BTreeMap<MetricId, Cursor<'_>> = BTreeMap::new();
        let mut wide: BTreeMap<MetricId, Vec<(usize, Cursor<'_>)>> = BTreeMap::new();
        for (target, &i) in self.chosen {
            let series = &self.run.series[i];
            let (metric, place) = match target {
                Target::Run(metric) => (*metric, None),
                Target::Tensor(metric, name) => (*metric, Some(self.index[name])),
                Target::Layer(metric, layer) => (*metric, Some(layer - 1)),
                Target::Epoch => continue,
            };
            if metric.table != table {
                continue;
            }
            match place {
                None => drop(singles.insert(metric, Cursor::new(series))),
                Some(place) => wide.entry(metric).or_default().push((place, Cursor::new(series))),
            }
            steps.extend(series.steps.iter().copied());
        }
        // Without anything by the step, the evaluations alone say where the time axis lies.
        if steps.is_empty() && table == Table::Step {
            steps.extend(self.chosen.values().flat_map(|&i| self.run.series[i].steps.iter().copied()));
        }
        let width = |metric: MetricId| match metric.per {
            Per::Layer => record.header.layers.len(),
            _ => record.header.tensors.len(),
        };
        let mut rows: Vec<(MetricId, Vec<f64>)> =
            wide.keys().map(|m| (*m, vec![MISSING; width(*m)])).collect();
        let total = rows.iter().map(|(_, row)| row.len()).sum::<usize>().max(1).saturating_mul(steps.len());
        if total > MOST_VALUES {
            return Err(ImportError::TooMany { most: MOST_VALUES, what: "numbers in one run" });
        }
        let epoch = match table {
            Table::Step => Some(EPOCH),
            Table::Evaluation => Some(EVAL_EPOCH),
            Table::Snapshot => None,
        };
        let epoch = epoch.filter(|metric| !singles.contains_key(metric));
        let mut epochs = self.chosen.get(&Target::Epoch).map(|&i| Cursor::new(&self.run.series[i]));
        for step in steps {
            for ((_, row), cursors) in rows.iter_mut().zip(wide.values_mut()) {
                cursors.iter_mut().for_each(|(place, cursor)| row[*place] = cursor.value(step));
            }
            let mut row = Row::new(table, step as u64);
            for (metric, cursor) in &mut singles {
                row.set(*metric, cursor.value(step));
            }
            if let Some(metric) = epoch {
                let of_log = epochs.as_mut().map_or(MISSING, |epochs| epochs.value(step));
                row.set(metric, if self.counted == Counted::Epochs { step as f64 } else { of_log });
            }
            for (metric, values) in &rows {
                row.set(*metric, values);
            }
            record.push(&row).map_err(broken)?;
        }
        Ok(())
    }
}

/// A loss that is no number from some step to the end is a run that diverged.
fn status(record: &Record, interrupted_at: Option<u64>) -> Status {
    let losses = record
        .steps
        .step()
        .iter()
        .zip(&record.steps[LOSS])
        .filter(|(_, loss)| !crate::stats::is_missing(**loss));
    let mut lost = None;
    for (&step, loss) in losses {
        if loss.is_finite() {
            lost = None;
        } else if lost.is_none() {
            lost = Some((step, *loss));
        }
    }
    match (lost, interrupted_at) {
        (Some((step, loss)), _) => Status::Diverged { step, what: format!("the loss is {loss}") },
        (None, Some(step)) => Status::Interrupted { step },
        (None, None) => Status::Complete,
    }
}
