//! Distributions against the values that were counted, by arithmetic on those values themselves.

use super::*;
use crate::analysis::histogram::Counted;
use crate::figure::distribution_time::OneLayer;
use crate::figure::ridges::Ridges;

fn figure(name: &str, run: &Synthetic, counted: Counted, lang: Lang) -> Figure {
    let options = Options::new(lang).with(counted);
    drawn(name, std::slice::from_ref(&run.record()), &options)
}

fn ridges(f: &Figure) -> Vec<&Ridges> {
    f.panels
        .iter()
        .map(|p| match &p.panel {
            Panel::Ridges(r) => r,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn given(layer: usize, step: u64) -> Vec<f64> {
    (Synthetic::default().given)(layer, step)
}

fn sigmoid(h: f64) -> f64 {
    1.0 / (1.0 + (-h).exp())
}

/// Share of the values for which something holds.
fn share(values: &[f64], is: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|&&x| is(x)).count() as f64 / values.len() as f64
}

#[test]
fn each_cell_of_a_ridge_holds_the_share_of_the_values_between_its_ends() {
    let of = |counted: Counted, layer: usize, step: u64| -> Vec<f64> {
        let values = given(layer, step).into_iter();
        match counted {
            Counted::PreActivation => values.collect(),
            Counted::Activation => values.map(sigmoid).collect(),
            Counted::Signal => values.map(|h| (1e-3 * layer as f64 * h).abs()).collect(),
        }
    };
    for counted in Counted::ALL {
        let f = figure("distributions", &Synthetic::default(), counted, Lang::En);
        for (panel, step) in ridges(&f).into_iter().zip([0, 10]) {
            assert_eq!(panel.title, format!("step {step}"));
            assert_eq!(panel.rows.len(), if counted == Counted::Signal { 9 } else { 8 });
            for (layer, row) in (1..).zip(&panel.rows) {
                let mut values = of(counted, layer, step);
                if panel.x.kind == AxisKind::Log10 {
                    values.iter_mut().for_each(|x| *x = x.abs());
                }
                for &(low, high, drawn) in &row.cells {
                    // The end farther from zero belongs to the cell.
                    let inside =
                        |x: f64| if high <= 0.0 { x >= low && x < high } else { x > low && x <= high };
                    let expected = share(&values, inside);
                    assert!(
                        (drawn - expected).abs() < 1e-9,
                        "{counted:?} {layer}: {low} to {high}: {drawn}, {expected}"
                    );
                }
                let ends: Vec<(f64, f64)> = row.cells.windows(2).map(|w| (w[0].1, w[1].0)).collect();
                assert!(ends.iter().all(|(a, b)| a == b), "{ends:?}");
                // Nothing is lost: what has no place is told apart.
                let all: f64 = row.cells.iter().map(|c| c.2).chain(row.beyond.iter().map(|b| b.1)).sum();
                assert!((all - 1.0).abs() < 1e-6, "{all}");
            }
        }
    }
}

#[test]
fn the_title_says_the_share_at_the_ends_that_the_values_have() {
    let f = figure("distributions", &Synthetic::default(), Counted::Activation, Lang::En);
    let at_ends = |layer: usize, step: u64| {
        let values: Vec<f64> = given(layer, step).into_iter().map(sigmoid).collect();
        share(&values, |a| a <= 1.0 / 16.0 || a > 15.0 / 16.0)
    };
    let now = (1..=8).map(|layer| at_ends(layer, 10)).fold(0.0, f64::max);
    let layer = (1..=8).find(|&layer| at_ends(layer, 10) == now).unwrap();
    let before = at_ends(layer, 0);
    assert!(now > before && before > 0.05);
    let percent = |x| Lang::En.percent(x).replace('\u{a0}', " ");
    let expected = format!(
        "at step 10, {} of the activations of layer {layer} lie within 1/16 of an end of sigmoid ({} at step 0)",
        percent(now),
        percent(before)
    );
    assert!(f.title.contains(&expected), "{}: {expected}", f.title);
    assert_eq!(ridges(&f)[0].bounds, [0.0625, 0.9375]);

    let f = figure("distributions", &Synthetic::default(), Counted::PreActivation, Lang::En);
    let flat = (1..=8).map(|layer| share(&given(layer, 10), |h| h.abs() > 3.75)).fold(0.0, f64::max);
    let expected = format!("{} of the pre-activations of layer", percent(flat));
    assert!(f.title.contains(&expected), "{}: {expected}", f.title);
    // From the definition: 3.75 is the first edge beyond which the slope is a tenth of 1/4 at most.
    let slope = |h: f64| sigmoid(h) * sigmoid(-h);
    assert!(slope(3.75) <= 0.025 && slope(3.5) > 0.025);
}

#[test]
fn half_of_the_signals_are_no_larger_than_the_title_says() {
    let f = figure("distributions", &Synthetic::default(), Counted::Signal, Lang::En);
    let sizes = |layer: usize| -> Vec<f64> {
        given(layer, 10).into_iter().map(|h| (1e-3 * layer as f64 * h).abs()).collect()
    };
    // Edges are powers of two: the least that half of the sizes do not exceed.
    let edge = |layer: usize| {
        let mut edges = (-48..14).map(|k| 2f64.powi(k));
        edges.find(|&edge| share(&sizes(layer), |x| x <= edge) >= 0.5).unwrap()
    };
    let number = |x| Lang::En.number(x).replace('\u{a0}', " ");
    let expected =
        format!("no larger than {} in layer 1, than {} in layer 9", number(edge(1)), number(edge(9)));
    assert!(f.title.contains(&expected), "{}: {expected}", f.title);
}

#[test]
fn exact_zeros_of_relu_are_said_and_stand_beside_their_row() {
    let run = Synthetic { given: Synthetic::default().given, ..healthy() };
    let f = figure("distributions", &run, Counted::Activation, Lang::En);
    let zeros = share(&given(1, 10), |h| h <= 0.0);
    let percent = Lang::En.percent(zeros).replace('\u{a0}', " ");
    assert!(
        f.title.contains(&format!("{percent} of the activations of layer 1 are exactly 0")),
        "{}",
        f.title
    );
    let row = &ridges(&f)[1].rows[0];
    assert_eq!(row.words.replace('\u{a0}', " "), format!("0: {percent}"));
    assert!((row.beyond[0].1 - zeros).abs() < 1e-9);
}

#[test]
fn layers_whose_sizes_differ_are_drawn_by_size_and_no_share_at_the_ends_is_claimed() {
    let fading = Synthetic {
        given: |l, _| (-30..30).map(|i| (f64::from(i) + 0.5) * 0.1f64.powi(l as i32)).collect(),
        run: "tanh",
        ..healthy()
    };
    let f = figure("distributions", &fading, Counted::PreActivation, Lang::En);
    assert_eq!(ridges(&f)[0].x.kind, AxisKind::Log10);
    assert!(f.title.contains("no larger than") && !f.title.contains("beyond"), "{}", f.title);
    let few =
        Synthetic { given: |_, _| (-30..30).map(|i| f64::from(i) * 0.01).collect(), ..Synthetic::default() };
    let f = figure("distributions", &few, Counted::Activation, Lang::En);
    assert!(f.title.contains("keep off the ends of sigmoid: 0 % within 1/16"), "{}", f.title);
}

#[test]
fn each_cell_over_time_is_the_share_in_its_range_for_each_unit_of_its_width() {
    let name = "distribution-over-time";
    let options = Options::default().with(Counted::PreActivation).with(OneLayer(Some(3)));
    let record = Synthetic::default().record();
    let f = drawn(name, std::slice::from_ref(&record), &options);
    let map = heatmaps(&f)[0];
    let number = |text: &str| text.replace('−', "-").parse::<f64>().unwrap();
    // Ends of the rows, from their labels and from those of their neighbours.
    let ends: Vec<f64> = map.rows.iter().map(|l| number(l.rsplit(' ').next().unwrap())).collect();
    let middle = map.rows.iter().position(|l| l.starts_with("|x|")).unwrap();
    let unit = f.scales[0].label.rsplit("1/").next().unwrap().parse::<f64>().map(|n| 1.0 / n).unwrap();
    for (column, step) in [0, 10].into_iter().enumerate() {
        let values = given(3, step);
        for (row, &end) in ends.iter().enumerate() {
            let (low, high) = match row {
                row if row == middle => (-end, end),
                row if row < middle => (end, if row + 1 == middle { -ends[middle] } else { ends[row + 1] }),
                row => (ends[row - 1], end),
            };
            // Labels are rounded to two digits.
            let near = |x: f64, edge: f64| (x - edge).abs() <= 0.03 * edge.abs();
            if values.iter().any(|&x| x != 0.0 && (near(x, low) || near(x, high))) {
                continue;
            }
            let inside = share(&values, |x| x > low && x < high) * unit / (high - low);
            let drawn = map.cells[row][column].value().unwrap_or(0.0);
            assert!(
                (drawn - inside).abs() <= 0.1 * inside + 1e-9,
                "row {row} step {step}: {drawn}, {inside}"
            );
        }
    }
    assert!(f.title.contains("of layer 3"), "{}", f.title);
}

#[test]
fn a_record_without_histograms_says_what_it_lacks() {
    let mut record = Synthetic::default().record();
    let bare = record.snapshots.clone();
    record.snapshots.clear();
    for row in bare.iter() {
        let mut new = crate::record::Row::of_snapshot(row.step());
        new.set(crate::record::DISTANCE_FROM_INIT, &row[crate::record::DISTANCE_FROM_INIT]);
        record.snapshots.push(&new.with_sketch(row.singles(crate::record::SKETCH))).unwrap();
    }
    for name in ["distributions", "distribution-over-time"] {
        let error = build(name, std::slice::from_ref(&record), &Options::default()).unwrap_err().to_string();
        assert!(error.contains("holds no distributions") && error.contains("train it again"), "{error}");
    }
}
