//! Every word that is drawn: what a font must be able to draw.

use super::chart::{Figure, Overlay, Panel};

/// Titles, labels and notes of a figure, without its description and reading, which are not drawn.
pub fn words(figure: &Figure) -> Vec<&str> {
    let mut all = vec![&figure.title, &figure.subtitle, &figure.caption];
    let mut overlays = Vec::new();
    for scale in &figure.scales {
        all.push(&scale.label);
        all.extend(scale.special.iter().map(|s| &s.1));
    }
    for placed in &figure.panels {
        overlays.extend(placed.overlays.iter().map(Overlay::words));
        match &placed.panel {
            Panel::Heatmap(h) => {
                all.extend([&h.title, &h.x.label, &h.y_label, &h.bottom_note, &h.top_note]);
                all.extend(h.rows.iter().chain(&h.columns).chain(h.masks.iter().map(|v| &v.words)));
            }
            Panel::Lines(l) => {
                all.extend([&l.title, &l.x.label, &l.y.label]);
                all.extend(l.series.iter().map(|s| &s.label).chain(l.marks.iter().map(|m| &m.1)));
            }
            Panel::Flow(f) => {
                all.extend(f.boxes.iter().map(|b| &b.heading).chain(f.arrows.iter().map(|a| &a.label)));
                all.extend(f.boxes.iter().flat_map(|b| b.lines.iter().map(|l| &l.text)));
            }
            Panel::Dots(d) => {
                all.extend([&d.x.label, &d.series[0], &d.series[1], &d.reference]);
                all.extend(
                    d.rows.iter().flat_map(|r| [&r.label, &r.words]).chain(d.mark.iter().map(|m| &m.1)),
                );
            }
            Panel::Maps(m) => all.extend(std::iter::once(&m.title).chain(m.tiles.iter().map(|t| &t.label))),
            Panel::Ridges(r) => {
                all.extend([&r.title, &r.x.label, &r.y_label]);
                all.extend(r.rows.iter().flat_map(|row| [&row.label, &row.words]));
            }
            Panel::Rows(r) => {
                all.push(&r.x.label);
                all.extend(r.words.iter().chain(r.mark.iter().flat_map(|m| [&m.below, &m.above])));
            }
        }
    }
    all.into_iter().map(String::as_str).chain(overlays).collect()
}
