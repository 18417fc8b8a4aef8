//! Figures against the records they came from, by arithmetic that the figures do not share.

mod chinese;
mod distributions;
mod lecture;
mod numbers;
mod remedy;
mod replays;
mod titles;
mod truth;

use proptest::prelude::*;

use super::chart::{AxisKind, Figure, Heatmap, Lines, Panel};
use super::testing::{Synthetic, healthy};
use super::*;
use crate::analysis::Summary;
use crate::record::{EarlyStop, GRAD_NORM, Record, Role, Status, VALIDATION_LOSS};
use crate::stats::{MISSING, Measured, UNDERFLOW};
use crate::text::Lang;

/// The figure of one run with default options, its no-break spaces made plain.
fn one(name: &str, record: &Record) -> Figure {
    drawn(name, std::slice::from_ref(record), &Options::default())
}

fn drawn(name: &str, runs: &[Record], options: &Options) -> Figure {
    let mut f = build(name, runs, options).unwrap();
    let lines = f.panels.iter_mut().filter_map(|p| match &mut p.panel {
        Panel::Lines(l) => Some(l),
        Panel::Heatmap(_)
        | Panel::Rows(_)
        | Panel::Flow(_)
        | Panel::Dots(_)
        | Panel::Maps(_)
        | Panel::Ridges(_) => None,
    });
    let words = lines
        .flat_map(|l| l.marks.iter_mut().map(|m| &mut m.1).chain(l.series.iter_mut().map(|s| &mut s.label)));
    for text in words.chain([&mut f.title, &mut f.subtitle, &mut f.caption, &mut f.description]) {
        *text = text.replace('\u{a0}', " ");
    }
    f
}

fn heatmaps(figure: &Figure) -> Vec<&Heatmap> {
    let map = |p: &'_ chart::Placed| matches!(p.panel, Panel::Heatmap(_));
    figure
        .panels
        .iter()
        .filter(|p| map(p))
        .map(|p| match &p.panel {
            Panel::Heatmap(h) => h,
            Panel::Lines(_)
            | Panel::Rows(_)
            | Panel::Flow(_)
            | Panel::Dots(_)
            | Panel::Maps(_)
            | Panel::Ridges(_) => {
                unreachable!()
            }
        })
        .collect()
}

fn lines(figure: &Figure) -> Vec<&Lines> {
    figure
        .panels
        .iter()
        .filter_map(|p| match &p.panel {
            Panel::Lines(l) => Some(l),
            Panel::Heatmap(_)
            | Panel::Rows(_)
            | Panel::Flow(_)
            | Panel::Dots(_)
            | Panel::Maps(_)
            | Panel::Ridges(_) => None,
        })
        .collect()
}

/// The figures of one run and of several.
fn of_runs() -> impl Iterator<Item = &'static FigureSpec> {
    FIGURES.iter().filter(|s| matches!(s.draws(), Draws::Run | Draws::Runs))
}

/// A record that a figure of one run can be drawn from: `early-stopping` is about runs that stopped early.
fn suited(spec: &FigureSpec, mut record: Record) -> Record {
    if spec.name == "early-stopping" {
        stopped_early(&mut record);
    }
    record
}

/// Keeps the step of the first evaluation; the validation loss is 2 there, and 3 at the others.
fn stopped_early(record: &mut Record) {
    let steps = record.evals.step().to_vec();
    let Some(&best_step) = steps.first() else { return };
    record.header.early_stop = Some(EarlyStop { best_step, stopped: true });
    let losses = record.evals.values_mut(VALIDATION_LOSS);
    losses.iter_mut().enumerate().for_each(|(i, loss)| *loss = if i == 0 { 2.0 } else { 3.0 });
}

