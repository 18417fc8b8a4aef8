//! Figures of sweeps against the records they were made from, by arithmetic that they do not share.

use std::collections::BTreeMap;

use super::*;
use crate::figure::chart::Figure;
use crate::figure::chart::{Heatmap, Lines, Panel, Stroke};
use crate::figure::testing::{Synthetic, healthy};
use crate::figure::{Draws, FigureSpec, Options, build};
use crate::record::Status;
use crate::stats::Measured as Value;

fn vanishing(layer: usize, layers: usize) -> f64 {
    10f64.powi(layer as i32 - layers as i32)
}

/// Sigmoid at depths 1, 2 and 4, whose accuracy falls to chance; ReLU, which stays. Three seeds each.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for activation in ["sigmoid", "relu"] {
        for depth in [1usize, 2, 4] {
            for seed in 1..=3u32 {
                let base = if activation == "sigmoid" { Synthetic::default() } else { healthy() };
                let accuracy = match (activation, depth) {
                    ("sigmoid", 4) => 0.10 + 0.01 * f64::from(seed),
                    _ => 0.90 + 0.01 * f64::from(seed),
                };
                let grad: fn(usize, u64) -> f64 = match (activation, depth) {
                    ("sigmoid", 1) => |l, _| vanishing(l, 2),
                    ("sigmoid", 2) => |l, _| vanishing(l, 3),
                    ("sigmoid", _) => |l, _| vanishing(l, 5),
                    _ => |_, _| 0.5,
                };
                let run = Synthetic {
                    layers: depth + 1,
                    grad,
                    signal: grad,
                    accuracy: vec![(0, 0.1), (10, 0.5 * accuracy), (20, accuracy)],
                    distance: |l, s| 0.05 * l as f64 * s as f64,
                    ..base
                };
                let settings: BTreeMap<String, String> = [
                    ("activation", activation.to_string()),
                    ("hidden_layers", depth.to_string()),
                    ("seed", seed.to_string()),
                    ("learning_rate", "0.1".to_string()),
                    ("width", "100".to_string()),
                ]
                .into_iter()
                .map(|(k, v)| (k.to_string(), v))
                .collect();
                cells.push(Cell {
                    number: cells.len() + 1,
                    settings,
                    result: Ok(run.record()),
                    seconds: 1.0,
                });
            }
        }
    }
    cells
}

fn drawn(name: &str, cells: &[Cell]) -> Figure {
    let record = |number: usize| cells[number - 1].result.as_ref().ok().cloned();
    let input = SweepInput { name: "test", cells, planned: cells.len(), depths: None, record: &record };
    let mut figure = build(name, &input, &Options::default()).unwrap();
    figure.title = figure.title.replace('\u{a0}', " ");
    figure
}

fn error(name: &str, cells: &[Cell]) -> String {
    let input = SweepInput { name: "test", cells, planned: cells.len(), depths: None, record: &|_| None };
    build(name, &input, &Options::default()).unwrap_err().to_string()
}

fn heatmaps(figure: &Figure) -> Vec<&Heatmap> {
    figure
        .panels
        .iter()
        .filter_map(|p| if let Panel::Heatmap(h) = &p.panel { Some(h) } else { None })
        .collect()
}

fn lines(figure: &Figure) -> Vec<&Lines> {
    figure.panels.iter().filter_map(|p| if let Panel::Lines(l) = &p.panel { Some(l) } else { None }).collect()
}

fn near(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-12)
}

#[test]
fn accuracy_is_the_median_of_the_seeds_with_their_range() {
    let figure = drawn("accuracy-by-depth", &cells());
    assert_eq!(
        figure.title,
        "Sigmoid: median training accuracy 92 % with 2 hidden layers, 12 % with 4. ReLU: training accuracy 91 % or more in every run"
    );
    let panels = lines(&figure);
    assert_eq!(panels.len(), 1);
    let solid: Vec<_> = panels[0].series.iter().filter(|s| s.style == Stroke::Solid).collect();
    assert_eq!(solid.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["Sigmoid", "ReLU"]);
    let at = |s: usize| solid[s].points.iter().map(|p| (p.0, p.1.unwrap())).collect::<Vec<_>>();
    for ((x, y), (depth, median)) in at(0).into_iter().zip([(1.0, 0.92), (2.0, 0.92), (4.0, 0.12)]) {
        assert!(x == depth && (y - median).abs() < 1e-12, "{x} {y}");
    }
    let (x, low, high) = solid[0].band[2];
    assert!(x == 4.0 && (low - 0.11).abs() < 1e-12 && (high - 0.13).abs() < 1e-12);
    // The record's test accuracy is nine tenths of the training accuracy.
    let dashed: Vec<_> = panels[0].series.iter().filter(|s| s.style == Stroke::Dashed).collect();
    assert!(near(dashed[0].points[2].1, 0.9 * 0.12) && dashed.iter().all(|s| s.band.is_empty()));
    assert!(near(Some(panels[0].marks[0].0), 0.1));
}

