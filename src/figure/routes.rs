//! `pooling-routes`: one sample through a layer that takes the largest of some inputs, and its gradient back.
//!
//! ```text
//! y = max_i x_i = x_w        d loss / d x_w = d loss / d y        d loss / d x_i = 0 for every other i
//! ```
//!
//! The maximum has no derivative where two inputs are equal, and a simple one everywhere else: 1 for the
//! winner, 0 for the others.
//!
//! **How to read it.** Above, values on their way forward: the ring marks the winner of each window (or the
//! winning piece of each maxout unit), whose value is the one behind the layer. Below, the gradient on its
//! way back: what arrives behind the layer stands before it in the winner's place, and in no other. A hatched
//! cell has a gradient of exactly zero, which is another fact than a small one.
//!
//! **When it misleads.** Behind a ReLU whole windows can be 0: the first place wins, as in PyTorch, and its
//! gradient ends one step further down, where ReLU has the slope 0. The gradient is that of one sample's own
//! loss in evaluation (running averages, no dropout); a batch adds up those of many samples, whose winners
//! lie elsewhere.

use super::chart::{ColourScale, Figure, Panel, Placed};
use super::maps::{self, Maps, Tile};
use super::options::Choice as Option_;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::analysis::Summary;
use crate::record::replay::{Choice, Replay, Sample};
use crate::stats::Measured;
use crate::text::{Lang, MapTitle, Special};

pub const SPEC: FigureSpec = FigureSpec {
    name: "pooling-routes",
    summary: "where max pooling and maxout send the gradient of one sample: to the winners alone",
    build: Build::Weights(build),
};

/// Which of the layers that take a maximum is drawn, counted from the input side, 1 first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutedLayer(pub usize);

impl Default for RoutedLayer {
    fn default() -> RoutedLayer {
        RoutedLayer(1)
    }
}

impl Option_ for RoutedLayer {}

/// Channels side by side: more would make their cells too small for a slide.
const CHANNELS: usize = 2;
/// Cells along a side of the part of a map that is drawn, so that rings can be seen in a column of a paper.
const SHOWN: usize = 10;
/// Maxout units side by side.
const UNITS: usize = 16;
/// Width of the sheet.
const WIDTH: u32 = 900;
const VALUES: usize = 0;
const GRADIENT: usize = 1;
const INPUT: usize = 2;

fn build(replay: &Replay, options: &Options) -> Result<Figure, FigureError> {
    let nothing = |what, hint: String| FigureError::Nothing {
        figure: SPEC.name,
        run: replay.record.header.run.clone(),
        what,
        hint,
    };
    if replay.choices.is_empty() {
        let hint =
            "average pooling and strides share the gradient among all places; train with `pool:2` or maxout";
        return Err(nothing("max pooling and no maxout", hint.into()));
    }
    let (number, of) = (options.get::<RoutedLayer>().0, replay.choices.len());
    let Some(choice) = number.checked_sub(1).and_then(|i| replay.choices.get(i)) else {
        let hint = if of == 1 { "it has one".into() } else { format!("it has {of}, counted from 1") };
        return Err(nothing("max pooling or maxout of that number", hint));
    };
    let run = Summary::new(&replay.record)?;
    Ok(match choice.window {
        Some(window) => of_maps(&run, replay, choice, window, [number, of], options.lang),
        None => of_units(&run, replay, choice, [number, of], options.lang),
    })
}

/// The number of the last layer with weights up to this one, as figures count them; 0 where there is none.
fn weighted(run: &Summary, choice: &Choice) -> usize {
    run.header().layers.iter().take(choice.layer).filter(|l| l.fan_in.is_some()).count()
}

/// How many numbers are not exactly zero. One that is too small for its type is not.
fn reached(gradient: &[f64]) -> usize {
    gradient.iter().filter(|&&x| maps::gradient(x) != Measured::Zero).count()
}

/// The places of the largest sums of squares, in their own order.
fn largest(most: usize, parts: impl Iterator<Item = f64>) -> Vec<usize> {
    let squares: Vec<f64> = parts.collect();
    let mut order: Vec<usize> = (0..squares.len()).collect();
    // A stable order: of equal ones the first.
    order.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]));
    order.truncate(most);
    order.sort_unstable();
    order
}

// ---- max pooling ------------------------------------------------------------------------------------------

/// One channel of a pooling layer.
struct Channel<'a> {
    /// From 0.
    number: usize,
    of: &'a Choice,
    window: [usize; 2],
}

