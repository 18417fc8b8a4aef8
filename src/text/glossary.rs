//! The glossary: what the words of reports mean, in each language.
//!
//! [`all`] is the table; a word is found by its key, an alias, its name in any language, or the key of a
//! threshold that its text refers to ([`find`]). Keys of ailments, measures, remedies and causes are words of
//! the glossary. Definitions are those of [`crate::diagnosis`] and [`crate::analysis`] in plain sentences;
//! limits are referred to by the keys of their thresholds, in backticks, since a user can change them.

mod ailments;
mod remedies;
mod signals;
mod words;

use std::collections::BTreeSet;

use super::Lang;
use crate::diagnosis::{Diagnosis, Measure, Outcome, Thresholds};

/// A word of the glossary.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its stable name: `per-sample-gradient`.
    pub key: &'static str,
    /// Other words for it, and keys of JSON that it explains.
    pub aliases: &'static [&'static str],
    /// Name and text.
    en: (&'static str, &'static str),
    zh: (&'static str, &'static str),
    /// Keys of words that belong to it.
    pub see: &'static [&'static str],
}

impl Entry {
    fn words(&self, lang: Lang) -> (&'static str, &'static str) {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }

    pub fn name(&self, lang: Lang) -> &'static str {
        self.words(lang).0
    }

    /// One to five sentences; keys of thresholds stand in backticks.
    pub fn text(&self, lang: Lang) -> &'static str {
        self.words(lang).1
    }

    /// The thresholds that its text refers to, each once.
    pub fn thresholds(&self) -> Vec<&'static str> {
        let mut keys: Vec<&str> = Vec::new();
        for key in self.en.1.split('`').skip(1).step_by(2) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

/// Every word, in the order of the keys.
pub fn all() -> Vec<&'static Entry> {
    let parts = [words::ENTRIES, signals::ENTRIES, ailments::ENTRIES, remedies::ENTRIES];
    let mut all: Vec<&Entry> = parts.into_iter().flatten().collect();
    all.sort_by_key(|entry| entry.key);
    all
}

/// `Signal_Ratio`, `signal ratio` and `signal-ratio` are one word.
fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '_'], "-")
}

/// The words that a term means: one, or for the key of a threshold all that refer to it; empty where there is
/// none.
pub fn find(term: &str) -> Vec<&'static Entry> {
    let asked = crate::names::our_spelling(&plain(term));
    let is_asked = |word: &str| crate::names::our_spelling(&plain(word)) == asked;
    let all = all();
    let named = |entry: &&&Entry| {
        is_asked(entry.key)
            || entry.aliases.iter().any(|alias| is_asked(alias))
            || Lang::ALL.iter().any(|&lang| is_asked(entry.name(lang)))
    };
    if let Some(entry) = all.iter().find(named) {
        return vec![entry];
    }
    let threshold = Thresholds::TABLE.iter().find(|info| is_asked(info.key));
    all.into_iter()
        .filter(|entry| threshold.is_some_and(|info| entry.thresholds().contains(&info.key)))
        .collect()
}

/// Everything that can be asked for.
pub fn known() -> BTreeSet<&'static str> {
    let words = all().into_iter().flat_map(|entry| {
        Lang::ALL
            .map(|lang| entry.name(lang))
            .into_iter()
            .chain(entry.aliases.iter().copied())
            .chain([entry.key])
    });
    words.chain(Thresholds::TABLE.iter().map(|info| info.key)).collect()
}

/// Words of some reports that a newcomer may not know, the least known first: what layers do to the signal,
/// and what the numbers measure.
pub fn used_in(all: &[Diagnosis]) -> Vec<&'static str> {
    /// Named where findings are split into factors.
    const FACTORS: [&str; 3] = ["alignment", "weight-scale", "slope"];
    let mut keys: Vec<&'static str> = Vec::new();
    let mut add = |key: &'static str| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    for diagnosis in all {
        for verdict in diagnosis.causes().chain(diagnosis.notes()) {
            let Outcome::Found(finding) = &verdict.outcome else { continue };
            if !finding.why.is_empty() {
                FACTORS.into_iter().for_each(&mut add);
            }
            for evidence in &finding.evidence {
                // Everybody knows what an accuracy is.
                if !matches!(evidence.measure, Measure::TrainAccuracy | Measure::TestAccuracy) {
                    find(evidence.measure.key()).into_iter().for_each(|entry| add(entry.key));
                }
            }
        }
    }
    keys
}

impl Lang {
    pub fn glossary(self) -> String {
        match self {
            Lang::En => "Glossary".into(),
            Lang::Zh => "术语表".into(),
        }
    }

    /// Under its heading; `command` explains single words.
    pub fn glossary_note(self, command: &str) -> String {
        match self {
            Lang::En => format!(
                "Words of reports, figures and pages. Words in code type are keys of thresholds, whose values can be listed and changed. In a terminal, {command} explains one of them."
            ),
            Lang::Zh => format!(
                "报告、图和页面中的术语。代码字体的是阈值的键，其数值可以列出和修改。在终端中可用 {command} 查看其中一个。"
            ),
        }
    }

    /// Name of a word, with its key where that is another word.
    pub fn glossary_heading(self, entry: &Entry) -> String {
        let name = entry.name(self);
        match self {
            _ if plain(name) == entry.key => name.into(),
            Lang::En => format!("{name} ({})", entry.key),
            Lang::Zh => format!("{name}（{}）", entry.key),
        }
    }