#[test]
fn a_column_of_the_triangle_is_a_network_and_nothing_is_above_it() {
    let figure = drawn("gradient-by-depth", &cells());
    assert_eq!(
        figure.title,
        "Sigmoid, 4 hidden layers: layer 1's per-sample gradient is 1,000 times smaller than layer 4's at the first step (median of 3 seeds). ReLU: the per-sample gradients of the hidden layers are about equal"
    );
    let maps = heatmaps(&figure);
    let titles: Vec<&str> = maps.iter().map(|m| m.title.as_str()).collect();
    assert_eq!(
        titles,
        ["Sigmoid, first step", "ReLU, first step", "Sigmoid, after training", "ReLU, after training"]
    );
    for map in &maps {
        assert_eq!(map.columns, ["1", "2", "4"]);
        assert_eq!(map.heights, [2, 3, 5]);
        assert_eq!(map.rows.len(), 5);
        assert_eq!(map.existing().count(), 2 + 3 + 5);
        assert!(map.existing().all(|c| matches!(c, Value::Finite(_))));
    }
    // log10 of 10^(layer - layers), layers from the input.
    assert_eq!(maps[0].cells[0][2], Value::Finite(10f64.powi(-4)));
    assert_eq!(maps[0].cells[4][2], Value::Finite(1.0));
    assert_eq!(maps[0].cells[1][0], Value::Finite(1.0));
    assert!(maps[1].existing().all(|c| near(c.log10(), 0.5f64.log10())));
    // A place above a network is no missing value: no legend, no row in the table.
    assert!(figure.scales[0].special.is_empty());
    assert_eq!(crate::figure::table(&figure).len(), 1 + 4 * 10);
    assert!(crate::figure::table(&figure).iter().any(|r| r[1..] == ["1", "4", "4", "0.0001", "finite"]));
    assert!(figure.description.contains("one column for each number of hidden layers: 1, 2, 4."));
}

#[test]
fn movement_is_relative_to_the_initial_norm() {
    let figure = drawn("movement-by-depth", &cells());
    let maps = heatmaps(&figure);
    assert_eq!(maps.len(), 2);
    // Distance 0.05 x layer x 20 at the last snapshot, over a norm of 5.
    for (layer, depth) in [(1, 0), (2, 0), (3, 1), (5, 2)] {
        assert!(
            near(maps[0].cells[layer - 1][depth].log10(), (0.05 * layer as f64 * 20.0 / 5.0).log10()),
            "{layer}"
        );
    }
    assert!(
        figure
            .title
            .starts_with("Sigmoid, 4 hidden layers: layer 1 moved by 20 % of its initial norm, layer 5 by")
    );
}

#[test]
fn errors_are_one_minus_accuracy_at_every_evaluation() {
    let figure = drawn("error-by-updates", &cells());
    let panels = lines(&figure);
    assert_eq!(panels.iter().map(|p| p.title.as_str()).collect::<Vec<_>>(), ["Sigmoid", "ReLU"]);
    let deepest = panels[0].series.iter().find(|s| s.label == "4 hidden layers").unwrap();
    let expected = [(0.0, 0.9), (10.0, 1.0 - 0.06), (20.0, 1.0 - 0.12)];
    for (point, (x, y)) in deepest.points.iter().zip(expected) {
        assert!(point.0 == x && near(point.1, y), "{point:?}");
    }
    assert!(near(Some(panels[0].marks[0].0), 0.9));
    assert_eq!(
        figure.title,
        "Median training error of 6 groups from 8.0 % (Sigmoid, 1 hidden layer) to 88 % (Sigmoid, 4 hidden layers)"
    );
    // One activation, two depths: one panel, and every error is told.
    let two: Vec<Cell> = cells().into_iter().filter(|c| c.setting("activation") == "sigmoid").collect();
    let two: Vec<Cell> = two.into_iter().filter(|c| c.setting("hidden_layers") != "1").collect();
    let figure = drawn(
        "error-by-updates",
        &two.iter().cloned().enumerate().map(|(i, c)| Cell { number: i + 1, ..c }).collect::<Vec<_>>(),
    );
    assert_eq!(
        figure.title,
        "The deeper network has the higher training error: 88 % with 4 hidden layers, 8.0 % with 2; test error 89 % and 17 % (medians)"
    );
}

