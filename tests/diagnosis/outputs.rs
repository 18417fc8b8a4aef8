//! Outputs and losses that do not belong together, in records of a loop that is written here: the trainer makes
//! no such mistake.

use gradfade::diagnosis::{Ailment, Measure, Missing, Remedy};
use gradfade::nn::init::{generator, unit};
use gradfade::record::{
    BATCH_ACCURACY, Facts, LayerInfo, Recorder, SIGNAL_RMS, Status, TensorInfo, TensorStep,
};

use super::*;

const CLASSES: usize = 10;
const INPUTS: usize = 16;
const SAMPLES: usize = 300;

fn softmax(z: &[f64]) -> Vec<f64> {
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = z.iter().map(|z| (z - most).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

/// A linear classifier under a softmax on ten clouds of points, `steps` of gradient descent with whole batches.
/// The cross-entropy takes the probabilities; `twice`: as if they were logits, so that it applies a softmax too.
fn classifier(twice: bool, steps: usize) -> Record {
    let mut rng = generator(3, 77);
    let mut number = || 2.0 * unit(&mut rng) - 1.0;
    let centres: Vec<f64> = (0..CLASSES * INPUTS).map(|_| number()).collect();
    let label = |a: usize| a % CLASSES;
    let inputs: Vec<f64> = (0..SAMPLES * INPUTS)
        .map(|i| centres[label(i / INPUTS) * INPUTS + i % INPUTS] + 0.2 * number())
        .collect();
    let mut weight: Vec<f64> = (0..CLASSES * INPUTS).map(|_| 0.1 * number()).collect();
    let layers = vec![LayerInfo::dense("fc", INPUTS, CLASSES).with_activation("Softmax")];
    let tensors = vec![TensorInfo::new("fc.weight", 1, "weight", &[CLASSES, INPUTS])];
    let facts = Facts::default()
        .with_classes(CLASSES)
        .with_loss(String::from("cross-entropy"))
        .with_loss_input(String::from(if twice { "logits" } else { "probabilities" }));
    let mut recorder = Recorder::builder("a loop", layers, tensors)
        .facts(facts)
        .planned_steps(steps as u64)
        .in_memory()
        .unwrap();
    for _ in 0..steps {
        let mut gradient = vec![0.0; weight.len()];
        let (mut loss, mut right, mut square) = (0.0, 0.0, 0.0);
        for (a, x) in inputs.chunks_exact(INPUTS).enumerate() {
            let z: Vec<f64> =
                weight.chunks_exact(INPUTS).map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum()).collect();
            let p = softmax(&z);
            let y = |j: usize| f64::from(u8::from(j == label(a)));
            let best = (0..CLASSES).max_by(|&i, &j| p[i].total_cmp(&p[j])).unwrap();
            right += y(best);
            let delta: Vec<f64> = if twice {
                let q = softmax(&p);
                loss -= q[label(a)].ln();
                let mean: f64 = (0..CLASSES).map(|j| p[j] * (q[j] - y(j))).sum();
                (0..CLASSES).map(|j| p[j] * (q[j] - y(j) - mean)).collect()
            } else {
                loss -= p[label(a)].ln();
                (0..CLASSES).map(|j| p[j] - y(j)).collect()
            };
            square += delta.iter().map(|d| d * d).sum::<f64>();
            for (g, d) in gradient.chunks_exact_mut(INPUTS).zip(&delta) {
                g.iter_mut().zip(x).for_each(|(g, x)| *g += d * x / SAMPLES as f64);
            }
        }
        let update: Vec<f64> = gradient.iter().map(|g| -0.5 * g).collect();
        let n = SAMPLES as f64;
        recorder.set(BATCH_ACCURACY, right / n).set(SIGNAL_RMS, &[(square / n).sqrt()][..]);
        let step = TensorStep { gradient: &gradient[..], update: &update, parameter: &weight };
        recorder.step(loss / n, |_| step).unwrap();
        weight.iter_mut().zip(&update).for_each(|(w, u)| *w += u);
    }
    recorder.finish(Status::Complete).unwrap()
}

fn evidence(d: &Diagnosis, measure: Measure) -> f64 {
    let Outcome::Found(finding) = &d.verdict(Ailment::LossDoesNotFit).unwrap().outcome else {
        panic!("{:?}", d.verdict(Ailment::LossDoesNotFit))
    };
    finding.evidence.iter().find(|e| e.measure == measure).unwrap().value
}

#[test]
fn a_softmax_that_is_applied_twice_is_named_with_the_floor_of_its_loss() {
    // It ends above its floor, where the same steps with one softmax have learned.
    let d = judged(&classifier(true, 8));
    assert_eq!(d.cause().map(|v| v.rule.ailment), Some(Ailment::LossDoesNotFit), "{:?}", found(&d));
    let floor = (1.0 + 9.0 / 1f64.exp()).ln();
    assert!((evidence(&d, Measure::LossFloor) - floor).abs() < 1e-12);
    assert!(evidence(&d, Measure::TrainLoss) > floor);
    assert!(d.advice().iter().any(|advice| advice.remedy == Remedy::FittingLoss));
    let healthy = judged(&classifier(false, 8));
    assert_eq!(found(&healthy), Vec::<String>::new(), "{:?}", healthy.training);
    assert!(healthy.training.loss.unwrap() < floor);
}

#[test]
fn a_network_that_learns_in_spite_of_two_softmaxes_has_a_note() {
    let d = judged(&classifier(true, 2000));
    assert_eq!(found(&d), ["loss-does-not-fit*"], "{:?}", d.training);
    let loss = evidence(&d, Measure::TrainLoss);
    assert!(loss > evidence(&d, Measure::LossFloor) && loss < 1.6, "{loss}");
}

#[test]
fn whether_a_loss_takes_logits_is_not_guessed_and_pairs_that_fit_are_clear() {
    let run = classifier(true, 8);
    let outcome = |change: &dyn Fn(&mut Record)| {
        let mut record = run.clone();
        change(&mut record);
        judged(&record).verdict(Ailment::LossDoesNotFit).unwrap().outcome.clone()
    };
    let activation = |name: &'static str| {
        move |r: &mut Record| r.header.layers.last_mut().unwrap().activation = Some(name.into())
    };
    assert_eq!(outcome(&|r| r.header.facts.loss_input = None), Outcome::Unknown(Missing::LossInput));
    assert_eq!(outcome(&|r| r.header.facts.loss = None), Outcome::Unknown(Missing::Loss));
    for name in ["identity", "LogSoftmax", "relu"] {
        assert_eq!(outcome(&activation(name)), Outcome::Clear(Vec::new()), "{name}");
    }
    // As wide as a softmax, twice as wide, and a softmax that is a layer of its own.
    assert!(outcome(&activation("sigmoid")).is_fault() && outcome(&activation("Tanh")).is_fault());
    assert!(
        outcome(&|r| {
            r.header.layers.last_mut().unwrap().activation = None;
            r.header.layers.push(LayerInfo::new("probabilities", "softmax"));
            // Nothing was recorded of it.
            let signal = r.steps[SIGNAL_RMS].to_vec();
            let mut wider = Record::new(r.header.clone());
            for (row, &arriving) in signal.iter().enumerate() {
                let mut step = r.steps.row(row);
                let both = [arriving, gradfade::stats::MISSING];
                step.set(SIGNAL_RMS, &both[..]);
                wider.push(&step).unwrap();
            }
            *r = wider;
        })
        .is_fault()
    );
}

