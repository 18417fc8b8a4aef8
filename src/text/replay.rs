//! Words of the figures that look into a trained network: maps, their marks, and the first layer.

use super::Lang;

/// What stands over a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapTitle {
    /// The sample, by its place in the training set.
    Sample(usize),
    /// A channel in front of a pooling layer, from 1; then behind it.
    Before(usize),
    After,
    GradientBefore(usize),
    GradientAfter,
    /// The same, of the whole map.
    WholeGradient(usize),
    /// Pieces of maxout units, and the units.
    Pieces,
    Units,
    GradientUnits,
    GradientPieces,
    /// The first layer before and after training.
    Untrained,
    Trained,
}

impl Lang {
    pub fn map_title(self, title: MapTitle) -> String {
        match self {
            Lang::En => match title {
                MapTitle::Sample(n) => format!("training sample {n}"),
                MapTitle::Before(channel) => format!("channel {channel}: values"),
                MapTitle::After => "after pooling".into(),
                MapTitle::GradientBefore(channel) => format!("channel {channel}: gradient"),
                MapTitle::GradientAfter => "gradient arriving".into(),
                MapTitle::WholeGradient(channel) => format!("all of channel {channel}"),
                MapTitle::Pieces => "pieces of each unit: values".into(),
                MapTitle::Units => "units: the largest piece".into(),
                MapTitle::GradientUnits => "gradient arriving at the units".into(),
                MapTitle::GradientPieces => "gradient of each piece".into(),
                MapTitle::Untrained => "before training".into(),
                MapTitle::Trained => "after training".into(),
            },
            Lang::Zh => match title {
                MapTitle::Sample(n) => format!("训练样本 {n}"),
                MapTitle::Before(channel) => format!("通道 {channel}：值"),
                MapTitle::After => "池化之后".into(),
                MapTitle::GradientBefore(channel) => format!("通道 {channel}：梯度"),
                MapTitle::GradientAfter => "传来的梯度".into(),
                MapTitle::WholeGradient(channel) => format!("通道 {channel} 全图"),
                MapTitle::Pieces => "各单元的线性片段：值".into(),
                MapTitle::Units => "单元：最大的片段".into(),
                MapTitle::GradientUnits => "传到单元的梯度".into(),
                MapTitle::GradientPieces => "各片段的梯度".into(),
                MapTitle::Untrained => "训练之前".into(),
                MapTitle::Trained => "训练之后".into(),
            },
        }
    }

    pub fn map_values(self) -> String {
        match self {
            Lang::En => "value".into(),
            Lang::Zh => "值".into(),
        }
    }

    pub fn map_gradient(self) -> String {
        match self {
            Lang::En => "gradient of the loss".into(),
            Lang::Zh => "损失的梯度".into(),
        }
    }

    pub fn map_weight(self) -> String {
        match self {
            Lang::En => "weight".into(),
            Lang::Zh => "权重".into(),
        }
    }

    // ---- where a maximum sends the gradient

    /// For each channel, its number and how many of so many places have a gradient.
    pub fn routed_places(self, channels: &[(usize, usize)], places: usize) -> String {
        let places = self.count(places as u64);
        let count = |n: usize| self.count(n as u64);
        match (self, channels) {
            (Lang::En, [(a, n), (b, m)]) if n == m => {
                format!(
                    "the gradient reaches {} of {places} places in channel {a} and as many in channel {b}, \
                         each the largest of its window",
                    count(*n)
                )
            }
            (Lang::En, [(a, n), rest @ ..]) => {
                let more: Vec<String> =
                    rest.iter().map(|(c, n)| format!(" and {} in channel {c}", count(*n))).collect();
                format!(
                    "the gradient reaches {} of {places} places in channel {a}{}, each the largest of its window",
                    count(*n),
                    more.concat()
                )
            }
            (Lang::Zh, [(a, n), (b, m)]) if n == m => {
                format!(
                    "梯度只到达通道 {a} 的 {places} 个位置中的 {} 个，通道 {b} 也是 {} 个，各为其区块的最大值",
                    count(*n),
                    count(*m)
                )
            }
            (Lang::Zh, [(a, n), rest @ ..]) => {
                let more: Vec<String> =
                    rest.iter().map(|(c, n)| format!("，通道 {c} 的 {} 个", count(*n))).collect();
                format!(
                    "梯度只到达通道 {a} 的 {places} 个位置中的 {} 个{}，各为其区块的最大值",
                    count(*n),
                    more.concat()
                )
            }
            (_, []) => String::new(),
        }
    }

    pub fn routed_pieces(self, reached: usize, pieces: usize, units: usize) -> String {
        let [reached, all, units] = [reached, pieces * units, units].map(|n| self.count(n as u64));
        match self {
            Lang::En => {
                format!(
                    "the gradient reaches {reached} of {all} pieces of {units} units, each the largest of its unit"
                )
            }
            Lang::Zh => {
                format!("梯度只到达 {units} 个单元的 {all} 个片段中的 {reached} 个，各为其单元的最大片段")
            }
        }
    }

