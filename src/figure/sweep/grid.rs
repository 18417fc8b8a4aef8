//! `heatmap-grid`: the layer-by-step heatmaps of several depths and activations, as small multiples on one
//! colour scale.
//!
//! **How to read it.** Each panel is one run, layers against steps, the input side at the bottom. Depth grows
//! downward, one column for each activation (or whatever else the sweep varies). Compare along a row to see
//! what the activation does, along a column to see what depth does.
//!
//! **When it misleads.** One seed stands for all of them. Panels of different depths have rows of different
//! heights.

use super::super::chart::{Figure, Panel, Placed};
use super::super::frame::{Legend, labelled_heatmap, log_scale, step_edges, time_axis};
use super::super::gradient::{self, default_metric};
use super::super::sheet::{Sheet, Words};
use super::super::size::evenly;
use super::super::spec::{Build, FigureSpec};
use super::super::words::diverged;
use super::super::{FigureError, GradientMetric, Options};
use super::{ABREAST, FEW, Sweeps, caption, name, names, spread};
use crate::analysis::{Attenuation, Grid, Summary};
use crate::field::Field;
use crate::record::{Record, Status};
use crate::text::{Hint, Lang, Lost};

pub const SPEC: FigureSpec = FigureSpec {
    name: "heatmap-grid",
    summary: "layer-by-step heatmaps of the gradient, activation by depth, on one colour scale",
    build: Build::Sweep(build),
};

/// Depths that are drawn where the plan names none.
const DEPTHS: usize = 3;
/// Series that are drawn; a wider grid has panels too small to read.
const MOST_COLUMNS: usize = 6;
/// Series that are drawn where there is one depth, wrapped to a block.
const MOST_PANELS: usize = 12;

/// A record that is drawn, where its panel stands, and what it is one of.
struct Chosen<R> {
    row: usize,
    column: usize,
    /// Index of its series.
    series: usize,
    depth: usize,
    run: R,
}

/// A panel.
struct Tile<'a> {
    chosen: Chosen<Summary<'a>>,
    grid: Grid,
}

fn build(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let (lang, all, bias) = (options.lang, &drawn.all, options.bias());
    let depths = chosen(&all.depths(), drawn.input.depths);
    if depths.is_empty() {
        return Err(drawn.nothing("depth that `depths` of the plan names", "name depths of its grid"));
    }
    let metric = options
        .get::<Option<_>>()
        .unwrap_or_else(|| default_metric(all.runs().map(|run| &run.summary), options));
    let (records, columns) = records(drawn, &depths);
    let tiles = tiles(&records, metric, options)?;
    if tiles.iter().all(|t| t.grid.columns() == 0 || t.grid.all_missing()) {
        let hint = format!("a sweep keeps them with {} every:10 instead of summary", Field::Record);
        return Err(drawn.nothing("whole record of a cell", hint));
    }
    let q = metric.quantity();
    let grids: Vec<&Grid> = tiles.iter().map(|t| &t.grid).collect();
    let (scale, clamped) = log_scale(lang, lang.quantity(q, bias), &grids, false, Legend::PLAIN);
    let mut series: Vec<usize> = tiles.iter().map(|t| t.chosen.series).collect();
    series.dedup();
    let series_drawn = series.len();
    // One axis for all panels, as most of them do not repeat its labels.
    let end = tiles.iter().map(|t| t.chosen.run.end()).max().unwrap_or(0);
    let lowest = |column| tiles.iter().filter(|t| t.chosen.column == column).map(|t| t.chosen.row).max();
    let there = tiles.iter().filter(|t| !t.chosen.run.record().is_empty());
    let panels: Vec<Placed> = there
        .map(|t| {
            panel(drawn, t, depths.len() > 1, Some(t.chosen.row) == lowest(t.chosen.column), end, options)
        })
        .collect();
    let rows = panels.iter().map(|p| p.row + 1).max().unwrap_or(1);
    let title = heading(lang, drawn, &tiles, metric);
    let words = Words {
        reading: vec![lang.reading_axes(true), lang.sentence(&title), lang.reading_hint(Hint::Grid)],
        title,
        subtitle: vec![
            lang.explain(q, bias),
            lang.output_on_top(),
            lang.one_seed_note(all.seeds),
            lang.some_groups_note(series_drawn, all.series.len()),
            if depths.len() < all.depths().len() {
                lang.some_depths_note(depths.len(), all.depths().len())
            } else {
                String::new()
            },
            clamped,
        ],
        caption: caption(lang, drawn),
    };
    let (across, blocks) = evenly(columns, ABREAST);
    let size = (200 + 400 * across as u32, 180 + 190 * (blocks * rows) as u32);
    let (columns, rows) = (vec![1.0; columns], vec![1.0; rows]);
    let sheet = Sheet { columns, rows, panels, scales: vec![scale], size };
    let figure = Figure::new(drawn.figure, lang, words, sheet);
    Ok(Figure { tiles: depths.len() == 1, ..figure })
}

/// The records of the first seed of each series and depth, and the number of columns.
fn records(drawn: &Sweeps, depths: &[usize]) -> (Vec<Chosen<Record>>, usize) {
    let all = &drawn.all.series;
    let several = depths.len() > 1;
    let count = all.len().min(if several { MOST_COLUMNS } else { MOST_PANELS });
    let columns = if several { count } else { count.min(ABREAST) };
    let mut records = Vec::new();
    for (series, of) in all.iter().take(count).enumerate() {
        for (d, &depth) in depths.iter().enumerate() {
            let Some(run) = of.depths.get(&depth).and_then(|runs| runs.first()) else { continue };
            let Some(run) = (drawn.input.record)(run.number) else { continue };
            let (row, column) = if several { (d, series) } else { (series / columns, series % columns) };
            records.push(Chosen { row, column, series, depth, run });
        }
    }
    (records, columns)
}

