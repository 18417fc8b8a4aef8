//! Short names of networks that a sweep varies: their notation is too long for a title or a line's end.
//!
//! Two that differ in their skips alone are called by that, as in He et al. (2016). Others keep their notation
//! where it is short, and are lettered where it is not. The caption says what each name stands for.

use crate::analysis::Ensemble;
use crate::text::Lang;

/// A notation of at most so many characters is a name.
const SHORT: usize = 24;

/// The setting whose value is a network's notation, or the width of a dense one.
const SETTING: &str = "width";

/// The networks that tell series apart, each with its name, in their order.
pub fn named(lang: Lang, all: &Ensemble) -> Vec<(String, String)> {
    let mut notations: Vec<&str> = Vec::new();
    let values = all.series.iter().flat_map(|series| &series.key).filter(|(key, _)| key == SETTING);
    for (_, value) in values {
        if is_notation(value) && !notations.contains(&value.as_str()) {
            notations.push(value);
        }
    }
    let mut letters = 'A'..='Z';
    let mut name = |notation: &str| {
        let twin = |other: &&str| {
            has_skips(other) != has_skips(notation) && without_skips(other) == without_skips(notation)
        };
        let alone = notations.iter().filter(|n| has_skips(n) == has_skips(notation)).count() == 1;
        match notations.iter().find(|other| twin(other)) {
            Some(_) if alone => lang.network_by_skips(has_skips(notation)),
            _ if notation.chars().count() <= SHORT => notation.to_string(),
            _ => letters.next().map_or(notation.to_string(), |letter| lang.lettered_network(letter)),
        }
    };
    notations.iter().map(|notation| (notation.to_string(), name(notation))).collect()
}

/// The name of a network among the named ones.
pub fn name_of<'n>(named: &'n [(String, String)], key: &str, value: &str) -> Option<&'n str> {
    named.iter().find(|(notation, _)| key == SETTING && notation == value).map(|(_, name)| &**name)
}

fn is_notation(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphabetic()) || value.contains(':')
}

fn has_skips(notation: &str) -> bool {
    notation.contains("res(")
}

/// The pieces without their groups, each once in a row.
fn without_skips(notation: &str) -> Vec<String> {
    let flat = notation.replace("res(", "").replace(')', "");
    let mut pieces: Vec<String> = flat.split(',').map(str::to_string).collect();
    pieces.dedup();
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_differ_in_their_skips_are_the_same_without_them() {
        let plain = "conv:4x3s2,conv:4x3,conv:8x3s2,conv:8x3,gap";
        let residual = "conv:4x3s2,res(conv:4x3),res(conv:8x3s2,conv:8x3),res(conv:8x3),gap";
        assert_eq!(without_skips(plain), without_skips(residual));
        assert!(has_skips(residual) && !has_skips(plain));
        assert_ne!(without_skips(plain), without_skips("conv:4x3s2,conv:4x3,gap"));
        assert!(is_notation(plain) && is_notation("gap") && !is_notation("100") && !is_notation("100-50"));
    }
}
