//! The numbers of a figure are those of its record, special values included.

use super::super::testing::POOLING;
use super::*;
use crate::record::{GRAD_NORM, SIGNAL_RMS, UPDATE_NORM};

#[test]
fn each_cell_is_log10_of_the_value_in_the_record() {
    let record = Synthetic { grad: |l, s| 1e-3 * l as f64 / (s + 1) as f64, ..Synthetic::default() }.record();
    let figure = one("gradient-heatmap", &record);
    let map = heatmaps(&figure)[0];
    assert_eq!((map.rows.len(), map.cells[0].len(), map.edges.len()), (9, 20, 21));
    for l in 0..9 {
        for s in 0..20 {
            // Weights are the even tensors.
            let stored = record.steps[GRAD_NORM][s * 18 + 2 * l];
            assert_eq!(map.cells[l][s], Measured::Finite(stored));
            assert_eq!(stored, 1e-3 * (l + 1) as f64 / (s + 1) as f64);
        }
    }
    assert_eq!((map.rows[0].as_str(), map.rows[8].as_str()), ("1", "9 (output)"));
    assert_eq!(map.bottom_note, "input side");
}

#[test]
fn biases_and_other_gradients_are_drawn_on_request() {
    let record = Synthetic::default().record();
    let draw = |options: Options| drawn("gradient-heatmap", std::slice::from_ref(&record), &options);
    let bias = draw(Options::default().with(Drawn::Biases));
    assert_eq!(heatmaps(&bias)[0].cells[8][0], Measured::Finite(0.1));
    assert!(bias.scales[0].label.contains("biases"));
    let rms = draw(Options::default().with(Some(GradientMetric::PerParameter)));
    // The output matrix has 10 x 100 entries and norm 1.
    let expected = (1.0 / 1000f64.sqrt()).log10();
    assert!((heatmaps(&rms)[0].cells[8][0].log10().unwrap() - expected).abs() < 1e-12);
    let log = draw(Options::default().with(StepAxis::Log));
    assert_eq!(heatmaps(&log)[0].x.kind, AxisKind::Log1p);
    assert_eq!(lines(&log)[0].x.kind, AxisKind::Log1p);
}

#[test]
fn movement_is_the_distance_over_the_initial_norm() {
    let figure = one("movement-heatmap", &Synthetic::default().record());
    let map = heatmaps(&figure)[0];
    for l in 1..=8usize {
        let expected = (1e-3 * l as f64 / 5.0).log10();
        assert!((map.cells[l - 1][1].log10().unwrap() - expected).abs() < 1e-12);
    }
    assert!((map.cells[8][1].log10().unwrap() - 1.4f64.log10()).abs() < 1e-12);
    // A cell ends at its snapshot; the start, where nothing has moved, has none.
    assert_eq!((map.edges.as_slice(), map.cells[0].len()), ([0.0, 10.0, 20.0].as_slice(), 2));
    assert!(figure.scales[0].special.is_empty());
    let still = Synthetic { distance: |l, s| if l == 1 { 0.0 } else { s as f64 }, ..Synthetic::default() };
    let figure = one("movement-heatmap", &still.record());
    assert!(heatmaps(&figure)[0].cells[0].iter().all(|c| *c == Measured::Zero));
    assert_eq!(figure.scales[0].special, vec![(Measured::Zero, "not moved at all".to_string())]);
}

