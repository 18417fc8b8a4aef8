//! The figures of a lecture beside the heatmaps: their numbers, worked out anew from the record.

use super::*;
use crate::stats::median;

/// (x, y) of the points of a curve that are there.
fn seen(lines: &Lines, series: usize) -> Vec<(f64, f64)> {
    lines.series[series].points.iter().filter_map(|p| Some((p.0, p.1?))).collect()
}

#[test]
fn each_layer_has_a_line_of_its_recorded_norms_on_a_logarithmic_axis() {
    let record = Synthetic::default().record();
    let figure = one("layer-lines", &record);
    let panel = lines(&figure)[0];
    assert_eq!(panel.series.len(), 9);
    for layer in 0..9 {
        let points = seen(panel, layer);
        assert_eq!(points.len(), 20);
        for (row, (x, y)) in points.into_iter().enumerate() {
            // Tensors are a weight and a bias of each layer.
            assert_eq!((x, y.to_bits()), (row as f64, record.value(GRAD_NORM, row, 2 * layer).to_bits()));
        }
    }
    let labels: Vec<&str> = panel.series.iter().map(|s| s.label.as_str()).collect();
    assert_eq!((labels[0], labels[7], labels[8]), ("layer 1", "layer 8", "output layer"));
    assert_eq!(panel.y.kind, AxisKind::Log10);
    assert_eq!(
        figure.title,
        one("gradient-heatmap", &record).title,
        "one record has one finding about the gradient of its layers"
    );
}

#[test]
fn a_long_line_is_a_running_median_and_a_step_without_a_norm_is_no_gap() {
    let grad = |l: usize, s: u64| if s == 500 { 1e9 } else { l as f64 + (s as f64 / 1000.0) };
    let mut record =
        Synthetic { steps: (0..1000).collect(), layers: 3, grad, ..Synthetic::default() }.record();
    for row in (0..1000).step_by(2) {
        record.steps.values_mut(GRAD_NORM)[6 * row] = MISSING;
    }
    let figure = one("layer-lines", &record);
    let panel = lines(&figure)[0];
    // Layer 2 has 1,000 rows and layer 1 every other one; of each 5 % are in a window, cut at the ends.
    for (layer, steps) in [(1, (0..1000).collect::<Vec<u64>>()), (0, (0..500).map(|i| 2 * i + 1).collect())] {
        let points = seen(panel, layer);
        assert_eq!(points.len(), 50);
        let half = steps.len() / 40;
        let (at, (x, y)) = (25 * (steps.len() - 1) / 49, points[25]);
        assert_eq!(x, steps[at] as f64);
        let window = &steps[at - half - usize::from(steps.len() % 40 > 0)..];
        let window = &window[..2 * (half + usize::from(steps.len() % 40 > 0)) + 1];
        let expected = median(window.iter().map(|&s| grad(layer + 1, s))).unwrap();
        assert!((y - expected).abs() < 1e-12, "{y} {expected}");
        assert!(points.iter().all(|p| p.1 < 10.0), "one step must not bend a median");
    }
    assert!(figure.subtitle.contains("running medians over 5 %"), "{}", figure.subtitle);
    assert!(!figure.subtitle.contains("Gaps"), "{}", figure.subtitle);
}

#[test]
fn lines_of_a_run_that_diverged_have_no_headline_of_even_layers() {
    let grad = |_: usize, s: u64| if s < 15 { 0.5 } else { 10f64.powi(10 * (s as i32 - 14)) };
    let status = Status::Diverged { step: 20, what: "the loss is inf".into() };
    let record = Synthetic { grad, status, ..healthy() }.record();
    let figure = one("layer-lines", &record);
    assert_eq!(figure.title, one("gradient-heatmap", &record).title);
    assert!(figure.title.contains("diverged at step 20") && !figure.title.contains("within a factor"));
}

/// A run whose loss falls to 1 until step 40 and stays there, with this gradient in all tensors.
fn stopped(grad: fn(usize, u64) -> f64) -> Record {
    let loss = |s: u64| if s < 40 { 3.0 - 0.05 * s as f64 } else { 1.0 };
    let accuracy = vec![(0, 0.1), (100, 0.5)];
    Synthetic { grad, loss, accuracy, steps: (0..100).collect(), layers: 3, ..healthy() }.record()
}