/// A figure in few lines, for snapshots.
fn outline(f: &Figure) -> String {
    let mut out = format!("{} {}x{}\n", f.name, f.width, f.height.map_or("?".to_string(), |h| h.to_string()));
    out += &format!("{}\n{}\n{}\n", f.title, f.subtitle, f.caption);
    for s in &f.scales {
        out += &format!(
            "scale {:?} {}..{} log={} percent={} {:?}{}\n",
            s.label,
            s.low,
            s.high,
            s.logarithmic,
            s.percent,
            s.special,
            if s.signed { " signed" } else { "" }
        );
    }
    for p in &f.panels {
        out += &format!("[{},{}] ", p.column, p.row);
        match &p.panel {
            Panel::Heatmap(h) => {
                out += &format!("map {:?} scale {} edges {:?}\n", h.title, h.scale, h.edges);
                for (label, row) in h.rows.iter().zip(&h.cells).rev() {
                    let cells: Vec<String> = row
                        .iter()
                        .map(|c| c.positive().map_or(format!("{c:?}"), |x| format!("{x:.3e}")))
                        .collect();
                    out += &format!("  {label:>10}: {}\n", cells.join(", "));
                }
                for v in &h.masks {
                    out += &format!("  rows {}..={} masked: {}\n", v.first, v.last, v.words);
                }
            }
            Panel::Rows(r) => {
                out += &format!("rows {:?} {}..{} mark {:?}\n", r.x.label, r.x.low, r.x.high, r.mark);
                for ((label, value), words) in r.rows.iter().zip(&r.values).zip(&r.words).rev() {
                    out += &format!("  {label:>10}: {value:.3?} {words}\n");
                }
            }
            Panel::Ridges(r) => {
                out += &format!(
                    "ridges {:?} {} {}..{} bounds {:?}\n",
                    r.title, r.x.label, r.x.low, r.x.high, r.bounds
                );
                for row in r.rows.iter().rev() {
                    let cells: Vec<String> =
                        row.cells.iter().map(|(a, b, share)| format!("{a:.3}..{b:.3} {share:.3}")).collect();
                    out += &format!(
                        "  {:>10}: {} {:?} {}\n",
                        row.label,
                        cells.join(", "),
                        row.beyond,
                        row.words
                    );
                }
            }
            Panel::Maps(m) => {
                out += &format!("maps {:?} scale {} bar {}\n", m.title, m.scale, m.bar);
                for t in &m.tiles {
                    out += &format!(
                        "  {:?} side {} groups {:?} rings {:?} ",
                        t.label, t.side, t.groups, t.rings
                    );
                    out += &format!("frame {:?} from {:?} {:?}\n", t.frame, t.first, t.numbers);
                    for row in &t.cells {
                        let cells: Vec<String> = row
                            .iter()
                            .map(|c| c.value().map_or(format!("{c:?}"), |x| format!("{x:.3}")))
                            .collect();
                        out += &format!("    {}\n", cells.join(", "));
                    }
                }
            }
            Panel::Dots(d) => {
                for r in &d.rows {
                    out += &format!("  {:>10}: {:.3?} {:?} {}\n", r.label, r.values, r.tone, r.words);
                }
            }
            Panel::Flow(f) => {
                out += &format!("flow {:?}\n", f.column_weights);
                for b in &f.boxes {
                    out += &format!("  [{},{}] {} {:?}\n", b.column, b.row, b.heading, b.tone);
                    for l in &b.lines {
                        let mark = if l.item {
                            "- "
                        } else if l.bold {
                            "! "
                        } else {
                            ""
                        };
                        out += &format!("    {mark}{}\n", l.text);
                    }
                }
                for a in &f.arrows {
                    out += &format!("  {} -> {} {:?} taken {}\n", a.from, a.to, a.label, a.taken);
                }
            }
            Panel::Lines(l) => {
                out += &format!(
                    "lines {:?} y {:?} {}..{} marks {:?}\n",
                    l.title, l.y.kind, l.y.low, l.y.high, l.marks
                );
                for s in &l.series {
                    out += &format!("  {} {:?}: {:.3?}\n", s.label, s.style, s.points);
                }
            }
        }
    }
    out
}