#[test]
fn the_remaining_share_starts_at_one_and_ends_at_zero_in_every_layer() {
    let figure = one("convergence-heatmap", &Synthetic::default().record());
    let map = heatmaps(&figure)[0];
    for row in &map.cells {
        assert_eq!((row[0], row[2]), (Measured::Finite(1.0), Measured::Zero));
        assert!((row[1].value().unwrap() - 0.5).abs() < 1e-6);
    }
    // The panel beside it tells the walkers on the spot from those that arrived.
    let Some(Panel::Rows(way)) = figure.panels.iter().map(|p| &p.panel).find(|p| matches!(p, Panel::Rows(_)))
    else {
        panic!("no lengths of the ways")
    };
    assert!((way.values[0].unwrap() - 2e-4).abs() < 1e-12 && (way.values[8].unwrap() - 1.4).abs() < 1e-12);
    assert_eq!((way.words[0].as_str(), way.words[8].as_str()), ("0.020\u{a0}%", "140\u{a0}%"));
    // The walkers' rows show no colour, the others do.
    let masks: Vec<(usize, usize)> = map.masks.iter().map(|v| (v.first, v.last)).collect();
    assert_eq!(masks, [(0, 7)]);
    assert!(figure.description.contains("Drawn grey, layers 1–8: still random"), "{}", figure.description);
    let healthy = one("convergence-heatmap", &healthy().record());
    assert!(heatmaps(&healthy)[0].masks.is_empty());
    // Layers 1, 3 and 4 stay; each group of neighbours has one mask.
    let gap = Synthetic {
        distance: |l, s| if [1, 3, 4].contains(&l) { 0.0 } else { s as f64 },
        ..Synthetic::default()
    };
    let figure_with_gap = one("convergence-heatmap", &gap.record());
    let masks: Vec<(usize, usize)> =
        heatmaps(&figure_with_gap)[0].masks.iter().map(|v| (v.first, v.last)).collect();
    assert_eq!(masks, [(0, 0), (2, 3)]);
    assert!(figure.title.contains("layers 1–8 are still random (moved less than 1 %)"), "{}", figure.title);
    // sqrt(2/4)/2
    assert!(figure.subtitle.contains("35 %"), "{}", figure.subtitle);
}

/// Layers keep their numbers and their cells; the row of pooling lies between them and says what it is.
#[test]
fn a_layer_without_weights_has_a_row_in_its_place_that_no_number_counts() {
    let plain = Synthetic::default().record();
    let pooled = Synthetic { pooling_after: Some(2), ..Synthetic::default() }.record();
    for name in
        ["gradient-heatmap", "signal-heatmap", "update-heatmap", "movement-heatmap", "convergence-heatmap"]
    {
        let (without, with) = (one(name, &plain), one(name, &pooled));
        assert_eq!(with.title, without.title, "{name}");
        let (a, b) = (heatmaps(&without)[0], heatmaps(&with)[0]);
        assert_eq!((b.bare.as_slice(), b.rows[2].as_str()), ([2].as_slice(), "max pool 2x2"), "{name}");
        assert_eq!(b.rows.len(), a.rows.len() + 1);
        let alone = b.without_bare_rows();
        assert_eq!((&alone.rows, &alone.cells, &alone.masks), (&a.rows, &a.cells, &a.masks), "{name}");
        if name == "signal-heatmap" {
            assert!(b.cells[2].iter().all(|cell| *cell == Measured::Finite(POOLING.0)) && b.masks.is_empty());
            assert!(with.description.contains("After layer 2: max pool 2x2."), "{}", with.description);
        } else {
            let mask = b.masks.iter().find(|mask| mask.first == 2).expect("a mask on the row of pooling");
            assert_eq!((mask.last, mask.words.as_str()), (2, "no weights"));
            assert!(b.cells[2].iter().all(|cell| *cell == Measured::Missing));
            assert!(
                with.description.contains("After layer 2: max pool 2x2 (no weights)."),
                "{}",
                with.description
            );
        }
        let parts = with.panels.iter().map(|p| &p.panel);
        for way in parts.filter_map(|p| if let Panel::Rows(way) = p { Some(way) } else { None }) {
            assert_eq!((way.values[2], way.words[2].as_str()), (None, "no weights"));
            assert!((way.values[9].unwrap() - 1.4).abs() < 1e-12);
        }
    }
    let activation = one("activation-heatmap", &pooled);
    let mask = &heatmaps(&activation)[0].masks[0];
    assert_eq!((mask.first, mask.words.as_str()), (2, "the gradient goes to 25\u{a0}% of the places"));
}

