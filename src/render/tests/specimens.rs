//! Figures to try the renderer on: the shapes that real ones have, with numbers made up.

use crate::figure::chart::*;
use crate::figure::flow::{Flow, FlowArrow, FlowBox, FlowLine, Tone};
use crate::figure::{Hidden, Size};
use crate::stats::Measured;
use crate::text::Lang;

/// A number in 0..1 that looks random and is the same everywhere.
pub fn noise(a: usize, b: usize) -> f64 {
    let mut z =
        (a as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (b as u64 + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z >> 40) as f64 / (1u64 << 24) as f64
}

pub fn axis(label: &str, kind: AxisKind, low: f64, high: f64) -> Axis {
    Axis { label: label.to_string(), kind, low, high, percent: false, show_labels: true }
}

/// `slope` decades a layer are lost from the output toward the input.
pub fn layers(title: &str, rows: usize, columns: usize, slope: f64, x: Axis) -> Heatmap {
    let cell = |r: usize, c: usize| {
        let settled = 1.0 - (-(c as f64) / (0.2 * columns as f64)).exp();
        let log10 = -0.6 - slope * (rows - 1 - r) as f64 - 0.8 * settled + 0.25 * (noise(r, c) - 0.5);
        Measured::Finite(10f64.powf(log10))
    };
    Heatmap {
        title: title.to_string(),
        x,
        y_label: "layer".to_string(),
        rows: (1..=rows).map(|i| i.to_string()).collect(),
        bottom_note: "input side".to_string(),
        top_note: "output side".to_string(),
        edges: (0..=columns).map(|c| c as f64).collect(),
        cells: (0..rows).map(|r| (0..columns).map(|c| cell(r, c)).collect()).collect(),
        scale: 0,
        bare: Vec::new(),
        masks: Vec::new(),
        columns: Vec::new(),
        heights: Vec::new(),
    }
}

pub fn decades(low: f64, high: f64) -> ColourScale {
    ColourScale {
        label: "gradient norm (log10 colours)".to_string(),
        low,
        high,
        logarithmic: true,
        percent: false,
        signed: false,
        special: Vec::new(),
    }
}

pub fn all_kinds() -> Vec<(Measured, String)> {
    [
        (Measured::Zero, "exactly zero"),
        (Measured::Underflow, "underflow: too small for f32"),
        (Measured::Nan, "not a number"),
        (Measured::Infinite, "infinite"),
        (Measured::Missing, "not measured"),
    ]
    .map(|(c, w)| (c, w.to_string()))
    .to_vec()
}

pub fn curve(label: &str, colour: usize, style: Stroke, steps: usize, f: impl Fn(f64) -> f64) -> Series {
    Series {
        label: label.to_string(),
        points: (0..steps).map(|i| (i as f64, Some(f(i as f64 / steps as f64)))).collect(),
        style,
        colour,
        ramp: None,
        markers: false,
        band: Vec::new(),
    }
}

pub fn placed(column: usize, row: usize, panel: Panel) -> Placed {
    Placed::new(column, row, panel)
}

pub fn sheet(name: &str, title: &str, columns: usize, row_weights: &[f64], size: (u32, u32)) -> Figure {
    Figure {
        name: name.to_string(),
        title: title.to_string(),
        subtitle: "L2 norm of the batch-mean gradient of each weight matrix, every step; bright is large. A dark lower half \
                   means that the layers near the input receive almost nothing."
            .to_string(),
        caption: "MNIST, first 10,000 images · 784–8×(100)–10, sigmoid, Glorot uniform · cross-entropy · SGD, learning rate 0.1, \
                  batch 100, 10 epochs · seed 1 · f32 · gradfade 0.1.0"
            .to_string(),
        description: "Layers against steps.".to_string(),
        reading: String::new(),
        lang: Lang::En,
        column_weights: vec![1.0; columns],
        row_weights: row_weights.to_vec(),
        panels: Vec::new(),
        scales: vec![decades(-8.0, 0.0)],
        width: size.0,
        height: Some(size.1),
        size: Size::Screen,
        hidden: Hidden::default(),
        hidden_subtitle: false,
        plot_heights: Vec::new(),
        tiles: false,
    }
}

pub fn strip(steps: usize, x: Axis) -> Lines {
    let y = Axis { percent: true, ..axis("accuracy", AxisKind::Linear, 0.0, 1.0) };
    let noisy = |t: f64| 0.1 + 0.02 * noise(3, (t * 1e6) as usize);
    Lines {
        title: String::new(),
        x,
        y,
        series: vec![
            curve("", 0, Stroke::Faint, steps, |t| noisy(t) + 0.08 * noise(9, (t * 1e6) as usize)),
            curve("training", 0, Stroke::Solid, steps, |t| noisy(t) + 0.05 * t),
            curve("test", 1, Stroke::Dashed, steps, |t| 0.115 + 0.03 * t),
        ],
        marks: vec![(0.1, "chance".to_string())],
        direct_labels: true,
    }
}

pub fn vanishing() -> Figure {
    let mut f = sheet(
        "vanishing",
        "Under sigmoid the gradient of layer 1 is 2.1×10⁶ times smaller than that of layer 10: the layers near the input \
         receive no signal, and training stays at 11% accuracy",
        1,
        &[3.0, 1.0],
        (860, 560),
    );
    let x = axis("step", AxisKind::Linear, 0.0, 1000.0);
    f.panels = vec![
        placed(0, 0, Panel::Heatmap(layers("", 10, 1000, 0.7, Axis { show_labels: false, ..x.clone() }))),
        placed(0, 1, Panel::Lines(strip(1000, x))),
    ];
    f
}

pub fn comparison() -> Figure {
    let mut f = sheet(
        "comparison",
        "Sigmoid loses 0.70 decades of gradient per layer and stays at 11%; ReLU loses 0.05 and reaches 97%",
        2,
        &[3.0, 3.0, 2.0],
        (980, 720),
    );
    let x = axis("step", AxisKind::Log1p, 0.0, 1000.0);
    let quiet = Axis { show_labels: false, ..x.clone() };
    let mut right = layers("ReLU", 9, 1000, 0.05, quiet.clone());
    let mut left = layers("sigmoid", 9, 1000, 0.7, quiet.clone());
    let moved = |map: &Heatmap| Heatmap { title: String::new(), scale: 1, ..map.clone() };
    let (moved_left, moved_right) = (moved(&left), moved(&right));
    for map in [&mut right, &mut left] {
        map.title = format!("{}: gradient", map.title);
    }
    let mut second = strip(1000, x.clone());
    second.series.truncate(1);
    second.series.push(curve("training", 0, Stroke::Solid, 1000, |t| 0.97 - 0.87 * (-12.0 * t).exp()));
    second.series.push(curve("test", 1, Stroke::Dashed, 1000, |t| 0.95 - 0.85 * (-12.0 * t).exp()));
    f.scales.push(ColourScale { label: "movement from the start".to_string(), ..decades(-7.0, 0.5) });
    f.panels = vec![
        placed(0, 0, Panel::Heatmap(left)),
        placed(1, 0, Panel::Heatmap(right)),
        placed(0, 1, Panel::Heatmap(moved_left)),
        placed(1, 1, Panel::Heatmap(moved_right)),
        placed(0, 2, Panel::Lines(strip(1000, x))),
        placed(1, 2, Panel::Lines(second)),
    ];
    f
}

pub fn large() -> Figure {
    let mut f = sheet(
        "large",
        "56 layers, 10,000 steps: the signal is lost within ten layers",
        1,
        &[4.0, 1.0],
        (960, 640),
    );
    let x = axis("step", AxisKind::Linear, 0.0, 10_000.0);
    f.scales = vec![decades(-40.0, 0.0)];
    f.panels = vec![
        placed(0, 0, Panel::Heatmap(layers("", 56, 10_000, 0.65, Axis { show_labels: false, ..x.clone() }))),
        placed(0, 1, Panel::Lines(strip(10_000, x))),
    ];
    f
}

/// Every kind as a block, as single columns, and next to colours.
pub fn kinds() -> Figure {
    let mut f = sheet("kinds", "Five kinds of cell that have no colour", 1, &[1.0], (760, 480));
    let mut map = layers("", 8, 60, 0.9, axis("step", AxisKind::Linear, 0.0, 60.0));
    for (i, (cell, _)) in all_kinds().into_iter().enumerate() {
        for row in map.cells.iter_mut().skip(1).take(5) {
            row[4 + 11 * i..12 + 11 * i].fill(cell);
        }
        map.cells[7][8 + 11 * i] = cell;
    }
    f.scales[0].special = all_kinds();
    f.panels = vec![placed(0, 0, Panel::Heatmap(map))];
    f
}

pub fn profile() -> Figure {
    let mut f = sheet(
        "profile",
        "Gradient norm by layer at the first, the middle and the last step",
        2,
        &[1.0],
        (900, 420),
    );
    let x = axis("layer", AxisKind::Whole, 1.0, 9.0);
    let line = |label: &str, colour: usize, start: f64, slope: f64| Series {
        label: label.to_string(),
        points: (1..=9).map(|l| (f64::from(l), Some(10f64.powf(start + slope * f64::from(l))))).collect(),
        style: Stroke::Solid,
        colour,
        ramp: None,
        markers: true,
        band: (1..=9)
            .map(|l| {
                (
                    f64::from(l),
                    10f64.powf(start + slope * f64::from(l) - 0.2),
                    10f64.powf(start + slope * f64::from(l) + 0.2),
                )
            })
            .collect(),
    };
    let mut gap = line("step 500, the middle of the training", 1, -7.2, 0.7);
    gap.points[4].1 = None;
    gap.points[6].1 = Some(0.0);
    let lines = Lines {
        title: "sigmoid".to_string(),
        x: x.clone(),
        y: axis("gradient norm", AxisKind::Log10, 1e-8, 1.0),
        series: vec![line("step 0", 0, -6.9, 0.7), gap, line("step 999", 2, -7.4, 0.72)],
        marks: vec![(1e-7, "AutoTrainer's limit".to_string())],
        direct_labels: true,
    };
    let legend = Lines {
        title: "ReLU".to_string(),
        series: (0..6).map(|i| line(&format!("step {}", i * 200), i, -3.0 + 0.3 * i as f64, 0.1)).collect(),
        direct_labels: false,
        marks: Vec::new(),
        ..lines.clone()
    };
    f.scales.clear();
    f.panels = vec![placed(0, 0, Panel::Lines(lines)), placed(1, 0, Panel::Lines(legend))];
    f
}

/// Special cells in thousands of columns, under bars too short to carry their swatches.
pub fn diverged() -> Figure {
    let mut f = sheet(
        "diverged",
        "The left run diverged at step 2,100; the right one underflows",
        2,
        &[3.0, 1.0],
        (980, 400),
    );
    let x = axis("step", AxisKind::Linear, 0.0, 3000.0);
    let log = axis("step", AxisKind::Log1p, 0.0, 3000.0);
    let quiet = |x: &Axis| Axis { show_labels: false, ..x.clone() };
    let mut left = layers("learning rate 10", 20, 3000, 0.1, quiet(&x));
    let mut right = layers("learning rate 0.1", 20, 3000, 0.35, quiet(&log));
    for r in 0..20 {
        left.cells[r][2100 + 5 * r..].fill(Measured::Nan);
        left.cells[r][2090 + 5 * r] = Measured::Infinite;
        left.cells[r][300 + 40 * r] = Measured::Nan;
        for c in 0..3000 {
            if (r as f64) < 3.0 + 3.0 * noise(r, c / 50) {
                right.cells[r][c] = if r < 2 && c > 1000 { Measured::Zero } else { Measured::Underflow };
            }
            if r == 19 && c > 1500 {
                right.cells[r][c] = Measured::Missing;
            }
        }
    }
    f.scales[0].special = all_kinds();
    let with_label = |mut l: Lines| {
        l.y.label = "training accuracy".to_string();
        l
    };
    f.panels = vec![
        placed(0, 0, Panel::Heatmap(left)),
        placed(1, 0, Panel::Heatmap(right)),
        placed(0, 1, Panel::Lines(with_label(strip(3000, x)))),
        placed(1, 1, Panel::Lines(with_label(strip(3000, log)))),
    ];
    f
}

/// A path of decisions with long words in every kind of box.
pub fn path() -> Figure {
    let mut f = sheet("path", "Sigmoid, 5 hidden layers: vanishing gradient", 1, &[1.0], (960, 560));
    let words = "a sentence that is so long that it has to be broken into two or three lines of the box that it stands in";
    let place = |column, row, tone| FlowBox {
        column,
        row,
        heading: format!("Box {column}, {row}: good results on the training set, or not?"),
        lines: vec![
            FlowLine::bold("no: accuracy 11 %".to_string()),
            FlowLine::plain(words.to_string()),
            FlowLine::item(words.to_string()),
        ],
        tone,
    };
    let arrow = |from, to, label: &str, taken| FlowArrow { from, to, label: label.to_string(), taken };
    f.scales.clear();
    f.panels = vec![placed(
        0,
        0,
        Panel::Flow(Flow {
            column_weights: vec![1.2, 1.0, 0.6],
            boxes: vec![
                place(0, 0, Tone::Taken),
                place(1, 0, Tone::Open),
                place(2, 0, Tone::Greyed),
                place(0, 1, Tone::Taken),
            ],
            arrows: vec![arrow(0, 1, "yes", false), arrow(1, 2, "yes", false), arrow(0, 3, "not yet", true)],
        }),
    )];
    f
}

/// A map of so many rows and columns in front of max pooling, and its gradient.
pub fn routes(side: usize) -> Figure {
    let mut figure = replayed("pooling-routes", side);
    figure.name = format!("routes-{side}");
    figure
}

/// Weights as images.
pub fn filters() -> Figure {
    replayed("first-layer", 4)
}

/// The same of colour images.
pub fn filters_of_colours() -> Figure {
    let mut replay = crate::figure::testing::replayed(4);
    let first = &mut replay.first;
    first.shape = vec![30, 3, 5, 5];
    first.before = (0..30 * 75).map(|i| noise(i, 1) - 0.5).collect();
    first.after = (0..30 * 75).map(|i| noise(i, 1) + noise(i / 7, 2) - 1.0).collect();
    let mut figure =
        crate::figure::build("first-layer", &replay, &crate::figure::Options::default()).unwrap();
    figure.name = "filters-of-colours".into();
    figure
}

fn replayed(name: &str, side: usize) -> Figure {
    let options = crate::figure::Options::default();
    crate::figure::build(name, &crate::figure::testing::replayed(side), &options).unwrap()
}

pub fn gallery() -> Vec<Figure> {
    vec![
        vanishing(),
        comparison(),
        large(),
        kinds(),
        profile(),
        diverged(),
        path(),
        routes(28),
        routes(4),
        filters(),
        filters_of_colours(),
    ]
}
