//! `activation-curves`: activation functions and their slopes, which is what a backward signal is multiplied
//! by in each layer.
//!
//! **How to read it.** Left the functions, right their slopes over the same pre-activations. The slope of the
//! sigmoid is 1/4 at most, so that a stack of sigmoid layers shrinks the signal unless the weights make up for
//! it; that of ReLU is 1 wherever the unit is on, and exactly 0 where it is off. With a run, a hatched band shows
//! the slopes of its hidden layers, each the root mean square over units and samples, which is what the norm of
//! a signal is multiplied by.
//!
//! **When it misleads.** The slope is one of three factors of the signal; `factors` shows all. A root mean
//! square does not tell a layer whose units all have that slope from one of which half are off.

use super::chart::{Axis, AxisKind, Figure, Lines, Overlay, Panel, Placed, Series, Stroke};
use super::sheet::{Sheet, Words};
use super::size::{ABREAST, evenly};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{Choice, FigureError, Options};
use crate::activation::Activation;
use crate::analysis::Summary;
use crate::record::MEAN_SQUARED_SLOPE;
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "activation-curves",
    summary: "activation functions and their slopes; of a run, where its layers are on them",
    build: Build::Nothing(build),
};

/// Which functions; without any those of the run, without a run sigmoid and ReLU.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Functions(pub Vec<Activation>);

impl Choice for Functions {}

/// The pair of every lecture.
const PAIR: [Activation; 2] = [Activation::Sigmoid, Activation::Relu];

/// More functions than this get a panel each.
const TOGETHER: usize = 4;

/// Pre-activations from -`REACH` to `REACH`, with so many points for each unit.
const REACH: i32 = 5;
const POINTS: i32 = 20;

/// The values of a function that is not bounded are drawn up to here where all its slopes can be seen.
const HIGH: f64 = 2.0;

/// Root mean square slopes of a run's hidden layers at a snapshot.
struct Measured {
    step: u64,
    slopes: Vec<f64>,
}

fn build(runs: Option<&Runs>, options: &Options) -> Result<Figure, FigureError> {
    let lang = options.lang;
    let run = runs.map(Runs::run);
    let functions = match (options.get::<Functions>().0, runs) {
        (chosen, _) if !chosen.is_empty() => without_repeats(chosen),
        (_, None) => PAIR.to_vec(),
        (_, Some(runs)) => of_run(runs.run()).ok_or_else(|| {
            runs.nothing(runs.run(), "activation function of a hidden layer", "name some with activations")
        })?,
    };
    let found = run.and_then(measured);
    let sheet = if functions.len() > TOGETHER { apart(lang, &functions) } else { beside(lang, &functions) };
    let sheet = match &found {
        Some(found) if functions.len() <= TOGETHER => with_layers(lang, sheet, found),
        _ => sheet,
    };
    let slopes: Vec<(String, f64)> =
        functions.iter().map(|f| (lang.activation(*f), f.largest_slope())).collect();
    let general = lang.largest_slopes(&slopes);
    let heading = match (run, &found) {
        (Some(run), Some(found)) => title(lang, run, vec![finding(lang, found)]),
        _ => general.clone(),
    };
    let noted = |found: &Measured| lang.layers_on_curves_note(found.slopes.len(), found.step);
    let words = Words {
        title: heading,
        subtitle: vec![
            if functions.len() > TOGETHER { lang.curves_apart_note() } else { lang.curves_beside_note() },
            match (run, &found) {
                (Some(_), Some(found)) => noted(found),
                (Some(_), None) => lang.no_activations_note(),
                (None, _) => String::new(),
            },
        ],
        caption: run.map_or_else(|| definitions(lang, &functions), |run| caption(lang, run)),
        reading: vec![lang.reading_functions(), lang.sentence(&general), lang.reading_slopes()],
    };
    Ok(Figure { tiles: functions.len() > TOGETHER, ..Figure::new(SPEC.name, lang, words, sheet) })
}

fn without_repeats(all: Vec<Activation>) -> Vec<Activation> {
    let mut once = Vec::new();
    for function in all {
        if !once.contains(&function) {
            once.push(function);
        }
    }
    once
}

