//! The figure in plain words, for a reader who cannot see it.

use super::chart::{
    ColourScale, DotRow, Dots, Figure, Heatmap, Lines, Overlay, Panel, Placed, Series, Stroke,
};
use super::flow::Tone;
use super::maps::Maps;
use super::ridges::Ridges;
use crate::stats::Measured;
use crate::text::{Lang, Special};

/// A description does not list the values of more layers, or curves one by one, than this.
const MANY: usize = 12;

/// More heatmaps of one scale are described together; of more in all the last values are left to the table.
const FEW: usize = 2;

/// The figure for a reader who cannot see it: the finding, then each panel in words and numbers.
pub(super) fn describe(lang: Lang, figure: &Figure) -> String {
    let mut all = vec![lang.sentence(&figure.title), figure.subtitle.clone()];
    let panels = || figure.panels.iter().map(|p| &p.panel);
    let maps: Vec<&Heatmap> = panels().filter_map(Panel::as_heatmap).collect();
    for (index, scale) in figure.scales.iter().enumerate() {
        let own: Vec<&Heatmap> = maps.iter().copied().filter(|map| map.scale == index).collect();
        match own.len() {
            0..=FEW if maps.len() <= FEW => {
                all.extend(own.iter().flat_map(|map| describe_heatmap(lang, map, scale)));
            }
            0 => {}
            _ => all.extend(describe_heatmaps(lang, &own, scale)),
        }
    }
    let curves: Vec<&Lines> = panels().filter_map(Panel::as_lines).collect();
    match (maps.is_empty(), curves.len()) {
        (_, 0) => {}
        (false, _) => {
            let mut labels: Vec<String> = curves.iter().map(|l| l.y.label.clone()).collect();
            labels.retain(|label| !label.is_empty());
            labels.sort();
            labels.dedup();
            all.push(lang.describe_strips(&labels));
        }
        (true, n) => {
            all.push(lang.describe_lines(n));
            let series: usize = curves.iter().map(|l| l.series.len()).sum();
            all.extend(curves.iter().flat_map(|l| match series {
                0..=MANY => describe_curves(lang, l),
                _ => describe_many_curves(lang, l).into_iter().collect(),
            }));
        }
    }
    for placed in &figure.panels {
        match &placed.panel {
            // Said above, those of one kind together.
            Panel::Heatmap(_) | Panel::Lines(_) => {}
            Panel::Rows(r) if r.rows.len() <= MANY => all.push(lang.describe_ways(&r.words)),
            Panel::Rows(_) => {}
            Panel::Ridges(r) => all.extend(describe_ridges(lang, r)),
            Panel::Flow(f) => all.extend(f.boxes.iter().map(|b| {
                let lines: Vec<String> = b.lines.iter().map(|l| l.text.clone()).collect();
                lang.describe_box(&b.heading, &lines, b.tone == Tone::Taken, b.tone == Tone::Greyed)
            })),
            Panel::Maps(m) => all.extend(describe_maps(lang, m, figure.scales.get(m.scale))),
            Panel::Dots(d) => all.extend(d.rows.iter().map(|row| describe_dots(lang, d, row))),
        }
        // A line without words goes on through panels below the one that names it.
        for overlay in placed.overlays.iter().filter(|overlay| !overlay.words().is_empty()) {
            // A step is marked in all panels, and said once.
            let words = describe_overlay(lang, placed, overlay);
            if !all.contains(&words) {
                all.push(words);
            }
        }
    }
    lang.sentences(&all)
}

/// Where each row is densest.
fn describe_ridges(lang: Lang, r: &Ridges) -> Vec<String> {
    let mut all = vec![lang.describe_ridges(&r.title, &r.x.label, r.rows.len())];
    if r.rows.len() <= MANY {
        all.extend(r.rows.iter().filter(|row| !row.cells.is_empty()).map(|row| {
            let densest =
                |a: &&(f64, f64, f64), b: &&(f64, f64, f64)| r.density(**a).total_cmp(&r.density(**b));
            let peak = row.cells.iter().max_by(densest).map_or(String::new(), |c| lang.interval(c.0, c.1));
            lang.describe_ridge(&row.label, &peak, &row.words)
        }));
    }
    all
}

