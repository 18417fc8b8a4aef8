//! Every word that a figure or report shows.
//!
//! A phrase is a method of [`Lang`] that takes numbers and returns a finished string through one `match` on the language:
//! a language added to the enum does not compile until every phrase has its words. Callers never glue sentences together
//! from words; they only choose a phrase, and join whole clauses with [`Lang::title`] and [`Lang::sentences`].
//!
//! - [`numbers`]: how a number is written (`2,600`, `3.2 × 10⁻⁹`, `11 %`);
//! - [`figure`]: quantities and subtitles of figures; [`labels`]: their axes and legends; [`findings`]: their titles;
//!   [`caption`]: settings and descriptions; [`diagnosis`](mod@diagnosis): verdicts, evidence, remedies.
//!
//! Characters beyond ASCII that a font must hold: `× – · ⁻ ⁰ ¹ ² ³ ⁴ ⁵ ⁶ ⁷ ⁸ ⁹` and the no-break space (U+00A0), which stands
//! between a number and its unit; wrap lines at ASCII spaces only.

pub mod caption;
pub mod diagnosis;
pub mod figure;
pub mod findings;
pub mod labels;
pub mod numbers;

pub use diagnosis::{Ailment, Measure, Missing, Remedy, Unit};
pub use figure::{Quantity, Special};

/// A language that figures and reports can speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
}

impl Lang {
    pub const ALL: [Lang; 1] = [Lang::En];

    /// Language tag, as in `--lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
        }
    }

    /// Head and findings as one title: `Sigmoid, 8 hidden layers: this; that`.
    pub fn title(self, head: &str, clauses: &[String]) -> String {
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
        match (self, clauses.is_empty()) {
            (_, true) => head.to_string(),
            (Lang::En, false) => format!("{head}: {}", clauses.join("; ")),
        }
    }

    /// Whole sentences, one after the other; empty ones are left out.
    pub fn sentences(self, all: &[String]) -> String {
        let all: Vec<&str> = all.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
        match self {
            Lang::En => all.join(" "),
        }
    }

    /// Findings of several runs as one title.
    pub fn findings(self, all: &[String]) -> String {
        match self {
            Lang::En => all.join(". "),
        }
    }

    /// `a, b, c`
    pub fn list(self, items: &[String]) -> String {
        match self {
            Lang::En => items.join(", "),
        }
    }
}
