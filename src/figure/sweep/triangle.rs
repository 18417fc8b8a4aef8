//! `gradient-by-depth` and `movement-by-depth`: one column a network, one cell a layer, so that the columns
//! of growing depth form a triangle.
//!
//! **How to read it.** Each column is one network, its input side at the bottom. Colours are logarithmic and
//! the same in all panels. Under the sigmoid every layer further from the output is darker, whatever the
//! depth: the rows at the bottom of the deep columns are where nothing arrives, or nothing moves. Cells are
//! medians over the seeds.
//!
//! **When it misleads.** The gradient is that of one minibatch at the first and at the last recorded step.
//! The last cell of a column is the output layer, which has its own width and no activation. A gradient that
//! is small after training may be small because the network has learned: look at `accuracy-by-depth` first.

use super::super::chart::{Axis, AxisKind, Figure, Heatmap, Panel, Placed};
use super::super::depth::Depth;
use super::super::frame::{Legend, log_scale};
use super::super::sheet::{Sheet, Words};
use super::super::spec::{Build, FigureSpec};
use super::super::{FigureError, Options, gradient, movement};
use super::{ABREAST, FEW, Sweeps, caption, names, places};
use crate::analysis::ensemble::{Column, Series};
use crate::analysis::{Grid, Movement, Summary};
use crate::field::Field;
use crate::stats::Measured;
use crate::text::{Counted, Hint, Lang, Moment, Quantity};

pub const GRADIENT: FigureSpec = FigureSpec {
    name: "gradient-by-depth",
    summary: "gradient norm by depth and layer, at the first step and after training",
    build: Build::Sweep(gradient_by_depth),
};

pub const MOVEMENT: FigureSpec = FigureSpec {
    name: "movement-by-depth",
    summary: "distance from the initial weights by depth and layer, after training",
    build: Build::Sweep(movement_by_depth),
};

fn gradient_by_depth(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let metric = options
        .get::<Option<_>>()
        .unwrap_or_else(|| gradient::default_metric(drawn.all.runs().map(|run| &run.summary), options));
    let grid = move |s: &Summary| gradient::grid(s, metric, options.tensor());
    // Beside many other panels one moment is enough: the first step, which is the same for every budget.
    let moments: &[Column] =
        if drawn.all.series.len() <= ABREAST { &[Column::First, Column::Last] } else { &[Column::First] };
    let q = metric.quantity();
    let hint = Hint::TriangleGradient;
    let (legend, no_unit) = (Legend::PLAIN, Vec::new());
    let what = Triangle { grid: &grid, moments, q, percent: false, legend, hint, of_weights: false, no_unit };
    draw(drawn, options, &what, "gradient at its first step", "record every step, or every tenth")
}

fn movement_by_depth(drawn: &Sweeps, options: &Options) -> Result<Figure, FigureError> {
    let tensor = options.tensor();
    let grid = move |s: &Summary| s.movement(tensor).grid;
    let movements: Vec<Movement> = drawn.all.runs().map(|r| r.summary.movement(tensor)).collect();
    let no_unit: Vec<usize> = movements.iter().flat_map(|m| m.without_reference.clone()).collect();
    let of_weights = movements.iter().any(|m| m.against_weights);
    let legend = Legend::movement(!no_unit.is_empty());
    let (moments, q, hint) = (&[Column::Last], Quantity::Movement, Hint::TriangleMovement);
    let what = Triangle { grid: &grid, moments, q, percent: true, legend, hint, of_weights, no_unit };
    draw(drawn, options, &what, "snapshot", &format!("run it with {} every:10", Field::Snapshots))
}

/// What the cells are.
struct Triangle<'a> {
    grid: &'a dyn Fn(&Summary) -> Grid,
    /// One row of panels each.
    moments: &'a [Column],
    q: Quantity,
    percent: bool,
    legend: Legend,
    hint: Hint,
    /// Biases measured by the norm of their layer's weights.
    of_weights: bool,
    /// Layers (from 0) whose movement has no unit in some run.
    no_unit: Vec<usize>,
}