#[test]
fn the_profile_says_what_the_layers_are_where_their_numbers_do_not() {
    let plain = Synthetic { pooling_after: Some(2), ..Synthetic::default() };
    assert!(!one("layer-profile", &plain.record()).subtitle.contains("Layers:"));
    let mut record = plain.record();
    for (l, layer) in record.header.layers.iter_mut().enumerate() {
        layer.name = match l {
            0 | 1 => "conv 3x3, 8".into(),
            2 => "max pool 2x2".into(),
            9 => "dense 10".into(),
            _ => "dense 100".into(),
        };
    }
    let subtitle = one("layer-profile", &record).subtitle;
    assert!(
        subtitle.contains("Layers: 1–2 conv 3x3, 8; max pool 2x2; 3–8 dense 100; 9 dense 10."),
        "{subtitle}"
    );
}

#[test]
fn the_profile_shows_the_first_middle_and_last_row() {
    let record = Synthetic { signal: |l, s| l as f64 * (s + 1) as f64, ..Synthetic::default() }.record();
    let figure = one("layer-profile", &record);
    let panels = lines(&figure);
    assert_eq!(panels.len(), 3);
    for (series, step) in panels[0].series.iter().zip([0usize, 9, 19]) {
        assert_eq!(series.label, format!("step {step}"));
        for (l, point) in series.points.iter().enumerate() {
            let stored = record.value(SIGNAL_RMS, step, l);
            assert!((point.1.unwrap() / stored - 1.0).abs() < 1e-12);
            assert_eq!(point.0, (l + 1) as f64);
        }
    }
    assert!(panels[0].y.low <= 1.0 && panels[0].y.high >= 180.0);
}

#[test]
fn the_five_special_kinds_reach_the_figure_and_its_legend() {
    let grad = |l: usize, s: u64| match (l, s) {
        (1, _) => UNDERFLOW,
        (2, 0..10) => 0.0,
        (3, 19) => f64::NAN,
        (4, 19) => f64::INFINITY,
        (5, 19) => MISSING,
        _ => 1.0,
    };
    let record = Synthetic { grad, ..Synthetic::default() }.record();
    let figure = one("gradient-heatmap", &record);
    let cells = &heatmaps(&figure)[0].cells;
    assert_eq!(cells[0][7], Measured::Underflow);
    assert_eq!((cells[1][9], cells[1][10]), (Measured::Zero, Measured::Finite(1.0)));
    assert_eq!(
        (cells[2][19], cells[3][19], cells[4][19]),
        (Measured::Nan, Measured::Infinite, Measured::Missing)
    );
    let kinds: Vec<Measured> = figure.scales[0].special.iter().map(|s| s.0).collect();
    assert_eq!(
        kinds,
        [Measured::Zero, Measured::Underflow, Measured::Nan, Measured::Infinite, Measured::Missing]
    );
    assert!(
        figure
            .title
            .contains("layer 1's batch-mean gradient is too small to be stored at every recorded step"),
        "{}",
        figure.title
    );
}

#[test]
fn a_diverged_run_can_be_drawn_in_every_figure() {
    let explode = |l: usize, s: u64| match s {
        0..15 => 0.1 * l as f64,
        15..19 => 10f64.powi(20 * (s as i32 - 14)),
        _ => f64::NAN,
    };
    let record = Synthetic {
        grad: explode,
        signal: explode,
        driven: explode,
        loss: |s| if s < 19 { 2.3 * 3f64.powi(s as i32) } else { f64::NAN },
        distance: |_, s| if s < 20 { s as f64 } else { f64::INFINITY },
        status: Status::Diverged { step: 19, what: "loss".into() },
        ..Synthetic::default()
    }
    .record();
    for spec in FigureSpec::all_of(Draws::Run) {
        let figure = one(spec.name, &suited(spec, record.clone()));
        assert!(figure.title.contains("diverged at step 19"), "{}: {}", spec.name, figure.title);
        assert!(figure.caption.contains("diverged at step 19 (loss)"));
        for l in lines(&figure) {
            assert!(
                l.y.low.is_finite() && l.y.high.is_finite() && l.y.low < l.y.high,
                "{}: {:?}",
                spec.name,
                l.y
            );
        }
    }
    let figure = one("gradient-heatmap", &record);
    // The scale shows the sane steps, not the exploding ones, and says so.
    assert!(figure.scales[0].low <= -1.0 && figure.scales[0].high <= 11.0 + 1e-9, "{:?}", figure.scales[0]);
    assert!(figure.subtitle.contains("21 % of the cells lie above the scale"), "{}", figure.subtitle);
    // Row 19 is not finite: the profile's last curve is step 18.
    assert_eq!(lines(&one("layer-profile", &record))[0].series[2].label, "step 18");
}

