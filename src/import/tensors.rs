//! The layers and tensors of a header, from the names of parameters in a log.

use std::collections::HashMap;

use super::layers::{is_chosen, natural, parameter};
use super::pattern::Order;
use crate::escape::word;
use crate::record::{LayerInfo, Per, TensorInfo};

/// Layers, tensors, and the index of the tensor of each name.
#[derive(Debug, Default)]
pub struct Tensors {
    pub layers: Vec<LayerInfo>,
    pub tensors: Vec<TensorInfo>,
    pub index: HashMap<String, usize>,
}

/// The name of a tensor: programs that make folders of names write `fc1/weight` for `fc1.weight`. Like all
/// words of a foreign file it becomes one harmless line.
pub fn name(parameter: &str) -> String {
    word(&parameter.strip_suffix(":0").unwrap_or(parameter).replace('/', ".")).into_owned()
}

/// The name of a tensor of our own table, which has its role or, of several of a role in a layer, its name.
pub fn own_name(layer: usize, text: &str) -> String {
    let word = word(text);
    if word.contains('.') { word.into_owned() } else { format!("layers.{layer}.{word}") }
}

/// Layers and tensors of our own table, by the numbers of the layers.
pub fn of_places<'a>(places: impl Iterator<Item = (Per, usize, &'a str)>) -> Tensors {
    let mut made = Tensors::default();
    let mut layers = 0;
    for (per, layer, text) in places.filter(|(per, ..)| *per != Per::Run) {
        layers = layers.max(layer);
        if per == Per::Layer {
            continue;
        }
        let name = own_name(layer, text);
        if !made.index.contains_key(&name) {
            let role = if text.contains('.') { parameter(text).role } else { &*word(text) };
            made.index.insert(name.clone(), made.tensors.len());
            made.tensors.push(TensorInfo::new(name, layer, role, &[]));
        }
    }
    made.layers = (1..=layers).map(|layer| LayerInfo::new(format!("layers.{layer}"), "unknown")).collect();
    made
}

/// Builds them from names in the order of their first appearance. `is_ordered` says that this is the order of
/// the network.
pub fn build(names: &[String], is_ordered: bool, order: &Order) -> Tensors {
    let mut layers: Vec<(String, Vec<String>)> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    for name in names {
        let layer = parameter(name).layer;
        let at = *place.entry(layer.clone()).or_insert(layers.len());
        if at == layers.len() {
            layers.push((layer, Vec::new()));
        }
        if !layers[at].1.contains(name) {
            layers[at].1.push(name.clone());
        }
    }
    let as_logged: Vec<String> = layers.iter().map(|(layer, _)| layer.clone()).collect();
    if !is_ordered && !is_chosen(&as_logged) {
        layers.sort_by(|a, b| natural(&a.0, &b.0));
    }
    order.sort(&mut layers);
    let mut made = Tensors::default();
    for (layer, mut parameters) in layers {
        parameters.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| natural(a, b)));
        made.layers.push(LayerInfo::new(layer.clone(), kind(&layer, &parameters)));
        for name in parameters {
            made.index.insert(name.clone(), made.tensors.len());
            let role = parameter(&name).role;
            // The name alone would be that of the layer: a tensor is told from it by its role.
            made.tensors.push(TensorInfo::new(name, made.layers.len(), role, &[]));
        }
    }
    made
}

fn rank(name: &str) -> usize {
    let roles = ["weight", "scale", "bias", "shift"];
    let role = parameter(name).role;
    roles.iter().position(|r| *r == role).unwrap_or(roles.len())
}

/// What the names say of the kind of a layer; where they say nothing, that it is not known.
fn kind(layer: &str, parameters: &[String]) -> &'static str {
    let own = layer.to_ascii_lowercase();
    let is_norm = parameters.iter().all(|p| matches!(parameter(p).role, "scale" | "shift"));
    if is_norm {
        "normalisation"
    } else if own.contains("conv") {
        "convolution"
    } else if own.contains("emb") || own.contains("wte") || own.contains("wpe") {
        "embedding"
    } else if ["fc", "linear", "dense"].iter().any(|word| own.contains(word)) {
        "dense"
    } else {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_come_from_names_in_order() {
        let names: Vec<String> =
            ["layers.10.weight", "layers.10.bias", "layers.2.bias", "layers.2.weight", "bn.weight"]
                .iter()
                .map(ToString::to_string)
                .collect();
        let made = build(&names, false, &Order::Natural);
        let layers: Vec<&str> = made.layers.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(layers, ["bn", "layers.2", "layers.10"]);
        let tensors: Vec<(&str, usize, &str)> =
            made.tensors.iter().map(|t| (t.name.as_str(), t.layer, t.role_name())).collect();
        assert_eq!(
            tensors,
            [
                ("bn.weight", 1, "scale"),
                ("layers.2.weight", 2, "weight"),
                ("layers.2.bias", 2, "bias"),
                ("layers.10.weight", 3, "weight"),
                ("layers.10.bias", 3, "bias"),
            ]
        );
        assert_eq!(made.index["layers.10.bias"], 4);
        assert_eq!(made.layers[0].kind, "normalisation");
        let as_logged = build(&names, true, &Order::Natural);
        assert_eq!(as_logged.layers[0].name, "layers.10");
        let by = build(&names, true, &Order::by(r"layers\.(\d+)").unwrap());
        assert_eq!(
            by.layers.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(),
            ["layers.2", "layers.10", "bn"]
        );
        assert_eq!(name("fc1/weight"), "fc1.weight");
        assert_eq!(name("dense/kernel:0"), "dense.kernel");
    }
}
