//! A map by two settings.

use super::super::{ABREAST, FEW};
use super::{All, Point};
use crate::figure::FigureError;
use crate::figure::chart::{Axis, AxisKind, ColourScale, Figure, Heatmap, Panel, Placed};
use crate::figure::sheet::Sheet;
use crate::stats::Measured;
use crate::text::Lang;

/// Maps of so many values of the other settings are the most that is drawn.
const MOST_PANELS: usize = 12;

impl All<'_> {
    pub(super) fn map(&self, x: &str, y: &str) -> Result<Figure, FigureError> {
        let lang = self.lang;
        if self.groups.len() > MOST_PANELS {
            let hint = "choose one setting, the others are lines";
            return Err(self.drawn.nothing("fewer than 13 values of the other settings", hint));
        }
        let (columns, rows) = (self.values(x), self.values(y));
        let mut all: Vec<(String, Point)> = Vec::new();
        let across = self.groups.len().min(ABREAST);
        let mut panels = Vec::new();
        for group in 0..self.groups.len() {
            let mut cells = Vec::new();
            for row in &rows {
                let points =
                    columns.iter().map(|c| (c, self.point(group, &[(x, c.as_str()), (y, row.as_str())])));
                let points: Vec<(&String, Point)> = points.collect();
                cells.push(points.iter().map(|(_, point)| cell(point)).collect());
                let own = || self.groups[group].0.iter().map(|(k, v)| (k.as_str(), v.as_str()));
                all.extend(points.into_iter().map(|(c, point)| {
                    (self.said_all(own().chain([(y, row.as_str()), (x, c.as_str())])), point)
                }));
            }
            let (column, line) = (group % across, group / across);
            let is_lowest = group + across >= self.groups.len();
            let map = self.heatmap((x, &columns), (y, &rows), cells, (group, column == 0, is_lowest));
            panels.push(Placed::new(column, line, Panel::Heatmap(map)));
        }
        all.retain(|(_, point)| point.runs > 0);
        let lines = self.groups.len().div_ceil(across);
        let sheet = Sheet {
            columns: vec![1.0; across],
            rows: vec![1.0; lines],
            scales: vec![scale(lang, &panels)],
            panels,
            size: (if across == 1 { 760 } else { 240 + 340 * across as u32 }, 200 + 300 * lines as u32),
        };
        let notes = vec![lang.map_of_accuracy_note(self.seeds()), self.survivors(&all)];
        Ok(self.figure(self.heading(&all), notes, lang.reading_accuracy_by(true), sheet))
    }

    /// Combinations whose colour is that of the runs that did not diverge.
    fn survivors(&self, all: &[(String, Point)]) -> String {
        let some = |p: &&(String, Point)| p.1.diverged > 0 && p.1.median(0).is_some();
        let each = all
            .iter()
            .filter(some)
            .map(|(name, p)| self.lang.title(name, &[self.lang.some_diverged(p.diverged, p.runs)]));
        let each: Vec<String> = each.collect();
        if each.is_empty() { String::new() } else { self.lang.survivors_note(&self.lang.cut(each, FEW)) }
    }

    fn heatmap(
        &self,
        (x, columns): (&str, &[String]),
        (y, rows): (&str, &[String]),
        cells: Vec<Vec<Measured>>,
        (group, is_left, is_lowest): (usize, bool, bool),
    ) -> Heatmap {
        let lang = self.lang;
        let shown = |key: &str, value: &String| match key {
            "activation" | "width" => self.said(key, value),
            _ => lang.setting_value(key, value),
        };
        let label = if is_lowest { lang.setting_axis(x) } else { String::new() };
        Heatmap {
            title: self.group_name(group),
            x: Axis {
                label,
                kind: AxisKind::Whole,
                low: 0.0,
                high: columns.len() as f64,
                percent: false,
                show_labels: is_lowest,
            },
            y_label: if is_left { lang.setting_axis(y) } else { String::new() },
            rows: rows.iter().map(|value| shown(y, value)).collect(),
            bottom_note: String::new(),
            top_note: String::new(),
            edges: (0..=columns.len()).map(|i| i as f64).collect(),
            cells,
            scale: 0,
            bare: Vec::new(),
            masks: Vec::new(),
            columns: columns.iter().map(|value| shown(x, value)).collect(),
            heights: Vec::new(),
        }
    }
}

/// A combination all of whose runs diverged is no number; one without runs is missing.
fn cell(point: &Point) -> Measured {
    match point.median(0) {
        Some(accuracy) => Measured::from_stored(accuracy),
        None if point.diverged > 0 => Measured::Nan,
        None => Measured::Missing,
    }
}

fn scale(lang: Lang, panels: &[Placed]) -> ColourScale {
    let occurs = |kind: Measured| {
        panels
            .iter()
            .filter_map(|p| p.panel.as_heatmap())
            .any(|h| h.cells.iter().flatten().any(|c| *c == kind))
    };
    let special = [(Measured::Nan, lang.diverged_cells()), (Measured::Missing, lang.no_runs_cells())];
    ColourScale {
        label: lang.training_accuracy(),
        low: 0.0,
        high: 1.0,
        logarithmic: false,
        percent: true,
        signed: false,
        special: special.into_iter().filter(|(kind, _)| occurs(*kind)).collect(),
    }
}