#[test]
fn the_whole_gradient_stands_above_the_loss_and_is_compared_where_that_stops() {
    let record = stopped(|l, _| l as f64);
    let figure = one("gradient-and-loss", &record);
    let panels = lines(&figure);
    // Weights of norm 1, 2 and 3, biases of a tenth of that.
    let total = (1.01f64 * (1.0 + 4.0 + 9.0)).sqrt();
    assert!(seen(panels[0], 0).iter().all(|p| (p.1 - total).abs() < 1e-12));
    assert_eq!(seen(panels[1], 0)[20], (20.0, 2.0));
    let step = chart::Overlay::Step { at: 40.0, words: "step 40: the loss stops falling".into() };
    assert!(figure.panels.iter().all(|p| p.overlays == [step.clone()]));
    let title = |grad| one("gradient-and-loss", &stopped(grad)).title;
    assert_eq!(
        figure.title,
        "ReLU, 2 hidden layers: the loss stops falling at step 40 (1.0), but the gradient is not small: 3.8, about as large as before; training accuracy 50 %"
    );
    // sqrt(14 x 1.01) x 100 before and the same x 2 after it: 50 times smaller.
    let small = title(|l, s| l as f64 * if s < 40 { 100.0 } else { 2.0 });
    assert!(small.contains("and the gradient there is small: 7.5, 50 times smaller than before"), "{small}");
    let less = title(|l, s| l as f64 * if s < 40 { 4.0 } else { 2.0 });
    assert!(less.contains("where the gradient is 7.5, 2.0 times smaller than before"), "{less}");
    let more = title(|l, s| l as f64 * if s < 40 { 1.0 } else { 3.0 });
    assert!(more.contains("but the gradient is not small: 11, 3.0 times larger than before"), "{more}");
    assert!(title(|_, _| 0.0).contains("(1.0), where the gradient is 0;"), "{}", title(|_, _| 0.0));
}

#[test]
fn a_loss_that_never_fell_or_goes_on_falling_or_blows_up_is_called_so() {
    let title = |run: Synthetic| one("gradient-and-loss", &run.record()).title;
    let stays = title(Synthetic { steps: (0..100).collect(), ..Synthetic::default() });
    assert!(
        stays.contains(
            "the loss stays at 2.3, but the gradient is not small: 1.0, about as large as at first"
        )
    );
    let falls = title(Synthetic { steps: (0..20).collect(), ..healthy() });
    assert!(
        falls.contains("the loss falls to the end; gradient norm 2.2 at first and at the end"),
        "{falls}"
    );
    let grad = |_: usize, s: u64| if s < 15 { 0.5 } else { 10f64.powi(10 * (s as i32 - 14)) };
    let status = Status::Diverged { step: 20, what: "the loss is inf".into() };
    let broken = title(Synthetic { grad, status, loss: |_| 2.3, ..healthy() });
    // Nine layers with a weight of norm 0.5 and a bias of a tenth of it, then of 10^50.
    assert!(
        broken.contains(
            "training diverged at step 20; gradient norm from 1.5 at step 0 to 3.0 × 10⁵⁰ at step 19"
        ),
        "{broken}"
    );
    let record = Synthetic { loss: |_| f64::NAN, ..healthy() }.record();
    let error = build("gradient-and-loss", &[record], &Options::default()).unwrap_err().to_string();
    assert_eq!(
        error,
        "run `relu` holds no finite batch loss, so `gradient-and-loss` has nothing to draw; draw `layer-lines` instead"
    );
}