/// The functions of the hidden layers, each once.
fn of_run(run: &Summary) -> Option<Vec<Activation>> {
    let known = (0..run.hidden()).filter_map(|layer| run.layer(layer).activation().parse().ok());
    let all = without_repeats(known.collect());
    (!all.is_empty()).then_some(all)
}

/// At the last snapshot for which the slopes of every hidden layer are known.
fn measured(run: &Summary) -> Option<Measured> {
    let steps = run.record().snapshots.step();
    let slope = |k: usize, layer: usize| run.layer_value(MEAN_SQUARED_SLOPE, k, layer).sqrt();
    let all = |k: usize| (0..run.hidden()).map(|layer| slope(k, layer)).collect::<Vec<_>>();
    let known = |slopes: &Vec<f64>| !slopes.is_empty() && slopes.iter().all(|x| x.is_finite());
    let mut snapshots = (0..steps.len()).rev().map(|k| Measured { step: steps[k], slopes: all(k) });
    snapshots.find(|found| known(&found.slopes))
}

/// The layers with the smallest and the largest slope, and what the slopes of all multiply to.
fn finding(lang: Lang, found: &Measured) -> String {
    let slopes = || found.slopes.iter().copied().enumerate();
    let least = slopes().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = slopes().max_by(|a, b| a.1.total_cmp(&b.1));
    let product = slopes().map(|s| s.1.log10()).sum::<f64>();
    match (least, most) {
        (Some((i, least)), Some((j, most))) => {
            lang.measured_slopes((i + 1, least), (j + 1, most), found.slopes.len(), product)
        }
        _ => String::new(),
    }
}

/// What each function is, for a figure that shows no run.
fn definitions(lang: Lang, functions: &[Activation]) -> String {
    let one = |f: &Activation| lang.caption_of_run(&lang.activation(*f), &[lang.definition(*f)]);
    lang.caption(&functions.iter().map(one).collect::<Vec<_>>())
}

fn pre_activations() -> Axis {
    let reach = f64::from(REACH);
    Axis {
        label: String::new(),
        kind: AxisKind::Linear,
        low: -reach,
        high: reach,
        percent: false,
        show_labels: true,
    }
}

/// phi or its slope over the pre-activations; a gap and both values where the slope jumps.
fn points(function: Activation, is_slope: bool) -> Vec<(f64, Option<f64>)> {
    let at = |h: f64| if is_slope { function.slope(h) } else { function.value(h) };
    let mut all = Vec::new();
    for i in -REACH * POINTS..=REACH * POINTS {
        let h = f64::from(i) / f64::from(POINTS);
        let (left, right) = (at(h.next_down()), at(h.next_up()));
        if is_slope && (right - left).abs() > 1e-3 * function.largest_slope() {
            all.extend([(h, Some(left)), (h, None), (h, Some(right))]);
        } else {
            all.push((h, Some(at(h))));
        }
    }
    all
}

fn curve(label: String, function: Activation, is_slope: bool, colour: usize) -> Series {
    let points = points(function, is_slope);
    Series { label, points, style: Stroke::Solid, colour, ramp: None, markers: false, band: Vec::new() }
}

/// An axis of the values of these functions, or of their slopes.
fn value_axis(label: String, functions: &[Activation], is_slope: bool) -> Axis {
    let values = || functions.iter().flat_map(|f| points(*f, is_slope)).filter_map(|p| p.1);
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let (low, high) = if is_slope { (low, high * 1.1) } else { (low.max(-HIGH), high.min(HIGH) * 1.02) };
    let low = if low < 0.0 { low - 0.05 * (high - low) } else { 0.0 };
    Axis { label, kind: AxisKind::Linear, low, high, percent: false, show_labels: true }
}

