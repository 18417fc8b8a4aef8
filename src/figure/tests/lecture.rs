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
    assert!(
        figure.title.starts_with(
            "ReLU, 8 hidden layers: the largest gradient of any layer is 0.50 at step 0 and 10⁵⁰ at step 19"
        ),
        "{}",
        figure.title
    );
    assert!(figure.title.contains("diverged at step 20") && !figure.title.contains("within a factor"));
}
