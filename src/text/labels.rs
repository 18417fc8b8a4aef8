//! Words of axes, rows, curves and legends.

use super::{Decay, Lang, Special};

/// Characters of a layer's own name that are shown.
const LONGEST_LAYER_NAME: usize = 24;

/// The end of a long name, which tells layers apart, from one of its parts on where that leaves most of it:
/// `…11.mlp.c_fc`.
pub fn brief_layer_name(name: &str) -> String {
    let length = name.chars().count();
    if length <= LONGEST_LAYER_NAME {
        return name.into();
    }
    let end: String = name.chars().skip(length + 1 - LONGEST_LAYER_NAME).collect();
    let parts = end.split_once(['.', '/', '_']).map(|(_, parts)| parts);
    let kept = parts.filter(|parts| 2 * parts.chars().count() > LONGEST_LAYER_NAME).unwrap_or(&end);
    format!("…{kept}")
}

impl Lang {
    pub fn step_axis(self, steps_per_epoch: Option<u64>) -> String {
        match (self, steps_per_epoch) {
            (Lang::En, Some(n)) if n > 1 => format!("step ({} = 1 epoch)", self.count(n)),
            (Lang::En, _) => "step".into(),
            (Lang::Zh, Some(n)) if n > 1 => format!("步（{} 步 = 1 轮）", self.count(n)),
            (Lang::Zh, _) => "步".into(),
        }
    }

    pub fn layer_axis(self) -> String {
        match self {
            Lang::En => "layer".into(),
            Lang::Zh => "层".into(),
        }
    }

    pub fn input_side(self) -> String {
        match self {
            Lang::En => "input side".into(),
            Lang::Zh => "输入侧".into(),
        }
    }

    pub fn output_side(self) -> String {
        match self {
            Lang::En => "output side".into(),
            Lang::Zh => "输出侧".into(),
        }
    }

    /// Row of a heatmap: the layer's number, its own name if it has one, and whether it is the output layer.
    pub fn layer_row(self, layer: usize, name: Option<&str>, output: bool) -> String {
        let layer = name.map_or(layer.to_string(), |name| format!("{layer} · {}", brief_layer_name(name)));
        match self {
            Lang::En if output => format!("{layer} (output)"),
            Lang::Zh if output => format!("{layer}（输出）"),
            Lang::En | Lang::Zh => layer,
        }
    }

    /// A layer by its number, and its own name if it has one.
    pub fn layer(self, layer: usize, name: Option<&str>) -> String {
        match (self, name.map(brief_layer_name)) {
            (Lang::En, None) => format!("layer {layer}"),
            (Lang::En, Some(name)) => format!("layer {layer} ({name})"),
            (Lang::Zh, None) => format!("第 {layer} 层"),
            (Lang::Zh, Some(name)) => format!("第 {layer} 层（{name}）"),
        }
    }

