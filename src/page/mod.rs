//! The interactive page: one HTML file that shows runs by layer and step, plays their training, and needs
//! nothing else.
//!
//! ```text
//! records -> figures -> Data (plain numbers and finished words)
//!         -> page.html + page.css + page.js -> one file
//! ```
//!
//! | file | what it knows |
//! |---|---|
//! | `data` | what a page holds |
//! | `build` | from records to that; numbers and words are those of the figures |
//! | `code`, `columns` | how numbers are held: three digits each; which steps of a long run |
//! | `html` | the template filled: table, static figure |
//! | `verdicts` | the panel of verdicts: every rule of the diagnosis, its evidence and thresholds |
//! | `page.html`, `page.css`, `page.js` | the template itself, as it is read and edited; no build step |
//! | `sha256` | hashes for the content-security policy |
//!
//! **Without a script** the page shows a figure, the verdicts and a table by layer; the script hides the
//! figure and shows the live view instead, so a page whose script is forbidden or broken still says
//! everything. On paper stands what the screen shows, light, sharp, and with every list open.
//!
//! **Size.** Two runs of 10 layers and 1,000 recorded steps make less than 300 kB. More runs share a budget
//! of cells, so that their columns are thinned: 20 runs of 1 to 10 hidden layers and 2,000 steps make 1.3 MB.
//! [`fits`] says where that ends.
//!
//! **Several on one page.** Every class begins with a prefix made from the data, the script looks for
//! elements of its own prefix, and there is no `id` outside the static figure.
//!
//! **Policy.** The page forbids itself everything but its own script, its own style (by hash) and images in
//! `data:` form. So there are no event-handler or style attributes; the script sets styles through the object
//! model.
//!
//! **When it misleads.** Colours have one scale for all runs of the page, which may be wider than that of a
//! figure of one run. If there are more than 1,200 recorded steps, some are left out, and the page says so.
//! Bars begin at the low end of a logarithmic scale: their lengths are differences of orders of magnitude,
//! never proportions.

mod build;
mod code;
mod columns;
mod data;
mod html;
pub mod select;
mod sha256;
mod verdicts;

#[cfg(test)]
mod tests;

use crate::diagnosis::{Thresholds, diagnose};
use crate::field::Field;
use crate::figure::{FigureError, GradientMetric};
use crate::record::Record;
use crate::render::{ColourMap, RenderError};
use crate::text::Lang;

/// More runs than this on one page cannot be read.
pub const MOST_RUNS: usize = 120;

/// Do runs with so many layers each, recorded step by step, have room on one page?
pub fn fits(layers: &[usize]) -> bool {
    layers.len() <= MOST_RUNS && columns::fit(layers.iter().map(|l| build::STEP_METRICS * l).sum())
}

/// | name | default | meaning |
/// |---|---|---|
/// | `lang` | English | language of every word |
/// | `colour_map` | viridis | colours of the heatmaps |
/// | `gradient` | one sample's where every run holds it, else the batch mean | what the button "Gradient" shows |
/// | `thresholds` | their defaults | what the verdicts compare with |
/// | `remarks` | none | sentences under the tables, such as what was left out |
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageOptions {
    pub lang: Lang,
    pub colour_map: ColourMap,
    pub gradient: Option<GradientMetric>,
    pub thresholds: Thresholds,
    pub remarks: Vec<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    #[error("a page needs at least one run; give a run folder")]
    NoRun,
    #[error(
        "{got} runs are too many for one page (at most {MOST_RUNS}); name fewer, or fewer depths of a sweep ({})",
        Field::Depths
    )]
    TooMany { got: usize },
    #[error("run `{run}` holds nothing by layer that a page could show; `gradfade plot` draws its curves")]
    Nothing { run: String },
    #[error(transparent)]
    Figure(#[from] FigureError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("cannot write the data of the page: {0}")]
    Json(#[from] serde_json::Error),
}

/// A page, in its two forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    title: String,
    lang: Lang,
    /// Prefix of every class.
    prefix: String,
    style: String,
    script: String,
    /// The section between style and script, but for the level of its heading.
    section: html::Section,
}

impl Page {
    /// Builds the page of these runs. Runs of one depth stand side by side, in the order given; depths can be
    /// switched.
    ///
    /// # Errors
    /// No run or too many, a record that contradicts its header or holds nothing that could be shown.
    pub fn new(mut records: Vec<Record>, options: &PageOptions) -> Result<Page, PageError> {
        if records.is_empty() {
            return Err(PageError::NoRun);
        }
        if records.len() > MOST_RUNS {
            return Err(PageError::TooMany { got: records.len() });
        }
        records.sort_by_key(|r| r.header.layers.len());
        let (data, figure) = build::build(&records, options)?;
        let diagnoses =
            records.iter().map(|r| diagnose(r, &options.thresholds)).collect::<Result<Vec<_>, _>>();
        let diagnoses = diagnoses.map_err(FigureError::from)?;
        let verdicts = verdicts::panel(options.lang, &data, &diagnoses);
        let recorded: Vec<usize> = records.iter().map(Record::len).collect();
        html::page(&data, figure, verdicts, &recorded, options)
    }

    /// The whole page, with its policy.
    pub fn html(&self) -> String {
        html::document(self)
    }

    /// What the content-security policy of a page around the fragment has to allow.
    pub fn policy(&self) -> String {
        html::policy(self)
    }

    /// Only the inner part, to stand in another page. A comment on top names what that page's policy has to
    /// allow.
    pub fn fragment(&self) -> String {
        html::fragment(self)
    }
}
