//! What titles say of known patients and of healthy runs, alone and side by side.

use super::*;

#[test]
fn a_vanishing_run_is_named_with_its_factor() {
    // Seven layers of 10^0.6 between layer 1 and layer 8: 10^4.2 = 15,849.
    let record = Synthetic::default().record();
    assert_eq!(
        one("gradient-heatmap", &record).title,
        "Sigmoid, 8 hidden layers: layer 1's batch-mean gradient is 16,000 times smaller than layer 8's (median of the steps); training accuracy stays at 11 %"
    );
    assert!(
        one("signal-heatmap", &record).title.contains("layer 1's backward signal is 16,000 times smaller")
    );
    // 10^0.6 = 3.98
    assert!(
        one("layer-profile", &record)
            .title
            .contains("16,000 times smaller than layer 8's at steps 0 and 19 (4.0 times per layer)")
    );
    assert!(
        one("movement-heatmap", &record)
            .title
            .contains("layer 1 moved by 0.020 % of its initial norm, layer 9 by 140 %")
    );
}

#[test]
fn a_gradient_that_grows_toward_the_input_is_said_to_grow() {
    // 10^3.25 = 1,778 over seven layers.
    let grad = |l: usize, _| 10f64.powf(-3.25 * l as f64 / 7.0);
    let record = Synthetic { grad, signal: |_, _| 1.0, ..Synthetic::default() }.record();
    let title = one("gradient-heatmap", &record).title;
    assert!(title.contains("layer 1's batch-mean gradient is 1,800 times larger than layer 8's"), "{title}");
}

#[test]
fn a_healthy_run_is_not_accused() {
    let record = healthy().record();
    for spec in FigureSpec::all_of(Draws::Run) {
        let figure = one(spec.name, &suited(spec, record.clone()));
        if spec.name == "layer-profile" {
            // 1.07^7 at both steps: a number of the curves that it draws.
            assert!(
                figure.title.contains("1.6 times smaller than layer 8's at steps 0 and 19"),
                "{}",
                figure.title
            );
            continue;
        }
        for word in ["smaller than", "stays at", "still random (", "diverged", "not moved", "no farther"] {
            assert!(!figure.title.contains(word), "{}: {}", spec.name, figure.title);
        }
    }
    // 1.07^7 = 1.606
    assert_eq!(
        one("gradient-heatmap", &record).title,
        "ReLU, 8 hidden layers: the batch-mean gradients of the hidden layers differ by a factor of 1.6 (median of the steps); training accuracy 97 %"
    );
    assert!(one("convergence-heatmap", &record).title.contains("all 9 layers left their random start"));
    assert!(one("training-curves", &record).title.contains("accuracy 97 % in training, 87 % on test data"));
}

#[test]
fn an_even_batch_mean_does_not_hide_a_decaying_signal() {
    let record = Synthetic { grad: |_, _| 8e-7, ..Synthetic::default() }.record();
    let title = one("gradient-heatmap", &record).title;
    assert!(title.contains("look equal, but layer 1's backward signal is 16,000 times smaller"), "{title}");
}

#[test]
fn adam_hides_vanishing_and_the_title_says_both() {
    let record = Synthetic { driven: |_, _| 0.01, ..Synthetic::default() }.record();
    let title = one("update-heatmap", &record).title;
    assert!(title.contains("the relative updates of the hidden layers are about equal"), "{title}");
    assert!(title.contains("although layer 1's backward signal is 16,000 times smaller"), "{title}");
}

#[test]
fn a_run_that_escapes_its_plateau_is_told_at_both_ends() {
    let record = Synthetic {
        steps: (0..100).collect(),
        grad: |l, s| if s < 50 { 10f64.powf(-0.5 * (9 - l) as f64) } else { 1.0 },
        accuracy: vec![(0, 0.1), (100, 0.9)],
        ..Synthetic::default()
    }
    .record();
    let title = one("gradient-heatmap", &record).title;
    // 10^3.5 = 3,162
    assert!(
        title.contains(
            "3,200 times smaller than layer 8's in the first 5 recorded steps, about as large in the last 5"
        ),
        "{title}"
    );
    assert!(!title.contains("stays"), "{title}");
}

#[test]
fn decay_is_not_taken_for_learning() {
    // Decay alone: each of 20 updates takes 0.005 of the initial norm away, 10 % in all, and the layer moved
    // by as much.
    let decaying = Synthetic {
        decay: |_, _| 0.025,
        distance: |_, s| 0.025 * s as f64,
        labels: vec![("weight_decay", "0.05")],
        ..Synthetic::default()
    };
    let record = decaying.record();
    let summary = Summary::new(&record).unwrap();
    let part = summary.decay_parts(Role::Weight)[0].unwrap();
    assert!((part.travel - 0.1).abs() < 1e-12 && (part.movement - 0.1).abs() < 1e-12);
    let movement = one("movement-heatmap", &record);
    assert!(
        movement.title.contains("layers 1–9 went no farther than weight decay alone carries"),
        "{}",
        movement.title
    );
    assert!(
        movement.subtitle.contains("Weight decay alone can have moved layer 1 by up to 10 %"),
        "{}",
        movement.subtitle
    );
    let update = one("update-heatmap", &record);
    let maps = heatmaps(&update);
    assert_eq!(maps.len(), 2);
    assert_eq!((maps[0].scale, maps[1].scale, update.scales.len()), (0, 0, 1));
    assert!((maps[1].cells[0][0].log10().unwrap() - 0.005f64.log10()).abs() < 1e-12);
    // Layer 1's gradient part is 10^-4.8 / 500 of its norm, decay's 0.005: a factor of 158,000.
    assert!(
        update.title.contains("weight decay changes layer 1 160,000 times as much as its gradient does"),
        "{}",
        update.title
    );
    // Without decay the panel is left out, and that is said.
    let without = one("update-heatmap", &Synthetic::default().record());
    assert_eq!(heatmaps(&without).len(), 1);
    assert!(without.subtitle.contains("No weight decay and no L1"));
    // With the same way and no decay recorded, the layers moved.
    let moved = Synthetic { distance: |_, s| 0.025 * s as f64, ..Synthetic::default() }.record();
    assert!(!one("movement-heatmap", &moved).title.contains("decay"));
}