fn small(run: Synthetic) -> Record {
    Synthetic {
        layers: 3,
        steps: vec![0, 1, 2],
        snapshots: vec![0, 2, 3],
        accuracy: vec![(0, 0.1), (3, 0.11)],
        ..run
    }
    .record()
}

// ---- bad input -------------------------------------------------------------------------------------------------------------------

#[test]
fn errors_name_the_figure_the_run_and_the_way_out() {
    let record = Synthetic::default().record();
    let say = |name: &str, runs: &[Record]| build(name, runs, &Options::default()).unwrap_err().to_string();
    let one = std::slice::from_ref(&record);
    assert_eq!(
        say("gradient-heatmp", one),
        "no figure is called `gradient-heatmp`; did you mean `gradient-heatmap`?"
    );
    assert_eq!(say("zzz", one), "no figure is called `zzz`");
    assert_eq!(
        say("comparison", one),
        "figure `comparison` draws two or more runs, but one run was given; name at least two run folders"
    );
    assert!(
        say("layer-profile", &[record.clone(), record.clone()])
            .contains("draws one run, but several runs were given; draw them one by one")
    );
    let empty =
        Synthetic { steps: vec![], snapshots: vec![], accuracy: vec![], ..Synthetic::default() }.record();
    for spec in of_runs() {
        let runs = if spec.draws() == Draws::Run {
            vec![empty.clone()]
        } else {
            vec![record.clone(), empty.clone()]
        };
        assert!(say(spec.name, &runs).starts_with("run `sigmoid` holds no "), "{}", spec.name);
    }
    let unsketched = Synthetic { sketch: false, ..Synthetic::default() }.record();
    assert!(say("convergence-heatmap", std::slice::from_ref(&unsketched)).contains("sketch"));
    let mut torn = record.clone();
    torn.header.tensors.pop();
    assert!(
        say("gradient-heatmap", std::slice::from_ref(&torn))
            .contains("grad_norm holds 360 values, expected 20 rows of 17")
    );
    let far = Synthetic { steps: vec![0, 1 << 60], ..Synthetic::default() }.record();
    assert!(
        say("gradient-heatmap", std::slice::from_ref(&far))
            .contains("the step table has step 1152921504606846976")
    );
}

#[test]
fn one_step_and_one_layer_are_enough() {
    let record = Synthetic { steps: vec![0], snapshots: vec![0, 1], ..Synthetic::default() }.record();
    for name in ["gradient-heatmap", "signal-heatmap", "update-heatmap", "layer-profile", "movement-heatmap"]
    {
        let figure = one(name, &record);
        for map in heatmaps(&figure) {
            assert!(map.edges.windows(2).all(|e| e[0] < e[1]), "{name}: {:?}", map.edges);
        }
    }
    let flat = Synthetic { layers: 1, ..Synthetic::default() }.record();
    for spec in FigureSpec::all_of(Draws::Run) {
        match spec.build(&[suited(spec, flat.clone())], &Options::default()) {
            Ok(figure) => assert!(figure.title.starts_with("Sigmoid"), "{}", spec.name),
            // Some figures draw hidden layers only.
            Err(FigureError::Nothing { what, .. }) => {
                assert!(what.contains("hidden layer"), "{}: {what}", spec.name)
            }
            Err(error) => panic!("{}: {error}", spec.name),
        }
    }
}

#[test]
fn every_title_fits_and_every_word_is_there() {
    let mut runs = vec![Synthetic::default(), healthy()];
    runs.push(Synthetic {
        steps: (0..3000).collect(),
        snapshots: (0..=300).map(|k| 10 * k).collect(),
        ..Synthetic::default()
    });
    for run in runs {
        let record = run.record();
        for spec in of_runs() {
            let records = if spec.draws() == Draws::Run {
                vec![suited(spec, record.clone())]
            } else {
                vec![record.clone(), healthy().record()]
            };
            let figure = build(spec.name, &records, &Options::default()).unwrap();
            let lines = figure.title_lines();
            assert!(lines.len() <= 2, "{}: {lines:?}", spec.name);
            assert_eq!(figure.name, spec.name);
            for text in
                [&figure.title, &figure.subtitle, &figure.caption, &figure.description, &figure.reading]
            {
                assert!(!text.is_empty() && !text.contains("  "), "{}: {text:?}", spec.name);
            }
            assert!(figure.description.contains(&figure.title));
            for (i, p) in figure.panels.iter().enumerate() {
                assert!(p.column < figure.column_weights.len() && p.row < figure.row_weights.len(), "{i}");
            }
            for map in heatmaps(&figure) {
                assert!(map.scale < figure.scales.len());
                assert_eq!(map.rows.len(), map.cells.len());
                assert!(map.cells.iter().all(|row| row.len() + 1 == map.edges.len()));
            }
        }
    }
}