fn draw(
    drawn: &Sweeps,
    options: &Options,
    what: &Triangle,
    needs: &'static str,
    hint: &str,
) -> Result<Figure, FigureError> {
    let (lang, all) = (options.lang, &drawn.all);
    let names = names(lang, all);
    let (maps, block, columns) = maps(drawn, lang, what, &names);
    let existing: Vec<Measured> = maps.iter().flat_map(|m| m.2.existing().collect::<Vec<_>>()).collect();
    if existing.iter().all(|c| *c == Measured::Missing) {
        return Err(drawn.nothing(needs, hint));
    }
    let flat = Grid::from_cells(1, existing.len(), |_, i| existing[i]);
    let bias = options.bias();
    let (scale, clamped) = log_scale(lang, lang.quantity(what.q, bias), &[&flat], what.percent, what.legend);
    let lowest: Vec<usize> =
        (0..columns).map(|c| maps.iter().filter(|m| m.1 == c).map(|m| m.0).max().unwrap_or(0)).collect();
    let panels: Vec<Placed> = maps
        .into_iter()
        .map(|(row, column, mut map)| {
            map.x.show_labels = row == lowest[column];
            if column > 0 {
                map.y_label.clear();
                map.bottom_note.clear();
                map.top_note.clear();
            }
            Placed::new(column, row, Panel::Heatmap(map))
        })
        .collect();
    let title = heading(lang, drawn, what, &names);
    let words = Words {
        reading: vec![lang.columns_are_networks_note(), lang.sentence(&title), lang.reading_hint(what.hint)],
        title,
        subtitle: vec![
            lang.explain(what.q, bias),
            lang.columns_are_networks_note(),
            lang.median_of_seeds_note(all.seeds),
            clamped,
            lang.left_out_note(all.failed, &drawn.lost(&names, None), Counted::Like),
            drawn.unfinished(lang),
        ],
        caption: caption(lang, drawn),
    };
    let size = (if columns == 1 { 720 } else { 200 + 380 * columns as u32 }, 190 + 250 * block as u32);
    let sheet =
        Sheet { columns: vec![1.0; columns], rows: vec![1.0; block], panels, scales: vec![scale], size };
    let figure = Figure::new(drawn.figure, lang, words, sheet);
    Ok(Figure { tiles: what.moments.len() == 1, ..figure })
}

/// Every panel with its row and column, and the numbers of rows and columns.
fn maps(
    drawn: &Sweeps,
    lang: Lang,
    what: &Triangle,
    names: &[String],
) -> (Vec<(usize, usize, Heatmap)>, usize, usize) {
    let all = &drawn.all;
    let depths = all.depths();
    let rows = depths.last().copied().unwrap_or(0) + 1;
    let (places, block_rows, columns) = places(all);
    let mut maps = Vec::new();
    for (m, moment) in what.moments.iter().enumerate() {
        for ((series, name), (row, column)) in all.series.iter().zip(names).zip(&places) {
            let own: Vec<usize> = depths.iter().copied().filter(|d| series.depths.contains_key(d)).collect();
            let profiles: Vec<Vec<Measured>> =
                own.iter().map(|d| series.profile(*d, what.grid, *moment)).collect();
            let title = match (what.moments.len(), moment) {
                (_, Column::First) => lang.first_step_panel(name),
                (1, Column::Last) => name.clone(),
                (_, Column::Last) => lang.after_training_panel(name),
            };
            maps.push((m * block_rows + row, *column, map(lang, title, &own, &profiles, rows)));
        }
    }
    (maps, what.moments.len() * block_rows, columns)
}

/// One panel: a column for each depth of the series.
fn map(lang: Lang, title: String, depths: &[usize], profiles: &[Vec<Measured>], rows: usize) -> Heatmap {
    let cell = |layer: usize, i: usize| profiles[i].get(layer).copied().unwrap_or(Measured::Missing);
    Heatmap {
        title,
        x: Axis {
            label: lang.depth_axis(),
            kind: AxisKind::Whole,
            low: 0.0,
            high: depths.len() as f64,
            percent: false,
            show_labels: true,
        },
        y_label: lang.layer_axis(),
        rows: (1..=rows).map(|l| lang.layer_row(l, None, false)).collect(),
        bottom_note: lang.input_side(),
        top_note: lang.output_side(),
        edges: (0..=depths.len()).map(|i| i as f64).collect(),
        cells: (0..rows).map(|layer| (0..depths.len()).map(|i| cell(layer, i)).collect()).collect(),
        scale: 0,
        bare: Vec::new(),
        masks: Vec::new(),
        columns: depths.iter().map(usize::to_string).collect(),
        heights: depths.iter().map(|d| d + 1).collect(),
    }
}

