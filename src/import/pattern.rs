//! Regular expressions that people give: what is taken of a log, and the order of its layers.

use super::layers::natural;

/// A regular expression, with its text.
#[derive(Clone, Debug)]
pub struct Pattern(regex_lite::Regex);

impl Pattern {
    /// # Errors
    /// In words, where it is none.
    pub fn new(text: &str) -> Result<Pattern, String> {
        regex_lite::Regex::new(text)
            .map(Pattern)
            .map_err(|e| format!("`{text}` is no regular expression: {e}"))
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// How layers are put in order, from the input to the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// That of the log where it has one of its own, else by name, `layers.2` before `layers.10`.
    #[default]
    Natural,
    /// These layers or parameters first, in this order.
    Names(Vec<String>),
    /// By what the groups of the expression match, or, of one without groups, by the first of its
    /// alternatives `a|b|c` that is found in the name. Names without a match come last.
    By(Pattern),
}

impl Order {
    /// An order by a regular expression.
    ///
    /// # Errors
    /// As [`Pattern::new`].
    pub fn by(text: &str) -> Result<Order, String> {
        let pattern = Pattern::new(text)?;
        if pattern.0.captures_len() == 1 {
            alternatives(text).into_iter().try_for_each(|part| Pattern::new(part).map(drop))?;
        }
        Ok(Order::By(pattern))
    }

    /// Sorts names of layers, given with the names of their parameters. A stable sort: what the order says
    /// nothing of stays as it was.
    pub(super) fn sort(&self, layers: &mut [(String, Vec<String>)]) {
        match self {
            Order::Natural => {}
            Order::Names(names) => {
                let place = |(layer, parameters): &(String, Vec<String>)| {
                    let is_it = |name: &String| name == layer || parameters.contains(name);
                    names.iter().position(is_it).unwrap_or(usize::MAX)
                };
                layers.sort_by_cached_key(place);
            }
            Order::By(pattern) if pattern.0.captures_len() > 1 => {
                layers.sort_by(|a, b| by_groups(&pattern.0, &a.0, &b.0));
            }
            Order::By(pattern) => {
                let parts: Vec<Pattern> =
                    alternatives(pattern.as_str()).into_iter().filter_map(|p| Pattern::new(p).ok()).collect();
                let place = |layer: &(String, Vec<String>)| {
                    parts.iter().position(|part| part.is_in(&layer.0)).unwrap_or(usize::MAX)
                };
                layers.sort_by_cached_key(place);
            }
        }
    }
}

fn by_groups(regex: &regex_lite::Regex, a: &str, b: &str) -> std::cmp::Ordering {
    match (regex.captures(a), regex.captures(b)) {
        (Some(a), Some(b)) => {
            let group = |c: &regex_lite::Captures<'_>, i: usize| {
                c.get(i).map_or(String::new(), |m| m.as_str().into())
            };
            let mut groups = (1..a.len()).map(|i| natural(&group(&a, i), &group(&b, i)));
            groups.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The alternatives of an expression, outside of groups and classes.
fn alternatives(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut depth, mut in_class, mut escaped) = (0, 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            '|' if !in_class && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(order: &Order, names: &[&str]) -> Vec<String> {
        let mut layers: Vec<(String, Vec<String>)> =
            names.iter().map(|n| (n.to_string(), vec![format!("{n}.weight")])).collect();
        order.sort(&mut layers);
        layers.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn layers_are_sorted_by_alternatives_groups_or_a_list() {
        let names = ["head", "conv1", "stem", "block10", "block2"];
        let by = |text| sorted(&Order::by(text).unwrap(), &names);
        assert_eq!(by("stem|conv|block|head"), ["stem", "conv1", "block10", "block2", "head"]);
        assert_eq!(by(r"block(\d+)"), ["block2", "block10", "head", "conv1", "stem"]);
        assert_eq!(by(r"(?:stem|conv)|block"), ["conv1", "stem", "block10", "block2", "head"]);
        let list = Order::Names(vec!["stem".into(), "block2.weight".into()]);
        assert_eq!(sorted(&list, &names), ["stem", "block2", "head", "conv1", "block10"]);
        assert_eq!(sorted(&Order::Natural, &names), names);
        assert!(Order::by("(").unwrap_err().contains("`(` is no regular expression"));
        assert_eq!(alternatives(r"a\|b|[|]|(c|d)"), [r"a\|b", "[|]", "(c|d)"]);
    }
}