impl<'a> Channel<'a> {
    fn part(&self, values: &'a [f64], shape: &[usize]) -> &'a [f64] {
        let positions = shape[1] * shape[2];
        &values[self.number * positions..][..positions]
    }

    fn before(&self, values: &'a [f64]) -> &'a [f64] {
        self.part(values, &self.of.input)
    }

    fn after(&self, values: &'a [f64]) -> &'a [f64] {
        self.part(values, &self.of.output)
    }

    /// Row and column of the winner of every window.
    fn winners(&self) -> Vec<[usize; 2]> {
        let (height, width) = (self.of.input[1], self.of.input[2]);
        let own = self.of.output[1] * self.of.output[2];
        let places = &self.of.winners[self.number * own..][..own];
        places.iter().map(|place| [place / width % height, place % width]).collect()
    }

    /// Whether each window has more than one place with its largest value.
    fn tied(&self) -> Vec<bool> {
        let (values, width) = (self.before(&self.of.before), self.of.input[2]);
        let [size, stride] = self.window;
        let tied = |(window, &largest): (usize, &f64)| {
            let (row, column) = (window / self.of.output[2], window % self.of.output[2]);
            let corner = row * stride * width + column * stride;
            let places = (0..size * size).map(|i| corner + i / size * width + i % size);
            places.filter(|&place| values[place] == largest).count() > 1
        };
        self.after(&self.of.after).iter().enumerate().map(tied).collect()
    }

    /// Squares of the gradient that arrives at each window, where that has a single winner: it is those
    /// windows that show what a maximum does. Where a digit is blank all places are alike.
    fn decided(&self) -> Vec<f64> {
        let arriving = self.after(&self.of.gradient_after).iter();
        arriving.zip(self.tied()).map(|(g, tied)| if tied { 0.0 } else { g * g }).collect()
    }
}

/// The part of a map that is drawn: first row and column, numbers of rows and columns, in front of the layer
/// and behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    before: [usize; 4],
    after: [usize; 4],
    whole: bool,
}

impl Part {
    /// As many windows as fit, where the largest gradient arrives at windows with a single winner.
    fn of(choice: &Choice, [size, stride]: [usize; 2], channels: &[Channel]) -> Part {
        let decided: Vec<Vec<f64>> = channels.iter().map(Channel::decided).collect();
        let (rows, columns) = (choice.output[1], choice.output[2]);
        let fit = |all: usize| (SHOWN.saturating_sub(size) / stride + 1).clamp(1, all);
        let (high, wide) = (fit(rows), fit(columns));
        let sum = |&(row, column): &(usize, usize)| -> f64 {
            let windows =
                (row..row + high).flat_map(|r| (column..column + wide).map(move |c| r * columns + c));
            let of = |i: usize| decided.iter().map(|squares| squares[i]).sum::<f64>();
            windows.map(of).sum()
        };
        let corners = (0..=rows - high).flat_map(|r| (0..=columns - wide).map(move |c| (r, c)));
        // Of equal ones the first.
        let best = corners.map(|corner| (corner, sum(&corner))).reduce(|a, b| if b.1 > a.1 { b } else { a });
        let (row, column) = best.map_or((0, 0), |b| b.0);
        let side = |windows: usize| (windows - 1) * stride + size;
        Part {
            before: [row * stride, column * stride, side(high), side(wide)],
            after: [row, column, high, wide],
            whole: high == rows && wide == columns,
        }
    }

    /// Drawn windows in which several places are the largest.
    fn ties(&self, channel: &Channel) -> usize {
        let ([row, column, rows, columns], all) = (self.after, channel.tied());
        let windows = (row..row + rows).flat_map(|r| (column..column + columns).map(move |c| (r, c)));
        windows.filter(|(r, c)| all[r * channel.of.output[2] + c]).count()
    }
}

fn of_maps(
    run: &Summary,
    replay: &Replay,
    choice: &Choice,
    window: [usize; 2],
    which: [usize; 2],
    lang: Lang,
) -> Figure {
    let number = |number| Channel { number, of: choice, window };
    let norms = (0..choice.input[0]).map(|n| number(n).decided().iter().sum());
    let channels: Vec<Channel> = largest(CHANNELS, norms).into_iter().map(number).collect();
    let part = Part::of(choice, window, &channels);
    let mut panels = vec![Placed::new(0, 0, input(&replay.sample, choice, &part, lang))];
    if !part.whole {
        panels.push(Placed::new(0, 1, overview(&channels[0], &part, lang)));
    }
    for (i, channel) in channels.iter().enumerate() {
        let four = four(channel, &part, lang).into_iter().enumerate();
        panels.extend(four.map(|(k, maps)| Placed::new(1 + 2 * i + k % 2, k / 2, Panel::Maps(maps))));
    }
    let counts: Vec<(usize, usize)> =
        channels.iter().map(|c| (c.number + 1, reached(c.before(&choice.gradient_before)))).collect();
    let positions = choice.input[1] * choice.input[2];
    let ties: usize = channels.iter().map(|c| part.ties(c)).sum();
    let windows = channels.len() * part.after[2] * part.after[3];
    let numbers: Vec<usize> = channels.iter().map(|c| c.number + 1).collect();
    let words = Words {
        title: title(lang, run, vec![lang.routed_places(&counts, positions)]),
        subtitle: vec![
            lang.routes_of_pooling(which, window[0], weighted(run, choice)),
            if part.whole { String::new() } else { lang.part_shown(part.before) },
            lang.channels_shown(&numbers, choice.input[0]),
            lang.tied_windows(ties, windows),
        ],
        caption: captioned(run, &replay.sample, lang),
        reading: vec![lang.reading_routes(), lang.reading_routes_hint()],
    };
    let mut columns = vec![1.0; 1 + 2 * channels.len()];
    columns[0] = 0.9;
    let sheet = Sheet { columns, rows: vec![1.0, 1.0], scales: Vec::new(), panels, size: (WIDTH, 0) };
    finished(lang, words, sheet, &replay.sample)
}

/// The sample, and where on it the part lies that is drawn; a sample that is no image, as one row.
fn input(sample: &Sample, choice: &Choice, part: &Part, lang: Lang) -> Panel {
    let (rows, columns) = match sample.shape[..] {
        [_, rows, columns] => (rows, columns),
        _ => (1, sample.values.len()),
    };
    // The first channel alone: colours do not matter here.
    let mut tile = Tile::new(String::new(), &sample.values[..rows * columns], columns, maps::number);
    let even = [rows, columns].iter().zip(&choice.input[1..]).all(|(a, b)| a.is_multiple_of(*b));
    if even && !part.whole {
        let [down, across] = [rows / choice.input[1], columns / choice.input[2]];
        let [row, column, high, wide] = part.before;
        tile.frame = Some([row * down, column * across, high * down, wide * across]);
    }
    let title = lang.map_title(MapTitle::Sample(sample.number));
    Panel::Maps(Maps { title, tiles: vec![tile], columns: 1, scale: INPUT, bar: false })
}

/// The gradient over the whole map.
fn overview(channel: &Channel, part: &Part, lang: Lang) -> Panel {
    let values = channel.before(&channel.of.gradient_before);
    let mut tile = Tile::new(String::new(), values, channel.of.input[2], maps::gradient);
    tile.frame = Some(part.before);
    let title = lang.map_title(MapTitle::WholeGradient(channel.number + 1));
    Panel::Maps(Maps { title, tiles: vec![tile], columns: 1, scale: GRADIENT, bar: true })
}

/// Values before and behind the layer, and the gradient at the same places.
fn four(channel: &Channel, part: &Part, lang: Lang) -> [Maps; 4] {
    let (of, [size, stride]) = (channel.of, channel.window);
    let before = |values: &[f64], cell, rings: bool| {
        let mut tile = Tile::new(String::new(), channel_part(channel, values, &of.input), of.input[2], cell);
        if rings {
            tile.rings = channel.winners();
            tile.rings.sort_unstable();
            tile.rings.dedup();
        }
        let mut tile = tile.cut(part.before);
        // Windows that overlap have no lines between them.
        tile.groups = if size == stride { [stride; 2] } else { [0; 2] };
        tile
    };
    let after = |values: &[f64], cell| {
        let tile = Tile::new(String::new(), channel_part(channel, values, &of.output), of.output[2], cell);
        Tile { side: stride, ..tile.cut(part.after) }
    };
    let number = channel.number + 1;
    [
        (MapTitle::Before(number), before(&of.before, maps::number, true), VALUES),
        (MapTitle::After, after(&of.after, maps::number), VALUES),
        (MapTitle::GradientBefore(number), before(&of.gradient_before, maps::gradient, false), GRADIENT),
        (MapTitle::GradientAfter, after(&of.gradient_after, maps::gradient), GRADIENT),
    ]
    .map(|(title, tile, scale)| Maps {
        title: lang.map_title(title),
        tiles: vec![tile],
        columns: 1,
        scale,
        bar: true,
    })
}

fn channel_part<'v>(channel: &Channel, values: &'v [f64], shape: &[usize]) -> &'v [f64] {
    let positions = shape[1] * shape[2];
    &values[channel.number * positions..][..positions]
}