#[test]
fn the_grid_draws_whole_records_on_one_scale() {
    let all = cells();
    let figure = drawn("heatmap-grid", &all);
    let maps = heatmaps(&figure);
    assert_eq!(figure.scales.len(), 1);
    let titles: Vec<&str> = maps.iter().map(|m| m.title.as_str()).collect();
    assert_eq!(titles.len(), 6);
    assert!(titles.contains(&"Sigmoid, 4 hidden layers") && titles.contains(&"ReLU, 1 hidden layer"));
    let deep = maps.iter().find(|m| m.title == "Sigmoid, 4 hidden layers").unwrap();
    assert_eq!((deep.rows.len(), deep.edges.len()), (5, 21));
    assert_eq!(deep.cells[0][7], Value::Finite(10f64.powi(-4)));
    assert!(
        figure.subtitle.contains("The top row of each panel is the output layer."),
        "{}",
        figure.subtitle
    );
    assert_eq!(
        figure.title,
        "Sigmoid, 4 hidden layers: layer 1's per-sample gradient is 1,000 times smaller than layer 4's (median). ReLU: the per-sample gradients of the hidden layers are about equal (median)"
    );
    assert!(error("heatmap-grid", &all).contains("holds no whole record of a cell"));
}

#[test]
fn runs_that_diverged_or_failed_are_told_and_do_not_count() {
    let mut all = cells();
    for cell in &mut all[6..8] {
        let record = cell.result.as_mut().unwrap();
        record.header.status = Status::Diverged { step: 5, what: "the loss is NaN".into() };
        record.evals.truncate(1);
    }
    all[0].result = Err("no data".into());
    let figure = drawn("accuracy-by-depth", &all);
    assert!(
        figure
            .subtitle
            .contains("Runs that diverged are in no line: Sigmoid (2 of 8). 1 run failed and is not drawn.")
    );
    let solid = &lines(&figure)[0].series.iter().find(|s| s.label == "Sigmoid").unwrap().points;
    // Seeds 2 and 3 at depth 1, seed 3 at depth 4.
    assert!(near(solid[0].1, 0.925) && near(solid[2].1, 0.13), "{solid:?}");
}

#[test]
fn a_sweep_that_does_not_hold_a_figure_says_what_is_missing() {
    let all = cells();
    let one_depth: Vec<Cell> = all.iter().filter(|c| c.setting("hidden_layers") == "2").cloned().collect();
    assert_eq!(
        error("accuracy-by-depth", &one_depth),
        "sweep `test` holds no second depth, so `accuracy-by-depth` has nothing to draw; vary hidden_layers"
    );
    assert!(error("accuracy-by-depht", &all).contains("did you mean `accuracy-by-depth`?"));
    assert!(error("error-by-updates", &[]).contains("holds no cell with a record"));
    let failed = vec![Cell { result: Err("x".into()), ..all[0].clone() }];
    for spec in FigureSpec::all_of(Draws::Sweep) {
        assert!(error(spec.name, &failed).contains("holds no cell with a record"), "{}", spec.name);
    }
}

#[test]
fn a_part_of_a_sweep_says_that_it_is_one() {
    let cells = cells();
    let record = |_: usize| None;
    let subtitle = |planned: usize| {
        let input = SweepInput { name: "test", cells: &cells, planned, depths: None, record: &record };
        build("accuracy-by-depth", &input, &Options::default()).unwrap().subtitle
    };
    assert!(subtitle(60).ends_with("Unfinished: 18 of 60 runs."), "{}", subtitle(60));
    assert!(!subtitle(18).contains("Unfinished"));
}