#[test]
fn functions_and_slopes_are_those_of_the_textbook_and_the_bound_is_marked() {
    use crate::activation::Activation;
    use crate::figure::functions::Functions;
    let none: [Record; 0] = [];
    let figure = drawn("activation-curves", &none, &Options::default());
    assert_eq!(
        figure.title,
        // (1/4)^10
        "Slope at most 1/4 (Sigmoid), 1 (ReLU): the slopes of 10 layers multiply to at most 9.5 × 10⁻⁷ (Sigmoid), 1 (ReLU)"
    );
    let panels = lines(&figure);
    let value = |h: f64| 0.5 * (1.0 + (0.5 * h).tanh());
    for (h, y) in seen(panels[0], 0) {
        assert!((y - value(h)).abs() < 1e-15, "{h} {y}");
    }
    for (h, y) in seen(panels[1], 0) {
        assert!((y - (value(h + 1e-5) - value(h - 1e-5)) / 2e-5).abs() < 1e-9, "{h} {y}");
    }
    assert_eq!(panels[1].marks, [(0.25, "at most 1/4".to_string())]);
    assert!(seen(panels[1], 1).iter().all(|p| p.1 == f64::from(u8::from(p.0 > 0.0)) || p.0 == 0.0));
    let all = Functions(Activation::ALL.iter().map(|(f, _)| *f).collect());
    for lang in Lang::ALL {
        let figure = drawn("activation-curves", &none, &Options::new(lang).with(all.clone()));
        assert_eq!((figure.panels.len(), figure.column_weights.len(), figure.row_weights.len()), (12, 3, 4));
        let words = words(&figure).concat();
        assert_eq!(crate::font::missing_glyphs(&words), Vec::<char>::new());
        // Selu: (1.0507 x 1.6733)^10.
        assert!(figure.title.contains("1/6") && figure.title.contains("280"), "{}", figure.title);
    }
    let twice = Options::default().with(Functions(vec![Activation::Tanh, Activation::Tanh]));
    assert_eq!(lines(&drawn("activation-curves", &none, &twice))[0].series.len(), 1);
}

#[test]
fn the_layers_of_a_run_are_a_band_on_the_slopes_of_its_function() {
    let mut record = Synthetic::default().record();
    let figure = one("activation-curves", &record);
    // The mean squared slope of these records is 0.04 in each of eight hidden layers: 0.2^8 = 2.56e-6.
    assert_eq!(
        figure.title,
        "Sigmoid, 8 hidden layers: the slopes are 0.20 (RMS) in every hidden layer, and those of all 8 multiply to 2.6 × 10⁻⁶; training accuracy stays at 11 %"
    );
    assert_eq!(lines(&figure)[0].series.len(), 1);
    let band = |f: &Figure| f.panels[1].overlays.clone();
    assert!(matches!(&band(&figure)[..], [chart::Overlay::Band { points, .. }]
            if points.iter().all(|p| (p.1 - 0.2).abs() < 1e-15 && p.1 == p.2)));
    assert!(figure.subtitle.contains("at step 10"), "{}", figure.subtitle);
    record.snapshots.values_mut(crate::record::MEAN_SQUARED_SLOPE).fill(MISSING);
    let bare = one("activation-curves", &record);
    assert!(band(&bare).is_empty() && bare.subtitle.contains("were not recorded"), "{}", bare.subtitle);
    assert!(bare.title.contains("slope at most 1/4"), "{}", bare.title);
}

#[test]
fn the_three_factors_multiply_to_the_measured_ratio_of_signals() {
    use crate::record::SIGNAL_RMS;
    let record = Synthetic::default().record();
    let figure = one("factors", &record);
    let panels = lines(&figure);
    assert_eq!(panels.iter().map(|l| l.title.as_str()).collect::<Vec<_>>(), ["step 0", "step 10"]);
    for (panel, row) in panels.iter().zip([0, 10]) {
        let [weight, slope, alignment, all] = [0, 1, 2, 3].map(|i| seen(panel, i));
        assert_eq!(all.len(), 8);
        for l in 0..8 {
            let product = weight[l].1 * slope[l].1 * alignment[l].1;
            let ratio = record.value(SIGNAL_RMS, row, l) / record.value(SIGNAL_RMS, row, l + 1);
            assert_eq!(all[l], ((l + 1) as f64, ratio));
            assert!((product / ratio - 1.0).abs() < 1e-12, "layer {}: {product} {ratio}", l + 1);
            // Norm 5 over the root of the width above, 100 or 10; the mean squared slope is 0.04.
            let width: f64 = if l == 7 { 10.0 } else { 100.0 };
            assert!((weight[l].1 - 5.0 / width.sqrt()).abs() < 1e-12 && (slope[l].1 - 0.2).abs() < 1e-12);
        }
    }
    // 10^-0.6 = 0.25; seven weight scales of 0.5 and one of 1.58: 0.58; and 0.25 / (0.58 x 0.2) = 2.2.
    assert!(
        figure.title.contains(
            "per hidden layer the backward signal is multiplied by 0.25 = weight scale 0.58 × slope 0.20 × alignment 2.2"
        ),
        "{}",
        figure.title
    );
}