// ---- maxout -----------------------------------------------------------------------------------------------

fn of_units(run: &Summary, replay: &Replay, choice: &Choice, which: [usize; 2], lang: Lang) -> Figure {
    let (pieces, units) = (choice.input[0], choice.output[0]);
    let shown = largest(UNITS, choice.gradient_after.iter().map(|x| x * x));
    let rows = |values: &[f64], count: usize| -> Vec<f64> {
        (0..count).flat_map(|k| shown.iter().map(move |&j| values[k * units + j])).collect()
    };
    let tile = |values: &[f64], count: usize, cell| {
        let mut tile = Tile::new(String::new(), &rows(values, count), shown.len(), cell);
        tile.groups = [0, 1];
        tile.numbers = shown.iter().map(|j| j + 1).collect();
        tile
    };
    let mut before = tile(&choice.before, pieces, maps::number);
    let winner = |(at, &unit): (usize, &usize)| [choice.winners[unit] / units, at];
    before.rings = shown.iter().enumerate().map(winner).collect();
    before.rings.sort_unstable();
    let stack = [
        (MapTitle::Pieces, before, VALUES),
        (MapTitle::Units, tile(&choice.after, 1, maps::number), VALUES),
        (MapTitle::GradientUnits, tile(&choice.gradient_after, 1, maps::gradient), GRADIENT),
        (MapTitle::GradientPieces, tile(&choice.gradient_before, pieces, maps::gradient), GRADIENT),
    ];
    let panel = |(row, (title, tile, scale)): (usize, (MapTitle, Tile, usize))| {
        let title = lang.map_title(title);
        Placed::new(0, row, Panel::Maps(Maps { title, tiles: vec![tile], columns: 1, scale, bar: true }))
    };
    let panels = stack.into_iter().enumerate().map(panel).collect();
    let numbers: Vec<usize> = shown.iter().map(|j| j + 1).collect();
    let words = Words {
        title: title(lang, run, vec![lang.routed_pieces(reached(&choice.gradient_before), pieces, units)]),
        subtitle: vec![
            lang.routes_of_maxout(which, pieces, weighted(run, choice)),
            if shown.len() < units { lang.units_shown(&numbers, units) } else { String::new() },
        ],
        caption: captioned(run, &replay.sample, lang),
        reading: vec![lang.reading_routes(), lang.reading_routes_hint()],
    };
    let heights = [pieces, 1, 1, pieces].map(|n| n as f64).to_vec();
    let sheet = Sheet { columns: vec![1.0], rows: heights, scales: Vec::new(), panels, size: (WIDTH, 0) };
    finished(lang, words, sheet, &replay.sample)
}

