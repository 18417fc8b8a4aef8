//! Records as other programs leave them: with few metrics, no layers, deep networks, names of any kind. Every
//! reader of a record must say what there is, and say once what there is not.

#![cfg(feature = "figures")]

use gradfade::diagnosis::{Ailment, Conclusion, Diagnosis, Missing, Outcome, State, Thresholds, diagnose};
use gradfade::figure::{self, Draws, FigureError, FigureSpec, Options};
use gradfade::page::{Page, PageError, PageOptions};
use gradfade::prelude::{Activation, DataSpec, Lang, TrainConfig};
use gradfade::record::{
    BATCH_ACCURACY, Ended, Facts, GRAD_NORM, Header, HeaderBuilder, LOSS, LayerInfo, MetricId, Per, Record,
    RecordSink, Row, RunWriter, Status, TOTAL_GRAD_NORM, TRAIN_ACCURACY, TRAIN_LOSS, Table, TensorInfo,
    export_csv,
};
use gradfade::render::{self, Style};
use gradfade::report::{diagnosis as words, summary};
use gradfade::train;

fn trained(activation: Activation, hidden: usize) -> Record {
    let config = TrainConfig::default()
        .with_data(DataSpec::Spiral)
        .with_activation(activation)
        .with_hidden_layers(hidden)
        .with_width(8)
        .with_steps(60);
    train::in_memory("mine", &config).unwrap()
}

fn header_like(record: &Record, layers: Vec<LayerInfo>, tensors: Vec<TensorInfo>) -> HeaderBuilder {
    Header::builder("mine", layers, tensors).status(record.header.status.clone())
}

/// The record with only these metrics, under another header.
fn kept(record: &Record, mut header: Header, keep: impl Fn(MetricId) -> bool) -> Record {
    header.sketch_buckets = None;
    let mut out = Record::new(header);
    for table in Table::ALL {
        for row in record.table(table).iter() {
            let mut new = Row::new(table, row.step());
            for metric in table.metrics().filter(|&m| keep(m)) {
                if let Some(values) = row.get(metric) {
                    match metric.per {
                        Per::Run => new.set(metric, values[0]),
                        _ => new.set(metric, values),
                    };
                }
            }
            out.push(&new).unwrap();
        }
    }
    out
}

/// Only losses: no layer is known.
fn losses(record: &Record, keep: &[MetricId]) -> Record {
    let header = header_like(record, Vec::new(), Vec::new()).build().unwrap();
    kept(record, header, |m| keep.contains(&m))
}

fn without(record: &Record, metric: MetricId) -> Record {
    kept(record, record.header.clone(), |m| m != metric)
}

fn empty(record: &Record) -> Record {
    Record::new(record.header.clone())
}

/// The record of a run whose layers are called so.
fn named(mut record: Record, name: impl Fn(usize) -> String) -> Record {
    for (at, layer) in record.header.layers.iter_mut().enumerate() {
        layer.name = name(at);
    }
    for (at, tensor) in record.header.tensors.iter_mut().enumerate() {
        tensor.name = format!("{}.{at}", name(tensor.layer - 1));
    }
    record
}

fn poor_records() -> Vec<(String, Record)> {
    let whole = trained(Activation::Sigmoid, 4);
    let mut all: Vec<(String, Record)> = vec![
        ("loss".into(), losses(&whole, &[LOSS])),
        ("batch accuracy".into(), losses(&whole, &[BATCH_ACCURACY])),
        ("loss and accuracy".into(), losses(&whole, &[LOSS, TRAIN_LOSS, TRAIN_ACCURACY])),
        ("evaluations".into(), losses(&whole, &[TRAIN_LOSS, TRAIN_ACCURACY])),
        ("nothing".into(), losses(&whole, &[])),
        ("no rows".into(), empty(&whole)),
        ("no rows, no layers".into(), empty(&losses(&whole, &[]))),
        ("gradients alone".into(), kept(&whole, whole.header.clone(), |m| m == GRAD_NORM)),
    ];
    for metric in MetricId::all() {
        all.push((format!("without {metric:?}"), without(&whole, metric)));
        all.push((format!("only {metric:?}"), kept(&whole, whole.header.clone(), |m| m == metric)));
    }
    // Biases alone, as in a log of bias gradients; layers without any tensor.
    let biases: Vec<TensorInfo> =
        (1..=5).map(|l| TensorInfo::new(format!("b{l}"), l, "bias", &[8])).collect();
    let layers = whole.header.layers.clone();
    for tensors in [biases, Vec::new()] {
        let (name, width) = (format!("{} tensors, no weights", tensors.len()), tensors.len());
        let header = header_like(&whole, layers.clone(), tensors).build().unwrap();
        let mut record = Record::new(header);
        for step in 7..40 {
            let norms = vec![0.5; width];
            let mut row = Row::of_step(step).with(LOSS, 1.0);
            if width > 0 {
                row.set(GRAD_NORM, &norms);
            }
            record.push(&row).unwrap();
        }
        all.push((name, record));
    }
    // One layer; no epoch, no facts, a run that still goes on; a run that diverged before it began.
    all.push(("one layer".into(), trained(Activation::Relu, 0)));
    let mut bare = whole.clone();
    bare.header = Header::builder("mine", layers, whole.header.tensors.clone())
        .status(Status::Running)
        .build()
        .unwrap();
    bare.header.sketch_buckets = whole.header.sketch_buckets;
    all.push(("no facts".into(), bare));
    let mut lost = empty(&losses(&whole, &[]));
    lost.header.status = Status::Diverged { step: 0, what: "loss is NaN".into() };
    lost.push(&Row::of_step(0).with(LOSS, f64::NAN)).unwrap();
    all.push(("diverged at once".into(), lost));
    all
}

