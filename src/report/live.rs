//! The end of a run as lines for a terminal: a heatmap of its last recorded steps, one column a step, and the
//! loss under it. The heatmap is that of `gradient-heatmap`, so a sign here is a cell there.

use crate::analysis::Summary;
use crate::figure::chart::{ColourScale, Heatmap, Panel};
use crate::figure::{self, GradientMetric, Options};
use crate::record::{BATCH_ACCURACY, LOSS, Record, Status, TEST_ACCURACY, TRAIN_ACCURACY, TRAIN_LOSS};
use crate::render::ColourMap;
use crate::stats::Measured;
use crate::text::{Lang, columns};

/// How much room there is, and how cells are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Columns and lines of the terminal.
    pub columns: usize,
    pub lines: usize,
    /// The map of the colours; signs from `.` to `@` without one.
    pub colours: Option<ColourMap>,
}

/// Columns of a row's label at least and at most, the blank behind it included.
const LABEL: (usize, usize) = (14, 34);
/// Lines of a frame beside the rows of layers: head, finding, loss, steps, scale.
const BESIDE: usize = 6;
/// From a small value to a large one, where there are no colours.
const SIGNS: &[u8] = b".:-=+*#%@";
/// The same in height.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Shape {
    /// Recorded steps that one frame shows.
    pub fn steps(&self) -> usize {
        self.columns.saturating_sub(self.label()).max(1)
    }

    /// Columns of a row's label.
    fn label(&self) -> usize {
        (self.columns / 3).clamp(LABEL.0, LABEL.1)
    }
}

/// The lines of a frame. `record` holds the last steps ([`Record::read_end`]).
pub fn frame(record: &Record, gradient: Option<GradientMetric>, lang: Lang, shape: Shape) -> Vec<String> {
    let mut out = vec![head(record, lang)];
    let options = Options::new(lang);
    let metric = gradient.or_else(|| {
        let summary = Summary::new(record).ok()?;
        Some(figure::gradient::default_metric([&summary], &options))
    });
    let options = options.with(metric);
    match figure::build("gradient-heatmap", std::slice::from_ref(record), &options) {
        Ok(figure) => {
            let map = figure.panels.iter().find_map(|placed| match &placed.panel {
                Panel::Heatmap(map) => Some(map),
                _ => None,
            });
            if let Some((map, scale)) = map.and_then(|map| Some((map, figure.scales.get(map.scale)?))) {
                out.extend(heatmap(map, scale, shape));
                out.extend(loss(record, lang, shape));
                out.push(steps(record, lang));
                out.push(legend(scale, shape));
            }
        }
        Err(_) => {
            out.extend(loss(record, lang, shape));
            out.push(lang.live_without_layers());
        }
    }
    out
}

fn head(record: &Record, lang: Lang) -> String {
    let header = &record.header;
    let last = |values: &[f64]| values.iter().rev().copied().find(|x| !x.is_nan());
    let state = match &header.status {
        Status::Running => lang.still_running(),
        Status::Complete => lang.complete(),
        Status::Interrupted { step } => lang.interrupted(*step),
        Status::Diverged { step, what } => lang.diverged_because(*step, what),
    };
    let number = |x: f64| lang.number(x);
    let values = [
        last(&record.steps[LOSS]).map(|x| (lang.loss(), number(x))),
        last(&record.steps[BATCH_ACCURACY]).map(|x| (lang.batch_accuracy_name(), lang.percent(x))),
        last(&record.evals[TRAIN_LOSS]).map(|x| (lang.train_loss_name(), number(x))),
        last(&record.evals[TRAIN_ACCURACY]).map(|x| (lang.train_accuracy_name(), lang.percent(x))),
        last(&record.evals[TEST_ACCURACY]).map(|x| (lang.test_accuracy_name(), lang.percent(x))),
    ];
    let values: Vec<String> = values.into_iter().flatten().map(|(name, x)| format!("{name} {x}")).collect();
    let step = record.steps.step().last().copied();
    plain(&lang.live_head(&header.run, step, header.planned_steps, &state, &values))
}

/// One line a row, the output side first as in the figures; where there are more rows than lines, evenly
/// chosen ones.
fn heatmap(map: &Heatmap, scale: &ColourScale, shape: Shape) -> Vec<String> {
    let room = shape.lines.saturating_sub(BESIDE).max(2);
    let total = map.rows.len();
    let shown: Vec<usize> = match total {
        0 => Vec::new(),
        n if n <= room => (0..n).collect(),
        n => (0..room).map(|i| i * (n - 1) / (room - 1)).collect(),
    };
    let row = |&at: &usize| {
        let cells = &map.cells[at];
        let first = cells.len().saturating_sub(shape.steps());
        let cells: String = cells[first..].iter().map(|&cell| sign(cell, scale, shape)).collect();
        let reset = if shape.colours.is_some() { "\u{1b}[0m" } else { "" };
        format!("{}{cells}{reset}", label(&map.rows[at], shape))
    };
    shown.iter().rev().map(row).collect()
}

/// A row's label, padded; the end of a longer one, which tells layers apart.
fn label(text: &str, shape: Shape) -> String {
    let width = shape.label();
    let text = plain(text);
    let mut kept = text.as_str();
    while columns(kept) > width - 1 {
        let mut chars = kept.chars();
        chars.next();
        kept = chars.as_str();
    }
    format!("{}{kept} ", " ".repeat(width - 1 - columns(kept)))
}

fn place(cell: Measured, scale: &ColourScale) -> Option<f64> {
    let at = scale.values().place(cell)?;
    Some(((at - scale.low) / (scale.high - scale.low)).clamp(0.0, 1.0))
}