fn describe_heatmap(lang: Lang, map: &Heatmap, scale: &ColourScale) -> Vec<String> {
    // Numbers of layers count those with weights alone.
    let h = &map.without_bare_rows();
    let label = match h.title.as_str() {
        "" => scale.label.clone(),
        title if title == scale.label => scale.label.clone(),
        title => lang.list(&[scale.label.clone(), title.to_string()]),
    };
    let columns = h.edges.len().saturating_sub(1);
    let edge = |i: usize| h.edges.get(i).copied().unwrap_or(0.0) as u64;
    let mut all = vec![match h.columns.is_empty() {
        true => {
            lang.describe_heatmap(&label, h.rows.len(), columns, edge(0), edge(columns.saturating_sub(1)))
        }
        false if h.bottom_note.is_empty() && scale.percent && !scale.logarithmic => {
            lang.describe_map(&label, (&h.y_label, &h.rows), (&h.x.label, &h.columns))
        }
        false => lang.describe_columns(&label, h.rows.len(), &h.x.label, &h.columns),
    }];
    all.extend(describe_cells(lang, &[h], scale));
    all.extend(h.masks.iter().map(|v| lang.describe_mask(v.first + 1, v.last + 1, &v.words)));
    all.extend(map.bare.iter().enumerate().map(|(k, &row)| {
        let mask = map.masks.iter().find(|mask| (mask.first..=mask.last).contains(&row));
        lang.describe_bare(row - k, &map.rows[row], mask.map(|mask| &*mask.words))
    }));
    // On a scale of shares of the way every row ends at 0, which tells nothing.
    if h.rows.len() <= MANY && scale.logarithmic && h.columns.is_empty() {
        let ends: Vec<String> = h.cells.iter().map(|row| last_value(lang, row, scale)).collect();
        all.push(lang.describe_last(&ends));
    }
    all
}

/// Heatmaps of one scale together.
fn describe_heatmaps(lang: Lang, maps: &[&Heatmap], scale: &ColourScale) -> Vec<String> {
    let alone: Vec<Heatmap> = maps.iter().map(|map| map.without_bare_rows()).collect();
    let titles: Vec<String> = maps.iter().map(|map| map.title.clone()).filter(|t| !t.is_empty()).collect();
    let mut all = Vec::new();
    // The second row of a comparison has the titles of the first.
    if titles.len() == maps.len() {
        all.push(lang.describe_heatmaps(&scale.label, &titles));
    } else {
        all.push(lang.describe_heatmaps_below(&scale.label, maps.len()));
    }
    if let Some(first) = maps.first().filter(|first| !first.columns.is_empty())
        && maps.iter().all(|map| map.columns == first.columns)
    {
        all.push(lang.describe_shared_columns(&first.x.label, &first.columns));
    }
    all.extend(describe_cells(lang, &alone.iter().collect::<Vec<_>>(), scale));
    all
}

/// The range of the finite values, and how many cells have none.
fn describe_cells(lang: Lang, maps: &[&Heatmap], scale: &ColourScale) -> Vec<String> {
    let cells = || maps.iter().flat_map(|map| map.existing());
    let finite = || cells().filter_map(|c| scale.values().value(c));
    let mut all = vec![match (finite().reduce(f64::min), finite().reduce(f64::max)) {
        (Some(a), Some(b)) => lang.describe_range(&write(lang, scale, a), &write(lang, scale, b)),
        _ => lang.describe_no_values(),
    }];
    for (kind, words) in &scale.special {
        let count = cells().filter(|c| c == kind).count();
        if count > 0 {
            all.push(lang.describe_special(words, count as f64 / cells().count() as f64));
        }
    }
    all
}

fn write(lang: Lang, scale: &ColourScale, x: f64) -> String {
    match (scale.logarithmic, scale.percent) {
        (_, true) => lang.percent(x),
        (true, false) => lang.power(x.log10()),
        (false, false) => lang.number(x),
    }
}

fn describe_maps(lang: Lang, m: &Maps, scale: Option<&ColourScale>) -> Vec<String> {
    let Some(first) = m.tiles.first() else { return Vec::new() };
    let mut all = vec![lang.describe_maps(&m.title, m.tiles.len(), first.rows(), first.columns())];
    let cells = || m.tiles.iter().flat_map(|t| t.cells.iter().flatten());
    let special = |cell: &Measured| scale.is_some_and(|s| s.special.iter().any(|(kind, _)| kind == cell));
    let finite = || cells().filter(|c| !special(c)).filter_map(|c| c.value());
    match (finite().reduce(f64::min), finite().reduce(f64::max)) {
        (Some(a), Some(b)) => all.push(lang.describe_range(&lang.number(a), &lang.number(b))),
        _ => all.push(lang.describe_no_values()),
    }
    for (kind, words) in scale.iter().flat_map(|s| &s.special) {
        let count = cells().filter(|c| *c == kind).count();
        if count > 0 {
            all.push(lang.describe_special(words, count as f64 / cells().count() as f64));
        }
    }
    let rings: usize = m.tiles.iter().map(|t| t.rings.len()).sum();
    if rings > 0 {
        all.push(lang.describe_rings(rings));
    }
    all
}

