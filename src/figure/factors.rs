//! `factors`: what each hidden layer multiplies the backward signal by, and the three factors of that.
//!
//! **How to read it.** Layers stand from the input side on the left; the axis is logarithmic, so that the
//! distances of the three thin lines from 1 add up to that of the thick one: weight scale x slope x alignment is
//! the signal of a layer over that of the layer above, as `diagnose` lists it ([`crate::diagnosis::why`] has the
//! equation). Below 1 the signal shrinks on its way to the input; the line that is lowest is why. The weights
//! scale by how large they were drawn, the slope is the activation function's, and an alignment of 1 is that of
//! random weights: where it is still 1 after training, the layer has not learned to pass the signal.
//!
//! **When it misleads.** As there: what stands between weights and activation (normalisation, residual
//! connections, dropout, pooling) is contained in the alignment. The factors are those of one batch.

use super::chart::{Axis, AxisKind, Figure, Lines, Panel, Placed, Series, Stroke};
use super::frame::log_axis;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::diagnosis::why::{self, Split};
use crate::diagnosis::{Case, Thresholds};
use crate::text::Lang;
use crate::text::lecture::Factor;

pub const SPEC: FigureSpec = FigureSpec {
    name: "factors",
    summary: "what each hidden layer multiplies the backward signal by: weight scale x slope x alignment",
    build: Build::Run(build),
};

/// A factor, its line, and its number of a layer.
type Line = (Factor, Stroke, fn(&Split) -> f64);

/// Each factor with its line: told apart by dashes, so that no colour is needed.
const FACTORS: [Line; 4] = [
    (Factor::WeightScale, Stroke::Dashed, |split| split.weight_scale),
    (Factor::Slope, Stroke::Dotted, |split| split.slope),
    (Factor::Alignment, Stroke::Faint, |split| split.alignment),
    (Factor::All, Stroke::Solid, |split| split.total),
];

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    let limits = Thresholds::default();
    let case = Case::new(run.record(), &limits)?;
    let known = why::moments(&case).into_iter().map(|moment| (moment.step, why::split_at(&case, moment)));
    let known: Vec<(u64, Vec<Split>)> = known.filter(|(_, split)| !split.is_empty()).collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else {
        let what = "signal, slope and weight norm of the hidden layers at one step";
        return Err(runs.nothing(run, what, "draw `layer-profile` instead"));
    };
    let drawn = if first.0 == last.0 { vec![first] } else { vec![first, last] };
    let values: Vec<f64> = drawn
        .iter()
        .flat_map(|(_, split)| split)
        .flat_map(|split| FACTORS.map(|(_, _, of)| of(split)))
        .chain([1.0])
        .collect();
    let y = log_axis(lang.factor_axis(), values.into_iter());
    let panel = |(column, (step, split)): (usize, &&(u64, Vec<Split>))| {
        let label = if column == 0 { y.label.clone() } else { String::new() };
        let y = Axis { label, show_labels: column == 0, ..y.clone() };
        Placed::new(column, 0, panel(lang, lang.step_series(*step), split, y))
    };
    let words = Words {
        title: title(lang, run, vec![finding(lang, &last.1)]),
        subtitle: vec![lang.factors_note(last.0, last.1.len())],
        caption: caption(lang, run),
        reading: vec![lang.reading_factors(), lang.reading_alignment()],
    };
    let sheet = Sheet {
        columns: vec![1.0; drawn.len()],
        rows: vec![1.0],
        panels: drawn.iter().enumerate().map(panel).collect(),
        scales: Vec::new(),
        size: ([760, 1180][drawn.len() - 1], 480),
    };
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

fn panel(lang: Lang, title: String, split: &[Split], y: Axis) -> Panel {
    let line = |(colour, (factor, style, of)): (usize, &Line)| Series {
        label: lang.factor(*factor),
        points: split.iter().map(|s| (s.layer as f64, Some(of(s)))).collect(),
        style: *style,
        colour,
        ramp: None,
        markers: true,
        band: Vec::new(),
    };
    let x = Axis {
        label: lang.layer_axis(),
        kind: AxisKind::Whole,
        low: 0.5,
        high: split.len() as f64 + 0.5,
        percent: false,
        show_labels: true,
    };
    let marks = vec![(1.0, String::new())];
    let series = FACTORS.iter().enumerate().map(line).collect();
    Panel::Lines(Lines { title, x, y, series, marks, direct_labels: true })
}

/// Geometric means over the hidden layers: those of the factors multiply to that of the ratio.
fn finding(lang: Lang, split: &[Split]) -> String {
    let mean = |of: fn(&Split) -> f64| {
        let logs = split.iter().map(|s| of(s).ln()).sum::<f64>();
        (logs / split.len() as f64).exp()
    };
    let [weight_scale, slope, alignment, all] = FACTORS.map(|(_, _, of)| mean(of));
    lang.signal_is_multiplied(all, [weight_scale, slope, alignment])
}