// ---- curves and tables --------------------------------------------------------------------------------------------------------------

#[test]
fn strips_share_the_axis_of_the_heatmap() {
    let figure = one("gradient-heatmap", &healthy().record());
    let map = heatmaps(&figure)[0];
    let strips = lines(&figure);
    assert_eq!(strips.len(), 2);
    for strip in &strips {
        assert_eq!((strip.x.low, strip.x.high), (map.x.low, map.x.high));
    }
    assert_eq!((map.x.show_labels, strips[0].x.show_labels, strips[1].x.show_labels), (false, false, true));
    assert_eq!(strips[1].marks, vec![(0.1, "chance 10 %".to_string())]);
    assert_eq!(strips[1].series[0].points, vec![(0.0, Some(0.11)), (20.0, Some(0.968))]);
}

#[test]
fn the_table_holds_every_plotted_number_and_names_every_kind() {
    let grad = |l: usize, s: u64| {
        if l == 2 { [0.0, UNDERFLOW, f64::NAN][s as usize % 3] } else { 1.0 / (3 * l) as f64 }
    };
    let record = small(Synthetic { grad, ..Synthetic::default() });
    let figure = one("gradient-heatmap", &record);
    let mut bytes = Vec::new();
    write_csv(&figure, &mut bytes).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(
        reader.headers().unwrap(),
        vec!["panel", "series_or_layer", "x_start", "x_end", "value", "kind"]
    );
    let read: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(str::to_string).collect()).collect();
    assert_eq!(read, table(&figure)[1..]);
    let cells: Vec<_> = read.iter().filter(|r| r[0].starts_with("1: gradient norm")).collect();
    assert_eq!(cells.len(), 9);
    for (i, row) in cells.iter().enumerate() {
        let (l, s) = (i / 3, i % 3);
        assert_eq!(
            (row[2].as_str(), row[3].as_str()),
            (s.to_string().as_str(), (s + 1).to_string().as_str())
        );
        let kind = if l == 1 { ["zero", "underflow", "nan"][s] } else { "finite" };
        assert_eq!(row[5], kind);
        if kind == "finite" {
            let value: f64 = row[4].parse().unwrap();
            let stored = record.value(GRAD_NORM, s, 2 * l);
            assert_eq!(value.to_bits(), stored.to_bits(), "{value} {stored}");
        }
    }
    assert!(read.iter().any(|r| r[5] == "mark" && r[4] == "0.1"));
    assert!(read.iter().any(|r| r[1] == "training" && r[2] == "3" && r[4] == "0.11"));
}