/// Everything that reads a record, in both languages: what it says of it.
fn everything(name: &str, record: &Record) -> Vec<String> {
    let mut said = Vec::new();
    let diagnosis = diagnose(record, &Thresholds::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    for lang in Lang::ALL {
        said.push(summary::text(record, lang));
        said.push(words::short(lang, &diagnosis));
        for form in [words::Form::Text, words::Form::Markdown] {
            said.push(words::text(lang, &diagnosis, form));
        }
        said.push(words::json(lang, std::slice::from_ref(&diagnosis), &Thresholds::default()).to_string());
        for draws in [Draws::Run, Draws::Runs] {
            let runs = match draws {
                Draws::Runs => vec![record.clone(), record.clone()],
                _ => vec![record.clone()],
            };
            for spec in FigureSpec::all_of(draws) {
                match spec.build(&runs, &Options::new(lang)) {
                    Ok(figure) => {
                        said.push(render::svg(&figure, &Style::default()).unwrap());
                        said.push(figure::words(&figure).concat());
                    }
                    Err(FigureError::Nothing { what, hint, .. }) => said.push(format!("{what} {hint}")),
                    Err(error) => panic!("{name}, {}: {error}", spec.name),
                }
            }
        }
        match Page::new(vec![record.clone()], &PageOptions { lang, ..PageOptions::default() }) {
            Ok(page) => said.push(page.html()),
            Err(PageError::Nothing { .. }) => {}
            Err(error) => panic!("{name}: page: {error}"),
        }
    }
    said.push(summary::json(record).to_string());
    said
}

#[test]
fn a_record_that_lacks_anything_is_read_by_everything() {
    for (name, record) in poor_records() {
        let said = everything(&name, &record);
        assert!(said.iter().all(|text| !text.contains("NaN of")), "{name}");
    }
}

#[test]
fn losses_alone_are_drawn_and_judged_as_far_as_they_go() {
    let whole = trained(Activation::Sigmoid, 4);
    let record = losses(&whole, &[LOSS]);
    let figure =
        figure::build("training-curves", std::slice::from_ref(&record), &Options::default()).unwrap();
    assert!(figure.title.starts_with("mine: batch loss "), "{}", figure.title);
    let error =
        figure::build("gradient-heatmap", std::slice::from_ref(&record), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("holds no"), "{error}");
    let d = diagnose(&record, &Thresholds::default()).unwrap();
    assert!(
        matches!(d.conclusion(), Conclusion::Undecided | Conclusion::Unexplained),
        "{:?}",
        d.conclusion()
    );
    // What depends on layers is unknown, not clear.
    for verdict in &d.verdicts {
        let key = verdict.rule.ailment.key();
        if key.contains("vanishing") || key.contains("exploding") || key == "dead-units" {
            assert!(matches!(verdict.outcome, Outcome::Unknown(_)), "{key}: {:?}", verdict.outcome);
        }
    }
    // A loss that is no longer a number is seen.
    let mut lost = record.clone();
    lost.push(&Row::of_step(60).with(LOSS, f64::NAN)).unwrap();
    assert_eq!(diagnose(&lost, &Thresholds::default()).unwrap().conclusion(), Conclusion::Faulty);
}

#[test]
fn biases_alone_are_drawn_and_named() {
    let (_, record) = poor_records().into_iter().find(|(name, _)| name == "5 tensors, no weights").unwrap();
    let figure = figure::build("gradient-heatmap", &[record], &Options::default()).unwrap();
    assert!(figure.title.starts_with("Biases of mine"), "{}", figure.title);
}

#[test]
fn the_norm_of_the_whole_gradient_is_that_of_its_tensors() {
    let whole = trained(Activation::Tanh, 2);
    let figure = figure::build("gradient-norm", std::slice::from_ref(&whole), &Options::default()).unwrap();
    let table = figure::table(&figure);
    // By hand, from the arrays.
    let tensors = whole.header.tensors.len();
    let expected: Vec<f64> = whole.steps[GRAD_NORM]
        .chunks(tensors)
        .map(|row| row.iter().map(|x| x * x).sum::<f64>().sqrt())
        .collect();
    let found = |wanted: f64| {
        table
            .iter()
            .flatten()
            .filter_map(|cell| cell.parse::<f64>().ok())
            .any(|x| (x - wanted).abs() <= 1e-9 * wanted)
    };
    assert!(expected.iter().all(|&norm| found(norm)), "{expected:?}");
    // The same curve where a log holds that one number alone.
    let mut log = Record::new(header_like(&whole, Vec::new(), Vec::new()).build().unwrap());
    for (row, norm) in whole.steps.iter().zip(&expected) {
        let row = Row::of_step(row.step()).with(TOTAL_GRAD_NORM, *norm).with(LOSS, row.value(LOSS));
        log.push(&row).unwrap();
    }
    let same = figure::build("gradient-norm", &[log], &Options::default()).unwrap();
    let finding = |title: &str| title.split_once(": ").unwrap().1.split(';').next().unwrap().to_string();
    assert_eq!(finding(&same.title), finding(&figure.title));
}

#[test]
fn names_of_any_origin_are_text() {
    let hostile = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\u{1b}[31mred\u{7}",
        "a\nb\r\u{202e}c",
        "`$x_1$` [l](javascript:1) \\input{x} #let",
        "&amp;\"'",
    ];
    let record = named(trained(Activation::Sigmoid, 5), |at| format!("{} {at}", hostile[at % hostile.len()]));
    // As they come from a disk.
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let mut writer = RunWriter::create(&folder, &record.header, false).unwrap();
    for table in Table::ALL {
        record.table(table).iter().for_each(|row| writer.row(&row).unwrap());
    }
    writer.finish(&Ended::new(Status::Complete)).unwrap();
    let (record, _) = Record::read(&folder).unwrap();
    for text in everything("hostile", &record) {
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!text.contains(control), "{:?}", text.chars().find(|&c| control(c)));
        assert!(!text.contains('\u{202e}'), "direction");
        if text.contains("<svg") || text.contains("<html") {
            assert!(!text.contains("<script>alert"), "script");
            assert!(!text.contains("<img src=x"), "image");
        }
    }
}