// ---- both -------------------------------------------------------------------------------------------------

fn captioned(run: &Summary, sample: &Sample, lang: Lang) -> String {
    let class = crate::escape::word(&sample.class);
    lang.caption(&[lang.replayed_sample(sample.number, &class, sample.loss), caption(lang, run)])
}

/// Adds the colour scales of what is drawn.
fn finished(lang: Lang, words: Words, mut sheet: Sheet, sample: &Sample) -> Figure {
    let finite = |scale: usize| -> Vec<f64> {
        let maps = sheet.panels.iter().filter_map(|p| p.panel.as_maps()).filter(|m| m.scale == scale);
        maps.flat_map(|m| m.tiles.iter().flat_map(Tile::finite)).collect()
    };
    let holds = |scale: usize, cell: Measured| {
        let maps = sheet.panels.iter().filter_map(|p| p.panel.as_maps()).filter(|m| m.scale == scale);
        maps.flat_map(|m| &m.tiles).any(|t| t.cells.iter().flatten().any(|c| *c == cell))
    };
    let specials = |scale: usize, zero: bool| {
        let all = [
            (Measured::Zero, Special::NoGradient),
            (Measured::Underflow, Special::Underflow),
            (Measured::Nan, Special::Nan),
            (Measured::Infinite, Special::Infinite),
        ];
        let there =
            all.into_iter().filter(|(cell, _)| (zero || *cell != Measured::Zero) && holds(scale, *cell));
        there.map(|(cell, words)| (cell, lang.special(words))).collect()
    };
    let values = plain_scale(lang.map_values(), &finite(VALUES), specials(VALUES, false));
    let gradient = signed_scale(lang.map_gradient(), &finite(GRADIENT), specials(GRADIENT, true));
    let input = plain_scale(lang.map_title(MapTitle::Sample(sample.number)), &sample.values, Vec::new());
    sheet.scales = vec![values, gradient, input];
    Figure::new(SPEC.name, lang, words, sheet)
}

/// From the smallest to the largest value, and down to 0 where none is below.
pub(super) fn plain_scale(label: String, values: &[f64], special: Vec<(Measured, String)>) -> ColourScale {
    let low = values.iter().copied().fold(0.0, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let high = if high > low { high } else { low + 1.0 };
    ColourScale { label, low, high, logarithmic: false, percent: false, signed: false, special }
}

/// As far below 0 as above it.
pub(super) fn signed_scale(label: String, values: &[f64], special: Vec<(Measured, String)>) -> ColourScale {
    let most = values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let high = if most > 0.0 { most } else { 1.0 };
    ColourScale { label, low: -high, high, logarithmic: false, percent: false, signed: true, special }
}