    /// Layers by their numbers ([`Lang::layers`]), followed by the own names of the first and the last one,
    /// or of each where they are not consecutive and few.
    pub fn layers_by_name<'a>(self, layers: &[usize], name: impl Fn(usize) -> Option<&'a str>) -> String {
        let numbers = self.layers(layers).0;
        let consecutive = layers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let shown = match layers {
            [first, .., last] if consecutive && layers.len() > 2 => vec![*first, *last],
            few if few.len() <= 3 => few.to_vec(),
            _ => Vec::new(),
        };
        let names: Option<Vec<String>> =
            shown.iter().map(|&layer| name(layer).map(brief_layer_name)).collect();
        match (self, names.as_deref()) {
            (_, None | Some([])) => numbers,
            (Lang::En, Some([first, last])) if layers.len() > 2 => format!("{numbers} ({first} to {last})"),
            (Lang::Zh, Some([first, last])) if layers.len() > 2 => format!("{numbers}（{first} 至 {last}）"),
            (Lang::En, Some(names)) => format!("{numbers} ({})", names.join(", ")),
            (Lang::Zh, Some(names)) => format!("{numbers}（{}）", names.join("、")),
        }
    }

    pub fn norm_axis(self) -> String {
        match self {
            Lang::En => "L2 norm".into(),
            Lang::Zh => "L2 范数".into(),
        }
    }

    pub fn special(self, kind: Special) -> String {
        match self {
            Lang::En => match kind {
                Special::Zero => "exactly zero",
                Special::NotMoved => "not moved at all",
                Special::Underflow => "underflow: not zero, too small to store",
                Special::Lost => "lost to rounding: changes no stored number",
                Special::Nan => "not a number (NaN)",
                Special::Infinite => "infinite",
                Special::Missing => "not recorded",
                Special::NoUnit => "no unit: initial norm is 0",
                Special::NoNorm => "no unit: all parameters are 0",
                Special::NoWay => "no way: it never moved",
                Special::NoGradient => "no gradient: exactly zero",
                Special::NothingThere => "no value there",
            },
            Lang::Zh => match kind {
                Special::Zero => "恰为零",
                Special::NotMoved => "完全没有移动",
                Special::Underflow => "下溢：不为零，但小到无法存储",
                Special::Lost => "因舍入而丢失：没有改变任何存储的数",
                Special::Nan => "非数（NaN）",
                Special::Infinite => "无穷大",
                Special::Missing => "没有记录",
                Special::NoUnit => "没有单位：初始范数为 0",
                Special::NoNorm => "没有单位：参数全为 0",
                Special::NoWay => "没有路程：从未移动",
                Special::NoGradient => "没有梯度：恰为零",
                Special::NothingThere => "没有值",
            },
        }
        .to_string()
    }

    pub fn loss(self) -> String {
        match self {
            Lang::En => "loss".into(),
            Lang::Zh => "损失".into(),
        }
    }

    /// The norm of the gradient of all parameters together.
    pub fn whole_gradient(self) -> String {
        match self {
            Lang::En => "gradient norm".into(),
            Lang::Zh => "梯度范数".into(),
        }
    }

    pub fn whole_gradient_series(self) -> String {
        match self {
            Lang::En => "all parameters".into(),
            Lang::Zh => "全部参数".into(),
        }
    }

    pub fn clipped_gradient_series(self) -> String {
        match self {
            Lang::En => "clipped".into(),
            Lang::Zh => "裁剪后".into(),
        }
    }

    pub fn accuracy(self) -> String {
        match self {
            Lang::En => "accuracy".into(),
            Lang::Zh => "准确率".into(),
        }
    }

    pub fn batch_series(self) -> String {
        match self {
            Lang::En => "batch".into(),
            Lang::Zh => "小批量".into(),
        }
    }

    /// The same where it lies faint behind the training set's, in the same colour.
    pub fn faint_batch_series(self) -> String {
        match self {
            Lang::En => "batch (faint)".into(),
            Lang::Zh => "小批量（淡线）".into(),
        }
    }

    pub fn train_series(self) -> String {
        match self {
            Lang::En => "training".into(),
            Lang::Zh => "训练集".into(),
        }
    }

    pub fn test_series(self) -> String {
        match self {
            Lang::En => "test".into(),
            Lang::Zh => "测试集".into(),
        }
    }

    pub fn validation_series(self) -> String {
        match self {
            Lang::En => "validation".into(),
            Lang::Zh => "验证集".into(),
        }
    }

    /// The accuracy of an answer that is always the most frequent class.
    pub fn chance_mark(self, chance: f64) -> String {
        match self {
            Lang::En => format!("chance {}", self.percent(chance)),
            Lang::Zh => format!("随机水平 {}", self.percent(chance)),
        }
    }

    pub fn step_series(self, step: u64) -> String {
        match self {
            Lang::En => format!("step {}", self.count(step)),
            Lang::Zh => format!("第 {} 步", self.count(step)),
        }
    }

    pub fn driven_panel(self) -> String {
        match self {
            Lang::En => "driven by the gradient".into(),
            Lang::Zh => "来自梯度".into(),
        }
    }

    pub fn decay_panel(self, by: Decay) -> String {
        match self {
            Lang::En => format!("made by {}", self.decay_name(by)),
            Lang::Zh => format!("来自{}", self.decay_name(by).trim_end()),
        }
    }

    pub fn total_movement_axis(self) -> String {
        match self {
            Lang::En => "way / initial norm".into(),
            Lang::Zh => "路程 / 初始范数".into(),
        }
    }

    /// On the rows of layers that ended less than `limit` from their start.
    pub fn still_random_rows(self, limit: f64) -> String {
        match self {
            Lang::En => format!("still random: moved less than {}", self.mark(limit)),
            Lang::Zh => format!("仍是随机的：移动不到 {}", self.mark(limit)),
        }
    }

    /// What the layers are: of each group the first and the last number, none without weights, and the name.
    pub fn what_layers_are(self, groups: &[(Option<[usize; 2]>, &str)]) -> String {
        let group = |(numbers, name): &(Option<[usize; 2]>, &str)| match numbers {
            Some([first, last]) if first == last => format!("{first} {name}"),
            Some([first, last]) => format!("{first}–{last} {name}"),
            None => name.to_string(),
        };
        let all: Vec<String> = groups.iter().map(group).collect();
        match self {
            Lang::En => format!("Layers: {}.", all.join("; ")),
            Lang::Zh => format!("各层：{}。", all.join("；")),
        }
    }

    /// On the row of a layer without weights.
    pub fn no_weights_row(self) -> String {
        match self {
            Lang::En => "no weights".into(),
            Lang::Zh => "没有权重".into(),
        }
    }

    /// On the row of a layer without an activation.
    pub fn no_activation_row(self) -> String {
        match self {
            Lang::En => "no activation".into(),
            Lang::Zh => "没有激活函数".into(),
        }
    }

    /// On the row of a pooling layer, at the last snapshot.
    pub fn routed_share_row(self, share: f64) -> String {
        let share = self.percent(share);
        match self {
            Lang::En => format!("the gradient goes to {share} of the places"),
            Lang::Zh => format!("梯度只传到 {share} 的位置"),
        }
    }

    /// At the two sides of that limit.
    pub fn still_random_side(self, limit: f64) -> String {
        match self {
            Lang::En => format!("still random < {}", self.mark(limit)),
            Lang::Zh => format!("仍随机 < {}", self.mark(limit)),
        }
    }

    pub fn moved_side(self) -> String {
        match self {
            Lang::En => "moved".into(),
            Lang::Zh => "已移动".into(),
        }
    }

    /// A length that is zero.
    pub fn no_way(self) -> String {
        match self {
            Lang::En => "none".into(),
            Lang::Zh => "无".into(),
        }
    }

    /// A number that is not there, where there is no room for the reason.
    pub fn unknown(self) -> String {
        match self {
            Lang::En => "–".into(),
            Lang::Zh => "–".into(),
        }
    }

    pub fn share_axis(self) -> String {
        match self {
            Lang::En => "share".into(),
            Lang::Zh => "比例".into(),
        }
    }
}