    /// Which pooling layer, how large its windows are, and what is marked. `behind` is the number of the
    /// layer with weights before it, 0 where there is none.
    pub fn routes_of_pooling(self, [number, of]: [usize; 2], side: usize, behind: usize) -> String {
        match self {
            Lang::En => {
                let place =
                    if behind == 0 { "on the sample".into() } else { format!("behind layer {behind}") };
                let which = if of > 1 { format!(" {number} of {of}") } else { String::new() };
                format!(
                    "Max pooling{which}, {side} × {side}, {place}. Above: values on their way forward; a ring marks the \
                     winner of each window. Below: the gradient on its way back."
                )
            }
            Lang::Zh => {
                let place =
                    if behind == 0 { "在样本之上".into() } else { format!("在第 {behind} 层之后") };
                let which =
                    if of > 1 { format!("（{of} 个中的第 {number} 个）") } else { String::new() };
                format!(
                    "最大池化{which}，{side} × {side}，{place}。上：前向的值，圆圈标出每个区块的最大值。下：反向传来的梯度。"
                )
            }
        }
    }

    pub fn routes_of_maxout(self, [number, of]: [usize; 2], pieces: usize, layer: usize) -> String {
        match self {
            Lang::En => {
                let which = if of > 1 { format!(", {number} of {of} with maxout") } else { String::new() };
                format!(
                    "Layer {layer}{which}: the largest of {pieces} linear pieces is the unit's value; a ring marks it. \
                     Below: the gradient on its way back."
                )
            }
            Lang::Zh => {
                let which = if of > 1 {
                    format!("（{of} 个 maxout 层中的第 {number} 个）")
                } else {
                    String::new()
                };
                format!(
                    "第 {layer} 层{which}：{pieces} 个线性片段中最大的就是单元的值，用圆圈标出。下：反向传来的梯度。"
                )
            }
        }
    }

    /// First row and column (from 0), numbers of rows and columns.
    pub fn part_shown(self, [row, column, rows, columns]: [usize; 4]) -> String {
        let (top, left) = (row + 1, column + 1);
        let (bottom, right) = (row + rows, column + columns);
        match self {
            Lang::En => {
                format!("Enlarged: rows {top}–{bottom}, columns {left}–{right} of the map (the box).")
            }
            Lang::Zh => format!("放大的部分：图的第 {top}–{bottom} 行，第 {left}–{right} 列（图中标出）。"),
        }
    }

    pub fn channels_shown(self, numbers: &[usize], of: usize) -> String {
        if numbers.len() == of {
            return String::new();
        }
        let which = self.enumeration(&numbers.iter().map(usize::to_string).collect::<Vec<_>>());
        match self {
            Lang::En if numbers.len() == 1 => {
                format!(
                    "Of {of} channels the one with the largest gradient in windows with one winner: {which}."
                )
            }
            Lang::En => format!(
                "Of {of} channels the {} with the largest gradient in windows with one winner: {which}.",
                numbers.len()
            ),
            Lang::Zh => {
                format!("{of} 个通道中，在只有一处最大的区块里梯度最大的 {} 个：{which}。", numbers.len())
            }
        }
    }

    pub fn units_shown(self, numbers: &[usize], of: usize) -> String {
        let which = self.enumeration(&numbers.iter().map(usize::to_string).collect::<Vec<_>>());
        let (shown, of) = (numbers.len(), self.count(of as u64));
        match self {
            Lang::En => format!("Of {of} units the {shown} with the largest gradient: {which}."),
            Lang::Zh => format!("{of} 个单元中梯度最大的 {shown} 个：{which}。"),
        }
    }

    /// Drawn windows in which several places are the largest.
    pub fn tied_windows(self, ties: usize, windows: usize) -> String {
        match self {
            _ if ties == 0 => String::new(),
            Lang::En => format!(
                "In {ties} of the {windows} windows shown several places are equally large: the first one in the order \
                 of rows wins."
            ),
            Lang::Zh => {
                format!("所示 {windows} 个区块中有 {ties} 个的最大值不止一处：取按行序最先的一处。")
            }
        }
    }

    pub fn replayed_sample(self, number: usize, class: &str, loss: f64) -> String {
        let (number, loss) = (self.count(number as u64), self.number(loss));
        match self {
            Lang::En => format!(
                "training sample {number} (class {class}), gradient of its own loss ({loss}) in evaluation"
            ),
            Lang::Zh => format!("训练样本 {number}（类别 {class}），评估模式下它自己的损失（{loss}）的梯度"),
        }
    }

