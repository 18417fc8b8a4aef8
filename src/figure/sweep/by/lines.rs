//! Lines by one setting of numbers.

use super::{All, Point, number};
use crate::figure::chart::{Axis, AxisKind, Figure, Lines, Overlay, Panel, Placed, Series as Curve, Stroke};
use crate::figure::frame::{accuracy_axis, order_by_ramp};
use crate::figure::sheet::Sheet;

impl All<'_> {
    pub(super) fn lines(&self, key: &str) -> Figure {
        let lang = self.lang;
        let values = self.values(key);
        let panels = self.panels();
        let mut all = Vec::new();
        let mut placed = Vec::new();
        for (column, (title, groups)) in panels.iter().enumerate() {
            let (mut curves, mut marks) = (Vec::new(), Vec::new());
            for (colour, group) in groups.iter().enumerate() {
                let points: Vec<(f64, Point)> = values
                    .iter()
                    .filter_map(|value| Some((number(value)?, self.point(*group, &[(key, value)]))))
                    .filter(|(_, point)| point.runs > 0)
                    .collect();
                let mut test = curve(&points, 1, Stroke::Dashed, colour, String::new());
                // Two bands of one colour over each other tell nothing.
                test.band.clear();
                curves.push(test);
                curves.push(curve(
                    &points,
                    0,
                    Stroke::Solid,
                    colour,
                    self.line_name(*group, panels.len() > 1),
                ));
                all.extend(
                    points.iter().map(|(x, point)| (self.named(*group, key, &values, *x), point.clone())),
                );
                marks.extend(points);
            }
            curves.retain(|c: &Curve| c.points.iter().any(|p| p.1.is_some()));
            if self.groups.iter().all(|g| g.0.last().is_some_and(|(_, value)| number(value).is_some())) {
                order_by_ramp(&mut curves);
            }
            let panel = self.panel(title, key, &values, curves, column);
            placed.push(Placed { overlays: self.lost(&values, &marks), ..Placed::new(column, 0, panel) });
        }
        let width = if placed.len() == 1 { 960 } else { 160 + 500 * placed.len() as u32 };
        let sheet = Sheet {
            columns: vec![1.0; placed.len()],
            rows: vec![1.0],
            panels: placed,
            scales: Vec::new(),
            size: (width, 540),
        };
        let notes = vec![lang.solid_and_dashed_note(), lang.seeds_note(self.seeds())];
        self.figure(self.heading(&all), notes, lang.reading_accuracy_by(false), sheet)
    }

    fn panel(&self, title: &str, key: &str, values: &[String], series: Vec<Curve>, column: usize) -> Panel {
        let lang = self.lang;
        let chance = self.drawn.all.chance();
        let mut y = accuracy_axis(lang);
        if column > 0 {
            y.show_labels = false;
            y.label.clear();
        }
        Panel::Lines(Lines {
            title: title.to_string(),
            x: number_axis(lang.setting_axis(key), values),
            y,
            series,
            marks: chance.map(|c| (c, lang.chance_mark(c))).into_iter().collect(),
            direct_labels: true,
        })
    }

    /// Groups that share a panel of lines: those of one value of the first of several settings; else all.
    fn panels(&self) -> Vec<(String, Vec<usize>)> {
        let mut panels: Vec<(String, Vec<usize>)> = Vec::new();
        for (group, (key, _)) in self.groups.iter().enumerate() {
            let title = match key.as_slice() {
                [(key, value), _, ..] => self.said(key, value),
                _ => String::new(),
            };
            match panels.iter_mut().find(|panel| panel.0 == title) {
                Some(panel) => panel.1.push(group),
                None => panels.push((title, vec![group])),
            }
        }
        panels
    }

    /// The point of a group at this number, in words.
    fn named(&self, group: usize, key: &str, values: &[String], x: f64) -> String {
        let value = values.iter().find(|value| number(value) == Some(x)).map_or("", String::as_str);
        let own = self.groups[group].0.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        self.said_all(own.chain([(key, value)]))
    }

    /// What a line is called, where the panel's title says the first setting.
    fn line_name(&self, group: usize, titled: bool) -> String {
        if self.groups.len() == 1 {
            return self.lang.train_series();
        }
        let own = self.groups[group].0.iter().skip(usize::from(titled));
        self.said_all(own.map(|(k, v)| (k.as_str(), v.as_str())))
    }

    /// A mark at each value at which runs diverged.
    fn lost(&self, values: &[String], points: &[(f64, Point)]) -> Vec<Overlay> {
        let mark = |value: &String| {
            let at = number(value)?;
            let here = || points.iter().filter(|p| p.0 == at).map(|p| &p.1);
            let (diverged, runs) =
                (here().map(|p| p.diverged).sum::<usize>(), here().map(|p| p.runs).sum::<usize>());
            (diverged > 0).then(|| Overlay::Step { at, words: self.lang.some_diverged(diverged, runs) })
        };
        values.iter().filter_map(mark).collect()
    }
}

fn curve(points: &[(f64, Point)], set: usize, style: Stroke, colour: usize, label: String) -> Curve {
    let wide = points.iter().any(|(_, p)| p.accuracy[set].is_some_and(|s| s.high > s.low));
    let band = points.iter().filter_map(|(x, p)| p.accuracy[set].map(|s| (*x, s.low, s.high)));
    Curve {
        label,
        points: points.iter().map(|(x, p)| (*x, p.median(set))).collect(),
        style,
        colour,
        ramp: None,
        markers: style == Stroke::Solid,
        band: if wide { band.collect() } else { Vec::new() },
    }
}

/// Logarithmic where all values are above zero and span a decade, with some room at both ends.
fn number_axis(label: String, values: &[String]) -> Axis {
    let all = || values.iter().filter_map(|value| number(value));
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let axis = |kind, low, high| Axis { label, kind, low, high, percent: false, show_labels: true };
    if low > 0.0 && high >= 10.0 * low {
        return axis(AxisKind::Log10, low / 1.2, high * 1.2);
    }
    let room = if high > low { 0.03 * (high - low) } else { 0.5 };
    axis(AxisKind::Linear, low - room, high + room)
}