#[test]
fn the_list_of_the_diagnosis_and_the_figure_of_factors_hold_the_same_numbers() {
    use crate::diagnosis::{Case, Thresholds, why};
    let record = Synthetic::default().record();
    let limits = Thresholds::default();
    let (why, step) = why::split(&Case::new(&record, &limits).unwrap());
    let figure = one("factors", &record);
    let last = lines(&figure)[1];
    assert_eq!((why.len(), step), (8, Some(10)));
    for (l, split) in why.iter().enumerate() {
        let drawn = [0, 1, 2, 3].map(|i| seen(last, i)[l].1);
        assert_eq!(drawn, [split.weight_scale, split.slope, split.alignment, split.total]);
    }
}

/// What the samples of a batch of 100 do in a layer: agree, or pull at random.
#[test]
fn noise_is_one_samples_gradient_over_that_of_the_batch_mean() {
    use crate::record::GRAD_RMS;
    let mut record = Synthetic { layers: 3, steps: (0..40).collect(), ..healthy() }.record();
    for row in 0..40 {
        for (layer, times) in [(0, 10.0), (1, 2.5), (2, 1.0)] {
            let mean = record.value(GRAD_NORM, row, 2 * layer);
            // Samples are measured in every other step.
            let value = if row % 2 == 0 { times * mean } else { MISSING };
            record.steps.values_mut(GRAD_RMS)[3 * row + layer] = value;
        }
    }
    let figure = one("noise", &record);
    let panel = lines(&figure)[0];
    for (layer, times) in [(0, 10.0), (1, 2.5), (2, 1.0)] {
        let points = seen(panel, layer);
        assert_eq!(points.len(), 20);
        assert!(points.iter().enumerate().all(|(i, p)| p.0 == 2.0 * i as f64 && (p.1 - times).abs() < 1e-12));
    }
    assert_eq!(
        panel.marks,
        [(1.0, "1: all samples agree".to_string()), (10.0, "√100 = 10: samples at random".to_string())]
    );
    assert!(
        figure.title.contains(
            "at the end one sample's gradient is 2.5 (layer 2) to 10 times (layer 1) the batch mean's; pure noise would give 10"
        ),
        "{}",
        figure.title
    );
    record.header.facts.batch_size = None;
    let unknown = one("noise", &record);
    assert!(
        lines(&unknown)[0].marks.len() == 1 && !unknown.title.contains("pure noise"),
        "{}",
        unknown.title
    );
    record.steps.values_mut(GRAD_RMS).fill(MISSING);
    let error = build("noise", &[record], &Options::default()).unwrap_err().to_string();
    assert!(error.starts_with("run `relu` holds no gradient of single samples"), "{error}");
}