/// The share of the error that passes does not depend on the form in which another program wrote the loss down.
#[test]
fn squares_of_other_programs_are_measured_too() {
    let run = record("slope-takes-it-all");
    let ours = judged(&run);
    let share = evidence(&ours, Measure::PassedError);
    let mut theirs = Record::clone(&run);
    theirs.header.layers.last_mut().unwrap().activation = Some("Sigmoid".into());
    theirs.header.facts.loss = Some("mse".into());
    // Mean over the outputs instead of half the sum.
    let n = run.header.facts.classes.unwrap() as f64;
    theirs.steps.values_mut(gradfade::record::LOSS).iter_mut().for_each(|l| *l *= 2.0 / n);
    let layers = theirs.header.layers.len();
    let signal = theirs.steps.values_mut(SIGNAL_RMS);
    signal.iter_mut().for_each(|s| *s *= 2.0 / n);
    assert_eq!(signal.len(), layers * run.len());
    let d = judged(&theirs);
    assert!((evidence(&d, Measure::PassedError) / share - 1.0).abs() < 1e-12);
    theirs.steps.values_mut(SIGNAL_RMS).fill(gradfade::stats::MISSING);
    let without = judged(&theirs).verdict(Ailment::LossDoesNotFit).unwrap().outcome.clone();
    assert_eq!(without, Outcome::Unknown(Missing::Signal));
}
