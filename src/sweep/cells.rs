//! One network of a sweep, before it is trained.

use std::collections::BTreeMap;

use super::SweepPlan;
use crate::config::{TrainConfig, plain};
use crate::nn::Architecture;

/// Settings that every cell names, whatever varies.
pub const ALWAYS: [&str; 9] = [
    "data",
    "activation",
    "initialisation",
    "optimizer",
    "learning_rate",
    "batch_size",
    "width",
    "hidden_layers",
    "seed",
];

/// One network of a sweep, before it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCell {
    /// From 1.
    pub number: usize,
    pub config: TrainConfig,
}

/// What networks of a plan that differ in depth alone have in common, which makes them one series of its figures; the
/// whole notation where another network of the same depth would have the same.
fn family(network: &Architecture, plan: &SweepPlan) -> String {
    let axis = plan.grid.axes().iter().find(|axis| axis.setting.name == "network");
    let all = axis.map_or(&[][..], |axis| axis.values());
    let others = all.iter().filter_map(|value| value.as_str()?.parse::<Architecture>().ok());
    let is_unique = |other: Architecture| {
        other == *network || other.depth() != network.depth() || other.family() != network.family()
    };
    if others.into_iter().all(is_unique) { network.family() } else { network.to_string() }
}

impl PlannedCell {
    /// What [`crate::record::cell::Cell::settings`] holds: the nine settings that every cell names, as they
    /// act, and those that the plan varies beside them.
    pub fn settings(&self, plan: &SweepPlan) -> BTreeMap<String, String> {
        let c = &self.config;
        let width = match &c.network {
            Some(network) => family(network, plan),
            None if c.depth() == 0 => c.width.to_string(),
            None => c.layers_in_words("-"),
        };
        let rate = c.learning_rate.unwrap_or(c.optimizer.default_learning_rate());
        let values = [
            c.data.to_string(),
            c.activation.to_string(),
            c.initialisation().to_string(),
            c.optimizer.to_string(),
            rate.to_string(),
            c.batch_size.to_string(),
            width,
            c.depth().to_string(),
            c.seed.to_string(),
        ];
        let always = ALWAYS.iter().map(|name| (*name).to_string()).zip(values);
        always.chain(self.more(plan)).collect()
    }

    /// The varied settings that not every cell names, in the order of the axes.
    fn more<'a>(&'a self, plan: &'a SweepPlan) -> impl Iterator<Item = (String, String)> + 'a {
        let fields = plan.grid.axes().iter().map(|axis| axis.setting);
        // `widths` is what `width` and `hidden_layers` say of it.
        let more = fields.filter(|setting| !ALWAYS.contains(&setting.name) && setting.name != "widths");
        more.map(|setting| (setting.name.to_string(), setting.shown(&setting.get(&self.config))))
    }

    /// A few words that tell this cell from the others of its plan.
    pub fn label(&self, plan: &SweepPlan) -> String {
        let c = &self.config;
        let depth = c.depth();
        let layers = if depth == 1 { "layer" } else { "layers" };
        let mut words = vec![c.activation.to_string(), format!("{depth} hidden {layers}")];
        let mut say = |name: &str, text: String| {
            if plan.grid.varies(name) {
                words.push(text);
            }
        };
        say("width", format!("width {}", c.width));
        say("widths", format!("widths {}", c.layers_in_words("-")));
        say("data", c.data.to_string());
        say("initialisation", c.initialisation().to_string());
        say("optimizer", c.optimizer.to_string());
        say("learning_rate", format!("rate {}", plain(c.learning_rate.unwrap_or_default())));
        say("batch_size", format!("batch {}", c.batch_size));
        for (name, value) in self.more(plan) {
            say(&name, format!("{} {value}", name.replace('_', " ")));
        }
        say("seed", format!("seed {}", c.seed));
        words.join(", ")
    }
}
