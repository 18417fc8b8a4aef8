//! How to read a figure: for the text beside the picture, in a course note or on a page.

use super::{Lang, Quantity};

/// What a reader looks for in a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Gradient,
    /// Gradient of a run whose diagnosis is an exploding gradient.
    Explosion,
    Signal,
    Update,
    Movement,
    Convergence,
    Profile,
    Curves,
    /// One norm for all parameters.
    WholeGradient,
    Activation,
    /// The same of rectifiers.
    Off,
    Comparison,
    AccuracyByDepth,
    TriangleGradient,
    TriangleMovement,
    Grid,
    Errors,
}

impl Lang {
    /// What rows, columns and colours of a heatmap are; `logarithmic` where equal steps of colour are equal
    /// factors.
    pub fn reading_axes(self, logarithmic: bool) -> String {
        match (self, logarithmic) {
            (Lang::En, true) => "Each row is a layer, the input side at the bottom; time runs to the right; equal steps of colour are equal factors.",
            (Lang::En, false) => "Each row is a layer, the input side at the bottom; time runs to the right.",
            (Lang::Zh, true) => "每一行是一层，输入侧在下方；时间向右；颜色每差一档，数值就差同样的倍数。",
            (Lang::Zh, false) => "每一行是一层，输入侧在下方；时间向右。",
        }
        .into()
    }

    /// The typical size at the last hidden layer and at layer 1, as log10.
    pub fn reading_across(self, q: Quantity, last_hidden: usize, at_last: f64, at_first: f64) -> String {
        let (noun, high, low) = (self.noun(q), self.power(at_last), self.power(at_first));
        // Less than a factor of two is level.
        let change = at_first - at_last;
        match self {
            Lang::En if change.abs() < 0.3 => {
                format!(
                    "Here the {noun} is about the same in layer {last_hidden} ({high}) and in layer 1 ({low}), each the median of the steps."
                )
            }
            Lang::En => {
                let goes = if change < 0.0 { "falls" } else { "grows" };
                format!(
                    "Here the {noun} {goes} from {high} in layer {last_hidden} to {low} in layer 1 (medians of the steps)."
                )
            }
            Lang::Zh if change.abs() < 0.3 => {
                format!(
                    "这里第 {last_hidden} 层的{noun}（{high}）与第 1 层的（{low}）相近，均为各步的中位数。"
                )
            }
            Lang::Zh => {
                let goes = if change < 0.0 { "降" } else { "升" };
                format!("这里{noun}从第 {last_hidden} 层的 {high} {goes}到第 1 层的 {low}（各步的中位数）。")
            }
        }
    }

    /// A finding of the title as a sentence of its own.
    pub fn reading_finding(self, clause: &str) -> String {
        match self {
            _ if clause.is_empty() => String::new(),
            Lang::En => format!("Here {clause}."),
            Lang::Zh => format!("这里{clause}。"),
        }
    }

