//! What a page holds, as plain data; it stands in the page as JSON, and the script draws from it alone.

use serde::Serialize;

use super::code::{Codes, Held};
use super::columns::Increasing;

/// Everything that the script needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    pub words: Words,
    /// 256 colours from low to high, `rrggbb` each.
    pub colours: String,
    /// One period of the pattern of each special kind (zero, underflow, NaN, infinite, missing): rows of `0`
    /// and `1`, two a CSS pixel.
    pub tiles: Vec<Vec<String>>,
    pub metrics: Vec<Metric>,
    /// Runs of one depth each, the shallowest first.
    pub groups: Vec<Group>,
    /// The group that is shown at first.
    pub start: usize,
    pub runs: Vec<Run>,
}

/// Phrases of the script; `{step}` and the like are places for what it knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Words {
    pub cell: String,
    pub value: String,
    pub remark: String,
    pub step: String,
    pub play: String,
    pub pause: String,
    pub not_reached: String,
    pub not_recorded: String,
    pub layer_axis: String,
    pub input_side: String,
    pub output_side: String,
}

/// What the page can show, on one scale for all runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    pub name: String,
    /// Over the colour bar.
    pub label: String,
    /// One or two sentences.
    pub explain: String,
    /// Ends of the colours: log10 of the value, or the value itself.
    pub low: f64,
    pub high: f64,
    pub logarithmic: bool,
    pub percent: bool,
    /// Special kinds that occur, each with its words.
    pub special: Vec<(usize, String)>,
}

/// Runs of one depth: `from..to` in the list of all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub hidden: usize,
    pub from: usize,
    pub to: usize,
    pub title: String,
    /// The headline of each metric.
    pub titles: Vec<String>,
    pub caption: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    pub name: String,
    /// Names of the layers, the input side first.
    pub rows: Vec<String>,
    /// Their names in the producing program, empty where a name says no more than the number; none at all
    /// where all are.
    pub names: Vec<String>,
    pub step_label: String,
    /// Where the time axis ends.
    pub end: u64,
    pub clocks: Vec<Clock>,
    /// One for each metric; `None` where the run does not hold it.
    pub grids: Vec<Option<Grid>>,
    pub strips: Vec<Strip>,
}

/// Columns of a heatmap: `edges` are one more than `at`, the steps whose values the columns hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clock {
    pub edges: Increasing,
    pub at: Increasing,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grid {
    pub clock: usize,
    /// The finding of the figure of this metric.
    pub finding: String,
    /// `[layer][column]`, the input side first.
    pub values: Codes,
    /// The same, for the table.
    #[serde(skip)]
    pub held: Vec<Held>,
    /// What the special kinds mean in this run.
    pub special: Vec<(usize, String)>,
    /// Rows `first..=last` whose colours would mislead, and why.
    pub masks: Vec<(usize, usize, String)>,
}

/// Curves under a heatmap, on its step axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strip {
    pub label: String,
    pub low: f64,
    pub high: f64,
    pub logarithmic: bool,
    pub percent: bool,
    pub series: Vec<Curve>,
    /// Level lines with their words.
    pub marks: Vec<(f64, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    pub label: String,
    /// `solid`, `dashed`, `dotted` or `faint`.
    pub style: &'static str,
    /// Index of the theme's colour of curves.
    pub colour: usize,
    pub x: Increasing,
    pub y: Vec<Option<f64>>,
}