#[test]
fn overlays_reach_the_table_the_description_and_the_words_that_are_drawn() {
    use super::chart::{Overlay, Stroke};
    let record = small(Synthetic::default());
    for lang in Lang::ALL {
        let figure = build("layer-profile", std::slice::from_ref(&record), &Options::new(lang)).unwrap();
        let mut panels = figure.panels.clone();
        let points = vec![(1.0, 0.125), (3.0, 0.1 + 0.2)];
        panels[0].overlays = vec![
            Overlay::Curve { label: "A".into(), points, style: Stroke::Dashed },
            Overlay::Band { label: "B".into(), points: vec![(1.0, 0.25, 0.5), (3.0, 0.25, 0.75)] },
            Overlay::Step { at: 2.0, words: "C".into() },
        ];
        let words = sheet::Words { title: "T".into(), ..sheet::Words::default() };
        let columns = vec![1.0; panels.len()];
        let sheet = sheet::Sheet { columns, rows: vec![1.0], panels, scales: Vec::new(), size: (820, 460) };
        let figure = Figure::new("test", lang, words, sheet);
        let rows: Vec<Vec<String>> = table(&figure).into_iter().filter(|r| r[5] == "overlay").collect();
        assert_eq!(rows.len(), 2 + 4 + 1, "{rows:?}");
        assert_eq!(rows[1], ["1: A", "A", "3", "3", "0.30000000000000004", "overlay"]);
        assert_eq!(rows[5], ["1: B", "B (high)", "3", "3", "0.75", "overlay"]);
        assert_eq!(rows[6], ["1: C", "C", "2", "2", "", "overlay"]);
        let curve = lang.describe_overlay_curve("A", &lang.number(0.125), &lang.number(0.1 + 0.2));
        let step = lang.describe_overlay_step("2", "C");
        for said in [curve, step] {
            assert!(figure.description.contains(&said), "{} in {}", said, figure.description);
        }
        for drawn in ["A", "B", "C"] {
            assert!(super::words(&figure).contains(&drawn));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edges_increase_for_any_recorded_steps(
        steps in proptest::collection::btree_set(0u64..1_000_000, 1..60),
        snapshots in proptest::collection::btree_set(0u64..1_000_000, 2..60),
        x_log: bool,
    ) {
        let record = Synthetic {
            steps: steps.iter().copied().collect(),
            snapshots: snapshots.iter().copied().collect(),
            accuracy: vec![],
            distance: |l, s| l as f64 + s as f64,
            ..Synthetic::default()
        }
        .record();
        let options = Options::default().with(if x_log { StepAxis::Log } else { StepAxis::Linear });
        for name in ["gradient-heatmap", "movement-heatmap"] {
            let figure = build(name, std::slice::from_ref(&record), &options).unwrap();
            let map = heatmaps(&figure)[0];
            prop_assert!(map.edges.windows(2).all(|e| e[0] < e[1]));
            prop_assert!(map.edges[0] >= map.x.low && map.edges[map.edges.len() - 1] <= map.x.high);
            prop_assert_eq!(map.edges.len(), map.cells[0].len() + 1);
        }
    }

    #[test]
    fn a_scale_of_up_to_twelve_decades_leaves_no_small_record_outside(
        values in proptest::collection::vec(-6.0f64..5.0, 1..40),
    ) {
        let mut record = small(Synthetic::default());
        for (i, v) in record.steps.values_mut(crate::record::GRAD_NORM).iter_mut().enumerate() {
            *v = 10f64.powf(values[i % values.len()]);
        }
        let figure = one("gradient-heatmap", &record);
        let scale = &figure.scales[0];
        prop_assert!(scale.low < scale.high && scale.low.fract() == 0.0 && scale.high.fract() == 0.0);
        for x in heatmaps(&figure)[0].cells.iter().flatten().filter_map(|c| c.log10()) {
            prop_assert!(scale.low <= x && x <= scale.high);
        }
    }
}

// ---- snapshots ------------------------------------------------------------------------------------------------------------------------

#[test]
fn small_figures_stay_as_they_are() {
    let record = small(Synthetic {
        grad: |l, _| 10f64.powi(l as i32 - 3),
        signal: |l, _| 10f64.powi(2 * (l as i32 - 3)),
        distance: |l, s| 0.01 * (l * l) as f64 * s as f64,
        ..Synthetic::default()
    });
    for spec in of_runs() {
        let other = small(healthy());
        let runs = if spec.draws() == Draws::Run {
            vec![suited(spec, record.clone())]
        } else {
            vec![record.clone(), other]
        };
        let figure = drawn(spec.name, &runs, &Options::default());
        insta::assert_snapshot!(spec.name, outline(&figure));
    }
}