/// All functions in one panel and all slopes in another.
fn beside(lang: Lang, functions: &[Activation]) -> Sheet {
    let panel = |column: usize| {
        let is_slope = column == 1;
        let curves = functions.iter().enumerate();
        let series = curves.map(|(i, f)| curve(lang.activation(*f), *f, is_slope, i)).collect();
        // What a layer multiplies by at most; 1 changes nothing and needs no words.
        let bounds = functions.iter().filter(|f| is_slope && f.largest_slope() < 1.0);
        let marks = bounds.map(|f| (f.largest_slope(), lang.largest_slope_mark(f.largest_slope()))).collect();
        let title = if is_slope { lang.slopes_panel() } else { lang.functions_panel() };
        let x = Axis { label: lang.pre_activation_axis(), ..pre_activations() };
        let y = value_axis(String::new(), functions, is_slope);
        let lines = Lines { title, x, y, series, marks, direct_labels: true };
        Placed::new(column, 0, Panel::Lines(lines))
    };
    Sheet {
        columns: vec![1.0, 1.0],
        rows: vec![1.0],
        panels: vec![panel(0), panel(1)],
        scales: Vec::new(),
        size: (1180, 480),
    }
}

/// A panel for each function with its slope.
fn apart(lang: Lang, functions: &[Activation]) -> Sheet {
    let columns = evenly(functions.len(), ABREAST).0;
    let rows = functions.len().div_ceil(columns);
    let both = |f: &[Activation]| {
        let (value, slope) = (value_axis(String::new(), f, false), value_axis(String::new(), f, true));
        Axis { low: value.low.min(slope.low), high: value.high.max(slope.high), ..value }
    };
    let y = both(functions);
    let panel = |(i, f): (usize, &Activation)| {
        let (column, row) = (i % columns, i / columns);
        let mut slope = curve(lang.slope_series(), *f, true, 1);
        slope.style = Stroke::Dashed;
        let series = vec![curve(lang.function_series(), *f, false, 0), slope];
        let is_lowest = i + columns >= functions.len();
        let label = if is_lowest { lang.pre_activation_axis() } else { String::new() };
        let x = Axis { label, show_labels: is_lowest, ..pre_activations() };
        let y = Axis { show_labels: column == 0, ..y.clone() };
        let title = lang.activation(*f);
        Placed::new(
            column,
            row,
            Panel::Lines(Lines { title, x, y, series, marks: Vec::new(), direct_labels: true }),
        )
    };
    Sheet {
        columns: vec![1.0; columns],
        rows: vec![1.0; rows],
        panels: functions.iter().enumerate().map(panel).collect(),
        scales: Vec::new(),
        size: (1180, 140 + 200 * rows as u32),
    }
}

/// The same with the slopes of a run's layers as a band.
fn with_layers(lang: Lang, mut sheet: Sheet, found: &Measured) -> Sheet {
    let slopes = || found.slopes.iter().copied();
    let (low, high) = (slopes().fold(f64::INFINITY, f64::min), slopes().fold(0.0, f64::max));
    let label = lang.slopes_of_layers(found.slopes.len(), low, high);
    let reach = f64::from(REACH);
    let points = vec![(-reach, low, high), (reach, low, high)];
    sheet.panels[1].overlays.push(Overlay::Band { label, points });
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_that_jumps_has_both_values_and_a_gap_between_them() {
        let relu = points(Activation::Relu, true);
        let jump: Vec<_> = relu.iter().filter(|p| p.0 == 0.0).map(|p| p.1).collect();
        assert_eq!(jump, [Some(0.0), None, Some(1.0)]);
        assert_eq!(relu.iter().filter(|p| p.1.is_none()).count(), 1);
        let hard = points(Activation::HardSigmoid, true);
        let gaps: Vec<f64> = hard.iter().filter(|p| p.1.is_none()).map(|p| p.0).collect();
        assert_eq!(gaps, [-3.0, 3.0]);
        for (smooth, _) in Activation::ALL.iter().filter(|(f, _)| f.is_smooth()) {
            assert!(points(*smooth, true).iter().all(|p| p.1.is_some()), "{smooth:?}");
        }
    }

    #[test]
    fn every_function_stays_within_its_axis_or_is_cut_at_two() {
        for (function, _) in Activation::ALL {
            for is_slope in [false, true] {
                let axis = value_axis(String::new(), &[function], is_slope);
                for (_, y) in points(function, is_slope) {
                    let y = y.unwrap_or(0.0);
                    let cut = !is_slope && y.abs() > HIGH;
                    assert!(cut || (axis.low..=axis.high).contains(&y), "{function:?} {y} {axis:?}");
                }
            }
        }
    }
}
