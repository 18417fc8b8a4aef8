//! Names in figures: runs, activations, layers.

use super::Lang;
use crate::activation::Activation;

impl Lang {
    /// A run's name as people write it: `ReLU` for `relu`. The names that a sweep gives its cells (`relu, 2
    /// hidden layers, seed 1`) are English; in another language they are said part by part. Any other name is
    /// the author's, and stays as it is.
    pub fn run_name(self, run: &str) -> String {
        let known = |name: &str| Activation::ALL.iter().find(|(_, known)| *known == name).map(|(a, _)| *a);
        if let Some(activation) = known(run) {
            return self.activation(activation);
        }
        let mut parts = run.split(", ");
        match (self, parts.next().and_then(known), parts.next().and_then(depth_of)) {
            (Lang::Zh, Some(activation), Some(depth)) => {
                let first = [self.activation(activation), self.depth_series(depth)];
                let all: Vec<String> =
                    first.into_iter().chain(parts.map(|part| self.part_of_name(part))).collect();
                self.series_name(&all)
            }
            (Lang::En | Lang::Zh, ..) => run.to_string(),
        }
    }

    /// `seed 1`, `width 30`, `rate 0.1` and `batch 10` of a cell's name.
    fn part_of_name(self, part: &str) -> String {
        let key = match part.split_once(' ') {
            Some(("seed", _)) => "seed",
            Some(("width", _)) => "width",
            Some(("rate", _)) => "learning_rate",
            Some(("batch", _)) => "batch_size",
            _ => return part.to_string(),
        };
        self.setting(key, part.split_once(' ').map_or("", |(_, value)| value))
    }

    /// An activation as people write it, at the beginning of a title.
    pub fn activation(self, activation: Activation) -> String {
        match (self, activation) {
            (Lang::En | Lang::Zh, Activation::Sigmoid) => "Sigmoid".into(),
            (Lang::En | Lang::Zh, Activation::Tanh) => "Tanh".into(),
            (Lang::En | Lang::Zh, Activation::Relu) => "ReLU".into(),
            (Lang::En | Lang::Zh, Activation::LeakyRelu) => "Leaky ReLU".into(),
            (Lang::En | Lang::Zh, Activation::Elu) => "ELU".into(),
            (Lang::En | Lang::Zh, Activation::Selu) => "SELU".into(),
            (Lang::En | Lang::Zh, Activation::Gelu) => "GELU".into(),
            (Lang::En | Lang::Zh, Activation::Silu) => "SiLU".into(),
            (Lang::En | Lang::Zh, Activation::Softplus) => "Softplus".into(),
            (Lang::En | Lang::Zh, Activation::Softsign) => "Softsign".into(),
            (Lang::En | Lang::Zh, Activation::HardSigmoid) => "Hard sigmoid".into(),
            (Lang::En | Lang::Zh, Activation::Identity) => "Identity".into(),
            (Lang::En | Lang::Zh, Activation::Maxout(pieces)) => format!("maxout:{pieces}"),
        }
    }

    /// A network that no notation describes: the shape of its input, its hidden layers with weights by kind, and
    /// its outputs.
    pub fn network_of(self, input: &str, kinds: &[(&str, usize)], outputs: usize) -> String {
        let each = kinds.iter().map(|(kind, count)| match (self, *kind) {
            (Lang::En, kind) => format!("{count} {kind}"),
            (Lang::Zh, "convolution") => format!("{count} 个卷积层"),
            (Lang::Zh, "dense") => format!("{count} 个全连接层"),
            (Lang::Zh, kind) => format!("{count} 个 {kind} 层"),
        });
        let each: Vec<String> = each.collect();
        match self {
            Lang::En => format!("{input} – {} – {outputs}", each.join(" – ")),
            Lang::Zh => format!("{input} – {} – {outputs}", each.join(" – ")),
        }
    }

    /// Two runs of one name.
    pub fn told_apart(self, run: &str, mark: &str) -> String {
        match self {
            Lang::En => format!("{run} ({mark})"),
            Lang::Zh => format!("{run}（{mark}）"),
        }
    }

    /// In front of what only holds for a run's bias vectors.
    pub fn biases_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("Biases of {run}"),
            Lang::Zh => format!("{run} 的偏置"),
        }
    }

    /// `Sigmoid, 8 hidden layers`; `run` as [`Lang::run_name`] writes it.
    pub fn head(self, run: &str, hidden: usize) -> String {
        match self {
            Lang::En => match hidden {
                0 => format!("{run}, no hidden layer"),
                1 => format!("{run}, 1 hidden layer"),
                n => format!("{run}, {n} hidden layers"),
            },
            Lang::Zh => match hidden {
                0 => format!("{run}，无隐藏层"),
                n => format!("{run}，{n} 个隐藏层"),
            },
        }
    }

    /// `layers 1–6`, `layer 3`, `layers 1, 4 and 9`, and whether it is more than one.
    pub fn layers(self, layers: &[usize]) -> (String, bool) {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &l in layers {
            match runs.last_mut() {
                Some(r) if r.1 + 1 == l => r.1 = l,
                _ => runs.push((l, l)),
            }
        }
        let parts: Vec<String> = runs
            .iter()
            .map(|&(a, b)| match b - a {
                0 => a.to_string(),
                1 => self.enumeration(&[a.to_string(), b.to_string()]),
                _ => format!("{a}–{b}"),
            })
            .collect();
        let many = layers.len() > 1;
        match self {
            Lang::En => {
                (format!("{} {}", if many { "layers" } else { "layer" }, self.enumeration(&parts)), many)
            }
            Lang::Zh => (format!("第 {} 层", self.enumeration(&parts)), many),
        }
    }
}

/// The number in `2 hidden layers`.
fn depth_of(part: &str) -> Option<usize> {
    let (number, rest) = part.split_once(' ')?;
    number.parse().ok().filter(|_| rest.starts_with("hidden layer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cells_are_chinese_in_chinese() {
        let name = "sigmoid, 10 hidden layers, rate 0.1, seed 1";
        assert_eq!(Lang::Zh.run_name(name), "Sigmoid，10 个隐藏层，学习率 0.1，随机种子 1");
        assert_eq!(Lang::En.run_name(name), name);
        assert_eq!(Lang::Zh.run_name("my run, 10 hidden layers"), "my run, 10 hidden layers");
        assert_eq!(Lang::Zh.run_name("relu"), "ReLU");
    }

    #[test]
    fn layers_are_listed_as_ranges() {
        let en = Lang::En;
        assert_eq!(en.layers(&[1, 2, 3, 4, 5, 6]).0, "layers 1–6");
        assert_eq!(en.layers(&[3]), ("layer 3".into(), false));
        assert_eq!(en.layers(&[1, 2, 4]).0, "layers 1, 2, 4");
    }
}