#[test]
fn two_hundred_layers_stay_readable() {
    let mut layers = Vec::new();
    let mut tensors = Vec::new();
    for l in 1..=200usize {
        let info = LayerInfo::new(format!("stage{}.blocks.{}.conv2", 1 + l / 50, l), "convolution");
        layers.push(info.with_fans(576, 64).with_shapes(&[64, 8, 8], &[64, 8, 8]));
        tensors.push(TensorInfo::new(format!("{l}.weight"), l, "weight", &[64, 64, 3, 3]));
    }
    let mut record = Record::new(Header::builder("deep", layers, tensors).build().unwrap());
    for step in 0..50 {
        let norms: Vec<f64> = (0..200).map(|l| 10f64.powf((l as f64 - 200.0) / 30.0)).collect();
        record.push(&Row::of_step(step).with(LOSS, 2.3).with(GRAD_NORM, &norms)).unwrap();
    }
    for lang in Lang::ALL {
        let figure =
            figure::build("gradient-heatmap", std::slice::from_ref(&record), &Options::new(lang)).unwrap();
        let svg = render::svg(&figure, &Style::default()).unwrap();
        // Names of rows stand at least their own height apart.
        let mut rows: Vec<f64> = svg
            .split("<text ")
            .filter(|t| t.contains(".conv2") && t.contains("text-anchor=\"end\""))
            .filter_map(|t| t.split(" y=\"").nth(1)?.split('"').next()?.parse().ok())
            .collect();
        rows.sort_by(f64::total_cmp);
        assert!(rows.len() >= 10, "{} names are written", rows.len());
        assert!(rows.windows(2).all(|w| w[1] - w[0] >= 9.0), "{rows:?}");
    }
    assert!(Page::new(vec![record], &PageOptions::default()).is_ok());
}

