//! Words of what is measured in the layers.

use super::Entry;

pub const ENTRIES: &[Entry] = &[
    Entry {
        key: "signal",
        aliases: &[
            "backward-signal",
            "per-sample-backward-signal",
            "error-signal",
            "signal_rms",
            "signal_ratio",
            "kept_signal",
            "delta",
        ],
        en: (
            "backward signal",
            "The derivative of one sample's loss by the pre-activations of a layer, delta_a = d loss_a / d z; its size is sqrt(mean |delta_a|^2) over the samples of the batch. It is what arrives at a layer on the way back from the output, before the samples are averaged and can cancel each other. Layer 1 over the last hidden layer says what depth does to it: it is faint up to `signal_ratio` (with two hidden layers `layer_ratio`), too faint for any learning rate up to `strong_ratio`, and explodes from `explosion_ratio` on. In layer 1 it is still large at the end from `kept_signal` of its start on.",
        ),
        zh: (
            "反向信号",
            "单个样本的损失对某层预激活值的导数，delta_a = d loss_a / d z；其大小为批内样本的 sqrt(mean |delta_a|^2)。它是从输出往回传到该层的信号，此时各样本尚未平均，不会相互抵消。第 1 层与最后一个隐藏层之比说明深度的作用：不超过 `signal_ratio` 时为微弱（有两个隐藏层时用 `layer_ratio`），不超过 `strong_ratio` 时任何学习率都不够，达到 `explosion_ratio` 时为爆炸。第 1 层的信号最后不低于开始时的 `kept_signal` 倍，说明它仍然很强。",
        ),
        see: &["alignment", "gradient-norm", "vanishing-gradient", "exploding-gradient"],
    },
    Entry {
        key: "gradient-norm",
        aliases: &[
            "gradient",
            "weight-gradient",
            "batch-mean-gradient",
            "batch-gradient",
            "grad_norm",
            "batch_gradient_ratio",
        ],
        en: (
            "gradient norm",
            "The L2 norm of the gradient of the batch's mean loss by the weights of a layer: what frameworks show. In the mean the samples can cancel each other, so that it can be alike in all layers of a network whose backward signal has vanished. The many inputs of layer 1 lift its norm; per parameter, it is divided by the root of their number.",
        ),
        zh: (
            "梯度范数",
            "批平均损失对某层权重的梯度的 L2 范数，即各种训练程序所显示的量。取平均时样本会相互抵消，所以在反向信号已经消失的网络里，各层的梯度范数也可能差不多。第 1 层的输入很多，其范数因此偏大；按单个参数计时，要除以参数个数的平方根。",
        ),
        see: &["per-sample-gradient", "signal"],
    },
    Entry {
        key: "per-sample-gradient",
        aliases: &["sample-gradient", "grad_rms", "gradient_ratio", "gradient_spread", "relative_gradient"],
        en: (
            "per-sample gradient",
            "The norm of the gradient of one sample's loss by the weights of a layer, as a root mean square over the batch; of a dense layer sqrt(mean |delta_a|^2 |x_a|^2), x_a being the input of the layer. Layers are alike where the largest of them is at most `even_factor` times the smallest. Relative to the norm of the weights it is tiny up to `relative_gradient`, with which even plain descent would need a rate of 10 to change the weights by a thousandth.",
        ),
        zh: (
            "单样本梯度",
            "单个样本的损失对某层权重的梯度的范数，在批内取均方根；对全连接层为 sqrt(mean |delta_a|^2 |x_a|^2)，x_a 为该层的输入。最大的层不超过最小的层的 `even_factor` 倍时，各层算作相近。与权重的范数之比不超过 `relative_gradient` 时微乎其微：用简单的梯度下降，要 10 的学习率才能使权重每步改变千分之一。",
        ),
        see: &["gradient-norm", "signal", "uniform-vanishing"],
    },
    Entry {
        key: "weight-scale",
        aliases: &[],
        en: (
            "weight scale",
            "What the weights of the layer above do to the norm of a signal that points in a random direction: |W| / sqrt(N), with the Frobenius norm of those weights and N the number of units (channels) of that layer. It is one of the three factors of a layer: signal of layer l / signal of layer l + 1 = weight scale x slope x alignment.",
        ),
        zh: (
            "权重尺度",
            "上一层的权重使指向随机方向的信号的范数变为多少倍：|W| / sqrt(N)，|W| 为这些权重的 Frobenius 范数，N 为那一层的神经元个数（卷积层为通道数）。它是一层的三个因子之一：第 l 层的信号 / 第 l + 1 层的信号 = 权重尺度 × 斜率 × 对齐。",
        ),
        see: &["slope", "alignment", "initial-scale"],
    },
    Entry {
        key: "slope",
        aliases: &["flat-function", "mean_squared_slope", "squared-slope", "derivative"],
        en: (
            "slope",
            "The derivative of the activation function; of a layer its root mean square over the units and samples of a batch, the factor by which the activation shrinks the signal. It is at most 1/4 for sigmoid and 1 for tanh, and sqrt(1/2) for ReLU where half of the units are on. Sigmoid shrinks the signal even without saturation; where the slope is far below that of small pre-activations, the units lie on the flat ends.",
        ),
        zh: (
            "斜率",
            "激活函数的导数；一层的斜率是它在批内各神经元、各样本上的均方根，即激活函数使信号缩小的倍数。Sigmoid 至多为 1/4，tanh 至多为 1，ReLU 有一半神经元激活时为 sqrt(1/2)。Sigmoid 即使不饱和也使信号缩小；斜率远低于预激活值很小时的斜率，说明神经元落在平坦段。",
        ),
        see: &["saturated", "weight-scale", "alignment"],
    },
    Entry {
        key: "alignment",
        aliases: &[],
        en: (
            "alignment",
            "What is left of a layer's factor on the signal after weight scale and slope: whether the signal points in directions that the weights pass on. Random weights have 1, within some 15 %; a layer that still has 1 after training has not learned to pass the signal. Normalisation, skips, dropout, pooling and the edges of maps stand between weights and activation, and their effect is contained in it.",
        ),
        zh: (
            "对齐",
            "一层对信号的倍数除去权重尺度和斜率之后所剩的因子：信号是否指向权重能够传递的方向。随机权重的对齐为 1，误差约 15%；训练之后仍为 1 的层没有学会传递信号。归一化、残差连接、随机失活、池化和特征图的边界处于权重与激活之间，其作用也算在其中。",
        ),
        see: &["weight-scale", "slope", "signal"],
    },
    Entry {
        key: "update",
        aliases: &[
            "updates",
            "update_norm",
            "driven",
            "driven_norm",
            "gradient-driven-update",
            "update_ratio",
            "update_ratio_over_gradient_ratio",
        ],
        en: (
            "update",
            "What one step adds to the weights of a layer, as an L2 norm; it has a part that the gradient makes and a part that weight decay and L1 make. Adam, RMSprop and Adagrad divide a gradient by its own size, so that updates can be alike in all layers where the gradients are not. That is said where the ratio of layer 1 to the last hidden layer is larger for the updates than for the gradients by `even_factor` or more.",
        ),
        zh: (
            "更新量",
            "一步对某层权重的改变，以 L2 范数计；其中一部分来自梯度，一部分来自权重衰减和 L1。Adam、RMSprop 和 Adagrad 用梯度除以它自己的大小，所以梯度悬殊时各层的更新量仍可能相近。第 1 层与最后一个隐藏层之比，更新量的比值达到梯度的比值的 `even_factor` 倍时，会指出这一点。",
        ),
        see: &["relative-update", "optimiser-hides-vanishing", "underflow"],
    },
    Entry {
        key: "relative-update",
        aliases: &["update-over-weights"],
        en: (
            "relative update",
            "The norm of the gradient's part of an update over the norm of the weights that it changes: a thousandth is a usual size. Of the hidden layer that moves fastest it is too small up to `small_update`, or up to `slow_update` while the training loss is falling, and a jump from `large_update` on.",
        ),
        zh: (
            "相对更新量",
            "更新量中来自梯度的部分的范数与所更新的权重的范数之比；千分之一是常见的大小。移动最快的隐藏层，不超过 `small_update`（训练损失仍在下降时为 `slow_update`）为过小，达到 `large_update` 为跳跃。",
        ),
        see: &["learning-rate-too-small", "learning-rate-too-large", "update"],
    },
    Entry {
        key: "movement",
        aliases: &[
            "moved",
            "movement_ratio",
            "distance",
            "distance_from_init",
            "still-random",
            "decay_travel",
        ],
        en: (
            "movement",
            "The distance of a layer's weights from their random start, relative to the initial norm: |W_t - W_0| / |W_0|. A layer that ended below 1 % is called still random. Layer 1 takes part in what is learned where it moved at least `moved_alike` times as far as the hidden layer that moved most. Weight decay moves weights too; the sum of its steps is the distance that it alone can account for.",
        ),
        zh: (
            "移动量",
            "某层的权重离随机初始值的距离，相对于初始范数：|W_t - W_0| / |W_0|。最后不到 1% 的层称为仍是随机的。第 1 层的移动量达到移动最多的隐藏层的 `moved_alike` 倍时，说明它参与了学习。权重衰减也会移动权重；衰减各步之和是单凭衰减可能走过的距离。",
        ),
        see: &["path", "convergence", "movement-by-decay-only"],
    },
    Entry {
        key: "path",
        aliases: &["sum-of-updates"],
        en: (
            "path",
            "The sum of all relative updates of the layer that moves most: the farthest that it can have gone, in units of its weights. Up to `short_path` a run with updates of a usual size was too short for anything to be said of it. The distance from the start is shorter than the path where the steps turn.",
        ),
        zh: (
            "累计更新量",
            "移动最多的层的全部相对更新量之和：以其权重为单位，它最多能走多远。更新量大小正常而总和不超过 `short_path` 的训练太短，看不出什么。如果各步的方向不断改变，离起点的距离就小于累计更新量。",
        ),
        see: &["movement", "relative-update", "not-trained-long-enough"],
    },
    Entry {
        key: "sketch",
        aliases: &["countsketch", "random-projection"],
        en: (
            "sketch",
            "A random projection (CountSketch) of a layer's change since the start to a few numbers, from which the distance between any two moments of training is estimated without keeping all weights. With M numbers the error of a distance is about sqrt(1 / (2 M)): 9 % for the 64 that are recorded.",
        ),
        zh: (
            "随机投影",
            "把某层自开始以来的变化随机投影（CountSketch）为少量的数，由此估计训练中任意两个时刻之间的距离，而不必保存全部权重。投影为 M 个数时，距离的误差约为 sqrt(1 / (2 M))：记录 64 个数时为 9%。",
        ),
        see: &["convergence"],
    },
    Entry {
        key: "convergence",
        aliases: &["remaining", "way", "way-ahead", "arrived"],
        en: (
            "convergence",
            "How far a layer still has to go: |W_t - W_T| / |W_0 - W_T|, the share of its way that is ahead, 1 at the start and 0 at the end T of the run for every layer. It is read together with the length of the way: a layer that never left its start has such a share too. Where a run stopped is no optimum.",
        ),
        zh: (
            "收敛",
            "某层还要走多远：|W_t - W_T| / |W_0 - W_T|，即尚未走完的路程比例，每一层开始时为 1，在训练结束的 T 处为 0。它要与路程的长度一起看：从未离开起点的层也有这样的比例。训练停止之处并不是最优点。",
        ),
        see: &["movement", "sketch"],
    },
    Entry {
        key: "saturated",
        aliases: &["saturation", "saturated_share", "saturated-activation", "saturated-unit"],
        en: (
            "saturated",
            "An activation is saturated where the slope of its function is under 5.91 % of the largest slope, as that of tanh is where |tanh| > 0.97: almost no gradient passes. The share is that of the units and samples of a batch. It is judged for functions with two flat ends alone (sigmoid, hard sigmoid, tanh, softsign), from `saturated_share` of a layer on. A vanishing gradient does not need it: the slope of sigmoid is at most 1/4 everywhere.",
        ),
        zh: (
            "饱和",
            "激活函数的斜率不到其最大值的 5.91% 时，激活值为饱和，例如 |tanh| > 0.97 之处：梯度几乎传不过去。比例按批内各神经元、各样本计算。只对两端平坦的函数（sigmoid、hard sigmoid、tanh、softsign）作判断，一层中达到 `saturated_share` 时成立。梯度消失并不需要饱和：sigmoid 的斜率处处不超过 1/4。",
        ),
        see: &["slope", "saturated-units", "dead-unit"],
    },
    Entry {
        key: "dead-unit",
        aliases: &["dead", "dead_share", "dead-relu"],
        en: (
            "dead unit",
            "A unit that is off for every sample of the batch: its slope is 0, or for smooth functions under 5.91 % of the largest slope. It gets no gradient, or almost none, and does not recover by itself; a sample outside of the batch may still switch it on. It counts from a share of `dead_share` of a layer's units on.",
        ),
        zh: (
            "死亡的神经元",
            "对批内每个样本都未激活的神经元：斜率为 0，对平滑的函数则是不到最大斜率的 5.91%。它得不到梯度或几乎得不到，也不会自行恢复；批以外的样本仍可能激活它。一层中达到 `dead_share` 时成立。",
        ),
        see: &["dead-units", "saturated"],
    },
    Entry {
        key: "initial-scale",
        aliases: &["initial_norm", "fan-in"],
        en: (
            "initial scale",
            "The deviation of a layer's initial weights times the square root of its fan-in, the number of inputs of one unit: what the layer multiplies the size of its input by, before the activation. It is 1 for Glorot's initialisation between layers of one width, 1.4 for He's and 0.6 for PyTorch's default. It counts as too large from `large_start` on and as too small up to `small_start`.",
        ),
        zh: (
            "初始尺度",
            "某层初始权重的标准差乘以扇入（一个神经元的输入个数）的平方根：在激活之前，该层使输入的大小变为多少倍。各层同宽时 Glorot 初始化为 1，He 初始化为 1.4，PyTorch 自带的初始化为 0.6。达到 `large_start` 为过大，不超过 `small_start` 为过小。",
        ),
        see: &["initialisation", "initialisation-too-large", "initialisation-too-small"],
    },
    Entry {
        key: "input-size",
        aliases: &["inputs", "root-mean-square", "rms"],
        en: (
            "size of the inputs",
            "The root mean square of a column of the inputs as it was fed, sqrt(mean x^2). Initialisations and usual learning rates are made for a size of 1, which standardised columns have; it is not scaled from `input_size` on.",
        ),
        zh: (
            "输入的量级",
            "输入的一列在进入网络时的均方根，sqrt(mean x^2)。初始化和常用的学习率都是按量级 1 设计的，标准化后的列正是如此；达到 `input_size` 时为未缩放。",
        ),
        see: &["inputs-not-scaled", "standardisation"],
    },
    Entry {
        key: "not-finite",
        aliases: &["nan", "infinite", "infinity", "not-a-number"],
        en: (
            "not finite",
            "NaN (not a number, such as 0 / 0) or infinity, in a loss, a gradient, an update or a weight. Every later sum that it enters is not finite either, so that the first step at which it occurs is what matters.",
        ),
        zh: (
            "非有限数",
            "损失、梯度、更新量或权重中的 NaN（非数，例如 0 / 0）或无穷大。此后只要加上它，和就不再有限，所以要看它首次出现的步。",
        ),
        see: &["diverged"],
    },
    Entry {
        key: "underflow",
        aliases: &["lost_share", "lost", "lost-to-rounding", "rounding", "float-rounding"],
        en: (
            "underflow",
            "A number that is not zero and too small to be stored: in f32 nothing is smaller than 1.4e-45. An update is lost to rounding already where it is far larger: a weight of size 1 in f32 cannot change by less than about 6e-8. It counts from `lost_share` of the steps on in which a layer has a gradient and no stored number changes.",
        ),
        zh: (
            "下溢",
            "不为零，但小到无法存储的数：f32 中没有比 1.4e-45 更小的数。更新量远大于此时就可能因舍入而丢失：f32 中大小为 1 的权重，改变量不能小于约 6e-8。某层有梯度而没有任何存储的数改变，这样的步达到 `lost_share` 时成立。",
        ),
        see: &["float-underflow", "update", "precision"],
    },
];