#[test]
fn a_comparison_shares_its_scales() {
    let runs = [Synthetic::default().record(), healthy().record()];
    let figure = drawn("comparison", &runs, &Options::default());
    let maps = heatmaps(&figure);
    assert_eq!(maps.iter().map(|m| m.scale).collect::<Vec<_>>(), [0, 1, 0, 1]);
    for map in &maps {
        let scale = &figure.scales[map.scale];
        for x in map.cells.iter().flatten().filter_map(|c| c.log10()) {
            assert!(scale.low <= x && x <= scale.high);
        }
    }
    // 10^-4.8 below, 1 above; 0.02 % / 2 below, 140 % above.
    assert_eq!((figure.scales[0].low, figure.scales[0].high), (-5.0, 0.0));
    assert_eq!((figure.scales[1].low, figure.scales[1].high), (-4.0, 1.0));
    assert_eq!(
        figure.title,
        "Sigmoid: layer 1's per-sample gradient is 16,000 times smaller than layer 8's (median), training accuracy 11 %. ReLU: the per-sample gradients of the hidden layers differ by a factor of 1.6 (median), training accuracy 97 %"
    );
    assert!(figure.caption.starts_with("784–8×100–10 · cross-entropy"), "{}", figure.caption);
    assert!(
        figure.caption.ends_with("Sigmoid: glorot-uniform initialisation · ReLU: he-normal initialisation")
    );
    assert!(maps.windows(2).all(|w| (w[0].x.low, w[0].x.high) == (w[1].x.low, w[1].x.high)));
    let three = [runs[0].clone(), runs[1].clone(), healthy().record()];
    assert_eq!(build("comparison", &three, &Options::default()).unwrap().column_weights.len(), 3);
}

#[test]
fn a_run_too_short_to_be_seen_beside_another_is_named() {
    let long = Synthetic { steps: (0..2000).collect(), ..healthy() }.record();
    let short = |steps: u64| {
        let status = Status::Diverged { step: steps - 1, what: "the loss is NaN".into() };
        let (snapshots, accuracy) = (vec![0], vec![(0, 0.1)]);
        Synthetic { steps: (0..steps).collect(), status, snapshots, accuracy, ..Synthetic::default() }
            .record()
    };
    let said =
        |steps, options: &Options| drawn("comparison", &[short(steps), long.clone()], options).subtitle;
    let note = "At the left edge, too short to be readable: Sigmoid has 20 of 2,000 steps.";
    let plain = Options::default();
    assert!(said(20, &plain).contains(note), "{}", said(20, &plain));
    assert!(!said(100, &plain).contains("edge"));
    // On a logarithmic axis the first steps have room.
    assert!(!said(20, &Options::default().with(StepAxis::Log)).contains("edge"));
}

#[test]
fn a_faint_curve_is_told_from_the_solid_one_of_its_colour() {
    let figure = one("training-curves", &healthy().record());
    for panel in lines(&figure) {
        for (i, series) in panel.series.iter().enumerate() {
            let same = panel.series.iter().skip(i + 1).any(|s| s.colour == series.colour);
            assert_eq!(same, series.label.contains("(faint)"), "{}", series.label);
        }
    }
}

#[test]
fn runs_of_one_name_are_told_apart_by_what_differs() {
    let with = |rate: &'static str| {
        let labels = vec![("activation", "sigmoid"), ("learning_rate", rate)];
        Synthetic { labels, ..Synthetic::default() }.record()
    };
    let figure = drawn("comparison", &[with("0.1"), with("0.5")], &Options::default());
    let titles: Vec<&str> =
        heatmaps(&figure).iter().map(|m| m.title.as_str()).filter(|t| !t.is_empty()).collect();
    assert_eq!(titles, ["Sigmoid (learning rate 0.1)", "Sigmoid (learning rate 0.5)"]);
    // The caption does not say it again.
    assert!(!figure.caption.contains("rate"), "{}", figure.caption);
    let far =
        drawn("comparison", &[with("0.1"), with("1000000000000000000000000000000")], &Options::default());
    assert!(far.title.contains("Sigmoid (learning rate 10³⁰): "), "{}", far.title);
    let same = drawn("comparison", &[with("0.1"), with("0.1")], &Options::default());
    assert!(
        same.title.starts_with("Sigmoid (1): ") && same.title.contains("Sigmoid (2): "),
        "{}",
        same.title
    );
}