#[test]
fn biases_that_start_at_zero_are_measured_against_their_weights() {
    let record = Synthetic::default().record();
    let options = Options::default().with(Drawn::Biases);
    let figure = drawn("movement-heatmap", std::slice::from_ref(&record), &options);
    // The biases' distance is a tenth of the weights': 0.7 of a weight norm of 5.
    assert!((heatmaps(&figure)[0].cells[8][1].log10().unwrap() - 0.14f64.log10()).abs() < 1e-12);
    assert!(figure.subtitle.contains("Biases began at 0"), "{}", figure.subtitle);
}

#[test]
fn weights_of_zero_have_no_relative_movement_and_the_figure_says_why() {
    let record = Synthetic { weight_norm: 0.0, ..Synthetic::default() }.record();
    let figure = one("movement-heatmap", &record);
    assert!(heatmaps(&figure)[0].cells.iter().flatten().all(|c| *c == Measured::Missing));
    assert_eq!(figure.scales[0].special, vec![(Measured::Missing, "no unit: initial norm is 0".to_string())]);
    assert!(figure.subtitle.contains("No relative movement for layers 1–9"), "{}", figure.subtitle);
}

#[test]
fn a_decay_of_sixty_decades_keeps_the_top_of_its_scale_and_says_so() {
    let record = Synthetic {
        grad: |l, s| 10f64.powf(-7.5 * (9 - l) as f64 - 0.001 * s as f64),
        ..Synthetic::default()
    }
    .record();
    let figure = one("gradient-heatmap", &record);
    assert_eq!((figure.scales[0].low, figure.scales[0].high), (-45.0, 0.0));
    // Layers 1 and 2 of 9, and layer 3 after its first step: 59 of 180 cells.
    assert!(figure.subtitle.contains("33 % of the cells lie below the scale"), "{}", figure.subtitle);
    assert!(figure.title.contains("3.2 × 10⁵² times smaller"), "{}", figure.title);
}

#[test]
fn updates_that_change_no_stored_number_are_hatched_and_named() {
    let mut record = Synthetic::default().record();
    let (rows, tensors) = (record.len(), record.header.tensors.len());
    // The weights of layers 1 to 3 stay the same numbers: as zero, and as a change too small to be stored.
    for (row, layer) in (0..rows).flat_map(|r| [0, 1, 2].map(|l| (r, l))) {
        let applied = if row % 2 == 0 { 0.0 } else { UNDERFLOW };
        record.steps.values_mut(UPDATE_NORM)[row * tensors + 2 * layer] = applied;
    }
    let figure = one("update-heatmap", &record);
    let cells = &heatmaps(&figure)[0].cells;
    assert!(cells[..3].iter().flatten().all(|c| *c == Measured::Underflow));
    assert!(cells[3..].iter().flatten().all(|c| matches!(c, Measured::Finite(_))));
    assert!(
        figure.title.contains("the updates of layers 1–3 are lost to rounding at every recorded step"),
        "{}",
        figure.title
    );
    assert_eq!(
        figure.scales[0].special,
        vec![(Measured::Underflow, "lost to rounding: changes no stored number".to_string())]
    );
    // A third of the nine layers.
    let said = "33 % of the cells have no colour of the scale (lost to rounding: changes no stored number).";
    assert!(figure.description.contains(said), "{}", figure.description);
}

#[test]
fn a_name_made_from_settings_gives_way_to_the_activation_and_a_given_one_stays() {
    let titled = |run: &'static str| {
        one("gradient-heatmap", &Synthetic { run, ..Synthetic::default() }.record()).title
    };
    let seed = Synthetic::default().record().header.seed.unwrap();
    let made: &'static str = Box::leak(format!("sigmoid-8x100-sgd-seed{seed}").into_boxed_str());
    assert!(titled(made).starts_with("Sigmoid, 8 hidden layers:"), "{}", titled(made));
    assert!(titled("sigmoid-mine").starts_with("sigmoid-mine, 8 hidden layers:"));
}
