//! A figure put together: words, panels and their places.
//!
//! [`Figure::new`] is the only way in which the figures of this module are made, so that none of them can be
//! without a language, a description or a sentence on how to read it.

use super::chart::{ColourScale, Figure, Heatmap, Panel, Placed};
use super::describe::describe;
use super::frame::show_last_labels;
use super::size::{Hidden, Size};
use crate::text::Lang;

/// The words of a figure, all in one language.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// The finding, in numbers.
    pub title: String,
    /// Sentences under the title; empty ones are left out.
    pub subtitle: Vec<String>,
    /// The settings, under the picture.
    pub caption: String,
    /// How to read it: what the axes are, the number of this record that matters, what to look for.
    pub reading: Vec<String>,
}

/// Panels in a grid, and the size of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Relative widths of the columns.
    pub columns: Vec<f64>,
    /// Relative heights of the rows.
    pub rows: Vec<f64>,
    pub panels: Vec<Placed>,
    pub scales: Vec<ColourScale>,
    /// Width and height in CSS pixels; with the height 0 it becomes as high as the words need.
    pub size: (u32, u32),
}

/// Relative height of a strip; a heatmap has 1.
pub const STRIP: f64 = 0.25;

impl Sheet {
    /// One column of panels, each with its relative height.
    pub fn stack(panels: Vec<(f64, Panel)>, scales: Vec<ColourScale>, size: (u32, u32)) -> Sheet {
        let rows = panels.iter().map(|p| p.0).collect();
        let panels =
            panels.into_iter().enumerate().map(|(row, (_, panel))| Placed::new(0, row, panel)).collect();
        Sheet { columns: vec![1.0], rows, panels, scales, size }
    }

    /// A heatmap over strips: the usual figure, 960 x 600.
    pub fn over_strips(heatmap: Heatmap, strips: Vec<Panel>, scale: ColourScale) -> Sheet {
        let mut panels = vec![Panel::Heatmap(heatmap)];
        panels.extend(strips);
        show_last_labels(&mut panels);
        let heights = std::iter::once(1.0).chain(std::iter::repeat(STRIP));
        Sheet::stack(heights.zip(panels).collect(), vec![scale], (960, 600))
    }
}

impl Figure {
    /// The figure, with its description for a reader who cannot see it.
    pub(super) fn new(name: &str, lang: Lang, words: Words, sheet: Sheet) -> Figure {
        let mut figure = Figure {
            name: name.to_string(),
            title: words.title,
            subtitle: lang.sentences(&words.subtitle),
            caption: words.caption,
            description: String::new(),
            reading: lang.sentences(&words.reading),
            lang,
            column_weights: sheet.columns,
            row_weights: sheet.rows,
            panels: sheet.panels,
            scales: sheet.scales,
            width: sheet.size.0,
            height: (sheet.size.1 > 0).then_some(sheet.size.1),
            size: Size::Screen,
            hidden: Hidden::default(),
            hidden_subtitle: false,
            plot_heights: Vec::new(),
            tiles: false,
        };
        figure.description = describe(lang, &figure);
        figure
    }
}
