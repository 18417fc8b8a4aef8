//! Performance on the training set and the test set: the two questions of the recipe.
//!
//! *Skill* s = (accuracy - chance) / (1 - chance): 0 is chance, 1 is no mistake, whatever the number of
//! classes. *Chance* is the accuracy of an answer that is always the most frequent class
//! ([`Summary::chance`]): a network that has learned only the frequencies gives that answer. Without any accuracy, s = 1 - loss / prior loss for cross-entropy: the prior loss, ln(classes) or
//! the recorded `class_entropy`, is what a network has that ignores its input. Where that is not known either, as
//! of a regression, a loss says only one thing: that it has never fallen.
//!
//! Numbers come from the last evaluation of the whole set in evaluation mode; where the record has none in
//! its second half, from the median of the last batches, and the diagnosis says so. Where early stopping went
//! back to earlier parameters, those are judged and not the ones that were thrown away.

use super::Missing;
use super::Thresholds;
use crate::analysis::{Summary, edge_rows};
use crate::record::{
    BATCH_ACCURACY, LOSS, Row, Status, TEST_ACCURACY, TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS,
};
use crate::stats::median;

/// The answer to "good results on the training set?".
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Good,
    /// Learned something, but is not good yet.
    Partly,
    Failed,
    Unknown(Missing),
}

impl State {
    /// The stable name in JSON.
    pub fn key(&self) -> &'static str {
        match self {
            State::Good => "good",
            State::Partly => "partly",
            State::Failed => "failed",
            State::Unknown(_) => "unknown",
        }
    }
}

/// What is known of one set of data at the end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    pub state: State,
    pub accuracy: Option<f64>,
    pub loss: Option<f64>,
    pub skill: Option<f64>,
    /// Accuracy of an answer that is always the most frequent class.
    pub chance: Option<f64>,
    /// Step of the evaluation, or of the last batch.
    pub step: Option<u64>,
    /// The numbers are those of training batches, since there is no evaluation.
    pub from_batches: bool,
    /// The numbers are those of the parameters that early stopping kept.
    pub kept: bool,
}

/// Chance, and the loss of a network that ignores its input, as far as known.
pub fn prior(run: &Summary) -> (Option<f64>, Option<f64>) {
    let facts = &run.header().facts;
    let known = |fact: Option<f64>| fact.filter(|x| x.is_finite() && *x >= 0.0);
    let classes = facts.classes.filter(|&c| c > 1);
    let loss = match facts.loss.as_deref() {
        Some("cross-entropy") => known(facts.class_entropy).or_else(|| classes.map(|c| (c as f64).ln())),
        _ => None,
    };
    let loss = loss.or_else(|| known(facts.ignorant_loss));
    (run.chance(), loss.filter(|l| *l > 0.0))
}

/// The loss of an answer that ignores the input: for cross-entropy the recorded entropy of the labels, else that
/// of classes of equal size, which for the other losses is right within the difference of their frequencies.
pub fn prior_loss(run: &Summary) -> Option<f64> {
    let Some(classes) = run.header().facts.classes.filter(|&k| k > 1) else { return prior(run).1 };
    let classes = classes as f64;
    let share = 1.0 / classes;
    match run.header().facts.loss.as_deref()? {
        "cross-entropy" => prior(run).1,
        // The sum over the outputs of the entropy of one class against the others.
        "bce" => Some(-classes * (share * share.ln() + (1.0 - share) * (1.0 - share).ln())),
        // The mean over the outputs of their variance.
        "mse" | "softmax-mse" => Some(share * (1.0 - share)),
        // Half the sum of it.
        "quadratic" => Some(0.5 * (1.0 - share)),
        _ => prior(run).1,
    }
}

/// The loss of a network whose last layer gives 0 everywhere, which is where usual initialisations begin.
pub fn undecided_loss(run: &Summary) -> Option<f64> {
    let classes = run.header().facts.classes.filter(|&k| k > 1)? as f64;
    Some(match run.header().facts.loss.as_deref()? {
        "cross-entropy" => classes.ln(),
        "bce" => classes * std::f64::consts::LN_2,
        "mse" => 1.0 / classes,
        "softmax-mse" => (1.0 - 1.0 / classes) / classes,
        // a = 1/2 in every output.
        "quadratic" => classes / 8.0,
        _ => return None,
    })
}

/// The step from which on an evaluation represents the end of the run.
fn late(run: &Summary) -> u64 {
    run.end().div_ceil(2)
}