fn tiles<'a>(
    records: &'a [Chosen<Record>],
    metric: GradientMetric,
    options: &Options,
) -> Result<Vec<Tile<'a>>, FigureError> {
    let tile = |c: &'a Chosen<Record>| {
        let run = Summary::new(&c.run)?;
        let grid = gradient::grid(&run, metric, options.tensor());
        let chosen = Chosen { row: c.row, column: c.column, series: c.series, depth: c.depth, run };
        Ok(Tile { chosen, grid })
    };
    records.iter().map(tile).collect()
}

/// `several` depths are named in the titles; the `lowest` panel of a column has the labels of the steps.
fn panel(drawn: &Sweeps, tile: &Tile, several: bool, lowest: bool, end: u64, options: &Options) -> Placed {
    let (lang, chosen) = (options.lang, &tile.chosen);
    let edges = step_edges(chosen.run.record().steps.step(), chosen.run.end());
    let low = edges.first().copied().unwrap_or(0.0);
    let high = edges.last().copied().unwrap_or(0.0).max(end as f64);
    let x = time_axis(&chosen.run, &[low, high], options);
    let series = &drawn.all.series[chosen.series];
    let own = name(lang, &drawn.all, series, &series.key);
    let title = if several { lang.head(&own, chosen.depth) } else { own };
    // Without "(output)": the panels are small.
    let rows = (1..=tile.grid.layers()).map(|l| lang.layer_row(l, None, false)).collect();
    let mut map = labelled_heatmap(lang, title, (rows, tile.grid.rows()), edges, x, 0);
    map.x.show_labels = lowest;
    if chosen.column > 0 {
        map.y_label.clear();
        map.bottom_note.clear();
        map.top_note.clear();
    }
    Placed::new(chosen.column, chosen.row, Panel::Heatmap(map))
}

/// The deepest drawn network of each series; of many the two extremes among those that did not diverge.
fn heading(lang: Lang, drawn: &Sweeps, tiles: &[Tile], metric: GradientMetric) -> String {
    let names = names(lang, &drawn.all);
    let deepest = tiles.iter().map(|t| t.chosen.depth).max().unwrap_or(0);
    let clause = |t: &Tile| {
        let finding = gradient::finding(&t.chosen.run, metric, &t.grid);
        let words = finding.brief(lang, metric.quantity(), t.chosen.depth);
        let ratio = Attenuation::typical(&t.grid).log10_hidden_ratio.unwrap_or(f64::NEG_INFINITY);
        (!words.is_empty()).then(|| (ratio, names[t.chosen.series].clone(), words))
    };
    let at = || tiles.iter().filter(|t| t.chosen.depth == deepest);
    if at().count() <= FEW {
        let sentence = |(t, (_, name, words)): (&Tile, (f64, String, String))| {
            let status = match t.chosen.run.header().status {
                Status::Diverged { step, .. } => lang.brief_diverged(step),
                _ => String::new(),
            };
            (name, [status, words])
        };
        let told: Vec<(String, [String; 2])> = at().filter_map(|t| Some(sentence((t, clause(t)?)))).collect();
        let head = |k: usize, name: &str| if k == 0 { lang.head(name, deepest) } else { name.to_string() };
        let sentences = told.iter().enumerate().map(|(k, (name, words))| lang.title(&head(k, name), words));
        return match told.is_empty() {
            true => lang.capitalised(&lang.depth_series(deepest)),
            false => lang.findings(&sentences.collect::<Vec<_>>()),
        };
    }
    let mut whole: Vec<_> = at().filter(|t| !diverged(&t.chosen.run)).filter_map(clause).collect();
    whole.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = whole.len();
    if count > 2 {
        whole.drain(1..count - 1);
    }
    let mut clauses: Vec<String> =
        whole.iter().map(|(_, name, words)| lang.title(name, std::slice::from_ref(words))).collect();
    let lost: Vec<Lost> = at()
        .filter(|t| diverged(&t.chosen.run))
        .map(|t| Lost { group: names[t.chosen.series].clone(), diverged: 1, of: 1 })
        .collect();
    clauses.push(lang.lost_clause(&lost));
    lang.title(&lang.extremes_of(count, deepest), &clauses)
}

/// The depths of the plan, or a few that span those there are.
pub fn chosen(there: &[usize], named: Option<&[usize]>) -> Vec<usize> {
    if let Some(named) = named {
        return there.iter().copied().filter(|d| named.contains(d)).collect();
    }
    // One hidden layer has nothing to be compared with.
    let from = usize::from(there.len() > DEPTHS && there[0] < 2);
    spread(&there[from..], DEPTHS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depths_span_what_there_is() {
        assert_eq!(chosen(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], None), [2, 6, 10]);
        assert_eq!(chosen(&[20, 56], None), [20, 56]);
        assert_eq!(chosen(&[2, 5, 10, 20], None), [2, 5, 20]);
        assert_eq!(chosen(&[1, 2, 3], Some(&[3, 9])), [3]);
    }
}
