//! What is advised.

use super::Entry;

pub const ENTRIES: &[Entry] = &[
    Entry {
        key: "activation",
        aliases: &[
            "new-activation",
            "relu",
            "leaky-relu",
            "selu",
            "maxout",
            "sigmoid",
            "tanh",
            "pre-activation",
        ],
        en: (
            "activation",
            "The function that a hidden layer applies to its pre-activations z = W x + b. Another one is advised where its slope takes the signal away: that of sigmoid is at most 1/4, whereas ReLU has 1 where it is on. Leaky ReLU, SELU and maxout have no stretch of slope 0, on which units die.",
        ),
        zh: (
            "激活函数",
            "隐藏层作用于预激活值 z = W x + b 的函数。它的斜率使信号变小时，建议换用其他激活函数：sigmoid 的斜率至多为 1/4，而 ReLU 激活时为 1。Leaky ReLU、SELU 和 maxout 没有斜率为 0 的一段，神经元不会因此死亡。",
        ),
        see: &["slope", "initialisation"],
    },
    Entry {
        key: "layer-wise-training",
        aliases: &["layerwise", "layer-by-layer", "greedy-training"],
        en: (
            "layer-wise training",
            "A network is trained in stages: with its first hidden layer alone and an output layer, then with the first two, and so on (Bengio et al. 2007, with labels). Each stage has its share of the steps, begins with the lower layers as the stage before left them, which go on learning, and with a new output layer. So no stage has to send its gradient through more than one layer that has learned nothing yet.",
        ),
        zh: (
            "逐层训练",
            "网络分阶段训练：先只用第一个隐藏层加输出层，再用前两层，如此继续（Bengio 等 2007，使用标签）。每个阶段分到一部分步数，下面各层从上一阶段的结果继续学习，输出层重新初始化。这样，任何阶段的梯度都只需经过一个尚未学习的层。",
        ),
        see: &["vanishing-gradient", "gradient-normalisation"],
    },
    Entry {
        key: "gradient-normalisation",
        aliases: &["normalise-gradients", "normalised-gradients", "normalized-gradients"],
        en: (
            "gradient normalisation",
            "The gradient of every tensor is divided by its own norm before the update, so that each layer moves by the learning rate, whatever its gradient (Yu et al. 2017). It makes faint gradients as long as the others; it cannot say in which direction a layer has to go where the signal holds mostly noise.",
        ),
        zh: (
            "梯度归一化",
            "更新之前，每个张量的梯度都除以各自的范数，使每层不论梯度大小都按学习率移动（Yu 等 2017）。微弱的梯度因此与其他层一样长；但如果信号大多是噪声，它并不能指出该层应往哪个方向走。",
        ),
        see: &["gradient-norm", "optimiser-hides-vanishing"],
    },
    Entry {
        key: "initialisation",
        aliases: &["better-initialisation", "glorot", "xavier", "he", "lecun"],
        en: (
            "initialisation",
            "How the weights are drawn before training. One that fits the activation keeps the size of what is passed on in both directions: a variance of 2 / (fan-in + fan-out) for sigmoid and tanh (Glorot), 2 / fan-in for rectifiers (He), 1 / fan-in for SELU (LeCun).",
        ),
        zh: (
            "初始化",
            "训练之前如何抽取权重。与激活函数匹配的初始化使所传的值在两个方向上保持大小：sigmoid 和 tanh 用方差 2 / (扇入 + 扇出)（Glorot），ReLU 一类用 2 / 扇入（He），SELU 用 1 / 扇入（LeCun）。",
        ),
        see: &["initial-scale", "activation"],
    },
    Entry {
        key: "normalisation",
        aliases: &["batch-norm", "layer-norm", "batch-normalisation", "layer-normalisation"],
        en: (
            "normalisation",
            "Batch normalisation brings each unit to mean 0 and deviation 1 over the samples of a batch, layer normalisation each sample over the units of a layer; a learned factor and shift follow. It keeps the activations where their function is not flat, whatever the size of the weights.",
        ),
        zh: (
            "归一化",
            "批归一化使每个神经元在批内样本上均值为 0、标准差为 1，层归一化则使每个样本在一层的神经元上如此；之后再乘以学得的系数并平移。无论权重多大，它都使激活值不落在函数的平坦段。",
        ),
        see: &["saturated", "residual"],
    },
    Entry {
        key: "residual",
        aliases: &["residual-connections", "skip", "skips"],
        en: (
            "residual connections",
            "A layer adds its input to its output, x + f(x). The signal can then pass the layer unchanged on its way back, whatever the weights and the activation do to it.",
        ),
        zh: (
            "残差连接",
            "一层把输入加到输出上，x + f(x)。这样，无论权重和激活函数如何，信号往回传时都能原样通过该层。",
        ),
        see: &["signal", "normalisation"],
    },
    Entry {
        key: "adaptive-rate",
        aliases: &["adam", "adamw", "adagrad", "rmsprop", "optimiser"],
        en: (
            "adaptive learning rate",
            "Adagrad, RMSprop and Adam divide the gradient of each weight by the size of its earlier gradients, so that all layers move by about the learning rate. That helps layers with small gradients as long as the gradient is more than noise.",
        ),
        zh: (
            "自适应学习率",
            "Adagrad、RMSprop 和 Adam 用每个权重的梯度除以它以往梯度的大小，使各层每步的移动都约为学习率的大小。只要梯度不只是噪声，这对梯度小的层就有帮助。",
        ),
        see: &["update", "optimiser-hides-vanishing", "learning-rate"],
    },
    Entry {
        key: "momentum",
        aliases: &["nesterov"],
        en: (
            "momentum",
            "Each step continues the step before it, shortened by a coefficient such as 0.9, and adds the new gradient: steps in a lasting direction add up to ten times the plain one, and the noise of single batches averages out.",
        ),
        zh: (
            "动量",
            "每一步都是上一步乘以系数（如 0.9）再加上新的梯度：方向一致时，步长可累积到不用动量时的十倍，而单个批次的噪声相互抵消。",
        ),
        see: &["learning-rate", "adaptive-rate"],
    },
    Entry {
        key: "learning-rate",
        aliases: &["rate", "larger-rate", "smaller-rate", "warm-up", "learning-rates"],
        en: (
            "learning rate",
            "The factor on the gradient in each update. It is judged by what it does, the relative update, since a rate that suits one optimiser or initialisation does not suit another. A warm-up begins with a smaller rate and raises it over the first steps.",
        ),
        zh: (
            "学习率",
            "每次更新中梯度所乘的系数。判断它要看效果，即相对更新量，因为适合一种优化器或初始化的学习率未必适合另一种。预热是从较小的学习率开始，在最初几步内逐步增大。",
        ),
        see: &["relative-update", "learning-rate-too-large", "learning-rate-too-small"],
    },
    Entry {
        key: "standardisation",
        aliases: &["scale-inputs", "standardize", "standardise", "scaled-inputs", "scaling"],
        en: (
            "standardisation",
            "Every column of the inputs is shifted to mean 0 and divided by its deviation over the training samples, so that all have the size 1 for which initialisations and learning rates are made. The test set gets the same shifts and factors.",
        ),
        zh: (
            "标准化",
            "把输入的每一列平移到均值 0，再除以它在训练样本上的标准差，使各列的量级都为 1，初始化和学习率正是按此设计的。测试集用同样的平移和系数。",
        ),
        see: &["input-size", "inputs-not-scaled"],
    },
    Entry {
        key: "clipping",
        aliases: &["clip-norm", "clip-value", "smaller-initial-weights", "gradient-clipping"],
        en: (
            "gradient clipping",
            "A gradient whose norm over all weights is larger than a limit is shortened to it, which keeps single steps from jumping. It does not change the ratio of the layers, so that smaller initial weights are the better remedy where the signal explodes from the start.",
        ),
        zh: (
            "梯度裁剪",
            "全部权重的梯度范数超过上限时，把梯度缩短到上限，避免个别步跳得太远。它不改变各层之比，所以信号一开始就爆炸时，更小的初始权重是更好的对策。",
        ),
        see: &["exploding-gradient", "diverged"],
    },
    Entry {
        key: "width",
        aliases: &["larger-network", "wider", "units", "unit", "layer_width"],
        en: (
            "width",
            "The number of units of a layer, of a convolution its channels. A larger network can represent more; a wider one is advised where a layer has fewer units than there are classes, or where training stands still although every layer gets a strong signal.",
        ),
        zh: (
            "宽度",
            "一层的神经元个数，卷积层为通道数。更大的网络能表示更多；某层的神经元比类别还少，或者每层都收到很强的信号而训练仍停滞时，建议加宽。",
        ),
        see: &["too-narrow", "stuck-with-large-gradients"],
    },
    Entry {
        key: "weight-decay",
        aliases: &["less-decay", "l2", "l1", "regularisation", "regularization", "decay"],
        en: (
            "weight decay",
            "Every step pulls the weights toward zero, in proportion to their size (L2) or by a constant amount (L1, whose proximal step makes many of them exactly zero). It keeps a network from memorising its samples; in one that has not learned yet it only adds a hindrance, and its steps look like movement.",
        ),
        zh: (
            "权重衰减",
            "每一步都使权重移向零，按其大小成比例（L2），或者每次移动同样的量（L1，其近端步使很多权重恰为零）。它防止网络死记样本；对还没有学会的网络只会让训练更难，而且衰减的步看上去像是在移动。",
        ),
        see: &["overfitting", "movement-by-decay-only"],
    },
    Entry {
        key: "dropout",
        aliases: &["less-dropout"],
        en: (
            "dropout",
            "In training every unit of the hidden layers is dropped with probability p at each step, and the others are scaled by 1 / (1 - p); the evaluation uses all units. It keeps units from relying on each other, which helps against overfitting and makes training itself harder. It is suspected from `large_dropout` on.",
        ),
        zh: (
            "随机失活",
            "训练时，隐藏层的每个神经元在每一步以概率 p 被丢弃，其余的乘以 1 / (1 - p)；评估时用全部神经元。它使神经元不相互依靠，有助于防止过拟合，但使训练更难。达到 `large_dropout` 时怀疑过多。",
        ),
        see: &["overfitting", "too-much-dropout"],
    },
    Entry {
        key: "precision",
        aliases: &["more-precision", "f64", "f32", "float32", "float64"],
        en: (
            "precision",
            "The number type of the parameters. f32 has 24 significant bits, f64 has 53: a change of a hundred-millionth of a weight is lost in f32 and kept in f64. More precision saves lost updates; it does not bring back a signal that has faded.",
        ),
        zh: (
            "精度",
            "参数的数值类型。f32 有 24 位有效二进制数字，f64 有 53 位：权重一亿分之一的改变在 f32 中丢失，在 f64 中保留。更高的精度能挽回丢失的更新量，但不能使已经微弱的信号恢复。",
        ),
        see: &["underflow", "float-underflow"],
    },
    Entry {
        key: "more-data",
        aliases: &["training-data", "more-training-data"],
        en: (
            "more training data",
            "More samples are harder to memorise, so that what the network learns from them also holds for others. It is the surest remedy for overfitting, and none for a network that fails on the samples that it has.",
        ),
        zh: (
            "更多训练数据",
            "样本越多越难死记，网络从中学到的对其他样本也适用。它是防止过拟合最可靠的方法，但对连现有样本都没有学好的网络没有帮助。",
        ),
        see: &["overfitting", "recipe"],
    },
];