    pub fn reading_routes(self) -> String {
        match self {
            Lang::En => "The maximum has no derivative where two of its inputs are equal, and a simple one everywhere else: 1 for \
                         the winner and 0 for the others. So each number that arrives below stands unchanged in the place of \
                         the ring above it; hatched cells get exactly zero.",
            Lang::Zh => "最大值只在两个输入相等处不可导，其余处的导数很简单：最大者为 1，其余为 0。所以下方传来的每个数，原样出现在上方圆圈的位置；画横线的单元格恰为零。",
        }
        .into()
    }

    pub fn reading_routes_hint(self) -> String {
        match self {
            Lang::En => "Average pooling would give every place of a window an equal share instead. Another sample has other \
                         winners, so that over a batch more places learn.",
            Lang::Zh => "平均池化则会把梯度平分给区块内的每个位置。换一个样本，最大值在别处，因此在一个批中会有更多位置得到学习。",
        }
        .into()
    }

    // ---- the first layer

    pub fn first_layer_note(self, channels: usize, rows: usize, columns: usize) -> String {
        let each = match self {
            Lang::En if channels > 1 => "one image for each channel that a unit reads",
            Lang::En => "one image for each unit",
            Lang::Zh if channels > 1 => "单元读取的每个通道一幅图",
            Lang::Zh => "每个单元一幅图",
        };
        match self {
            Lang::En => {
                format!("Weights of layer 1, {rows} × {columns}, {each}. One colour scale for both sides.")
            }
            Lang::Zh => format!("第 1 层的权重，{rows} × {columns}，{each}。左右共用一个色标。"),
        }
    }

    pub fn farthest_units(self, shown: usize, of: usize) -> String {
        let of = self.count(of as u64);
        match self {
            Lang::En => format!("Shown: the {shown} of {of} units whose weights moved farthest."),
            Lang::Zh => format!("所示为 {of} 个单元中权重移动最远的 {shown} 个。"),
        }
    }

    /// A unit, the piece of it where it has several, the channel where it reads several; all from 1.
    pub fn unit_label(self, unit: usize, piece: Option<usize>, channel: Option<usize>) -> String {
        let mut parts = vec![match self {
            Lang::En => format!("unit {unit}"),
            Lang::Zh => format!("单元 {unit}"),
        }];
        parts.extend(piece.map(|k| match self {
            Lang::En => format!("piece {k}"),
            Lang::Zh => format!("片段 {k}"),
        }));
        parts.extend(channel.map(|c| match self {
            Lang::En => format!("channel {c}"),
            Lang::Zh => format!("通道 {c}"),
        }));
        self.list(&parts)
    }

    pub fn channel_label(self, channel: usize) -> String {
        match self {
            Lang::En => format!("channel {channel}"),
            Lang::Zh => format!("通道 {channel}"),
        }
    }

    pub fn reading_first_layer(self) -> String {
        match self {
            Lang::En => "Each image is a unit of the first layer: its weights, where they look at the sample. Yellow is above \
                         zero, blue below, grey about zero.",
            Lang::Zh => "每幅图是第一层的一个单元：它的权重，画在所对应的样本位置上。黄色为正，蓝色为负，灰色接近零。",
        }
        .into()
    }

    pub fn reading_first_layer_hint(self) -> String {
        match self {
            Lang::En => "Initial weights are noise; where both sides look alike, the layer is still the random one that it \
                         began as, and all layers behind it work with random features.",
            Lang::Zh => "初始权重是噪声；左右看起来一样，说明这一层仍是训练前的随机状态，其后各层用的都是随机特征。",
        }
        .into()
    }

    // ---- tables and descriptions

    /// A row of an image, from 1.
    pub fn map_row(self, label: &str, row: usize) -> String {
        match self {
            Lang::En if label.is_empty() => format!("row {row}"),
            Lang::En => format!("{label}, row {row}"),
            Lang::Zh if label.is_empty() => format!("第 {row} 行"),
            Lang::Zh => format!("{label}，第 {row} 行"),
        }
    }

    /// Images of some size under one title.
    pub fn describe_maps(self, title: &str, images: usize, rows: usize, columns: usize) -> String {
        match self {
            Lang::En if images == 1 => format!("Image of {rows} × {columns} cells: {title}."),
            Lang::En => format!("{images} images of {rows} × {columns} cells: {title}."),
            Lang::Zh if images == 1 => format!("{rows} × {columns} 个单元格的图：{title}。"),
            Lang::Zh => format!("{images} 幅 {rows} × {columns} 个单元格的图：{title}。"),
        }
    }

    pub fn describe_rings(self, rings: usize) -> String {
        match self {
            Lang::En if rings == 1 => "1 cell has a ring.".into(),
            Lang::En => format!("{rings} cells have a ring."),
            Lang::Zh => format!("{rings} 个单元格有圆圈。"),
        }
    }
}
