//! Words of the figures that a lecture shows beside the heatmaps: lines by layer, factors, gradient noise.

use super::{Hint, Lang, Quantity};

impl Lang {
    /// At the end of a layer's line.
    pub fn layer_line(self, layer: usize, is_output: bool) -> String {
        match self {
            Lang::En if is_output => "output layer".into(),
            Lang::En => format!("layer {layer}"),
            Lang::Zh if is_output => "输出层".into(),
            Lang::Zh => format!("第 {layer} 层"),
        }
    }

    /// Long curves are thinned: the share of the steps behind each point.
    pub fn running_medians_note(self, window: f64) -> String {
        let window = self.mark(window);
        match self {
            Lang::En => format!("Lines are running medians over {window} of the steps."),
            Lang::Zh => format!("各线是 {window} 步数内的滑动中位数。"),
        }
    }

    /// The largest gradient of any layer at the first step and the largest one of the run.
    pub fn gradients_grew(self, q: Quantity, [first, last]: [u64; 2], [from, to]: [f64; 2]) -> String {
        let (noun, [first, last]) = (self.noun(q), [first, last].map(|step| self.count(step)));
        let [from, to] = [from, to].map(|x| self.number(x));
        match self {
            Lang::En if first == last => {
                format!("the largest {noun} of any layer is {from}, at step {first}")
            }
            Lang::En => {
                format!("the largest {noun} of any layer is {from} at step {first} and {to} at step {last}")
            }
            Lang::Zh if first == last => format!("各层中最大的{noun}在第 {first} 步为 {from}"),
            Lang::Zh => format!("各层中最大的{noun}在第 {first} 步为 {from}，在第 {last} 步为 {to}"),
        }
    }

    /// What an axis leaves out; empty when that is nothing.
    pub fn outside_axis_note(self, share: f64) -> String {
        let percent = self.percent(share);
        match self {
            _ if share == 0.0 => String::new(),
            Lang::En => format!("{percent} of the points lie outside of the axis."),
            Lang::Zh => format!("{percent} 的点在坐标轴之外。"),
        }
    }

    /// One line a layer.
    pub fn reading_layer_lines(self) -> String {
        match self {
            Lang::En => "Each line is a layer and time runs to the right; on the logarithmic axis the distance between two lines is the factor between two layers.",
            Lang::Zh => "每条线是一层，时间向右；纵轴为对数轴，两条线之间的距离就是两层之间的倍数。",
        }
        .into()
    }

    /// What the order of the lines says.
    pub fn reading_layer_order(self, hint: Hint) -> String {
        match (self, hint) {
            (Lang::En, Hint::Explosion) => {
                "Lines in the order of the layers with layer 1 on top are an exploding gradient; where a network can train, the lines lie close together."
            }
            (Lang::En, _) => {
                "Lines in the order of the layers with layer 1 at the bottom are a vanishing gradient; where a network can train, the lines lie close together."
            }
            (Lang::Zh, Hint::Explosion) => {
                "各线按层的顺序排列而第 1 层在最上方，就是梯度爆炸；能训练的网络各线靠在一起。"
            }
            (Lang::Zh, _) => "各线按层的顺序排列而第 1 层在最下方，就是梯度消失；能训练的网络各线靠在一起。",
        }
        .into()
    }
}
