//! Every word that a figure or report shows, and no word's meaning: quantities are defined in
//! [`crate::analysis`], ailments, measures, what is missing and remedies in [`crate::diagnosis`], each with
//! its stable key. A term added there does not compile until it has its words here.
//!
//! A phrase is a method of [`Lang`] that takes numbers and returns a finished string through one `match` on
//! the language: a language added to the enum does not compile until every phrase has its words. Callers
//! never glue sentences together from words; they only choose a phrase, and join whole clauses with
//! [`Lang::title`] and [`Lang::sentences`].
//!
//! - [`numbers`]: how a number is written (`2,600`, `3.2 × 10⁻⁹`, `11 %`);
//! - [`figure`], [`subtitles`]: quantities and subtitles of figures; [`labels`]: their axes and legends; [`listing`]: their list; [`findings`],
//!   [`flat`], [`ways`], [`course`]: their titles; [`names`]: of runs and layers; [`settings`]: settings of a run; [`caption`]: captions and descriptions;
//! - [`page`]: the interactive page; [`summary`]: a run in a terminal; [`sweep`], [`groups`]: figures of many networks;
//! - [`reading`]: how to read a figure; [`notes`]: notes; [`diagnosis`](mod@diagnosis): verdicts, evidence,
//!   remedies; [`remedy`]: what they did; [`replay`]: images of maps and weights; [`table`]: what was done to
//!   a table;
//! - [`lecture`]: figures of a lecture beside the heatmaps;
//! - [`glossary`]: what the words of all these mean.
//!
//! Numbers look the same in every language. The no-break space (U+00A0) stands between a number and its unit.
//! In Chinese a blank stands between Han characters and digits or Latin letters, none beside full-width
//! punctuation.

pub mod caption;
pub mod course;
pub mod diagnosis;
pub mod distribution;
pub mod figure;
pub mod findings;
pub mod flat;
pub mod glossary;
pub mod groups;
pub mod labels;
pub mod lecture;
pub mod listing;
mod live;
pub mod names;
pub mod notes;
pub mod numbers;
pub mod page;
pub mod reading;
pub mod remedy;
pub mod replay;
pub mod settings;
pub mod subtitles;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod ways;

pub use crate::analysis::Quantity;
pub use course::Ends;
pub use figure::Special;
pub use findings::Moment;
pub use flat::Flat;
pub use groups::{Counted, Lost};
pub use labels::brief_layer_name;
pub use page::{Shown, VerdictLevel};
pub use reading::Hint;
pub use remedy::{Tally, TrialColumn};
pub use replay::MapTitle;
pub use ways::Decay;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// A language that figures and reports can speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Zh];

    /// Language tag, as in `--lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
        }
    }

    /// As in HTML and PDF (BCP 47).
    pub fn bcp47(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-Hans",
        }
    }

    /// Head and findings as one title: `Sigmoid, 8 hidden layers: this; that`.
    pub fn title(self, head: &str, clauses: &[String]) -> String {
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
        match (self, clauses.is_empty()) {
            (_, true) => head.to_string(),
            (Lang::En, false) => format!("{head}: {}", clauses.join("; ")),
            (Lang::Zh, false) => format!("{head}：{}", clauses.join("；")),
        }
    }

    /// Clauses one after the other: `this; that`.
    pub fn clauses(self, clauses: &[String]) -> String {
        match self {
            Lang::En => clauses.join("; "),
            Lang::Zh => clauses.join("；"),
        }
    }

    /// Whole sentences, one after the other; empty ones are left out.
    pub fn sentences(self, all: &[String]) -> String {
        let all: Vec<&str> = all.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
        match self {
            Lang::En => all.join(" "),
            Lang::Zh => all.concat(),
        }
    }

    /// Findings of several runs as one title.
    pub fn findings(self, all: &[String]) -> String {
        match self {
            Lang::En => all.join(". "),
            Lang::Zh => all.join("。"),
        }
    }

    /// Clauses in one sentence: `a, b, c`
    pub fn list(self, items: &[String]) -> String {
        match self {
            Lang::En => items.join(", "),
            Lang::Zh => items.join("，"),
        }
    }

    /// Values or names in a row: `a, b, c`
    pub fn enumeration(self, items: &[String]) -> String {
        match self {
            Lang::En => items.join(", "),
            Lang::Zh => items.join("、"),
        }
    }
}

/// Width of a text in columns of a terminal, or in letters of a line: Han characters and full-width
/// punctuation take two.
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// True for characters as wide as a line is high: Han, kana, hangul and full-width punctuation.
pub fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}