#[test]
fn titles_of_many_series_name_the_extremes_of_layer_1_and_zero_is_one_of_them() {
    let scale = |k: u32| -> fn(usize, u64) -> f64 {
        match k {
            0 => |_, _| 0.0,
            1 => |_, _| 1e-26,
            2 => |_, _| 0.5,
            3 => |_, _| 3.0,
            _ => |_, _| 12.0,
        }
    };
    let cell = |k: u32| {
        let run = Synthetic { layers: 5, grad: scale(k), signal: scale(k), ..healthy() };
        let values = [
            ("activation", "relu".to_string()),
            ("hidden_layers", "4".into()),
            ("initialisation", format!("normal:{k}")),
        ];
        let settings = values.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
        Cell { number: k as usize, settings, result: Ok(run.record()), seconds: 1.0 }
    };
    let record = |_: usize| None;
    let title = |cells: &[Cell]| {
        let input = SweepInput { name: "test", cells, planned: cells.len(), depths: None, record: &record };
        build("gradient-by-depth", &input, &Options::default()).unwrap().title
    };
    let some = title(&(1..=4).map(cell).collect::<Vec<_>>());
    assert!(some.contains("10⁻²⁶ (normal:1)") && some.contains("12 (normal:4)"), "{some}");
    let none = title(&(0..=4).map(cell).collect::<Vec<_>>());
    assert!(none.contains("layer 1's per-sample gradient at the first step is 0 (normal:0)"), "{none}");
}

/// Two activations, three rates and two seeds; at rate 10 one seed of sigmoid and both of ReLU diverge.
fn rates(more: &[(&str, &str)]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (a, activation) in ["sigmoid", "relu"].into_iter().enumerate() {
        for (r, rate) in ["10", "0.1", "1"].into_iter().enumerate() {
            for seed in 1..=2usize {
                let accuracy = [0.2, 0.9, 0.5][r] + 0.02 * seed as f64 + 0.01 * a as f64;
                let diverges = r == 0 && (a == 1 || seed == 2);
                let status = match diverges {
                    true => Status::Diverged { step: 3, what: "the loss is inf".into() },
                    false => Status::Complete,
                };
                let run = Synthetic { accuracy: vec![(0, 0.1), (20, accuracy)], status, ..healthy() };
                let settings = [("activation", activation), ("learning_rate", rate), ("hidden_layers", "8")];
                let seed = seed.to_string();
                let settings =
                    settings.into_iter().chain([("seed", seed.as_str())]).chain(more.iter().copied());
                let settings = settings.map(|(k, v)| (k.to_string(), v.to_string())).collect();
                let number = cells.len() + 1;
                cells.push(Cell { number, settings, result: Ok(run.record()), seconds: 1.0 });
            }
        }
    }
    cells
}

fn by(cells: &[Cell], keys: &[&str]) -> Result<Figure, String> {
    let input = SweepInput { name: "test", cells, planned: cells.len(), depths: None, record: &|_| None };
    let by = by::By(keys.iter().map(|key| (*key).to_string()).collect());
    let mut figure =
        build("accuracy-by", &input, &Options::default().with(by)).map_err(|error| error.to_string())?;
    figure.title = figure.title.replace('\u{a0}', " ");
    figure.subtitle = figure.subtitle.replace('\u{a0}', " ");
    Ok(figure)
}

#[test]
fn accuracy_by_two_settings_is_a_map_in_which_what_diverged_is_marked() {
    let figure = by(&rates(&[]), &[]).unwrap();
    let map = heatmaps(&figure)[0];
    // Numbers by their size, whatever their order in the plan.
    assert_eq!(
        (&map.columns[..], &map.rows[..]),
        (&["0.1", "1", "10"].map(String::from)[..], &["Sigmoid", "ReLU"].map(String::from)[..])
    );
    let expected = [[0.93, 0.53, 0.22], [0.94, 0.54, f64::NAN]];
    for (row, expected) in map.cells.iter().zip(expected) {
        for (cell, expected) in row.iter().zip(expected) {
            match cell {
                Value::Finite(x) => assert!((x - expected).abs() < 1e-12, "{x} {expected}"),
                other => assert!(*other == Value::Nan && expected.is_nan(), "{other:?}"),
            }
        }
    }
    assert_eq!(figure.scales[0].special, [(Value::Nan, "diverged".to_string())]);
    assert_eq!(
        figure.title,
        "Training accuracy from 53 % (Sigmoid, learning rate 1) to 94 % (ReLU, learning rate 0.1); 3 of 12 runs diverged"
    );
    assert!(
        figure.subtitle.contains(
            "Coloured by the runs that did not diverge: Sigmoid, learning rate 10: 1 of 2 diverged."
        ),
        "{}",
        figure.subtitle
    );
    assert!(
        figure
            .description
            .contains("rows from the bottom: activation Sigmoid, ReLU; columns: learning rate 0.1, 1, 10")
    );
    assert!(figure.description.contains("(diverged)"), "{}", figure.description);
}