fn describe_curves(lang: Lang, l: &Lines) -> Vec<String> {
    let panel = if l.title.is_empty() { &l.y.label } else { &l.title };
    let write = |x: f64| if l.y.percent { lang.percent(x) } else { lang.number(x) };
    let curve = |(i, s): (usize, &Series)| {
        let mut values = s.points.iter().filter_map(|p| p.1);
        let first = values.next()?;
        let last = values.next_back().unwrap_or(first);
        Some(lang.describe_series(panel, &series_name(lang, l, i), &write(first), &write(last)))
    };
    l.series.iter().enumerate().filter_map(curve).collect()
}

/// Where the curves of a panel end, from the lowest to the highest.
fn describe_many_curves(lang: Lang, l: &Lines) -> Option<String> {
    let panel = if l.title.is_empty() { &l.y.label } else { &l.title };
    let write = |x: f64| if l.y.percent { lang.percent(x) } else { lang.number(x) };
    let end =
        |(i, s): (usize, &Series)| Some((s.points.iter().rev().find_map(|p| p.1)?, series_name(lang, l, i)));
    let mut ends: Vec<(f64, String)> = l.series.iter().enumerate().filter_map(end).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (low, high) = (ends.first()?, ends.last()?);
    let [a, b] = [low.0, high.0].map(write);
    Some(lang.describe_many_curves(panel, ends.len(), [&a, &low.1], [&b, &high.1]))
}

/// What a curve is called where it does not stand beside its picture. One without a label at its end belongs
/// to the labelled curve of its colour, and its stroke tells the two apart.
pub(super) fn series_name(lang: Lang, lines: &Lines, index: usize) -> String {
    let own = &lines.series[index];
    let labelled = lines.series.iter().find(|s| s.colour == own.colour && !s.label.is_empty());
    match labelled {
        Some(other) if own.label.is_empty() => lang.with_stroke(&other.label, own.style == Stroke::Dashed),
        _ => own.label.clone(),
    }
}

fn describe_dots(lang: Lang, dots: &Dots, row: &DotRow) -> String {
    let numbers = dots.series.iter().zip(row.values);
    let mut lines: Vec<String> = numbers
        .filter_map(|(series, value)| value.map(|v| lang.brief_evidence(series, &lang.percent(v))))
        .collect();
    lines.push(row.words.clone());
    lang.describe_box(&row.label, &lines, false, row.tone == Tone::Greyed)
}

/// A place on an axis: steps and layers are whole.
fn place(lang: Lang, at: f64) -> String {
    if at >= 0.0 && at.fract() == 0.0 { lang.count(at as u64) } else { lang.number(at) }
}

fn describe_overlay(lang: Lang, placed: &Placed, overlay: &Overlay) -> String {
    let percent = placed.panel.as_lines().is_some_and(|l| l.y.percent);
    let write = |y: f64| if percent { lang.percent(y) } else { lang.number(y) };
    match overlay {
        Overlay::Curve { label, points, .. } => match (points.first(), points.last()) {
            (Some(first), Some(last)) => lang.describe_overlay_curve(label, &write(first.1), &write(last.1)),
            _ => String::new(),
        },
        Overlay::Band { label, points } => match points.last() {
            Some(last) => lang.describe_overlay_band(label, &write(last.1), &write(last.2)),
            None => String::new(),
        },
        Overlay::Step { at, words } => lang.describe_overlay_step(&place(lang, *at), words),
    }
}

/// The last value that was recorded in a row, or the name of what stands there instead. A last snapshot
/// without a batch is passed over.
fn last_value(lang: Lang, row: &[Measured], scale: &ColourScale) -> String {
    let last = row.iter().rfind(|c| **c != Measured::Missing).copied().unwrap_or(Measured::Missing);
    scale.values().value(last).map_or_else(|| special_words(lang, last, scale), |x| write(lang, scale, x))
}

/// The name of what is no number: that of the legend, without its explanation.
fn special_words(lang: Lang, cell: Measured, scale: &ColourScale) -> String {
    let words = scale.special.iter().find(|(kind, _)| *kind == cell).map(|(_, words)| words.clone());
    let words = words.unwrap_or_else(|| {
        lang.special(match cell {
            Measured::Zero => Special::Zero,
            Measured::Underflow => Special::Underflow,
            Measured::Finite(_) | Measured::Nan => Special::Nan,
            Measured::Infinite => Special::Infinite,
            Measured::Missing => Special::Missing,
        })
    });
    words.split([':', '：']).next().unwrap_or(&words).to_string()
}
