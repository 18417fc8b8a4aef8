//! The settings under a figure, and the figure in words for readers who cannot see it.

use super::Lang;

impl Lang {
    // ---- caption

    /// A setting with its name where the value alone does not say what it is. `key` as in the header's labels.
    pub fn setting(self, key: &str, value: &str) -> String {
        match self {
            Lang::En => match key {
                "activation" | "loss" | "optimizer" | "data" | "precision" | "architecture" => value.into(),
                "initialisation" => format!("{value} initialisation"),
                "learning_rate" => format!("learning rate {value}"),
                "weight_decay" => format!("weight decay {value}"),
                "l1" => format!("L1 {value}"),
                "normalisation" => match value.strip_suffix("-after") {
                    Some(kind) => format!("{kind} normalisation after the activation"),
                    None => format!("{value} normalisation"),
                },
                "residual" => "skips".into(),
                "l1_step" => format!("{value} steps of L1"),
                "early_stopping" => format!("early stopping with patience {value}"),
                "validation_size" => match value.parse() {
                    Ok(n) => format!("{} validation samples", self.count(n)),
                    Err(_) => format!("{value} validation samples"),
                },
                "schedule" => format!("{value} schedule"),
                "batch_size" => format!("batch {value}"),
                "train_size" => match value.parse() {
                    Ok(n) => format!("{} training samples", self.count(n)),
                    Err(_) => format!("{value} training samples"),
                },
                "seed" => format!("seed {value}"),
                _ => format!("{} {value}", key.replace('_', " ")),
            },
        }
    }

    /// Settings in a caption, and a run's own ones.
    pub fn caption(self, settings: &[String]) -> String {
        match self {
            Lang::En => settings.join(" · "),
        }
    }

    pub fn caption_of_run(self, run: &str, settings: &[String]) -> String {
        match self {
            Lang::En => format!("{run}: {}", settings.join(", ")),
        }
    }

    // ---- description

    pub fn describe_heatmap(self, label: &str, layers: usize, columns: usize, from: u64, to: u64) -> String {
        let [columns, from, to] = [columns as u64, from, to].map(|n| self.count(n));
        match self {
            Lang::En => format!(
                "Heatmap of the {label}: {layers} layers, the input side at the bottom, against {columns} recorded moments from step {from} to step {to}."
            ),
        }
    }

    /// Range of the finite values as log10, or plain ones already written out.
    pub fn describe_range(self, low: &str, high: &str) -> String {
        match self {
            Lang::En => format!("Finite values reach from {low} to {high}."),
        }
    }

    /// A kind of cell that has no value, in the words of its legend, and its share of all cells.
    pub fn describe_special(self, words: &str, share: f64) -> String {
        let share = self.percent(share);
        match self {
            Lang::En => format!("{share} of the cells have no colour of the scale ({words})."),
        }
    }

    /// Neighbouring rows that are drawn without their values; layers from 1.
    pub fn describe_veil(self, first: usize, last: usize, words: &str) -> String {
        let (which, _) = self.layers(&(first..=last).collect::<Vec<_>>());
        match self {
            Lang::En => format!("Drawn grey, {which}: {words}."),
        }
    }

    pub fn describe_last(self, values: &[String]) -> String {
        let values = self.list(values);
        match self {
            Lang::En => format!("Last values by layer, input side first: {values}."),
        }
    }

    /// Lengths of the ways of all layers, already written out.
    pub fn describe_ways(self, values: &[String]) -> String {
        let values = self.list(values);
        match self {
            Lang::En => format!("Length of each layer's way relative to its initial norm, input side first: {values}."),
        }
    }

    pub fn describe_no_values(self) -> String {
        match self {
            Lang::En => "No cell holds a finite value.".into(),
        }
    }

    pub fn describe_strips(self) -> String {
        match self {
            Lang::En => "Below, on the same step axis: training loss and accuracy.".into(),
        }
    }

    pub fn describe_lines(self, panels: usize) -> String {
        match self {
            Lang::En if panels == 1 => "Line chart.".into(),
            Lang::En => format!("{panels} line charts."),
        }
    }

    /// One curve: name, first and last value, already written out.
    pub fn describe_series(self, panel: &str, name: &str, first: &str, last: &str) -> String {
        match self {
            Lang::En => format!("{panel}, {name}: from {first} to {last}."),
        }
    }

    pub fn sentence(self, title: &str) -> String {
        match self {
            Lang::En => format!("{title}."),
        }
    }
}