/// One cell. What has no place on the scale has a sign of its own.
fn sign(cell: Measured, scale: &ColourScale, shape: Shape) -> String {
    let special = match cell {
        Measured::Zero => '0',
        Measured::Underflow => '_',
        Measured::Nan => '?',
        Measured::Infinite => '!',
        _ => ' ',
    };
    match (place(cell, scale), shape.colours) {
        (Some(at), Some(map)) => coloured(map, at, ' '),
        (Some(at), None) => char::from(SIGNS[(at * (SIGNS.len() - 1) as f64).round() as usize]).to_string(),
        (None, Some(_)) => format!("\u{1b}[0m{special}"),
        (None, None) => special.to_string(),
    }
}

fn coloured(map: ColourMap, at: f64, sign: char) -> String {
    let colour = map.at(at);
    format!("\u{1b}[48;2;{};{};{}m{sign}", colour.0, colour.1, colour.2)
}

/// The batch loss of the same steps as a row of bars from its smallest to its largest value.
fn loss(record: &Record, lang: Lang, shape: Shape) -> Option<String> {
    let values = &record.steps[LOSS];
    let finite = || values.iter().copied().filter(|x| x.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (x.min(a), x.max(b)));
    let bar = |x: &f64| match x {
        x if !x.is_finite() => '?',
        x if high > low => BARS[((x - low) / (high - low) * 7.0).round() as usize],
        _ => BARS[0],
    };
    (low <= high).then(|| {
        let bars: String = values.iter().map(bar).collect();
        let ends = format!(" {}–{}", lang.number(low), lang.number(high));
        plain(&format!("{}{bars}\n{}", label(&lang.loss(), shape), label(&ends, shape)))
    })
}

/// Which steps the columns are.
fn steps(record: &Record, lang: Lang) -> String {
    let all = record.steps.step();
    let (first, last) = (all.first().copied().unwrap_or(0), all.last().copied().unwrap_or(0));
    plain(&lang.live_steps(first, last))
}

/// The ends of the scale with what lies between.
fn legend(scale: &ColourScale, shape: Shape) -> String {
    let end = |x: f64| match scale.logarithmic {
        true => format!("1e{x:.0}"),
        false => format!("{x:.2}"),
    };
    const STEPS: usize = 18;
    let ramp: String = match shape.colours {
        Some(map) => {
            let cells: String =
                (0..STEPS).map(|i| coloured(map, i as f64 / (STEPS - 1) as f64, ' ')).collect();
            cells + "\u{1b}[0m"
        }
        None => SIGNS.iter().map(|&b| char::from(b)).collect(),
    };
    let special = scale.special.iter().map(|(kind, words)| {
        let sign = match kind {
            Measured::Zero => '0',
            Measured::Underflow => '_',
            Measured::Nan => '?',
            Measured::Infinite => '!',
            _ => ' ',
        };
        format!("  {sign} {words}")
    });
    format!("{} {ramp} {}  {}", end(scale.low), end(scale.high), scale.label) + &special.collect::<String>()
}

/// Blanks that a terminal shows as such.
fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::testing::Synthetic;
    use crate::record::GRAD_RMS;

    fn drawn(record: &Record, columns: usize, lines: usize) -> Vec<String> {
        frame(record, None, Lang::En, Shape { columns, lines, colours: None })
    }

    #[test]
    fn a_sign_is_a_decade_of_the_record() {
        let record = Synthetic::default().record();
        let lines = drawn(&record, 80, 40);
        assert!(lines[0].starts_with("sigmoid: step 19 of 2,000"), "{}", lines[0]);
        // Nine rows from the output (bright) to layer 1 (dark), 20 steps each.
        let signs: Vec<&str> = lines[1..10].iter().map(|l| &l[26..]).collect();
        assert!(signs.iter().all(|row| row.len() == 20), "{signs:?}");
        let height = |row: &str| SIGNS.iter().position(|&s| row.as_bytes()[0] == s).unwrap();
        let heights: Vec<usize> = signs.iter().map(|row| height(row)).collect();
        assert!(heights.is_sorted_by(|a, b| a >= b) && heights[0] - heights[8] >= 6, "{heights:?}");
        assert!(lines[1].contains("(output)"), "{}", lines[1]);
        assert!(lines.last().unwrap().starts_with("1e-5 .:-=+*#%@ 1e"), "{:?}", lines.last());
    }

    #[test]
    fn a_frame_fits_its_terminal() {
        let deep = Synthetic { layers: 90, ..Synthetic::default() }.record();
        for (columns_of, lines) in [(40, 12), (80, 24), (200, 60)] {
            let frame = drawn(&deep, columns_of, lines);
            let rows: usize = frame.iter().map(|l| l.lines().count()).sum();
            assert!(rows <= lines, "{rows} of {lines}");
            let heat = &frame[1..frame.len() - 3];
            assert!(heat.iter().flat_map(|l| l.lines()).all(|l| columns(l) <= columns_of));
        }
    }

    #[test]
    fn what_is_no_number_has_its_own_sign() {
        let mut record =
            Synthetic { grad: |l, _| if l == 1 { 0.0 } else { 1.0 }, ..Synthetic::default() }.record();
        record.steps.values_mut(GRAD_RMS).fill(f64::NAN);
        let lines = drawn(&record, 80, 40);
        assert!(lines[1..10].iter().all(|l| l[26..].chars().all(|c| c == '?')), "{lines:?}");
        let lines = frame(
            &record,
            Some(GradientMetric::BatchMean),
            Lang::Zh,
            Shape { columns: 80, lines: 40, colours: Some(ColourMap::Viridis) },
        );
        assert!(lines[9].contains("\u{1b}[0m0"), "{:?}", lines[9]);
        assert!(lines[1].contains("\u{1b}[48;2;"), "{:?}", lines[1]);
    }
}
