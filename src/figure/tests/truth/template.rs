//! Sentences with holes: `layer 1's {w} is {n} times smaller` finds its numbers in a text.
//!
//! `{n}` is a number, `{i}` a whole one, `{w}` any words up to what follows it.

/// The first place in `text` where the template stands, and what fills its holes.
pub fn find(template: &str, text: &str) -> Option<(std::ops::Range<usize>, Vec<String>)> {
    let starts = text.char_indices().map(|(i, _)| i);
    starts.filter(|&i| i == 0 || text[..i].ends_with(' ') || text[i..].starts_with('§')).find_map(|start| {
        let mut holes = Vec::new();
        let rest = fill(template, &text[start..], &mut holes)?;
        Some((start..text.len() - rest.len(), holes))
    })
}

fn fill<'t>(template: &str, text: &'t str, holes: &mut Vec<String>) -> Option<&'t str> {
    let Some(hole) = template.find('{') else { return text.strip_prefix(template) };
    let text = text.strip_prefix(&template[..hole])?;
    let rest = &template[hole + 3..];
    let kept = holes.len();
    let mut all = ends(&template[hole..hole + 3], text);
    // Words at the end of a sentence are all that is left of it.
    if rest.is_empty() {
        all.reverse();
    }
    for end in all {
        holes.push(text[..end].to_string());
        match fill(rest, &text[end..], holes) {
            Some(after) => return Some(after),
            None => holes.truncate(kept),
        }
    }
    None
}

/// Where what fills a hole may end, the likeliest first.
fn ends(hole: &str, text: &str) -> Vec<usize> {
    match hole {
        "{i}" => Vec::from_iter((whole(text) > 0).then(|| whole(text))),
        "{n}" => Vec::from_iter(number(text)),
        "{w}" => {
            let end =
                [";", ": ", ". ", "§"].iter().filter_map(|stop| text.find(stop)).min().unwrap_or(text.len());
            text[..end].char_indices().map(|(i, c)| i + c.len_utf8()).collect()
        }
        other => panic!("no hole: {other}"),
    }
}

/// How many bytes of the text are a whole number.
fn whole(text: &str) -> usize {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',').len();
    text[..digits].trim_end_matches(',').len()
}

fn superscript(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c| "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c)).len()
}

/// How many bytes of the text are a number.
pub fn number(text: &str) -> Option<usize> {
    let mut end = whole(text);
    if end == 0 {
        return None;
    }
    if &text[..end] == "10" && superscript(&text[2..]) > 0 {
        return Some(2 + superscript(&text[2..]));
    }
    if let Some(fraction) = text[end..].strip_prefix('.') {
        let digits = whole(fraction);
        end += if digits > 0 { 1 + digits } else { 0 };
    }
    if let Some(power) = text[end..].strip_prefix(" × 10") {
        end += " × 10".len() + superscript(power);
    }
    Some(end)
}

/// Every number of a text.
pub fn numbers(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = number(&rest[at..]).expect("a digit begins a number");
        all.push(rest[at..at + end].to_string());
        rest = &rest[at + end..];
    }
    all
}

#[test]
fn holes_are_filled_with_what_stands_there() {
    let (range, holes) = find(
        "{w} is {n} times smaller than layer {i}'s",
        "a: the gradient is 3.2 × 10⁻⁹ times smaller than layer 8's; b",
    )
    .unwrap();
    assert_eq!(range.start, 3);
    assert_eq!(holes, ["the gradient", "3.2 × 10⁻⁹", "8"]);
    assert!(find("{n} times", "1,200 times").unwrap().1 == ["1,200"]);
    assert!(find("is {i} times", "is many times").is_none());
    assert_eq!(numbers("layer 1's 10¹² at step 1,234, 0.5 %"), ["1", "10¹²", "1,234", "0.5"]);
}