/// Where neither chance nor the scale of the loss is known, one thing can be said: that it never fell.
#[test]
fn a_loss_that_never_fell_has_failed_on_any_scale() {
    let whole = trained(Activation::Sigmoid, 2);
    let with = |loss: fn(f64) -> f64| {
        let mut record = Record::new(whole.header.clone());
        record.header.facts = Default::default();
        for step in 0..200u64 {
            record.push(&Row::of_step(step).with(LOSS, loss(step as f64))).unwrap();
        }
        record.header.status = Status::Complete;
        diagnose(&record, &Thresholds::default()).unwrap().training.state
    };
    assert_eq!(with(|t| 730.0 * (1.0 + 0.01 * (t * 12.9898).sin())), State::Failed);
    assert!(matches!(with(|t| 730.0 * (-t / 300.0).exp()), State::Unknown(Missing::LossScale)));
    // One that fell at once and lies on a plateau since is no failure.
    assert!(matches!(with(|t| if t < 3.0 { 9.0 } else { 1.0 }), State::Unknown(Missing::LossScale)));
}

#[test]
fn chosen_layers_keep_their_values() {
    let whole = trained(Activation::Tanh, 4);
    let part = whole.only_layers(|l| l % 2 == 1);
    part.check().unwrap();
    assert_eq!(part.header.layers.len(), 2);
    assert_eq!(part.steps[LOSS], whole.steps[LOSS]);
    let name = |t: &TensorInfo| t.name.clone();
    for (t, tensor) in part.header.tensors.iter().enumerate() {
        let before = whole.header.tensors.iter().position(|other| name(other) == name(tensor)).unwrap();
        for row in 0..part.len() {
            let of = |record: &Record, t| record.value(GRAD_NORM, row, t).to_bits();
            assert_eq!(of(&part, t), of(&whole, before));
        }
        for row in 0..part.snapshots.len() {
            let of = |record: &Record, t| record.distance_to_final(row, t);
            assert_eq!(of(&part, t), of(&whole, before));
        }
        assert_eq!(tensor.layer, 1 + t / 2);
    }
    let bytes = |record: &Record| {
        let mut out = Vec::new();
        export_csv(record, &mut out).unwrap();
        out
    };
    assert!(bytes(&whole.only_layers(|_| true)) == bytes(&whole));
    assert!(whole.only_layers(|_| false).check().is_ok());
}

/// Most programs log norms of the batch-mean gradient and nothing of single samples.
#[test]
fn a_profile_that_falls_to_a_hundredth_is_enough_where_training_fails() {
    let log = |ratio: f64, loss: f64| {
        let layers = (1..=6).map(|l| LayerInfo::new(format!("fc{l}"), "dense")).collect();
        let tensors = (1..=6).map(|l| TensorInfo::new(format!("fc{l}.weight"), l, "weight", &[])).collect();
        let facts = Facts::default().with_classes(10);
        let header = Header::builder("log", layers, tensors).facts(facts).status(Status::Complete).build();
        let mut record = Record::new(header.unwrap());
        for step in 0..100 {
            let norms: Vec<f64> = (0..6).map(|l| ratio.powf(1.0 - f64::from(l) / 4.0)).collect();
            record.push(&Row::of_step(step).with(LOSS, loss).with(GRAD_NORM, &norms)).unwrap();
        }
        for step in [0, 50, 100] {
            record
                .push(&Row::of_evaluation(step).with(TRAIN_ACCURACY, if loss > 2.0 { 0.11 } else { 0.98 }))
                .unwrap();
        }
        diagnose(&record, &Thresholds::default()).unwrap()
    };
    let vanishing = |d: &Diagnosis| d.verdict(Ailment::VanishingGradient).unwrap().outcome.key();
    let found = log(1e-3, 2.3);
    assert_eq!((found.conclusion(), vanishing(&found)), (Conclusion::Faulty, "found"));
    // An even profile may hide it, and a network that trains is not accused.
    assert_eq!(vanishing(&log(0.5, 2.3)), "unknown");
    assert_eq!(vanishing(&log(1e-3, 0.1)), "unknown");
}

#[test]
fn runs_without_accuracy_are_compared_by_their_loss() {
    let whole = trained(Activation::Tanh, 2);
    let log = kept(&whole, whole.header.clone(), |m| [LOSS, GRAD_NORM].contains(&m));
    let figure = figure::build("comparison", &[log.clone(), log], &Options::default()).unwrap();
    let words = figure::words(&figure);
    assert!(words.contains(&"loss") && !words.contains(&"accuracy"), "{words:?}");
    let bare = kept(&whole, whole.header.clone(), |m| m == GRAD_NORM);
    let figure = figure::build("comparison", &[bare.clone(), bare], &Options::default()).unwrap();
    assert_eq!(figure.panels.len(), 2);
}
