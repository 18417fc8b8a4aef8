//! Curves, bands and marked steps over every kind of panel.

use super::beside::{dotted, masked};
use super::*;

/// Every kind of panel that has axes: a figure, and which of its panels is meant.
fn grounds() -> Vec<(&'static str, Figure, usize)> {
    let mut columns = vanishing();
    columns.panels.truncate(1);
    columns.row_weights.truncate(1);
    let names = ["1 layer", "2 layers", "4 layers", "8 layers", "12 layers"];
    let mut map =
        layers("by depth", 10, names.len(), 0.7, axis("depth", AxisKind::Linear, 0.0, names.len() as f64));
    map.columns = names.map(str::to_string).to_vec();
    columns.panels[0].panel = Panel::Heatmap(map);
    let mut legend = profile();
    legend.panels[1].column = 0;
    legend.column_weights.truncate(1);
    legend.panels.remove(0);
    let mut logarithmic = comparison();
    logarithmic.panels.retain(|p| p.row != 1);
    let mut rows = masked(10);
    if let Panel::Rows(r) = &mut rows.panels[1].panel {
        // With a label that does not reach into the heatmap's.
        r.x.low = 1e-3;
    }
    vec![
        ("heatmap", vanishing(), 0),
        ("columns", columns, 0),
        ("beside", logarithmic, 1),
        ("lines", vanishing(), 1),
        ("profile", profile(), 0),
        ("legend", legend, 0),
        ("rows", rows, 1),
        ("dots", dotted(), 0),
    ]
}

/// The ends of a panel in its own coordinates, and a way to go a share of the way on each axis.
fn at(panel: &Panel, across: f64, up: f64) -> (f64, f64) {
    fn along(kind: AxisKind, low: f64, high: f64, share: f64) -> f64 {
        match kind {
            AxisKind::Linear | AxisKind::Whole => low + share * (high - low),
            AxisKind::Log10 => low * (high / low).powf(share),
            AxisKind::Log1p => (1.0 + low) * ((1.0 + high) / (1.0 + low)).powf(share) - 1.0,
        }
    }
    let on = |a: &Axis, share| along(a.kind, a.low, a.high, share);
    let row = |rows: usize, share: f64| 0.5 + share * rows as f64;
    match panel {
        Panel::Heatmap(m) if !m.columns.is_empty() => {
            (across * m.columns.len() as f64, row(m.rows.len(), up))
        }
        Panel::Heatmap(m) => (on(&m.x, across), row(m.rows.len(), up)),
        Panel::Rows(r) => (on(&r.x, across), row(r.rows.len(), up)),
        Panel::Ridges(r) => (on(&r.x, across), row(r.rows.len(), up)),
        // The first row is the highest.
        Panel::Dots(d) => (on(&d.x, across), row(d.rows.len(), 1.0 - up)),
        Panel::Lines(l) => (on(&l.x, across), on(&l.y, up)),
        Panel::Flow(_) | Panel::Maps(_) => unreachable!("it has no axes"),
    }
}

fn points(panel: &Panel, height: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (0..=40).map(|i| f64::from(i) / 40.0).map(|t| at(panel, t, height(t))).collect()
}

fn curve(panel: &Panel) -> Overlay {
    let points = points(panel, |t| 0.2 + 0.6 * t);
    Overlay::Curve { label: "mean field".to_string(), points, style: Stroke::Solid }
}

fn band(panel: &Panel) -> Overlay {
    // It leaves the panel at its right end.
    let (low, high) = (points(panel, |t| 0.1 + 0.5 * t), points(panel, |t| 0.4 + 0.9 * t));
    let points = low.iter().zip(&high).map(|(a, b)| (a.0, a.1, b.1)).collect();
    Overlay::Band { label: "90 % of networks".to_string(), points }
}

fn step(panel: &Panel, across: f64, words: &str) -> Overlay {
    Overlay::Step { at: at(panel, across, 0.0).0, words: words.to_string() }
}

/// Each ground with nothing over it, and with each kind of overlay; then with all of them.
fn overlaid() -> Vec<(String, Figure, Figure, usize)> {
    let mut out = Vec::new();
    for (name, plain, i) in grounds() {
        let panel = &plain.panels[i].panel;
        let dashed = Overlay::Curve {
            label: "another theory".to_string(),
            points: points(panel, |t| 0.9 - 0.5 * t * t),
            style: Stroke::Dashed,
        };
        let sets = [
            ("curve", vec![curve(panel)]),
            ("band", vec![band(panel)]),
            (
                "step",
                vec![
                    step(panel, 0.4, "rate halved"),
                    step(panel, 0.47, "half-way"),
                    step(panel, 0.97, "end"),
                ],
            ),
            ("all", vec![curve(panel), dashed, band(panel), step(panel, 0.6, "rate halved")]),
        ];
        for (kind, overlays) in sets {
            let mut with = plain.clone();
            with.panels[i].overlays = overlays;
            with.name = format!("overlay-{name}-{kind}");
            out.push((kind.to_string(), plain.clone(), with, i));
        }
    }
    out
}