    /// What is healthy, what is not, and when the picture misleads.
    pub fn reading_hint(self, hint: Hint) -> String {
        match self {
            Lang::En => match hint {
                Hint::Gradient => "Rows that lose their brightness toward the bottom are a vanishing gradient; where a network can train, all rows look about alike.",
                Hint::Explosion => "Rows that gain brightness toward the bottom are an exploding gradient; where a network can train, all rows look about alike.",
                Hint::Signal => "It is measured for single samples, so averaging over the batch cannot hide a signal that vanishes.",
                Hint::Update => "About a thousandth of the weights at each step is a usual size; rows far below it hardly learn, whatever the loss does.",
                Hint::Movement => "A row that stays dark is a layer that still has its random initial weights.",
                Hint::Convergence => "A row that darkens early is a layer that reached its final weights early; a grey row is a layer that hardly moved, so its colours would mean nothing.",
                Hint::Profile => "A line that rises to the right shows a signal that shrinks on its way back to the input; a level line is healthy.",
                Hint::Curves => "A network whose training accuracy stays at chance has learned nothing; a training accuracy far above the test accuracy is overfitting, a low training accuracy is not.",
                Hint::WholeGradient => "One number cannot tell which layers lose the gradient: those near the output make most of it.",
                Hint::Off => "A unit that is off passes back no gradient for that sample, which is usual for about half of the samples; a dead unit passes back none for any sample of the batch.",
                Hint::Activation => "A saturated unit passes back almost no gradient, and a dead one none for any sample of the batch.",
                Hint::Comparison => "Each row has one colour scale, so the same colour is the same number in every column.",
                Hint::AccuracyByDepth => "Where a solid line falls to chance, more depth has made the network untrainable, not overfitted.",
                Hint::TriangleGradient => "Each column is a network of its own; a column that darkens toward the bottom loses its gradient on the way to the input.",
                Hint::TriangleMovement => "Each column is a network of its own; a dark cell is a layer that still has its random initial weights.",
                Hint::Grid => "Each panel is a network, ordered by depth, all on one colour scale: look how far down the bright colours reach.",
                Hint::Errors => "Compare the training errors first: a higher training error of the deeper network is no sign of overfitting.",
            },
            Lang::Zh => match hint {
                Hint::Gradient => "越往下越暗就是梯度消失；能训练的网络各行颜色相近。",
                Hint::Explosion => "越往下越亮就是梯度爆炸；能训练的网络各行颜色相近。",
                Hint::Signal => "它按单个样本测量，所以对批取平均不会掩盖信号的消失。",
                Hint::Update => "每一步约为权重的千分之一是常见的大小；远低于它的行几乎不在学习，无论损失如何变化。",
                Hint::Movement => "一直很暗的行，是仍保持随机初始权重的层。",
                Hint::Convergence => "早早变暗的行是早早到达最终权重的层；灰色的行是几乎没有移动的层，其颜色没有意义。",
                Hint::Profile => "曲线向右上升，说明信号在传回输入的途中变小；水平的曲线是健康的。",
                Hint::Curves => "训练准确率停在随机水平，说明什么也没学到；训练远高于测试才是过拟合，训练准确率低则不是。",
                Hint::WholeGradient => "单独一个数说明不了梯度在哪些层消失：它主要来自靠近输出的各层。",
                Hint::Off => "未激活的神经元对该样本不传回梯度，约一半的样本如此是正常的；死亡的神经元对批内任何样本都不传。",
                Hint::Activation => "饱和的神经元几乎不传回梯度，死亡的神经元对批内任何样本都不传。",
                Hint::Comparison => "每一行共用一个色标，所以同样的颜色在每一列都是同样的数值。",
                Hint::AccuracyByDepth => "实线落到随机水平之处，更大的深度使网络无法训练，而不是过拟合。",
                Hint::TriangleGradient => "每一列是一个单独的网络；越往下越暗的列，在通向输入的途中失去了梯度。",
                Hint::TriangleMovement => "每一列是一个单独的网络；暗的单元格是训练后仍保持随机初始权重的层。",
                Hint::Grid => "每一幅是一个网络，越往后越深，共用一个色标：看亮色能到达多靠下的层。",
                Hint::Errors => "先比较训练错误率：更深的网络训练错误率更高，这并不是过拟合。",
            },
        }
        .into()
    }

    /// The path of decisions.
    pub fn reading_recipe(self) -> String {
        match self {
            Lang::En => "Follow the thick frames and arrows: each question is answered with this run's numbers, and under it stand \
                         what was found and what helps; grey remedies answer the other question and would not help here.",
            Lang::Zh => "从左向右看加粗的路径：每个问题都用本次运行的数字回答，下面依次是发现的问题和对策；灰色的对策回答的是另一个问题，在这里不起作用。",
        }
        .into()
    }

    /// Lines by depth.
    pub fn reading_depths(self) -> String {
        match self {
            Lang::En => "Each point is a trained network of that depth, each line a setting.".into(),
            Lang::Zh => "每个点是一个该深度的已训练网络，每条线是一种设置。".into(),
        }
    }

    /// Lines by layer.
    pub fn reading_profile(self) -> String {
        match self {
            Lang::En => "Layers stand from the input side on the left to the output side on the right; norms are on a logarithmic axis.".into(),
            Lang::Zh => "各层从左边的输入侧排到右边的输出侧；范数用对数轴。".into(),
        }
    }

    /// Curves over the steps.
    pub fn reading_curves(self) -> String {
        match self {
            Lang::En => "Time runs to the right; the line marked \"chance\" is what the most frequent class reaches as the only answer.".into(),
            Lang::Zh => "时间向右；标有“随机水平”的线是总以样本最多的类别作答所能达到的准确率。".into(),
        }
    }

    /// One norm for all parameters above the loss.
    pub fn reading_whole_gradient(self) -> String {
        match self {
            Lang::En => {
                "Time runs to the right; above is the norm of the whole gradient, below the loss.".into()
            }
            Lang::Zh => "时间向右；上方是全部参数的梯度范数，下方是损失。".into(),
        }
    }

    /// The columns of a comparison.
    pub fn reading_columns(self) -> String {
        match self {
            Lang::En => "Each column is a run; its rows are layers, the input side at the bottom.".into(),
            Lang::Zh => "每一列是一次运行；其中每一行是一层，输入侧在下方。".into(),
        }
    }
}
