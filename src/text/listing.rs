//! Words of the list of figures.

use super::Lang;

impl Lang {
    /// What a figure shows, for the list of figures; `english` is what the figure itself says. A figure that has no
    /// words in a language yet says it in English.
    pub fn figure_shows(self, name: &str, english: &'static str) -> &'static str {
        match self {
            Lang::En => english,
            Lang::Zh => match name {
                "gradient-heatmap" => "批平均梯度的范数，逐层、逐步",
                "signal-heatmap" => "单个样本的反向信号（批内均方根），逐层、逐步",
                "update-heatmap" => "每次更新量相对于参数的大小，分为梯度部分和衰减部分",
                "movement-heatmap" => "离初始值的距离，相对于初始范数，逐层、逐步",
                "convergence-heatmap" => "各层尚未走完的路程比例，以及路程的长度",
                "layer-lines" => "各层梯度范数随步数的变化，每层一条线，对数轴",
                "layer-profile" => "第一步、中间和最后一步各层的梯度范数",
                "factors" => "各隐藏层如何改变反向信号：权重尺度 × 斜率 × 对齐",
                "training-curves" => "训练集和测试集上的损失和准确率，以及随机水平",
                "early-stopping" => "训练集和验证集上的损失（线性轴），以及保留其参数的那一步",
                "gradient-norm" => "全部参数的梯度范数和损失，逐步：多数训练记录只有这些",
                "gradient-and-loss" => "全部参数的梯度范数在上、损失在下：损失不再下降时，梯度小吗？",
                "noise" => "梯度噪声：单个样本的梯度与批平均之比，每层一条线",
                "activation-curves" => "激活函数及其斜率；给出一次运行时，还有它的各层所在之处",
                "activation-heatmap" => "各隐藏层的饱和比例、死亡神经元和导数平方，逐步",
                "distributions" => "各层激活值（或预激活值、反向信号）的分布，最初与最后",
                "distribution-over-time" => "一层激活值（或预激活值、反向信号）的分布，逐步",
                "comparison" => "两次或多次运行并列：梯度、移动量和准确率，共用色标",
                "profiles" => "各次运行的梯度逐层曲线，第一步与最后一步，每次运行一条线",
                "recipe" => "诊断的路径：训练集上好吗？测试集上好吗？以及对策",
                "remedy" => "一次运行与每种对策的结果：训练和测试准确率，以及之后的诊断",
                "accuracy-by-depth" => "各深度的训练和测试准确率，随机种子的中位数和范围，以及随机水平",
                "accuracy-by" => {
                    "按任一改变的设置（学习率、优化器、随机失活率、宽度等）看准确率，或按两个设置画图"
                }
                "error-by-updates" => "训练和测试错误率随更新次数的变化，每种深度一条线",
                "gradient-by-depth" => "各深度、各层的梯度范数，第一步与训练后",
                "movement-by-depth" => "各深度、各层离初始权重的距离，训练后",
                "heatmap-grid" => "各激活函数、各深度的梯度热图，共用色标",
                "pooling-routes" => "最大池化和 maxout 把单个样本的梯度传到何处：只传给最大者",
                "first-layer" => "第一层的权重画成图像，训练前与训练后",
                _ => english,
            },
        }
    }

    /// What a figure is drawn from; `english` as the figure itself says.
    pub fn figure_draws(self, english: &'static str) -> &'static str {
        match (self, english) {
            (Lang::Zh, "1 run") => "1 次运行",
            (Lang::Zh, "2+ runs") => "多次运行",
            (Lang::Zh, "sweep") => "扫描",
            (Lang::Zh, "remedies") => "对策",
            (Lang::Zh, "weights") => "权重",
            (Lang::Zh, "no run") => "无运行",
            _ => english,
        }
    }
}
