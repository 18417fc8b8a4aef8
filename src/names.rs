//! Names of options: how a fixed list of names becomes `Display` and `FromStr`, which known name a wrong one
//! was most likely meant to be, and which words have two spellings.

/// Words that are spelt in two ways: as this program spells them, and the other one. Options, keys of plans
/// and names of remedies are taken in both.
const SPELLINGS: [(&str, &str); 8] = [
    ("initialisation", "initialization"),
    ("normalisation", "normalization"),
    ("normalise", "normalize"),
    ("standardize", "standardise"),
    ("optimizer", "optimiser"),
    ("neighbour", "neighbor"),
    ("colour", "color"),
    ("grey", "gray"),
];

/// The name as this program spells it: `normalization` becomes `normalisation`.
pub fn our_spelling(name: &str) -> String {
    SPELLINGS.iter().fold(name.to_string(), |name, (ours, other)| name.replace(other, ours))
}

/// The name in its other spelling; none where it has only one.
pub fn other_spelling(name: &str) -> Option<String> {
    let other = SPELLINGS.iter().fold(name.to_string(), |name, (ours, other)| name.replace(ours, other));
    (other != name).then_some(other)
}

/// A name that is not one of the known ones, or a value that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    #[error("unknown {what} '{given}'{hint}; known: {known}")]
    Unknown { what: &'static str, given: String, hint: String, known: String },
    #[error("{0}")]
    Value(String),
}

impl NameError {
    /// The error for `given`, with the nearest of the `known` names as a hint.
    pub(crate) fn unknown(
        what: &'static str,
        given: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> NameError {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = did_you_mean(given, known.iter().copied());
        NameError::Unknown { what, given: given.into(), hint, known: known.join(", ") }
    }
}

/// `Display` and `FromStr` of a plain enum from its table of names.
macro_rules! named {
    ($type:ty, $what:literal, $table:expr) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let (_, name) =
                    $table.iter().find(|(v, _)| v == self).expect("every variant is in the table");
                f.pad(name)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match $table.iter().find(|(_, name)| *name == text) {
                    Some((value, _)) => Ok(*value),
                    None => {
                        Err($crate::names::NameError::unknown($what, text, $table.iter().map(|(_, n)| *n)))
                    }
                }
            }
        }
    };
}
pub(crate) use named;

/// The candidate that is spelled most like `name`, or `None` when none is near.
///
/// Near is an edit distance (insertions, deletions, substitutions and swaps of neighbours; upper and lower
/// case alike) of at most a third of the longer spelling, at least 1. A `name` of three letters or more that
/// begins a candidate is near too (`mnist` for `mnist-mini`). Of equally near candidates the first is
/// returned.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let distance = strsim::osa_distance(&name, &lower);
        let limit = (length.max(lower.chars().count()) / 3).max(1);
        let near = distance <= limit || (length >= 3 && lower.starts_with(&name));
        if near && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What an error message says behind an unknown name: ` (did you mean 'relu'?)`, or nothing where no
/// candidate is near.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    meant(nearest(name, candidates))
}

/// The words of [`did_you_mean`] for the nearest name, where there is one.
pub fn meant(nearest: Option<&str>) -> String {
    nearest.map(|n| format!(" (did you mean '{n}'?)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_both_spellings() {
        assert_eq!(our_spelling("batch-normalization"), "batch-normalisation");
        assert_eq!(other_spelling("colour-map").as_deref(), Some("color-map"));
        assert_eq!(other_spelling("width"), None);
        for (ours, other) in SPELLINGS {
            assert_eq!((our_spelling(ours).as_str(), our_spelling(other).as_str()), (ours, ours));
        }
    }

    #[test]
    fn slips_find_their_word_and_other_words_do_not() {
        let known = ["sigmoid", "softplus", "relu", "leaky-relu"];
        assert_eq!(nearest("sigmod", known), Some("sigmoid"));
        assert_eq!(nearest("ReLU", known), Some("relu"));
        assert_eq!(nearest("soft", known), Some("softplus"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn edit_distances_are_the_textbook_ones() {
        // Wagner and Fischer's pair, the usual "kitten" example, and a swap that plain Levenshtein counts
        // twice.
        for (a, b, distance) in [
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("", "abc", 3),
            ("relu", "rleu", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(strsim::osa_distance(a, b), distance, "{a} {b}");
            assert_eq!(strsim::osa_distance(b, a), distance, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["sigmoid", "softsign", "hard-sigmoid", "relu", "selu", "elu"];
        assert_eq!(nearest("sigmiod", names), Some("sigmoid"));
        assert_eq!(nearest("ReLU", names), Some("relu"));
        assert_eq!(nearest("rlu", names), Some("relu"));
        assert_eq!(nearest("hard", names), Some("hard-sigmoid"));
        assert_eq!(nearest("quadratic", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn the_hint_is_a_parenthesis_or_nothing() {
        assert_eq!(did_you_mean("rlu", ["relu", "tanh"]), " (did you mean 'relu'?)");
        assert_eq!(did_you_mean("quadratic", ["relu", "tanh"]), "");
    }
}