#[test]
fn accuracy_by_a_number_is_a_line_for_each_other_setting() {
    let figure = by(&rates(&[]), &["learning_rate"]).unwrap();
    let panel = lines(&figure)[0];
    let solid: Vec<_> = panel.series.iter().filter(|s| s.style == Stroke::Solid).collect();
    assert_eq!(solid.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["Sigmoid", "ReLU"]);
    let points = &solid[1].points;
    assert!(
        points[0].0 == 0.1 && near(points[0].1, 0.94) && near(points[1].1, 0.54) && points[2] == (10.0, None)
    );
    // Of the sigmoid one seed is left.
    assert!(near(solid[0].points[2].1, 0.22) && solid[0].band[2] == (10.0, 0.22, 0.22));
    assert_eq!(panel.x.kind, crate::figure::chart::AxisKind::Log10);
    let marks = &figure.panels[0].overlays;
    let mark = crate::figure::chart::Overlay::Step { at: 10.0, words: "3 of 4 diverged".into() };
    assert_eq!(marks, &[mark]);
}

#[test]
fn accuracy_by_names_is_a_row_each_and_what_lost_a_run_is_not_the_best() {
    let mut cells = rates(&[]);
    cells.retain(|cell| cell.setting("learning_rate") == "10");
    cells.extend(rates(&[]).into_iter().filter(|c| c.setting("activation") == "relu").map(|mut c| {
        c.settings.insert("activation".into(), "tanh".into());
        c.settings.insert("learning_rate".into(), "10".into());
        c
    }));
    // tanh: six runs, two of which diverged; sigmoid: one of two; ReLU: none is left.
    let figure = by(&cells, &["activation"]).unwrap();
    let Panel::Dots(dots) = &figure.panels[0].panel else { panic!("no dots") };
    let labels: Vec<&str> = dots.rows.iter().map(|r| r.label.as_str()).collect();
    assert_eq!(labels, ["Tanh", "Sigmoid", "ReLU"]);
    assert_eq!(dots.rows[2].values, [None, None]);
    assert_eq!(dots.rows[2].words, "2 of 2 runs diverged");
    assert!(dots.rows[1].words.contains("1 of 2 runs diverged"));
    // All lost a run, so that none is called the best.
    assert_eq!(figure.title, "5 of 10 runs diverged");
}

#[test]
fn accuracy_by_a_setting_that_does_not_vary_is_refused_with_those_that_do() {
    assert_eq!(
        by(&rates(&[]), &["dropout"]).unwrap_err(),
        "sweep `test` holds no second value of that setting, so `accuracy-by` has nothing to draw; it varies activation, learning_rate"
    );
    let one: Vec<Cell> = rates(&[]).into_iter().take(1).collect();
    assert!(error("accuracy-by", &one).contains("holds no "), "{}", error("accuracy-by", &one));
    let three = [rates(&[("dropout", "0")]), rates(&[("dropout", "0.5")])].concat();
    let figure = by(&three, &[]).unwrap();
    let titles: Vec<&str> = heatmaps(&figure).iter().map(|h| h.title.as_str()).collect();
    assert_eq!(titles, ["Sigmoid", "ReLU"]);
    assert_eq!(heatmaps(&figure)[0].rows, ["0", "0.5"]);
    let panels = by(&three, &["learning_rate"]).unwrap();
    let titles: Vec<&str> = lines(&panels).iter().map(|l| l.title.as_str()).collect();
    assert_eq!(titles, ["Sigmoid", "ReLU"]);
    assert!(lines(&panels)[1].series.iter().any(|s| s.label == "dropout 0.5"));
}