#[test]
fn profiles_are_the_recorded_rows_of_each_run_and_the_title_tells_them_apart() {
    use crate::record::SIGNAL_RMS;
    let deep = Synthetic { layers: 5, run: "tanh", signal: |_, _| 0.25, ..healthy() };
    let mut runs = vec![Synthetic::default().record(), deep.record()];
    let figure = drawn("profiles", &runs, &Options::default());
    let panels = lines(&figure);
    assert_eq!(panels.len(), 2);
    for (panel, row) in panels.iter().zip([0, 19]) {
        for (series, run) in runs.iter().enumerate() {
            let points = seen(panel, series);
            assert_eq!(points.len(), run.header.layers.len());
            for (l, (x, y)) in points.into_iter().enumerate() {
                assert_eq!((x, y), ((l + 1) as f64, run.value(SIGNAL_RMS, row, l)));
            }
        }
    }
    let labels: Vec<&str> = panels[0].series.iter().map(|s| s.label.as_str()).collect();
    assert_eq!(labels, ["Sigmoid", "Tanh"]);
    assert_eq!(
        figure.title,
        "At the first step layer 1's backward signal is 16,000 times smaller (Sigmoid) than the last hidden layer's; \
         layer 1's backward signal is about as large as the last hidden layer's in Tanh"
    );
    // Of many the extremes, and what diverged.
    let status = Status::Diverged { step: 20, what: "the loss is inf".into() };
    for (name, decades) in [("a", 1), ("b", -2), ("c", 3)] {
        let mut run = Synthetic { status: status.clone(), ..healthy() }.record();
        run.header.run = name.into();
        for (i, v) in run.steps.values_mut(SIGNAL_RMS).iter_mut().enumerate() {
            *v = 10f64.powf(f64::from(decades) * (7 - i as i32 % 9) as f64 / 7.0);
        }
        runs.push(run);
    }
    let many = drawn("profiles", &runs, &Options::default());
    assert_eq!(
        many.title,
        "At the first step layer 1's backward signal is from 16,000 times smaller (Sigmoid) to 1,000 times larger (c) \
         than the last hidden layer's; a, b, c diverged"
    );
    runs[4].steps.values_mut(SIGNAL_RMS)[0] = 0.0;
    let zero = drawn("profiles", &runs[3..], &Options::default());
    assert!(
        zero.title.contains("100 times smaller (b)") && zero.title.contains("in c one of the two is zero")
    );
    assert!(zero.subtitle.contains("Gaps"), "{}", zero.subtitle);
}

#[test]
fn early_stopping_shows_the_losses_on_a_linear_axis_and_the_kept_step() {
    let accuracy = (0..=4).map(|i| (10 * i, 0.2 * i as f64)).collect();
    let loss = |s: u64| 2.0 - 0.04 * s as f64;
    let mut record = Synthetic { accuracy, loss, steps: (0..40).collect(), ..healthy() }.record();
    let error = build("early-stopping", std::slice::from_ref(&record), &Options::default()).unwrap_err();
    assert!(error.lacks_nothing());
    assert_eq!(
        error.to_string(),
        "run `relu` holds no early stopping, so `early-stopping` has nothing to draw; train it with early_stopping and validation_size"
    );
    let validation = [2.1, 1.6, 1.25, 1.5, 1.75];
    record.evals.values_mut(VALIDATION_LOSS).copy_from_slice(&validation);
    record.header.early_stop = Some(EarlyStop { best_step: 20, stopped: true });
    let figure = one("early-stopping", &record);
    let panel = lines(&figure)[0];
    assert_eq!((panel.y.kind, panel.y.low), (AxisKind::Linear, 0.0));
    for (i, (x, y)) in seen(panel, 0).into_iter().enumerate() {
        assert!(x == 10.0 * i as f64 && (y - (2.0 - 0.4 * i as f64)).abs() < 1e-12, "{x} {y}");
    }
    assert_eq!(seen(panel, 1).iter().map(|p| p.1).collect::<Vec<_>>(), validation);
    let kept = chart::Overlay::Step { at: 20.0, words: "kept: step 20".into() };
    assert_eq!(figure.panels[0].overlays, [kept]);
    assert!(
        figure.title.contains(
            "the validation loss is lowest at step 20 (1.2) and 1.8 at step 40, while the training loss goes from 1.2 to 0.40"
        ),
        "{}",
        figure.title
    );
    record.header.early_stop = Some(EarlyStop { best_step: 40, stopped: false });
    let end = one("early-stopping", &record);
    assert!(
        end.title.contains("at the last evaluation, 1.8 at step 40: nothing was taken back"),
        "{}",
        end.title
    );
    assert!(end.subtitle.contains("went to its planned end"), "{}", end.subtitle);
}