/// The evaluation that represents the result: that of the parameters that early stopping kept, else the last
/// one in the second half of the run.
fn judged<'a>(run: &'a Summary, is_known: impl Fn(&Row<'a>) -> bool) -> Option<Row<'a>> {
    if run.header().early_stop.is_some() {
        return run.record().final_eval().filter(|e| is_known(e));
    }
    run.record().evals.iter().rev().find(|e| e.step() >= late(run) && is_known(e))
}

/// How the record was cut short, if that was too early for a judgement.
pub fn cut_short(run: &Summary, limits: &Thresholds) -> Option<Missing> {
    let at = match run.header().status {
        Status::Running => run.end(),
        Status::Interrupted { step } => step,
        Status::Complete | Status::Diverged { .. } => return None,
    };
    match run.header().planned_steps {
        // Nobody said how long it was to be: it is judged as far as it came.
        None if at > 0 => None,
        Some(planned) if at as f64 >= limits.judged_share * planned as f64 => None,
        planned => Some(Missing::CutShort(at, planned)),
    }
}

/// How the training set was learned.
pub fn training(run: &Summary, limits: &Thresholds) -> Performance {
    let (chance, ignorant) = prior(run);
    let record = run.record();
    let finite = |x: f64| x.is_finite().then_some(x);
    let eval = judged(run, |e| {
        e.step() > 0 && (e.value(TRAIN_ACCURACY).is_finite() || e.value(TRAIN_LOSS).is_finite())
    });
    let (accuracy, loss, step, from_batches) = match eval {
        Some(e) => (finite(e.value(TRAIN_ACCURACY)), finite(e.value(TRAIN_LOSS)), Some(e.step()), false),
        None => {
            let rows = record.len() - edge_rows(record.len())..record.len();
            let last = |values: &[f64]| median(values[rows.clone()].iter().copied());
            let (accuracy, loss) = (last(&record.steps[BATCH_ACCURACY]), last(&record.steps[LOSS]));
            (accuracy, loss, record.steps.step().last().copied(), true)
        }
    };
    let by_accuracy = accuracy.and_then(|a| run.skill(a));
    let by_loss = || loss.zip(ignorant).map(|(l, p)| 1.0 - l / p);
    let skill = by_accuracy.or_else(by_loss);
    let state = match (&run.header().status, skill) {
        (Status::Diverged { .. }, _) => State::Failed,
        (_, Some(s)) if s >= limits.good_skill => State::Good,
        (_, Some(s)) => match cut_short(run, limits) {
            Some(cut) => State::Unknown(cut),
            None if s < limits.failed_skill => State::Failed,
            None => State::Partly,
        },
        (_, None) if cut_short(run, limits).is_none() && never_fell(run, limits) => State::Failed,
        (_, None) if accuracy.is_some() => State::Unknown(Missing::Classes),
        (_, None) if loss.is_some() => State::Unknown(Missing::LossScale),
        (_, None) => State::Unknown(Missing::TrainingResult),
    };
    let kept = run.header().early_stop.is_some() && !from_batches;
    Performance { state, accuracy, loss, skill, chance, step, from_batches, kept }
}

/// First steps whose median stands for the loss at the start, where each batch has its own.
const FIRST_STEPS: usize = 5;

/// Fewer steps than this are no training.
const FEW_STEPS: usize = 20;

/// True where the training loss ended where it began: nothing was learned, on whatever scale the loss is. Only
/// asked where chance and the loss of an answer that ignores the input are not known.
fn never_fell(run: &Summary, limits: &Thresholds) -> bool {
    let record = run.record();
    let began = |steps: &[u64]| steps.first() == Some(&0);
    let evals = &record.evals;
    let whole = began(evals.step()).then(|| {
        let last = judged(run, |e| e.step() > 0 && e.value(TRAIN_LOSS).is_finite())?;
        Some((evals.first()?.value(TRAIN_LOSS), last.value(TRAIN_LOSS)))
    });
    let ends = whole.flatten().filter(|ends| ends.0.is_finite()).or_else(|| {
        let losses = &record.steps[LOSS];
        (began(record.steps.step()) && losses.len() >= FEW_STEPS).then_some(())?;
        let last = losses.len() - edge_rows(losses.len()).max(FIRST_STEPS);
        Some((median(losses[..FIRST_STEPS].iter().copied())?, median(losses[last..].iter().copied())?))
    });
    ends.is_some_and(|(first, last)| first > 0.0 && last >= (1.0 - limits.flat_loss) * first)
}

/// Performance on the test set. It is good when it is known and less than `accuracy_gap` of what there is to
/// learn behind the training set; where training is not good, by its own skill.
pub fn test(run: &Summary, training: &Performance, limits: &Thresholds) -> Performance {
    let (chance, _) = prior(run);
    let eval = judged(run, |e| e.value(TEST_ACCURACY).is_finite());
    let accuracy = eval.map(|e| e.value(TEST_ACCURACY));
    let state = match (accuracy, training.accuracy) {
        (None, _) => State::Unknown(Missing::TestResult),
        (_, None) => State::Unknown(Missing::TrainingResult),
        (Some(test), Some(train)) if overfits(run, train, test, limits) => State::Failed,
        // A network that is bad on both sets is not good on one of them.
        (Some(test), _) if matches!(training.state, State::Failed | State::Partly) => match run.skill(test) {
            Some(skill) if skill < limits.failed_skill => State::Failed,
            Some(skill) if skill < limits.good_skill => State::Partly,
            _ => State::Good,
        },
        _ => State::Good,
    };
    Performance {
        state,
        accuracy,
        loss: eval.map(|e| e.value(TEST_LOSS)).filter(|l| l.is_finite()),
        skill: accuracy.and_then(|a| run.skill(a)),
        chance,
        step: eval.map(|e| e.step()),
        from_batches: false,
        kept: run.header().early_stop.is_some() && eval.is_some(),
    }
}

/// The gap in standard errors of the test accuracy, where the size of the test set is known.
pub fn gap_deviations(run: &Summary, train: f64, test: f64) -> Option<f64> {
    let n = run.header().facts.test_size? as f64;
    // A test set without a mistake has an error of its own: a mistake or two would not have been a surprise.
    let p = test.clamp(1.0 / (n + 2.0), 1.0 - 1.0 / (n + 2.0));
    (n >= 1.0).then(|| (train - test) / (p * (1.0 - p) / n).sqrt())
}

fn overfits(run: &Summary, train: f64, test: f64, limits: &Thresholds) -> bool {
    let sure = gap_deviations(run, train, test).is_none_or(|d| d >= limits.gap_deviations);
    train - test >= least_gap(prior(run).0, limits) && sure
}

/// The smallest gap in accuracy that counts: a share of 1 - chance.
pub fn least_gap(chance: Option<f64>, limits: &Thresholds) -> f64 {
    limits.accuracy_gap * (1.0 - chance.unwrap_or(0.0))
}

/// The share of itself that the training loss lost over the last `share` of the run (negative when it rose),
/// with the steps it was measured at. From evaluations where there are some near both ends, else from medians
/// of batches. Of evaluations the best before is compared with the best after: one spike is no trend.
pub fn loss_fall(run: &Summary, share: f64) -> Option<(f64, (u64, u64))> {
    let record = run.record();
    let evals: Vec<(u64, f64)> = record
        .evals
        .iter()
        .filter(|e| e.value(TRAIN_LOSS).is_finite())
        .map(|e| (e.step(), e.value(TRAIN_LOSS)))
        .collect();
    let end = run.end();
    let from = (1.0 - share) * end as f64;
    let far = |step: u64| (step as f64 - from).abs();
    if let Some(&(last_step, _)) = evals.last()
        && last_step as f64 >= (1.0 - 0.25 * share) * end as f64
        && let Some(&(step, _)) = evals.iter().min_by(|a, b| far(a.0).total_cmp(&far(b.0)))
        && far(step) <= 0.25 * share * end as f64
    {
        let best = |from: u64, to: u64| {
            evals.iter().filter(|e| (from..=to).contains(&e.0)).map(|e| e.1).fold(f64::INFINITY, f64::min)
        };
        let (before, after) = (best(0, step), best(step + 1, last_step));
        return (before > 0.0).then_some(((before - after) / before, (step, last_step)));
    }
    let (steps, loss) = (record.steps.step(), &record.steps[LOSS]);
    let n = steps.len();
    let width = edge_rows(n);
    let centre = steps.partition_point(|&s| (s as f64) < from);
    // Eight rows: fewer are the ends of a record, not its course.
    if n < 8
        || centre + width > n
        || steps[n - 1] as f64 + 1.0 < 0.9 * end as f64
        || far(steps[centre]) > 0.1 * end as f64
    {
        return None;
    }
    let before = centre.saturating_sub(width / 2)..(centre + width.div_ceil(2)).min(n);
    let (a, b) = (median(loss[before].iter().copied())?, median(loss[n - width..].iter().copied())?);
    Some(((a - b) / a, (steps[centre], steps[n - 1])))
}