    /// Before the thresholds of a text with their usual values.
    pub fn usual_thresholds(self) -> String {
        match self {
            Lang::En => "Thresholds, unless changed".into(),
            Lang::Zh => "阈值（未修改时）".into(),
        }
    }

    pub fn see_also(self) -> String {
        match self {
            Lang::En => "See also".into(),
            Lang::Zh => "另见".into(),
        }
    }

    /// Under reports: the command that explains words that were used.
    pub fn explain_it(self, command: &str) -> String {
        match self {
            Lang::En => format!("What these words mean: {command}"),
            Lang::Zh => format!("这些术语的解释：{command}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Quantity;
    use crate::diagnosis::{Ailment, Remedy};

    fn one(term: &str) -> &'static Entry {
        let found = find(term);
        assert_eq!(found.len(), 1, "{term}");
        found[0]
    }

    #[test]
    fn every_term_of_a_diagnosis_has_its_word() {
        for &ailment in Ailment::ALL {
            let entry = one(ailment.key());
            assert_eq!(entry.key, ailment.key());
            for lang in Lang::ALL {
                assert_eq!(entry.name(lang), lang.ailment(ailment), "a verdict has one name");
            }
        }
        Measure::ALL.iter().for_each(|measure| assert!(one(measure.key()).text(Lang::En).len() > 40));
        for &remedy in Remedy::ALL {
            one(remedy.key());
        }
        for cause in ["weight-scale", "slope", "flat-function", "alignment"] {
            one(cause);
        }
        for word in
            ["found", "clear", "unknown", "consequence", "beside", "chance", "skill", "plateau", "control"]
        {
            one(word);
        }
    }

    #[test]
    fn every_quantity_of_a_figure_has_its_word_in_both_languages() {
        for (quantity, key) in [
            (Quantity::BatchGradient, "gradient-norm"),
            (Quantity::SampleGradient, "per-sample-gradient"),
            (Quantity::Signal, "signal"),
            (Quantity::Driven, "update"),
            (Quantity::Movement, "movement"),
        ] {
            assert_eq!(one(Lang::En.noun(quantity)).key, key);
        }
        // One thing has one name.
        assert_eq!(one("signal").name(Lang::Zh), Lang::Zh.noun(Quantity::Signal));
        assert_eq!(one("movement").name(Lang::Zh), Lang::Zh.noun(Quantity::Movement));
        assert_eq!(one("per-sample-gradient").name(Lang::Zh), Lang::Zh.noun(Quantity::SampleGradient));
    }

    #[test]
    fn every_threshold_is_explained_and_every_reference_leads_somewhere() {
        let known = |key: &str| Thresholds::TABLE.iter().any(|info| info.key == key);
        for info in Thresholds::TABLE {
            assert!(!find(info.key).is_empty(), "{} is in no text", info.key);
        }
        for entry in all() {
            let mut keys = Lang::ALL.map(|lang| {
                let quoted = entry.text(lang).split('`').skip(1).step_by(2);
                quoted.collect::<Vec<_>>()
            });
            assert!(keys.iter().flatten().all(|key| known(key)), "{}: {keys:?}", entry.key);
            keys.iter_mut().for_each(|keys| keys.sort_unstable());
            assert_eq!(keys[0], keys[1], "{}: both languages name the same limits", entry.key);
            assert!(!entry.see.is_empty(), "{}", entry.key);
            for see in entry.see {
                assert!(
                    all().iter().any(|other| other.key == *see) && *see != entry.key,
                    "{}: {see}",
                    entry.key
                );
            }
        }
    }

    #[test]
    fn no_word_means_two_things_and_every_text_is_a_few_sentences() {
        let mut seen: Vec<(String, &str)> = Vec::new();
        for entry in all() {
            let own: BTreeSet<String> = entry.aliases.iter().copied().chain([entry.key]).map(plain).collect();
            assert_eq!(own.len(), entry.aliases.len() + 1, "{}: an alias twice", entry.key);
            for word in own.into_iter().chain(Lang::ALL.map(|lang| plain(entry.name(lang)))) {
                let other = seen.iter().find(|(known, of)| *known == word && *of != entry.key);
                assert!(other.is_none(), "{word}: {} and {other:?}", entry.key);
                seen.push((word, entry.key));
            }
            let sentences = |text: &str, end: &str| text.matches(end).count() + 1;
            let [en, zh] = Lang::ALL.map(|lang| entry.text(lang));
            assert!(en.ends_with('.') && (1..=5).contains(&sentences(en, ". ")), "{}", entry.key);
            assert!(zh.ends_with('。') && (1..=7).contains(&zh.matches('。').count()), "{}", entry.key);
        }
    }

    #[test]
    fn words_are_found_in_any_spelling_and_language() {
        assert_eq!(one("Vanishing Gradient").key, "vanishing-gradient");
        assert_eq!(one("initialization").key, "initialisation");
        assert_eq!(one("gap_in_standard_errors").key, "gap");
        assert_eq!(one("梯度消失").key, "vanishing-gradient");
        assert!(find("falling_half").iter().any(|entry| entry.key == "plateau"));
        assert!(find("alignmnt").is_empty());
        assert!(known().contains("alignment") && known().contains("falling_half"));
    }
}
