//! `heatmap-grid`: the layer-by-step heatmaps of several depths and activations, as small multiples on one colour scale.
//!
//! **How to read it.** Each panel is one run, layers against steps, the input side at the bottom. Depth grows downward, one
//! column for each activation (or whatever else the sweep varies). Compare along a row to see what the activation does, along
//! a column to see what depth does.
//!
//! **When it misleads.** One seed stands for all of them. Panels of different depths have rows of different heights.

use super::super::chart::{Figure, Panel, Placed};
use super::super::frame::{Legend, Words, heatmap, log_scale, page, step_edges, time_axis};
use super::super::words::{described, is_bias};
use super::super::{FigureError, GradientMetric, Options, gradient};
use super::{Drawn, FEW, SweepSpec, caption, name, names, spread};
use crate::analysis::{Grid, Summary};
use crate::field::Field;
use crate::record::{Record, TensorKind};
use crate::text::Lang;

pub const SPEC: SweepSpec = SweepSpec {
    name: "heatmap-grid",
    summary: "layer-by-step heatmaps of the gradient, activation by depth, on one colour scale",
    build,
};

/// Depths that are drawn where the plan names none.
const DEPTHS: usize = 3;
/// Series that are drawn; a wider grid has panels too small to read.
const MOST_COLUMNS: usize = 6;

fn build(drawn: &Drawn, options: &Options) -> Result<Figure, FigureError> {
    let (lang, all) = (options.lang, &drawn.all);
    let depths = chosen(&all.depths(), drawn.input.depths);
    if depths.is_empty() {
        return Err(drawn.nothing("depth that `depths` of the plan names", "name depths of its grid"));
    }
    let metric = options.gradient.unwrap_or_else(|| default_metric(drawn, options));
    let series: Vec<usize> = (0..all.series.len()).take(if depths.len() > 1 { MOST_COLUMNS } else { 12 }).collect();
    // With one depth the panels of the series are wrapped to a block.
    let columns = if depths.len() > 1 { series.len() } else { series.len().min(super::ABREAST) };
    let mut records: Vec<(usize, usize, usize, usize, Record)> = Vec::new();
    for (i, s) in series.iter().enumerate() {
        for (row, depth) in depths.iter().enumerate() {
            let Some(run) = all.series[*s].depths.get(depth).and_then(|runs| runs.first()) else { continue };
            let Some(record) = (drawn.input.record)(run.number) else { continue };
            let (row, column) = if depths.len() > 1 { (row, i) } else { (i / columns, i % columns) };
            records.push((row, column, *s, *depth, record));
        }
    }
    let runs: Vec<(usize, usize, usize, usize, Summary)> = records
        .iter()
        .map(|(row, column, s, depth, record)| Ok((*row, *column, *s, *depth, Summary::new(record)?)))
        .collect::<Result<_, FigureError>>()?;
    let grids: Vec<Grid> = runs.iter().map(|r| gradient::grid(&r.4, metric, options.tensor)).collect();
    if grids.iter().all(|g| g.columns() == 0 || g.all_missing()) {
        let hint = format!("a sweep keeps them with {} every:10 instead of summary", Field::Record);
        return Err(drawn.nothing("whole record of a cell", hint));
    }
    let (q, bias) = (metric.quantity(), is_bias(options.tensor));
    let (scale, clamped) =
        log_scale(lang, lang.quantity(q, bias), &grids.iter().collect::<Vec<_>>(), false, Legend::PLAIN);
    let lowest: Vec<usize> =
        (0..columns).map(|c| runs.iter().filter(|r| r.1 == c).map(|r| r.0).max().unwrap_or(0)).collect();
    let several = depths.len() > 1;
    let mut panels = Vec::new();
    for ((row, column, s, depth, summary), grid) in runs.iter().zip(&grids) {
        if summary.record().is_empty() {
            continue;
        }
        let edges = step_edges(summary.record().steps.step(), summary.end());
        let x = time_axis(summary, &edges, options);
        let series = &all.series[*s];
        let own = name(lang, series, &series.key);
        let title = if several { lang.head(&own, *depth) } else { own };
        let mut map = heatmap(lang, title, grid, edges, x, 0, false);
        map.x.show_labels = *row == lowest[*column];
        if *column > 0 {
            map.y_label.clear();
            map.bottom_note.clear();
            map.top_note.clear();
        }
        panels.push(Placed { column: *column, row: *row, panel: Panel::Heatmap(map) });
    }
    let rows = panels.iter().map(|p| p.row + 1).max().unwrap_or(1);
    let words = Words {
        title: heading(lang, drawn, &runs, &grids, metric),
        subtitle: lang.sentences(&[
            lang.explain(q, bias),
            lang.output_on_top(),
            lang.ratios_are_medians(),
            lang.one_seed_note(all.seeds),
            clamped,
        ]),
        caption: caption(lang, drawn),
        description: String::new(),
    };
    let width = 200 + (if columns > 3 { 270 } else { 400 }) * columns as u32;
    let size = (width, 180 + 190 * rows as u32);
    let figure = page(drawn.figure, words, vec![1.0; columns], vec![1.0; rows], panels, vec![scale], size);
    Ok(described(lang, figure))
}

/// The deepest drawn network of each series.
fn heading(
    lang: Lang,
    drawn: &Drawn,
    runs: &[(usize, usize, usize, usize, Summary)],
    grids: &[Grid],
    metric: GradientMetric,
) -> String {
    let names = names(lang, &drawn.all);
    let deepest = runs.iter().map(|r| r.3).max().unwrap_or(0);
    let clauses: Vec<(f64, String, String)> = runs
        .iter()
        .zip(grids)
        .filter(|(r, _)| r.3 == deepest)
        .filter_map(|((_, _, s, depth, summary), grid)| {
            let words = gradient::finding(summary, metric, grid).brief(lang, metric.quantity(), *depth);
            let ratio = crate::analysis::Attenuation::typical(grid).log10_hidden_ratio.unwrap_or(f64::NEG_INFINITY);
            (!words.is_empty()).then(|| (ratio, names[*s].clone(), words))
        })
        .collect();
    let mut kept: Vec<&(f64, String, String)> = clauses.iter().collect();
    if kept.len() > FEW {
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept = vec![kept[0], kept[kept.len() - 1]];
    }
    if kept.is_empty() {
        return lang.capitalised(&lang.depth_series(deepest));
    }
    let sentences: Vec<String> = kept
        .into_iter()
        .enumerate()
        .map(|(k, (_, name, words))| {
            let head = if k == 0 { lang.head(name, deepest) } else { name.clone() };
            lang.title(&head, std::slice::from_ref(words))
        })
        .collect();
    lang.findings(&sentences)
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

/// One sample's weight gradient, or the batch mean where a run does not hold it.
pub(super) fn default_metric(drawn: &Drawn, options: &Options) -> GradientMetric {
    let recorded = |r: &Summary| !gradient::grid(r, GradientMetric::PerSample, options.tensor).all_missing();
    if options.tensor == TensorKind::Weight && drawn.all.runs().all(|r| recorded(&r.summary)) {
        GradientMetric::PerSample
    } else {
        GradientMetric::BatchMean
    }
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