#[test]
fn overlays_are_drawn_over_every_kind_of_panel_in_both_themes() {
    for (_, _, mut figure, i) in overlaid() {
        for theme in Theme::ALL {
            let style = Style { theme, ..Style::default() };
            let drawn = svg(&figure, &style).unwrap();
            for overlay in &figure.panels[i].overlays {
                let words = overlay.words().to_string();
                assert!(drawn.contains(&format!(">{words}</text>")), "{}: {words}", figure.name);
            }
            pdf(&figure, &Style::default()).unwrap();
            if let Ok(folder) = std::env::var("GRADFADE_LOOK") {
                let name = figure.name.clone();
                figure.name = format!("{name}-{theme}");
                save(&figure, &style, &[Format::Png], Path::new(&folder)).unwrap();
                figure.name = name;
            }
        }
    }
}

#[test]
fn the_words_of_overlays_meet_no_other_words() {
    for (_, _, figure, _) in overlaid() {
        let boxes = texts(&figure);
        for (i, (a, p)) in boxes.iter().enumerate() {
            let (w, h) = (figure.width as f32, height(&figure) as f32);
            let inside = p.left() >= 4.0 && p.right() <= w - 4.0 && p.top() >= 4.0 && p.bottom() <= h - 4.0;
            assert!(inside, "{}: `{a}` at {p:?}", figure.name);
            for (b, q) in &boxes[..i] {
                let beside = p.right() <= q.left() || q.right() <= p.left();
                let apart = beside || p.bottom() <= q.top() || q.bottom() <= p.top();
                assert!(apart, "{}: `{a}` {p:?} and `{b}` {q:?}", figure.name);
            }
        }
    }
}

#[test]
fn overlays_stand_where_their_coordinates_say() {
    for (kind, mut plain, with, i) in overlaid() {
        if kind == "all" {
            continue;
        }
        for theme in Theme::ALL {
            let style = Style { theme, scale: 2.0, ..Style::default() };
            let plot = plot_of(&with, i);
            let drawn = Picture::of(&png(&with, &style).unwrap());
            let pixel = |across: f64, up: f64| {
                drawn.at(2.0 * (plot.x + across * plot.w), 2.0 * (plot.bottom() - up * plot.h))
            };
            let ink = theme.palette().text;
            let near = |a: Rgb, b: Rgb| a.0.abs_diff(b.0).max(a.1.abs_diff(b.1)).max(a.2.abs_diff(b.2)) <= 40;
            // Some pixel of a few beside the place, which lies between pixels.
            let inked = |across: f64, up: f64| {
                let (dx, dy) = (1.0 / plot.w, 1.0 / plot.h);
                let beside = [-1.0, -0.5, 0.0, 0.5, 1.0];
                beside.iter().any(|a| beside.iter().any(|b| near(pixel(across + a * dx, up + b * dy), ink)))
            };
            match kind.as_str() {
                "curve" => {
                    assert!(
                        [0.31, 0.52, 0.77].iter().all(|t| inked(*t, 0.2 + 0.6 * t)),
                        "{} {theme}",
                        with.name
                    )
                }
                // Its lower edge, and its upper edge until it leaves the panel.
                "band" => {
                    assert!(
                        [0.31, 0.52, 0.77].iter().all(|t| inked(*t, 0.1 + 0.5 * t)),
                        "{} {theme}",
                        with.name
                    );
                    assert!([0.21, 0.42].iter().all(|t| inked(*t, 0.4 + 0.9 * t)), "{} {theme}", with.name);
                }
                _ => {
                    let dashes = (1..20).filter(|j| inked(0.4, f64::from(*j) / 20.0)).count();
                    assert!(dashes > 8, "{} {theme}: {dashes} of 19", with.name);
                }
            }
        }
        // What is not drawn over is drawn as before.
        plain.panels[i].overlays.clear();
        assert!(svg(&plain, &Style::default()).unwrap().len() < svg(&with, &Style::default()).unwrap().len());
    }
}

#[test]
fn odd_overlays_are_drawn_as_far_as_they_have_a_place() {
    let (_, mut figure, i) = grounds().remove(4);
    let gaps = vec![(1.0, 1e-5), (2.0, f64::NAN), (3.0, 0.0), (4.0, 1e-4), (f64::INFINITY, 1e-3), (9.0, 1e9)];
    let band = vec![(1.0, 0.0, 1e-3), (5.0, -1.0, f64::INFINITY), (6.0, f64::NAN, 1.0), (9.0, 1e-5, 1e-4)];
    figure.panels[i].overlays = vec![
        Overlay::Curve { label: String::new(), points: gaps, style: Stroke::Dotted },
        Overlay::Curve { label: "nothing".to_string(), points: Vec::new(), style: Stroke::Faint },
        Overlay::Band { label: String::new(), points: band },
        Overlay::Step { at: f64::NAN, words: "nowhere".to_string() },
        Overlay::Step { at: 5.0, words: String::new() },
    ];
    let drawn = svg(&figure, &Style::default()).unwrap();
    for wrong in ["NaN", "inf", "2147483647", ">nowhere<"] {
        assert!(!drawn.contains(wrong), "{wrong}");
    }
    let mut flow = path();
    flow.panels[0].overlays = vec![Overlay::Step { at: 0.0, words: "x".to_string() }];
    assert!(svg(&flow, &Style::default()).unwrap_err().to_string().contains("no axes"));
}
