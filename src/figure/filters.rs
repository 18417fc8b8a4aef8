//! `first-layer`: the weights of the first layer as images, before training and after it.
//!
//! **How to read it.** Each image is a unit (of a convolution: a kernel, with one image for each channel that
//! it reads), drawn where its weights look at the sample. Initial weights are noise. A layer that has learned
//! has images with a structure: strokes, edges, spots. The title says how far the layer has come from its
//! start, measured in its initial norm: where that is little, both sides look alike, and the layer still is
//! the random one that it began as.
//!
//! **When it misleads.** All images share one colour scale, so that a few large weights make the others pale.
//! Weights of inputs that are always 0, such as the border of digits, get no gradient and keep their noise in
//! a network that trains well. Whether an image has a structure is for the reader to see: no number here says
//! it.

use super::chart::{Figure, Panel, Placed};
use super::maps::{self, Maps, Tile};
use super::routes::signed_scale;
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec};
use super::words::{caption, title};
use super::{FigureError, Options};
use crate::analysis::Summary;
use crate::record::replay::{FirstLayer, Replay};
use crate::stats::Measured;
use crate::text::{Lang, MapTitle, Special};

pub const SPEC: FigureSpec = FigureSpec {
    name: "first-layer",
    summary: "weights of the first layer as images, before and after training",
    build: Build::Weights(build),
};

/// Units that are drawn, of a kernel with one channel; images that are drawn where it has more.
const UNITS: usize = 16;
const IMAGES: usize = 24;
/// Images side by side, and the most where a unit has several.
const COLUMNS: usize = 4;
const MOST_COLUMNS: usize = 6;
const WIDTH: u32 = 860;

/// Where the images of units lie in the weights.
struct Layout {
    units: usize,
    /// Images of each unit, and sides of an image.
    channels: usize,
    rows: usize,
    columns: usize,
}

impl Layout {
    /// None where the weights look at no image.
    fn of(layer: &FirstLayer) -> Option<Layout> {
        match (&layer.shape[..], &layer.input[..]) {
            (&[units, channels, rows, columns], _) => Some(Layout { units, channels, rows, columns }),
            (&[units, inputs], &[channels, rows, columns]) if inputs == channels * rows * columns => {
                Some(Layout { units, channels, rows, columns })
            }
            _ => None,
        }
    }

    fn unit<'v>(&self, values: &'v [f64], unit: usize) -> &'v [f64] {
        let each = self.channels * self.rows * self.columns;
        &values[unit * each..][..each]
    }
}

fn build(replay: &Replay, options: &Options) -> Result<Figure, FigureError> {
    let (layer, lang) = (&replay.first, options.lang);
    let Some(layout) = Layout::of(layer) else {
        return Err(FigureError::Nothing {
            figure: SPEC.name,
            run: replay.record.header.run.clone(),
            what: "weights that look at an image",
            hint: "train it on images, or say which image the columns of the table are (`image`)".into(),
        });
    };
    let run = Summary::new(&replay.record)?;
    let most = if layout.channels == 1 { UNITS } else { (IMAGES / layout.channels).max(1) };
    let shown = farthest(&layout, layer, most);
    let sides = [(MapTitle::Untrained, &layer.before), (MapTitle::Trained, &layer.after)];
    let panels: Vec<Placed> = sides
        .into_iter()
        .enumerate()
        .map(|(column, (title, values))| {
            let tiles = shown.iter().flat_map(|&unit| images(&layout, layer, values, unit, lang)).collect();
            // Images of one unit side by side.
            let columns = match layout.channels {
                1 => COLUMNS,
                n @ 2..=MOST_COLUMNS => MOST_COLUMNS / n * n,
                _ => MOST_COLUMNS,
            };
            let title = lang.map_title(title);
            Placed::new(column, 0, Panel::Maps(Maps { title, tiles, columns, scale: 0, bar: true }))
        })
        .collect();
    let maps = || panels.iter().filter_map(|p| p.panel.as_maps()).flat_map(|m| &m.tiles);
    let finite: Vec<f64> = maps().flat_map(Tile::finite).collect();
    let special = [
        (Measured::Zero, Special::Zero),
        (Measured::Nan, Special::Nan),
        (Measured::Infinite, Special::Infinite),
    ]
    .into_iter()
    .filter(|(cell, _)| maps().any(|t| t.cells.iter().flatten().any(|c| c == cell)))
    .map(|(cell, words)| (cell, lang.special(words)))
    .collect();
    let scale = signed_scale(lang.map_weight(), &finite, special);
    let moved = moved(layer).map(|share| lang.one_moved_clause(1, share, false));
    let words = Words {
        title: title(lang, &run, moved.into_iter().collect()),
        subtitle: vec![
            lang.first_layer_note(layout.channels, layout.rows, layout.columns),
            if shown.len() < layout.units {
                lang.farthest_units(shown.len(), layout.units)
            } else {
                String::new()
            },
        ],
        caption: caption(lang, &run),
        reading: vec![lang.reading_first_layer(), lang.reading_first_layer_hint()],
    };
    let sheet =
        Sheet { columns: vec![1.0; 2], rows: vec![1.0], panels, scales: vec![scale], size: (WIDTH, 0) };
    Ok(Figure::new(SPEC.name, lang, words, sheet))
}

/// The distance from the start relative to the initial norm; none where that is 0 or the end is not finite.
fn moved(layer: &FirstLayer) -> Option<f64> {
    let pairs = layer.after.iter().zip(&layer.before);
    let distance = pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let norm = layer.before.iter().map(|b| b * b).sum::<f64>().sqrt();
    let share = distance / norm;
    share.is_finite().then_some(share)
}

/// The units whose weights moved farthest, in their own order.
fn farthest(layout: &Layout, layer: &FirstLayer, most: usize) -> Vec<usize> {
    let squares = |unit: usize| -> f64 {
        let pairs = layout.unit(&layer.after, unit).iter().zip(layout.unit(&layer.before, unit));
        pairs.map(|(a, b)| (a - b).powi(2)).sum()
    };
    let mut order: Vec<usize> = (0..layout.units).collect();
    order.sort_by(|&a, &b| squares(b).total_cmp(&squares(a)));
    order.truncate(most);
    order.sort_unstable();
    order
}

/// One image for each channel that a unit reads.
fn images(layout: &Layout, layer: &FirstLayer, values: &[f64], unit: usize, lang: Lang) -> Vec<Tile> {
    let own = layout.unit(values, unit).chunks(layout.rows * layout.columns);
    let units = layout.units / layer.pieces.max(1);
    own.enumerate()
        .map(|(channel, part)| {
            let channel = (layout.channels > 1).then_some(channel + 1);
            let piece = (layer.pieces > 1).then_some(unit / units + 1);
            let name = lang.unit_label(unit % units + 1, piece, channel);
            // The first image of a unit names it, the others say which they are.
            let label = match channel {
                Some(1) => lang.unit_label(unit % units + 1, piece, None),
                Some(channel) => lang.channel_label(channel),
                None => name.clone(),
            };
            Tile { name, ..Tile::new(label, part, layout.columns, maps::number) }
        })
        .collect()
}