/// Layer 1 against the last hidden layer in the deepest network of each series, at the first moment.
fn heading(lang: Lang, drawn: &Sweeps, what: &Triangle, names: &[String]) -> String {
    let all = &drawn.all;
    let deepest = all.depths().last().copied().unwrap_or(0);
    if all.series.len() > FEW
        && let Some(extremes) = extremes(lang, drawn, what, names, deepest)
    {
        return extremes;
    }
    let mut told = None;
    let sentence = |(series, name): (&Series, &String)| {
        let own = if series.depths.contains_key(&deepest) { Some(deepest) } else { series.deepest() };
        let depth = own?;
        let words = clause(lang, what, series, depth, told.is_some());
        if words.is_empty() {
            return None;
        }
        let head = if told == Some(depth) { name.clone() } else { lang.head(name, depth) };
        told = Some(depth);
        let [diverged, of] = series.diverged(Some(depth));
        // At the first step nothing has diverged yet.
        let lost = if what.percent { lang.runs_diverged(diverged, of) } else { String::new() };
        Some(lang.title(&head, &[words, lost]))
    };
    let sentences: Vec<String> = all.series.iter().zip(names).filter_map(sentence).collect();
    match sentences.is_empty() {
        true => lang.head(&names[0], deepest),
        false => lang.findings(&sentences),
    }
}

/// Of one series at one depth; `told` where the clause before it says the moment.
fn clause(lang: Lang, what: &Triangle, series: &Series, depth: usize, told: bool) -> String {
    let moment = what.moments.first().copied().unwrap_or(Column::Last);
    let profile = series.profile(depth, what.grid, moment);
    let seeds = series.depths.get(&depth).map_or(0, Vec::len);
    if what.percent {
        let words = movement::moved(lang, &profile, what.of_weights, &what.no_unit);
        return if told || words.is_empty() { words } else { words + &lang.median_of(seeds) };
    }
    let grid = Grid::from_cells(profile.len(), 1, |l, _| profile[l]);
    let shown = if told { Moment::Told } else { Moment::FirstOf(seeds) };
    Depth::at(&grid, shown).at_one_moment(lang, what.q, depth, shown)
}

/// The series, of many, whose layer 1 has the smallest and the largest value: a ratio of layers would not
/// distinguish a network in which all gradients are alike from one in which all of them are nothing. What moved
/// is ranked among the series that lost no run.
fn extremes(lang: Lang, drawn: &Sweeps, what: &Triangle, names: &[String], depth: usize) -> Option<String> {
    let moment = what.moments.first().copied().unwrap_or(Column::Last);
    let whole = |s: &Series| !what.percent || s.diverged(Some(depth))[0] == 0;
    let series = drawn.all.series.iter().zip(names);
    let mut ranked: Vec<(f64, &str)> = series
        .filter(|(s, _)| s.depths.contains_key(&depth) && whole(s))
        .filter_map(|(s, name)| {
            let cell = *s.profile(depth, what.grid, moment).first()?;
            Some((cell.value()?, name.as_str()))
        })
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (low, high) = (ranked.first()?, ranked.last()?);
    let ends = [low, high].map(|(value, name)| (*name, *value));
    let found = lang.first_layer_from_to(depth, what.q, ends, [ranked.len(), drawn.all.seeds]);
    let lost = if what.percent { lang.lost_clause(&drawn.lost(names, Some(depth))) } else { String::new() };
    Some(lang.clauses(&[found, lost].into_iter().filter(|c| !c.is_empty()).collect::<Vec<_>>()))
}
