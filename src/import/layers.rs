//! Layers from the names of parameters: `features.0.weight` is the weight of `features.0`.

use std::cmp::Ordering;

/// The layer of a parameter and its role there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub layer: String,
    pub role: &'static str,
}

/// Whether the name ends like that of a parameter.
pub fn has_role(name: &str) -> bool {
    split(trimmed(name)).1.is_some()
}

/// TensorFlow's number of an output behind a name says nothing: `dense/kernel:0`.
fn trimmed(name: &str) -> &str {
    name.strip_suffix(":0").unwrap_or(name)
}

/// The layer's name, and the role where the last word is one.
fn split(name: &str) -> (&str, Option<&'static str>) {
    let (layer, last) = match name.rfind(['.', '/']) {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => ("", name),
    };
    // The last word alone is no layer: `weight` is the weight of the only one.
    let layer = if layer.is_empty() { name } else { layer };
    (layer, role_of(last))
}

fn role_of(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    // `kernel_0` is what old Keras made of `kernel:0`.
    let word = word.strip_suffix("_0").unwrap_or(&word);
    match word {
        "weight" | "weights" | "kernel" | "w" | "embeddings" | "recurrent_kernel" | "depthwise_kernel"
        | "pointwise_kernel" => Some("weight"),
        "bias" | "biases" | "b" => Some("bias"),
        "gamma" | "scale" => Some("scale"),
        "beta" | "shift" => Some("shift"),
        // PyTorch: `in_proj_weight`, `weight_ih_l0`, `bias_hh_l0_reverse`.
        _ if word.ends_with("_weight") || word.starts_with("weight_") => Some("weight"),
        _ if word.ends_with("_bias") || word.starts_with("bias_") => Some("bias"),
        _ => None,
    }
}

/// Whether the layer's own name says that it normalises: `bn1`, `layer_norm`, `LayerNorm`, `ln_f`.
fn normalises(layer: &str) -> bool {
    let own = layer.rsplit(['.', '/']).next().unwrap_or_default().to_ascii_lowercase();
    let letters = own.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    own.contains("norm") || matches!(letters, "bn" | "ln" | "gn") || own.starts_with("ln_")
}

/// Where a parameter belongs, from its name alone; a name without a role is the weight of a layer of that
/// name.
pub fn parameter(name: &str) -> Parameter {
    let name = trimmed(name);
    if let Some((layer, role)) = by_letter(name) {
        return Parameter { layer: layer.into(), role };
    }
    let (layer, role) = split(name);
    let Some(role) = role else { return Parameter { layer: name.into(), role: "weight" } };
    let role = match role {
        "weight" if normalises(layer) => "scale",
        "bias" if normalises(layer) => "shift",
        role => role,
    };
    Parameter { layer: layer.into(), role }
}

/// `W1` and `b1` of loops written by hand are weight and bias of layer `1`.
fn by_letter(name: &str) -> Option<(&str, &'static str)> {
    let number = name.get(1..).filter(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))?;
    match name.as_bytes()[0] {
        b'W' | b'w' => Some((number, "weight")),
        b'B' | b'b' => Some((number, "bias")),
        _ => None,
    }
}

/// Order of names in which numbers count as numbers: `layers.2` before `layers.10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (x, y) = (run(left), run(right));
        if x.is_empty() || y.is_empty() {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        }
        let is_number = |s: &str| s.as_bytes()[0].is_ascii_digit();
        let order = if is_number(x) && is_number(y) {
            let value = |s: &str| s.trim_start_matches('0').len();
            value(x).cmp(&value(y)).then_with(|| x.trim_start_matches('0').cmp(y.trim_start_matches('0')))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[x.len()..], &right[y.len()..]);
    }
}

/// The digits or the other characters that a text begins with.
fn run(text: &str) -> &str {
    let Some(first) = text.chars().next() else { return text };
    let digits = first.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

/// Whether names stand in an order that a program chose, and not in that of an alphabet or of a walk from the
/// output to the input: it is not the sorted one, and numbers count upward wherever two names differ in one
/// number alone.
pub fn is_chosen(names: &[String]) -> bool {
    let counts_up = names
        .windows(2)
        .all(|pair| !differ_by_number(&pair[0], &pair[1]) || natural(&pair[0], &pair[1]).is_lt());
    let first_of = |name: &str| names.iter().position(|n| n == name);
    let families_up = counts_up
        && names.iter().enumerate().all(|(at, name)| {
            next_number(name).and_then(|next| first_of(&next)).is_none_or(|next_at| next_at > at)
        });
    families_up && !names.is_sorted()
}

fn differ_by_number(a: &str, b: &str) -> bool {
    let without = |s: &str| s.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    without(a) == without(b)
}

/// The name with its last number one higher.
fn next_number(name: &str) -> Option<String> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    let number: u64 = name[start..end].parse().ok()?;
    Some(format!("{}{}{}", &name[..start], number.checked_add(1)?, &name[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_has_a_layer_and_a_role() {
        for (name, layer, role) in [
            ("features.0.weight", "features.0", "weight"),
            ("features.0.bias", "features.0", "bias"),
            ("fc1/weight", "fc1", "weight"),
            ("dense/kernel:0", "dense", "weight"),
            ("dense_1/bias:0", "dense_1", "bias"),
            ("bn1.weight", "bn1", "scale"),
            ("encoder.LayerNorm.bias", "encoder.LayerNorm", "shift"),
            ("batch_normalization/gamma:0", "batch_normalization", "scale"),
            ("h.0.ln_1.weight", "h.0.ln_1", "scale"),
            ("lstm.weight_ih_l0", "lstm", "weight"),
            ("attn.in_proj_bias", "attn", "bias"),
            ("layer0", "layer0", "weight"),
            ("W1", "1", "weight"),
            ("b2", "2", "bias"),
            ("weight", "weight", "weight"),
            ("é.weight", "é", "weight"),
            ("downsample.1", "downsample.1", "weight"),
        ] {
            assert_eq!(parameter(name), Parameter { layer: layer.into(), role }, "{name}");
        }
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names =
            vec!["layers.10.weight", "b", "layers.2.weight", "layers.02.weight", "layers.2", "a10b", "a9c"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["a9c", "a10b", "b", "layers.2", "layers.02.weight", "layers.2.weight", "layers.10.weight"]
        );
        assert_eq!(natural("x18446744073709551617", "x18446744073709551616"), Ordering::Greater);
        assert_eq!(natural("", "a"), Ordering::Less);
    }

    #[test]
    fn an_order_is_that_of_the_program_where_no_alphabet_or_backward_walk_made_it() {
        let chosen = |names: &[&str]| is_chosen(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(chosen(&["features.0", "features.3", "classifier.1"]));
        assert!(chosen(&["conv1", "bn1", "conv2", "fc"]));
        assert!(chosen(&["layers.2", "layers.10", "fc"]));
        // Sorted as texts, numbers included.
        assert!(!chosen(&["layers.0", "layers.1", "layers.10", "layers.2"]));
        assert!(!chosen(&["bn1", "conv1", "fc"]));
        // From the output to the input, as hooks on gradients see them.
        assert!(!chosen(&["fc", "layers.2", "layers.1", "layers.0"]));
        assert!(!chosen(&["z.1", "b", "z.0"]));
        assert!(!chosen(&[]));
    }
}
